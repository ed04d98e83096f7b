import Testing

@testable import Target

/// Links to shells, whoever listens to them and when.
@Suite struct ProcessLinkTests {
    /// What a link tells: all it said, then how it ended.
    @IOLoop
    private func everything(of link: ProcessLink) async -> (said: String, ended: String) {
        let ear = LinkEar()
        let ended = Promise<LinkEnd>()
        var said: [UInt8] = []
        ear.onBytes = { bytes, _ in said.append(contentsOf: bytes) }
        ear.onEnd = { ended.fulfill($0) }
        link.owner = ear
        guard case .shellEnded(let how) = await ended.wait() else { return ("", "") }
        return (String(decoding: said, as: UTF8.self), how)
    }

    @Test("what is said before anybody listens is heard, and so is the end", arguments: [false, true])
    func early(_ atTerminal: Bool) async throws {
        let words = ["/bin/sh", "-c", "echo early; exit 3"]
        let link = try await Task { @IOLoop in try ProcessLink(words: words, atTerminal: atTerminal) }.value
        try await Task.sleep(for: .milliseconds(300))
        let (said, ended) = await everything(of: link)
        #expect(said == (atTerminal ? "early\r\n" : "early\n"))
        #expect(ended == "exit status 3")
    }

    @Test("a link that nobody listened to ends when it is cut")
    func unheard() async throws {
        let link = try await Task { @IOLoop in try ProcessLink(words: ["/bin/sh", "-c", "echo x; exec sleep 7301"]) }
            .value
        await Task { @IOLoop in link.cut() }.value
        await link.waitForEnd(atMost: .seconds(20))
        #expect(await link.isOver)
    }
}
