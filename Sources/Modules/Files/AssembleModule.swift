import Diagnostics
internal import Jinja
import Results
import Target
import Values

/// Puts a file together from the files of a directory, as `ansible.builtin.assemble` does.
struct AssembleModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.assemble",
        summary: "Put a file together from the files of a directory, in the order of their names.",
        arguments: [
            .required("src", .path, "The directory, on the host unless `remote_src` is false."),
            .required("dest", .path, "The file."),
            .optional("remote_src", .bool, "Whether `src` is on the host.", default: true),
            .optional("regexp", .string, "What the names must match: a regular expression, Python's."),
            .optional("ignore_hidden", .bool, "Leave out names that begin with a dot.", default: false),
            .optional("delimiter", .string, "What goes between the parts; `\\n` in it is a line end."),
            .optional("decrypt", .bool, "Open sealed files of the control machine with the vault.", default: true),
        ] + FileEdit.arguments,
        example: """
            - ansible.builtin.assemble:
                src: /etc/app/conf.d
                dest: /etc/app/app.conf
                validate: app --check %s
            """,
        aliases: ["ansible.legacy.assemble"]
    )

    private let source: String
    private let isRemote: Bool
    private let regex: Regex?
    private let ignoresHidden: Bool
    private let delimiter: [UInt8]?
    private let decrypts: Bool
    private let placement: FilePlacement
    private let context: ModuleContext

    struct Step: Sendable {
        var placement: FilePlacement
        var step: FilePlacement.Step?
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        isRemote = arguments.bool("remote_src")
        let name = try arguments.string("src")
        source = isRemote ? name : try arguments.context.findFile(name, "files")
        do {
            regex = try arguments.optionalString("regexp").map { text throws(Diagnostic) in try Regex.compiled(text) }
        } catch {
            throw error.located(at: arguments.location)
        }
        ignoresHidden = arguments.bool("ignore_hidden")
        decrypts = arguments.bool("decrypt")
        delimiter = arguments.optionalString("delimiter").flatMap { $0.isEmpty ? nil : Self.unescaped($0) }
        context = arguments.context
        placement = FilePlacement(
            destination: try arguments.string("dest"), content: [], attributes: try FileAttributes(arguments),
            backup: arguments.bool("backup"), validate: try FileEdit.validation(arguments))
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        var placement = placement
        var (inspection, rest) = try await target.inspect(
            placement.pathsToAsk, checksums: true, owner: placement.attributes.owner,
            group: placement.attributes.group, with: isRemote ? Self.read : "", [source])
        if isRemote {
            guard let parts = try remoteParts(&rest, target) else {
                return .unknown(Unknown("what '\(source)' will hold"), Step(placement: placement))
            }
            placement.content = try joined(parts)
            placement.isSecret =
                placement.isSecret || target.foreseen.effects(within: source).contains { $0.effect.isSecret }
        } else {
            guard LocalFiles.kind(of: source) == .directory else {
                throw Diagnostic(.failed, "'\(source)' is not a directory here")
            }
            var parts: [(name: String, content: [UInt8])] = []
            for (name, path) in try LocalFiles.files(in: source) where try isWanted(name) {
                let (content, isSecret) = try context.content(of: path, opening: decrypts)
                parts.append((name, content))
                // One sealed part makes a secret of the whole.
                placement.isSecret = placement.isSecret || isSecret
            }
            placement.content = try joined(parts)
        }
        let prepared = placement
        return try await prepared.plan(inspection, target).map { Step(placement: prepared, step: $0) }
            .telling { values in told(values, prepared) }
    }

    /// The files of the host's directory, with what earlier tasks of a dry run would make of them.
    ///
    /// - Returns: Nil if only a run can tell what they hold.
    private func remoteParts(
        _ rest: inout FieldReader, _ target: some TargetReader
    ) throws(Diagnostic) -> [(name: String, content: [UInt8])]? {
        let kind = rest.next()
        let path = rest.next()
        let effects = target.foreseen.effects(within: path)
        let isToCome = effects.first { $0.below.isEmpty }?.effect.kind == .directory
        let isGone = target.foreseen.effect(at: path)?.kind == .absent
        var parts: [String: [UInt8]] = [:]
        switch isGone || isToCome && kind != "directory" ? "foreseen" : kind {
        case "directory":
            for (name, content) in try Self.fragments(rest.remainder(), target.hostName) { parts[name] = content }
        case "foreseen" where isToCome: break
        case "file": throw Diagnostic(.failed, "'\(path)' is not a directory", host: target.hostName)
        default:
            if target.foreseen.awaitsPackages { return nil }
            throw Diagnostic(.failed, "'\(path)' does not exist", host: target.hostName)
        }
        for (name, effect) in effects where !name.isEmpty && !name.contains("/") {
            switch effect.kind {
            case .absent, .directory: parts[name] = nil
            case .file where effect.keepsContent: break
            case .file, .link:
                guard try isWanted(name) else { continue }
                guard effect.kind == .file, let content = effect.content else { return nil }
                parts[name] = content
            }
        }
        return parts.map { ($0.key, $0.value) }
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        guard let write = step.step else { throw Diagnostic(.internal, "nothing was planned for '\(source)'") }
        var result = try await step.placement.apply(write, to: target)
        result.values = told(result.values, step.placement)
        return result
    }

    private func told(_ values: ValueMap, _ placement: FilePlacement) -> ValueMap {
        var values = values
        values["src"] = .string(source)
        values["msg"] = "OK"
        values["md5sum"] = .string(placement.md5)
        values.removeValue(forKey: "path")
        return values
    }

    private func isWanted(_ name: String) throws(Diagnostic) -> Bool {
        if let regex, try regex.firstMatch(in: Array(name.utf8)) == nil { return false }
        return !ignoresHidden || !name.hasPrefix(".")
    }

    private func joined(_ parts: [(name: String, content: [UInt8])]) throws(Diagnostic) -> [UInt8] {
        var result: [UInt8] = []
        var isFirst = true
        var needsLineEnd = false
        let sorted = parts.sorted { $0.name.unicodeScalars.lexicographicallyPrecedes($1.name.unicodeScalars) }
        for (name, content) in sorted {
            guard try isWanted(name) else { continue }
            if !isFirst {
                if needsLineEnd { result.append(ByteLines.newline) }
                if let delimiter {
                    result += delimiter
                    if delimiter.last != ByteLines.newline { result.append(ByteLines.newline) }
                }
            }
            isFirst = false
            needsLineEnd = content.last != ByteLines.newline
            result += content
        }
        return result
    }

    /// Names and contents as the snippet writes them.
    private static func fragments(_ bytes: [UInt8], _ host: String) throws(Diagnostic) -> [(String, [UInt8])] {
        var rest = bytes[...]
        var parts: [(String, [UInt8])] = []
        while let end = rest.firstIndex(of: 0) {
            let name = String(decoding: rest[..<end], as: UTF8.self)
            rest = rest[(end + 1)...]
            guard let mark = rest.firstIndex(of: 0),
                let size = Int(hostCount: String(decoding: rest[..<mark], as: UTF8.self).trimmed)
            else { throw Diagnostic(.failed, "a part changed while it was read", host: host) }
            parts.append((name, Array(rest[(mark + 1)...].prefix(size))))
            rest = rest[(mark + 1)...].dropFirst(size)
        }
        return parts
    }

    /// `\n`, `\t` and the like as Python's `escape_decode` reads them.
    private static func unescaped(_ text: String) -> [UInt8] {
        var result: [UInt8] = []
        var rest = Array(text.utf8)[...]
        let escapes: [Character: UInt8] = [
            "n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "f": 12, "v": 11, "\\": 92, "'": 39, "\"": 34,
        ]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let next = rest.first else {
                result.append(byte)
                continue
            }
            if let value = escapes[Character(Unicode.Scalar(next))] {
                result.append(value)
                rest.removeFirst()
            } else if next == UInt8(ascii: "x"),
                let value = UInt8(String(decoding: rest.dropFirst().prefix(2), as: UTF8.self), radix: 16)
            {
                result.append(value)
                rest = rest.dropFirst(3)
            } else {
                result.append(byte)
            }
        }
        return result
    }

    /// After the common look: `$sp_a` a directory. `directory`, its path, then each file's name, size and content;
    /// `file` if it is something else, `absent` if there is nothing.
    private static let read: Script = #"""
        sp_expand "$sp_a"
        if ! [ -d "$p" ]; then
            if [ -e "$p" ]; then kind=file; else kind=absent; fi
            printf '%s\0%s\0' "$kind" "$p"
            exit 0
        fi
        printf 'directory\0%s\0' "$p"
        cd -- "$p" || exit 1
        work=$(umask 077; mktemp) || exit 1
        trap 'rm -f "$work"' EXIT
        for file in ./* ./.[!.]* ./..?*; do
            [ -f "$file" ] || continue
            cat -- "$file" >"$work" || exit 1
            printf '%s\0%s\0' "${file#./}" "$(wc -c <"$work")"
            cat "$work"
        done
        exit 0
        """#
}

extension Plan {
    /// The same plan with other return values.
    func telling(_ tell: (ValueMap) -> ValueMap) -> Plan {
        switch self {
        case .asWanted(var result):
            result.values = tell(result.values)
            return .asWanted(result)
        case .change(let change, let step, var foreseen):
            foreseen.values = tell(foreseen.values)
            return .change(change, step, foreseen: foreseen)
        case .unknown: return self
        }
    }
}
