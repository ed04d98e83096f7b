public import Diagnostics
import Local
import Target
import Values

/// A module that is a file of the project or of a collection: a script, a program, or Python code that shares what
/// ansible-core gives its modules.
///
/// Which of these it is says the file itself, by the signs that Ansible goes by. It is made ready once, on this
/// machine, and put on each host that needs it; arguments travel apart from it.
public struct CustomModule: Sendable {
    /// What the module is called in the playbook.
    public let name: String
    public let path: String
    /// How it is given its arguments, and what starts it.
    let form: Form
    /// Whether it may be run in check mode: it changes nothing there, or says that it cannot tell.
    let takesCheckMode: Bool
    /// The version of ansible-core whose code comes with it.
    let version: String

    enum Form: Sendable {
        /// Python with all that it imports, as an archive; arguments as JSON.
        case python(Payload)
        /// A script that is given a file of `name=value` words.
        case words(Payload, interpreter: [String])
        /// A script that is given a file of JSON.
        case json(Payload, interpreter: [String])
        /// A script in whose text the arguments are written, as JSON.
        case inside([UInt8], interpreter: [String])
        /// A program of the host's kind, given a file of JSON.
        case binary(Payload)
    }

    /// What is put on a host, once for each of its shells.
    struct Payload: Sendable {
        let key: String
        let fileName: String
        let content: [UInt8]

        init(_ content: [UInt8], fileName: String) {
            key = ContentKey.of(content)
            self.fileName = fileName
            self.content = content
        }
    }

    /// The variable that names another interpreter than the module's first line does.
    public var interpreterVariable: String? {
        switch form {
        case .python: "ansible_python_interpreter"
        case .words(_, let words), .json(_, let words), .inside(_, let words):
            words.first.map { "ansible_\($0.split(separator: "/").last ?? "")_interpreter" }
        case .binary: nil
        }
    }

    /// The name with its collection, by which `module_defaults` may know it.
    public var fullName: String {
        let parts = path.split(separator: "/").map(String.init)
        let short = parts.last?.split(separator: ".").first.map(String.init) ?? name
        guard let start = parts.lastIndex(of: "ansible_collections"), start + 2 < parts.count else {
            return parts.suffix(3).starts(with: ["ansible", "modules"]) ? "ansible.builtin.\(short)" : short
        }
        return "\(parts[start + 1]).\(parts[start + 2]).\(short)"
    }

    /// Whether the interpreter is to be found on the host, if nobody says which it is.
    public var isPython: Bool { interpreterVariable == "ansible_python_interpreter" }
}

/// Makes modules ready that are files.
public final class CustomModuleLoader {
    private let installation: AnsibleInstallation?
    private let collectionsPath: [String]
    private var packers: [[String]: PythonPacker] = [:]

    /// - Parameters:
    ///   - installation: ansible-core on this machine, if there is one.
    ///   - collectionsPath: Folders that hold `ansible_collections`.
    public init(installation: AnsibleInstallation?, collectionsPath: [String]) {
        self.installation = installation
        self.collectionsPath = collectionsPath + [installation?.directory].compactMap(\.self)
    }

    /// - Parameters:
    ///   - name: As the task has it.
    ///   - path: The file.
    ///   - utilityPaths: The project's folders of `module_utils`, the nearest first.
    /// - Throws: `Diagnostic` if it cannot be run here, and why.
    public func load(_ name: String, path: String, utilityPaths: [String]) throws(Diagnostic) -> CustomModule {
        let content = try LocalFile.bytes(path)
        let fileName = String(path.split(separator: "/").last ?? "module")
        let takesCheckMode = Signs.contains("_ansible_check_mode", in: content)
        func made(_ form: CustomModule.Form, takesCheckMode: Bool) -> CustomModule {
            CustomModule(
                name: name, path: path, form: form, takesCheckMode: takesCheckMode,
                version: installation?.version ?? "")
        }
        if Signs.isBinary(content) {
            return made(.binary(CustomModule.Payload(content, fileName: fileName)), takesCheckMode: takesCheckMode)
        }
        if let source = Signs.python(content) {
            let library = try library(name, utilityPaths)
            let packed = try library.pack(source, fullName: Self.fullName(path), title: name)
            let payload = CustomModule.Payload(packed.archive, fileName: "\(Self.fullName(path).last ?? name).zip")
            return made(.python(payload), takesCheckMode: takesCheckMode || packed.usesModuleClass)
        }
        if Signs.isPowerShell(content) || path.hasSuffix(".ps1") {
            throw Diagnostic(
                .unsupported, "module '\(name)' is written for PowerShell", remedy: "It is \(path). Hosts here have sh."
            )
        }
        let interpreter = try Self.interpreter(content, name, path)
        if Signs.contains(Signs.argumentsInside, in: content) {
            return made(.inside(content, interpreter: interpreter), takesCheckMode: takesCheckMode)
        }
        let payload = CustomModule.Payload(content, fileName: fileName)
        return made(
            Signs.contains("WANT_JSON", in: content)
                ? .json(payload, interpreter: interpreter) : .words(payload, interpreter: interpreter),
            takesCheckMode: takesCheckMode)
    }

    private func library(_ name: String, _ utilityPaths: [String]) throws(Diagnostic) -> PythonPacker {
        if let known = packers[utilityPaths] { return known }
        guard let installation else {
            throw Diagnostic(
                .unsupported, "module '\(name)' is written in Python and needs ansible-core's code, which is not here",
                remedy: "Install ansible-core on this machine (it is read, not run), or name the folder of its package "
                    + "in SWIFTPROV_ANSIBLE.")
        }
        let packer = PythonPacker(
            library: PythonLibrary(
                installation: installation, utilityPaths: utilityPaths, collectionsPath: collectionsPath))
        packers[utilityPaths] = packer
        return packer
    }

    /// The name under which Python knows the module, which its relative imports start from.
    private static func fullName(_ path: String) -> [String] {
        let parts = path.split(separator: "/").map(String.init)
        let short = String((parts.last ?? "module").split(separator: ".").first ?? "module")
        if let start = parts.lastIndex(of: "ansible_collections"), start + 4 < parts.count {
            return parts[start..<(parts.count - 1)] + [short]
        }
        if parts.suffix(3).starts(with: ["ansible", "modules"]) { return ["ansible", "modules", short] }
        return ["ansible", "legacy", short]
    }

    /// The words of a script's first line.
    private static func interpreter(
        _ content: [UInt8], _ name: String, _ path: String
    ) throws(Diagnostic) -> [String] {
        let line = String(decoding: content.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        let words = line.hasPrefix("#!") ? try ShellWords.split(line.dropFirst(2).trimmed) : []
        guard !words.isEmpty else {
            throw Diagnostic(
                .unsupported, "module '\(name)' does not say what runs it",
                remedy: "The first line of \(path) must name its interpreter, such as #!/bin/sh.")
        }
        return words
    }
}

/// By which signs a module's kind is known.
enum Signs {
    /// What a module has where its arguments are to be written.
    static let argumentsInside = "<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>"

    static func contains(_ sign: String, in content: [UInt8]) -> Bool {
        content.firstRange(of: Array(sign.utf8)) != nil
    }

    /// Whether the file is no text, as far as its beginning tells.
    static func isBinary(_ content: [UInt8]) -> Bool {
        content.prefix(1024).contains { byte in
            byte == 0x7f || byte < 0x20 && ![7, 8, 9, 10, 12, 13, 27].contains(byte)
        }
    }

    /// The module's text, if it is Python that imports what modules share.
    static func python(_ content: [UInt8]) -> [UInt8]? {
        let old = Array("#<<INCLUDE_ANSIBLE_MODULE_COMMON>>".utf8)
        if let place = content.firstRange(of: old) {
            var text = content
            text.replaceSubrange(place, with: Array("from ansible.module_utils.basic import *".utf8))
            return text
        }
        guard contains("module_utils", in: content) else { return nil }
        let text = String(decoding: content, as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).contains(where: importsShared) ? content : nil
    }

    /// `from ansible.module_utils…`, `import ansible.module_utils.…`, the same of collections and relative ones.
    private static func importsShared(_ line: Substring) -> Bool {
        guard line.contains("module_utils") else { return false }
        let words = line.split(separator: " ")
        for (at, word) in words.enumerated() where at + 1 < words.count {
            let name = words[at + 1]
            let parts = name.split(separator: ".")
            let isShared =
                name.hasPrefix("ansible.module_utils")
                || parts.count >= 5 && parts[0] == "ansible_collections" && parts[3] == "plugins"
                    && parts[4] == "module_utils"
            if word == "import", isShared, parts.count > 2 { return true }
            guard word == "from", words[(at + 2)...].contains("import") else { continue }
            if isShared || name.hasPrefix("..") && name.drop(while: { $0 == "." }).hasPrefix("module_utils") {
                return true
            }
        }
        return false
    }

    static func isPowerShell(_ content: [UInt8]) -> Bool {
        let text = String(decoding: content, as: UTF8.self).lowercased()
        return ["# powershell_common", "#requires -module", "#requires -version", "#ansiblerequires -"]
            .contains(where: text.contains)
    }
}
