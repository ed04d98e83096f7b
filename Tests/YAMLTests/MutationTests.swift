import Diagnostics
import Testing
import Values
import YAML

/// Broken texts must end in an answer or an error, never in a crash or without end.
@Suite struct YAMLMutationTests {
    /// Always the same numbers, so that a failure can be looked at again.
    struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    static let texts = (CaseFiles.cases("values.txt") + CaseFiles.cases("errors.txt")).map(\.body)
    static let pieces = [
        "{{", "}}", "\"", "'", ": ", "- ", "\n", "\t", "&a ", "*a", "!x ", "<<: ", "[", "]", "{", "}", "|\n", ">-\n",
        "#",
        "---\n", "...", "\u{85}", "é", "😀", "\\", "%", "@", "? ", "0x", "1:30", "\r\n", "\u{FEFF}", "!vault ", "!!int ",
    ]

    @Test("changed texts never crash the reader", arguments: 0..<20)
    func mutations(_ seed: Int) {
        var numbers = Numbers(state: UInt64(seed) &* 77 &+ 1)
        for text in Self.texts {
            var characters = Array(text.unicodeScalars)
            for _ in 0..<Int.random(in: 1...4, using: &numbers) {
                let place = Int.random(in: 0...characters.count, using: &numbers)
                switch Int.random(in: 0..<4, using: &numbers) {
                case 0: characters.removeSubrange(place..<min(characters.count, place + 3))
                case 1: characters.insert(contentsOf: characters.prefix(20), at: place)
                default:
                    let piece = Self.pieces[Int.random(in: 0..<Self.pieces.count, using: &numbers)]
                    characters.insert(contentsOf: Array(piece.unicodeScalars), at: place)
                }
            }
            var mutated = ""
            mutated.unicodeScalars.append(contentsOf: characters)
            do throws(Diagnostic) {
                let file = SourceFile(name: "x", text: mutated)
                let value = try YAMLReader.read(mutated, file: file, limits: .init(nodes: 20_000))?.value() ?? .null
                // What was read can be written, and reads as the same again.
                let written = try YAMLWriter(flow: .block).text(value)
                let again = try YAMLReader.read(written, file: SourceFile(name: "y", text: written))?.value() ?? .null
                #expect(again.pythonRepresentation.count > 0)
                if !value.pythonRepresentation.contains("nan") {
                    #expect(again == value, "\(mutated)\n>>>\n\(written)")
                }
            } catch {
                #expect(!error.rendered().isEmpty)
            }
        }
    }
}
