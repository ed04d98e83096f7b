/// The isolation of everything that talks to hosts: shells, links, sessions. Its executor is the event loop.
@globalActor
public actor IOLoop {
    /// The actor that stands for the isolation; nobody calls it.
    public static let shared = IOLoop()

    /// The event loop.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { EventLoop.shared.asUnownedSerialExecutor() }

    /// Runs work of this isolation from a place that is on the loop's thread without the compiler knowing.
    static func assumeIsolated<T>(_ operation: @IOLoop () throws -> T) rethrows -> T {
        EventLoop.shared.checkIsolated()
        // As MainActor.assumeIsolated does it: the isolation is no part of how a function is called.
        return try withoutActuallyEscaping(operation) { operation in
            try unsafeBitCast(operation, to: (() throws -> T).self)()
        }
    }
}
