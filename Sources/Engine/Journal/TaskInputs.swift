import Diagnostics
import Modules
import Playbook
import Synchronization
import Target
import Values

/// What a module is made of: its arguments, evaluated, and what it reads of the control machine.
///
/// A run that goes on where another ended compares it with what the task was made of then: where a template, a file or a
/// variable was mended since, what was done is out of date. Only a digest is kept, and none of anything secret.
final class TaskInputs: Sendable {
    private enum Part {
        case value(Value)
        /// The digest of bytes, which are many: a loop's files are not kept until its end.
        case digest(String)
    }

    private struct State {
        var parts: [Part] = []
        var isSealed = false
        /// Whether it depends on more than the parts.
        var isVague = false
    }

    private let state = Mutex(State())

    func add(_ value: Value) { add(.value(value)) }

    private func add(_ part: Part) {
        state.withLock { state in
            state.parts.append(part)
            // What is read while the module is at work comes too late to be compared beforehand.
            if state.isSealed { state.isVague = true }
        }
    }

    /// It depends on more than can be compared.
    func blur() { state.withLock { $0.isVague = true } }

    /// The module is made.
    func seal() { state.withLock { $0.isSealed = true } }

    /// What a module is lent, watched.
    func watching(_ context: ModuleContext) -> ModuleContext {
        var watched = context
        watched.findFile = { (name, kind) throws(Diagnostic) in
            let path = try context.findFile(name, kind)
            // What stands in a directory is read later, or by another program.
            if ProjectFiles.isDirectory(path) { self.blur() }
            return path
        }
        watched.readFile = { (path, decrypt) throws(Diagnostic) in
            let written = try context.readFile(path, false)
            guard ModuleContext.isSealed(written) else {
                self.add(.digest(Self.digest(of: written)))
                return written
            }
            self.blur()
            return decrypt ? try context.readFile(path, true) : written
        }
        watched.render = { (text, path, options) throws(Diagnostic) in
            let rendered = try context.render(text, path, options)
            self.add(.string(rendered))
            return rendered
        }
        watched.show = { (text) throws(Diagnostic) in
            let shown = try context.show(text)
            self.add(shown.value)
            return shown
        }
        watched.condition = { (condition) throws(Diagnostic) in
            let value = try context.condition(condition)
            self.add(value)
            return value
        }
        watched.variable = { (name) throws(Diagnostic) in
            let value = try context.variable(name)
            self.add(value ?? .null)
            return value
        }
        return watched
    }

    /// A digest of all that a task's modules were made of, in whatever order; nil if some of it is secret or unknown.
    @IOLoop static func digest(of all: [TaskInputs], mustStaySecret: (Value) -> Bool) -> String? {
        var digests: Set<String> = []
        for inputs in all {
            let state = inputs.state.withLock { $0 }
            if state.isVague { return nil }
            for part in state.parts {
                switch part {
                case .value(let value):
                    if mustStaySecret(value) { return nil }
                    digests.insert(RunJournal.digest(value.pythonRepresentation))
                case .digest(let digest): digests.insert(digest)
                }
            }
        }
        return RunJournal.digest(digests.sorted().joined(separator: " "))
    }

    /// The length and 64 bits, eight bytes a step: enough to tell a file from what it was before.
    private static func digest(of bytes: [UInt8]) -> String {
        var hash = 0xcbf2_9ce4_8422_2325 as UInt64
        func add(_ word: UInt64) {
            hash = (hash ^ word) &* 0x100_0000_01b3
            hash ^= hash >> 32
        }
        let whole = bytes.count - bytes.count % 8
        bytes.withUnsafeBytes { bytes in
            for offset in stride(from: 0, to: whole, by: 8) {
                add(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            }
        }
        for byte in bytes[whole...] { add(UInt64(byte)) }
        return String(hash, radix: 16) + ":" + String(bytes.count)
    }
}
