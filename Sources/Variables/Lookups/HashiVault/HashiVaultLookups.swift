import Diagnostics
import Values

/// The lookups of community.hashi_vault. What they give is secret; the facts about it are not.
extension Lookups {
    /// `secret=path:field token=… url=…` in one text, or the same as arguments.
    static let hashiVault: Function = { (terms, given, context) throws(Diagnostic) in
        var result: [Value] = []
        for term in terms {
            let options = try HashiVaultOptions(
                given.values.merging(try HashiVaultTerm.options(term.pythonText)), context)
            let secret = try options.required("secret")
            let mark = secret.lastIndex(of: ":")
            let path = mark.map { String(secret[..<$0]) } ?? secret
            let field = mark.map { String(secret[secret.index(after: $0)...]) }
            let shape = try options.text("return_format") ?? "dict"
            guard ["dict", "values", "raw"].contains(shape) else {
                throw Diagnostic(
                    .badValue, "unknown return_format '\(shape)'", remedy: "Choose dict, values or raw.")
            }
            let content = try HashiVaultLookup.content(path, options, context)
            if shape == "raw" {
                result.append(HashiVaultLookup.marked(content))
                continue
            }
            var data = content.mapValue?["data"]?.mapValue ?? [:]
            // The second version of the engine has the secret beside what it knows about it.
            if data["metadata"] != nil, let inner = data["data"]?.mapValue { data = inner }
            if shape == "values" {
                result += data.values.map(HashiVaultLookup.secret)
            } else if let field {
                guard let value = data[field] else {
                    throw Diagnostic(
                        .badValue, "the secret '\(path)' has no field '\(field)'",
                        remedy: NearestNames.hint(field, among: data.keys.map(\.text))
                            ?? "It has: \(data.keys.map(\.text).joined(separator: ", ")).")
                }
                result.append(HashiVaultLookup.secret(value))
            } else {
                result.append(HashiVaultLookup.secret(.map(data)))
            }
        }
        return result
    }

    static let hashiVaultRead: Function = { (terms, given, context) throws(Diagnostic) in
        let options = try HashiVaultOptions(given.values, context)
        var result: [Value] = []
        for term in terms {
            result.append(HashiVaultLookup.marked(try HashiVaultLookup.content(term.pythonText, options, context)))
        }
        return result
    }

    static let hashiVaultVersion1: Function = { (terms, given, context) throws(Diagnostic) in
        let options = try HashiVaultOptions(given.values, context)
        let mount = HashiVaultPath.quoted(try options.text("engine_mount_point") ?? "kv")
        let client = try HashiVaultClient(options, context)
        var result: [Value] = []
        for term in terms {
            let name = term.pythonText
            let answer = try client.read("\(mount)/\(HashiVaultPath.quoted(name))", named: name)
            guard answer.status == 200, var metadata = answer.content.mapValue else {
                if answer.errors.contains("versioned K/V") {
                    throw Diagnostic(
                        .badValue, "'\(mount)' holds secrets of version 2",
                        remedy: "Use lookup('community.hashi_vault.vault_kv2_get', …).")
                }
                throw HashiVaultLookup.missing(name, "in '\(mount)'", answer)
            }
            let secret = HashiVaultLookup.secret(metadata.removeValue(forKey: "data") ?? .null)
            result.append([
                "raw": HashiVaultLookup.marked(answer.content), "data": secret, "secret": secret,
                "metadata": .map(metadata),
            ])
        }
        return result
    }

    static let hashiVaultVersion2: Function = { (terms, given, context) throws(Diagnostic) in
        let options = try HashiVaultOptions(given.values, context)
        let mount = HashiVaultPath.quoted(try options.text("engine_mount_point") ?? "secret")
        let version = try options.number("version")
        let client = try HashiVaultClient(options, context)
        var result: [Value] = []
        for term in terms {
            let name = term.pythonText
            let query = version.map { "?version=\($0)" } ?? ""
            let answer = try client.read("\(mount)/data/\(HashiVaultPath.quoted(name))\(query)", named: name)
            let raw = HashiVaultLookup.marked(answer.content)
            guard answer.status == 200, let data = raw.mapValue?["data"], let inner = data.mapValue,
                let secret = inner["data"]
            else {
                let which = version.map { "version \($0)" } ?? "the latest version"
                throw HashiVaultLookup.missing(name, "(\(which)) in '\(mount)'", answer)
            }
            result.append(["raw": raw, "data": data, "secret": secret, "metadata": inner["metadata"] ?? .null])
        }
        return result
    }
}

/// What the lookups share.
enum HashiVaultLookup {
    /// What a path holds, as the server says it.
    static func content(
        _ path: String, _ options: HashiVaultOptions, _ context: LookupContext
    ) throws(Diagnostic) -> Value {
        let answer = try HashiVaultClient(options, context).read(HashiVaultPath.lenient(path), named: path)
        guard answer.status == 200, answer.content.mapValue != nil else { throw missing(path, "", answer) }
        return answer.content
    }

    static func missing(_ name: String, _ place: String, _ answer: HashiVaultClient.Answer) -> Diagnostic {
        let what = "'\(name)'" + (place.isEmpty ? "" : " \(place)")
        guard answer.status == 404 else { return answer.diagnostic("HashiCorp Vault cannot read \(what)") }
        return Diagnostic(
            .badValue, "there is no secret \(what) in HashiCorp Vault",
            remedy: "Check its path (`vault kv list`); for version 2 of the engine 'hashi_vault' wants MOUNT/data/PATH."
        )
    }

    /// The value with every text in it secret.
    static func secret(_ value: Value) -> Value {
        value.mapText { Text($0.string, marks: $0.marks.union(.secret), origin: $0.origin) }
    }

    /// A server's whole answer, in which the secret parts are secret.
    static func marked(_ content: Value) -> Value {
        guard var map = content.mapValue else { return content }
        for name in ["auth", "wrap_info"] {
            if let value = map[name] { map[name] = secret(value) }
        }
        if var data = map["data"]?.mapValue, data["metadata"] != nil, let inner = data["data"] {
            data["data"] = secret(inner)
            map["data"] = .map(data)
        } else if let data = map["data"] {
            map["data"] = secret(data)
        }
        return .map(map)
    }
}

/// The options in a lookup's text.
enum HashiVaultTerm {
    /// - Throws: `Diagnostic` with code `.badValue` for a word without `=`, or a name given twice.
    static func options(_ term: String) throws(Diagnostic) -> ValueMap {
        var options = ValueMap()
        for (index, word) in term.split(whereSeparator: \.isWhitespace).enumerated() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 || index == 0 else {
                throw Diagnostic(
                    .badValue, "'\(word)' in the lookup's text is no 'name=value'",
                    remedy: "Give values that hold blanks as arguments: lookup('hashi_vault', 'path', name='a b').")
            }
            let (name, value) = parts.count == 2 ? (parts[0], parts[1]) : ("secret", parts[0])
            guard options[name] == nil else {
                throw Diagnostic(.badValue, "'\(name)' is given twice in the lookup's text")
            }
            options[name] = .string(value)
        }
        return options
    }
}
