public import Target

/// A module whose programs run on the control machine and reach the host by themselves.
///
/// The engine gives it the control machine as its target, and says in `ModuleContext.access` how it reaches the host.
public protocol ControlMachineModule: Module {}

/// How the engine reaches a task's host: what a program that signs in there by itself needs to do it likewise.
public struct HostAccess: Sendable {
    /// A name or an address.
    public var address: String
    public var port: Int?
    public var user: String?
    /// Whether the engine signs in with a password, which such a program cannot be given unseen.
    public var usesPassword: Bool
    /// A private key's file.
    public var privateKey: String?
    /// Further words for ssh, as they were written.
    public var arguments: [String]
    public var checksHostKey: Bool
    public var become: Become?

    /// A host that is reached at that address.
    public init(
        address: String, port: Int? = nil, user: String? = nil, usesPassword: Bool = false, privateKey: String? = nil,
        arguments: [String] = [], checksHostKey: Bool = true, become: Become? = nil
    ) {
        self.address = address
        self.port = port
        self.user = user
        self.usesPassword = usesPassword
        self.privateKey = privateKey
        self.arguments = arguments
        self.checksHostKey = checksHostKey
        self.become = become
    }
}
