import Testing
import Values

@testable import Target

@Suite struct FramingTests {
    private func feed(_ framing: inout ShellFraming, out: String = "", err: String = "") {
        Array(out.utf8).withUnsafeBytes { framing.receive(stdout: $0, awaited: .max) }
        Array(err.utf8).withUnsafeBytes { framing.receive(stderr: $0, awaited: .max) }
    }

    @Test("an answer is whole when both markers are in")
    func both() {
        var framing = ShellFraming(token: "TOK")
        feed(&framing, out: "hello\n\nTOK 1 3\n")
        #expect(framing.nextReply() == nil)
        feed(&framing, err: "oops\nTOK 1\n")
        let reply = framing.nextReply()
        #expect(reply?.number == 1)
        #expect(reply?.result.status == 3)
        #expect(reply?.result.output == "hello\n")
        #expect(reply?.result.errorOutput == "oops")
    }

    @Test("bytes may come in pieces of any size")
    func pieces() {
        var framing = ShellFraming(token: "TOK")
        for byte in "a\nb\n\nTOK 1 0\n\nTOK 2 7\n" { feed(&framing, out: String(byte)) }
        for byte in "\nTOK 1\nx\n\nTOK 2\n" { feed(&framing, err: String(byte)) }
        #expect(framing.nextReply()?.result.output == "a\nb\n")
        let second = framing.nextReply()
        #expect(second?.result.status == 7)
        #expect(second?.result.stdout == [])
        #expect(second?.result.errorOutput == "x\n")
    }

    /// A host knows the token, too.
    @Test("a marker without an end is waited for no longer than one can be")
    func endless() {
        var framing = ShellFraming(token: "TOK")
        feed(&framing, out: "\nTOK " + String(repeating: "1", count: 100), err: "\nTOK 1\n")
        #expect(framing.nextReply()?.number == -1)
    }

    @Test("answers on one stream alone end what they are part of")
    func oneSided() {
        var framing = ShellFraming(token: "TOK")
        for number in 1...3 {
            Array("\nTOK \(number) 0\n".utf8).withUnsafeBytes { framing.receive(stdout: $0, awaited: 2) }
            #expect(framing.nextReply()?.number == (number < 3 ? nil : -1))
        }
    }

    @Test("what only looks like a marker is output")
    func lookalikes() {
        var framing = ShellFraming(token: "TOK")
        feed(&framing, out: "TOK 1 0\n\nTOX 1 0\nTOK\n\nTOK 1 0\n", err: "\nTOK 1\n")
        #expect(framing.nextReply()?.result.output == "TOK 1 0\n\nTOX 1 0\nTOK\n")
    }

    @Test("streams that disagree about the number give none that was asked for")
    func disagree() {
        var framing = ShellFraming(token: "TOK")
        feed(&framing, out: "\nTOK 1 0\n", err: "\nTOK 2\n")
        #expect(framing.nextReply()?.number == -1)
    }

    @Test("output beyond the limit is dropped, the next answer is found")
    func limit() {
        var framing = ShellFraming(token: "TOK", outputLimit: 1000)
        for _ in 0..<100 { feed(&framing, out: String(repeating: "x", count: 50)) }
        #expect(framing.isFlooded)
        feed(&framing, out: "\nTOK 1 0\nfine\nTOK 2 0\n", err: "\nTOK 1\n\nTOK 2\n")
        let first = framing.nextReply()
        #expect(first?.isTooLong == true)
        #expect(first?.result.stdout == [])
        #expect(!framing.isFlooded)
        let second = framing.nextReply()
        #expect(second?.isTooLong == false)
        #expect(second?.result.output == "fine")
    }

    @Test("input goes before its request, in pieces")
    func input() {
        let framing = ShellFraming(token: "TOK")
        var small = framing.encode(ShellRequest(.snippet, "cat", input: [1, 2, 3]), number: 5)
        #expect(small.next().map { String(decoding: $0, as: UTF8.self) } == "_c <<'.'\nAQID\n.\n")
        #expect(small.next().map { String(decoding: $0, as: UTF8.self) } == "_w 5 cat\n")
        #expect(small.next() == nil)
        let bytes = [UInt8](repeating: 7, count: 1 << 20)
        var large = framing.encode(ShellRequest(.snippet, "cat", input: bytes), number: 6)
        var pieces: [[UInt8]] = []
        while let piece = large.next() { pieces.append(piece) }
        #expect(pieces.count == 7)
        #expect(pieces.allSatisfy { $0.count < 300_000 })
        #expect(pieces.last.map { String(decoding: $0, as: UTF8.self) } == "_w 6 cat\n")
    }

    @Test("base64 as everyone has it")
    func base64() {
        func encode(_ text: String) -> String {
            String(decoding: Base64.encodedBytes(Array(text.utf8)[...], lineLength: 76), as: UTF8.self)
        }
        #expect(encode("") == "")
        #expect(encode("f") == "Zg==")
        #expect(encode("fo") == "Zm8=")
        #expect(encode("foo") == "Zm9v")
        #expect(encode("foobar") == "Zm9vYmFy")
        let long = encode(String(repeating: "a", count: 100))
        #expect(long.split(separator: "\n").map(\.count) == [76, 60])
    }

    @Test("tokens are long and differ")
    func tokens() {
        let tokens = Set((0..<100).map { _ in ShellFraming.makeToken() })
        #expect(tokens.count == 100)
        #expect(tokens.allSatisfy { $0.count == 32 })
    }
}
