import Diagnostics
import Glibc
import Testing
import YAML

/// Texts that nest deeply end in an error on any stack, never in a crash.
@Suite struct YAMLStackTests {
    /// The error that a text ends in when it is read on a thread with half a mebibyte of stack.
    private static func errorOnSmallThread(_ text: String) -> Diagnostic? {
        final class Reading {
            let text: String
            var error: Diagnostic?
            init(_ text: String) { self.text = text }
        }
        let reading = Reading(text)
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, 512 * 1024)
        var thread = pthread_t()
        pthread_create(
            &thread, &attributes,
            { raw in
                guard let raw else { return nil }
                let reading = Unmanaged<Reading>.fromOpaque(raw).takeRetainedValue()
                do throws(Diagnostic) {
                    let file = SourceFile(name: "x", text: reading.text)
                    _ = try YAMLReader.read(reading.text, file: file, limits: .init(depth: 100_000))?.value()
                } catch {
                    reading.error = error
                }
                return nil
            }, Unmanaged.passRetained(reading).toOpaque())
        pthread_join(thread, nil)
        pthread_attr_destroy(&attributes)
        return reading.error
    }

    @Test(
        "what nests deeper than the stack allows is told, with its place",
        arguments: [
            String(repeating: "[", count: 20_000), String(repeating: "{a: ", count: 20_000),
            String(repeating: "- ", count: 20_000) + "x",
            String(repeating: "[", count: 3000) + String(repeating: "]", count: 3000),
        ])
    func deep(_ text: String) throws {
        let error = try #require(Self.errorOnSmallThread(text))
        #expect(error.code == .syntax)
        #expect(error.location?.line == 1)
    }
}
