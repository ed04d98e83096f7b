import Engine
import Glibc
import Testing

/// Questions at a terminal, which here is the one end of a pair whose other end the test holds.
@Suite(.serialized) struct PromptingTests {
    /// A terminal, and who sits at it.
    private final class Terminal: @unchecked Sendable {
        let person: Int32
        let screen: Int32

        init() {
            // TIOCSPTLCK and TIOCGPTN, which Swift's Glibc does not name.
            person = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
            var lock: Int32 = 0
            var number: Int32 = -1
            _ = ioctl(person, 0x4004_5431, &lock)
            _ = ioctl(person, 0x8004_5430, &number)
            screen = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
            precondition(person >= 0 && screen >= 0, "no terminal to be had")
        }

        deinit {
            close(person)
            close(screen)
        }

        var echoes: Bool {
            var settings = termios()
            return tcgetattr(screen, &settings) == 0 && settings.c_lflag & tcflag_t(ECHO) != 0
        }

        func type(_ text: String) {
            let bytes = Array(text.utf8)
            _ = bytes.withUnsafeBytes { write(person, $0.baseAddress, $0.count) }
        }

        /// Reads what is shown until a text is among it.
        @discardableResult
        func see(_ text: String) -> String {
            var seen: [UInt8] = []
            var byte: UInt8 = 0
            // By bytes: a line's two ends are one character.
            let end = Array(text.utf8)
            while seen.suffix(end.count) != end[...], read(person, &byte, 1) == 1 { seen.append(byte) }
            return String(decoding: seen, as: UTF8.self)
        }
    }

    private static func ask(_ terminal: Terminal, echoes: Bool = false) -> Task<Prompting.Answer, Never> {
        Task.detached { Prompting.read("Secret: ", echoes: echoes, from: terminal.screen, to: terminal.screen) }
    }

    @Test("what is typed is not shown, from before the question is seen until it is answered", .timeLimit(.minutes(5)))
    func silent() async {
        let terminal = Terminal()
        let answer = Self.ask(terminal)
        terminal.see("Secret: ")
        #expect(!terminal.echoes)
        terminal.type("tresor\n")
        #expect(await answer.value == .line("tresor"))
        #expect(terminal.echoes)
        #expect(terminal.see("\n") == "\r\n")
    }

    @Test("Ctrl-C ends a question, and what is typed afterwards is shown", .timeLimit(.minutes(5)))
    func interrupted() async {
        let terminal = Terminal()
        let answer = Self.ask(terminal)
        terminal.see("Secret: ")
        #expect(Prompting.interrupt())
        #expect(await answer.value == .interrupted)
        #expect(terminal.echoes)
        #expect(!Prompting.interrupt(), "nobody waits any more")
    }

    @Test("the end of input is no empty answer", .timeLimit(.minutes(5)))
    func ended() async {
        let terminal = Terminal()
        let answer = Self.ask(terminal, echoes: true)
        terminal.see("Secret: ")
        #expect(terminal.echoes)
        terminal.type("\u{4}")
        #expect(await answer.value == .end)
        let second = Self.ask(terminal, echoes: true)
        terminal.see("Secret: ")
        terminal.type("\n")
        #expect(await second.value == .line(""))
    }
}
