import Crypto
import Diagnostics
import Values

/// Packs Python modules with the code that they share with others, as one file that Python can run.
///
/// The archive holds a program that reads the arguments' file, whose path it is given, and runs the module as if it
/// had been called itself.
final class PythonPacker {
    private let library: PythonLibrary
    /// Files that were packed before, by their name in the archive, and what each imports.
    private var packed: [String: (entry: ZipArchive.Entry, imports: [PythonImports.Name])] = [:]

    init(library: PythonLibrary) { self.library = library }

    /// - Parameters:
    ///   - source: The module.
    ///   - fullName: `ansible_collections.….plugins.modules.NAME`, or `ansible.legacy.NAME`.
    ///   - title: What the module is called in a message.
    /// - Throws: `Diagnostic` if code that the module needs is not on this machine.
    func pack(_ source: [UInt8], fullName: [String], title: String) throws(Diagnostic) -> Packed {
        var archive = Contents()
        // What a host has installed of the same name stays within reach behind what is sent.
        let open = "__path__ = __import__(\"pkgutil\").extend_path(__path__, __name__)\n"
        archive.addPackage(
            ["ansible"], open + "__version__ = \"\(library.installation.version)\"\n__author__ = \"Ansible, Inc.\"\n")
        archive.addPackage(["ansible", "module_utils"], open)
        archive.add("__main__.py", Array(Self.program(fullName.joined(separator: ".")).utf8))

        try add(PythonImports(source, module: fullName, isPackage: false).names, to: &archive)
        let usesModuleClass = archive.entries["ansible/module_utils/basic.py"] != nil
        // Loaded by name in a run: how arguments and answers are written, and how a module starts itself anew.
        try add(
            [
                Self.core("basic", isRequired: true), Self.core("_internal._ansiballz._loader", isRequired: false),
                Self.core("_internal._json._profiles._module_legacy_c2m", isRequired: false),
                Self.core("_internal._json._profiles._module_legacy_m2c", isRequired: false),
            ], to: &archive)
        guard archive.missing.isEmpty else {
            throw Diagnostic(
                .missingFile,
                "module '\(title)' imports \(archive.missing.sorted().joined(separator: ", ")), which is not on this "
                    + "machine",
                remedy: "Install the collection it belongs to, put it into `module_utils/` beside the playbook, or "
                    + "install an ansible-core that has it; the one used is \(library.installation.package).")
        }
        archive.add(fullName.joined(separator: "/") + ".py", source)
        for count in 1..<fullName.count { archive.addPackage(fullName[..<count]) }
        var zip = ZipArchive()
        for (_, entry) in archive.entries.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            zip.add(entry)
        }
        return Packed(archive: zip.finished(), usesModuleClass: usesModuleClass)
    }

    /// A module ready to be sent.
    struct Packed {
        var archive: [UInt8]
        /// Whether it gets what `AnsibleModule` does for it, the answer to check mode foremost.
        var usesModuleClass: Bool
    }

    /// What has come together so far.
    private struct Contents {
        var entries: [String: ZipArchive.Entry] = [:]
        var missing = Set<String>()

        mutating func add(_ name: String, _ content: [UInt8]) {
            if entries[name] == nil { entries[name] = ZipArchive.Entry(name, content) }
        }

        mutating func addPackage(_ parts: some Collection<String>, _ text: String = "") {
            add(parts.joined(separator: "/") + "/__init__.py", Array(text.utf8))
        }
    }

    /// Adds what provides the names, and what that imports in turn.
    private func add(_ names: [PythonImports.Name], to archive: inout Contents) throws(Diagnostic) {
        var waiting = names
        while let name = waiting.popLast() {
            guard name.parts.count > 2 else { continue }
            guard let found = try library.find(name.parts, mayBeInside: true) else {
                if name.isRequired { archive.missing.insert(name.parts.joined(separator: ".")) }
                continue
            }
            guard archive.entries[found.entry] == nil else { continue }
            let known = packed[found.entry] ?? Self.packed(found)
            packed[found.entry] = known
            archive.entries[found.entry] = known.entry
            waiting += known.imports
            for count in 1..<found.parts.count {
                let package = Array(found.parts[..<count])
                guard archive.entries[package.joined(separator: "/") + "/__init__.py"] == nil else { continue }
                if count > 2, let found = try library.find(package, mayBeInside: false), found.isPackage {
                    waiting.append(PythonImports.Name(parts: package, isRequired: false))
                } else {
                    archive.addPackage(package)
                }
            }
        }
    }

    private static func packed(
        _ found: PythonLibrary.Found
    ) -> (entry: ZipArchive.Entry, imports: [PythonImports.Name]) {
        let imports = PythonImports(found.source, module: found.parts, isPackage: found.isPackage)
        return (ZipArchive.Entry(found.entry, found.source), imports.names)
    }

    private static func core(_ name: String, isRequired: Bool) -> PythonImports.Name {
        PythonImports.Name(
            parts: ["ansible", "module_utils"] + name.split(separator: ".").map(String.init), isRequired: isRequired)
    }

    /// What Python runs: the archive is its first argument, the arguments' file the second.
    ///
    /// The module's own trouble is answered as a module would answer it. Newer code wants to be told how what it is
    /// given is written.
    private static func program(_ fullName: String) -> String {
        """
        import json
        import os
        import runpy
        import sys
        import traceback


        def answer_for(trouble):
            text = str(trouble) or type(trouble).__name__
            if isinstance(trouble, SyntaxError):
                version = ".".join(str(part) for part in sys.version_info[:3])
                text += " (Python %s of the host may be too old, or too new, for this code)" % version
            return {
                "failed": True,
                "msg": "Task failed: Module failed: " + text,
                "exception": traceback.format_exc(),
            }


        def run():
            archive = os.path.realpath(sys.path[0])
            with open(sys.argv[1], "rb") as file:
                arguments = file.read()
            os.remove(sys.argv[1])
            del sys.argv[1:]
            sys.path[0] = archive
            sys.path[1:] = [place for place in sys.path[1:] if place not in ("", ".")]
            try:
                from ansible.module_utils import basic
                basic._ANSIBLE_ARGS = arguments
                if hasattr(basic, "_ANSIBLE_PROFILE"):
                    basic._ANSIBLE_PROFILE = "legacy"
                known = {"_module_fqn": "\(fullName)", "_modlib_path": archive}
                runpy.run_module("\(fullName)", init_globals=known, run_name="__main__", alter_sys=True)
            except Exception as trouble:
                print("\\n" + json.dumps(answer_for(trouble)))
                sys.exit(1)


        run()

        """
    }
}

/// Short names in hexadecimal digits.
enum ContentKey {
    /// A name for content: what was put on a host under it is that content.
    static func of(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).prefix(16).map(digits).joined()
    }

    /// A name that nobody can guess.
    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        let word: UInt64 = generator.next()
        return stride(from: 0, to: 64, by: 8).map { digits(UInt8(truncatingIfNeeded: word >> UInt64($0))) }.joined()
    }

    private static func digits(_ byte: UInt8) -> String {
        let text = String(byte, radix: 16)
        return text.count == 1 ? "0" + text : text
    }
}
