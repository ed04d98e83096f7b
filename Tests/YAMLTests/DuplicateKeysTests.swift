import Diagnostics
import Testing
import YAML

/// Keys given twice, as `duplicate_dict_key` has them.
@Suite struct DuplicateKeysTests {
    @Test("are told of, passed over or refused at their place")
    func policies() throws {
        let text = "a: 1\nb: 2\na: 3\n"
        var found: [Diagnostic] = []
        _ = try YAMLReader.read(text, file: SourceFile(name: "f.yml", text: text), warnings: &found)
        #expect(try DuplicateKeys.warn.settled(found).map(\.severity) == [.warning])
        #expect(try DuplicateKeys.ignore.settled(found).isEmpty)
        #expect(try DuplicateKeys.error.settled([]).isEmpty)
        let error = #expect(throws: Diagnostic.self) { try DuplicateKeys.error.settled(found) }
        #expect(error?.severity == .error)
        #expect(error?.location?.line == 3)
    }
}
