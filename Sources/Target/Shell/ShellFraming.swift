internal import Values

/// The conversation with a long-lived shell, without any input or output of its own: requests become bytes to
/// send, received bytes become replies.
///
/// Each answer ends with a marker on both streams. The shell parses its requests itself; input travels as base64
/// in here-documents, in pieces, so that a large one is never in memory twice. The call comes after all of its input:
/// what a broken connection cuts short is never run.
struct ShellFraming {
    /// A whole answer.
    struct Reply {
        var number: Int
        var result: CommandResult
        /// Whether a stream was longer than `outputLimit`; its content is gone then.
        var isTooLong: Bool
    }

    /// How a shell takes input best; measured in `Benchmarks`.
    enum InputWay {
        /// dash, busybox: reads in blocks, so a here-document of any size is cheap.
        case largeHereDocuments
        /// bash reads a pipe byte by byte, to leave the rest to its children, so GNU `head` may read instead.
        case headCount
        /// bash without GNU `head`.
        case smallHereDocuments

        /// Bytes of input in one piece.
        var pieceSize: Int {
            switch self {
            case .largeHereDocuments: 192 * 1024
            case .headCount: 192 * 1024
            case .smallHereDocuments: 12 * 1024
            }
        }
    }

    /// The longest stream of an answer that is kept.
    static let outputLimit = 64 << 20

    let token: String
    var inputWay = InputWay.largeHereDocuments
    private var stdout: MarkerScanner
    private var stderr: MarkerScanner
    private var stdoutPieces: [MarkerScanner.Piece] = []
    private var stderrPieces: [MarkerScanner.Piece] = []

    init(token: String, outputLimit: Int = ShellFraming.outputLimit) {
        self.token = token
        stdout = MarkerScanner(token: token, limit: outputLimit)
        stderr = MarkerScanner(token: token, limit: outputLimit)
    }

    /// A token nobody can guess: 128 bits from the system's source of randomness, in hexadecimal.
    static func makeToken() -> String {
        var generator = SystemRandomNumberGenerator()
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: [generator.next(), generator.next()].flatMap { (word: UInt64) in
                (0..<16).map { digits[Int(word >> UInt64($0 * 4) & 15)] }
            }, as: UTF8.self)
    }

    /// What a fresh shell is sent first; its reply has the number `ShellBoot.number`.
    var boot: [UInt8] { Array(ShellBoot.text(token: token).utf8) }

    // MARK: Receiving

    /// - Parameter awaited: How many answers there may be.
    mutating func receive(stdout bytes: UnsafeRawBufferPointer, awaited: Int) {
        stdout.receive(bytes)
        while let piece = stdout.next() { stdoutPieces.append(piece) }
        checkPace(awaited)
    }

    mutating func receive(stderr bytes: UnsafeRawBufferPointer, awaited: Int) {
        stderr.receive(bytes)
        while let piece = stderr.next() { stderrPieces.append(piece) }
        checkPace(awaited)
    }

    /// Both streams carry a part of every answer; a host that sends one stream's parts alone fills the memory. What it
    /// sent becomes an answer to nobody, which ends the shell.
    private mutating func checkPace(_ awaited: Int) {
        guard max(stdoutPieces.count, stderrPieces.count) > awaited else { return }
        let nobodys = MarkerScanner.Piece(number: -1, status: nil, content: [], isTooLong: false)
        stdoutPieces = [nobodys]
        stderrPieces = [nobodys]
    }

    /// Whether the answer that is coming in is longer than is kept.
    var isFlooded: Bool { stdout.isFlooded || stderr.isFlooded }

    /// The next whole answer, if there is one.
    mutating func nextReply() -> Reply? {
        guard let out = stdoutPieces.first, let err = stderrPieces.first else { return nil }
        stdoutPieces.removeFirst()
        stderrPieces.removeFirst()
        return Reply(
            // The two streams carry the same numbers in the same order, or something is wrong.
            number: out.number == err.number ? out.number : -1,
            result: CommandResult(status: out.status ?? -1, stdout: out.content, stderr: err.content),
            isTooLong: out.isTooLong || err.isTooLong
        )
    }

    // MARK: Sending

    /// The request's bytes, piece by piece as they can be sent.
    func encode(_ request: ShellRequest, number: Int) -> EncodedRequest {
        EncodedRequest(request, number: number, way: inputWay)
    }
}

/// A request on its way to a shell.
struct EncodedRequest {
    private let call: String
    private let input: [UInt8]
    private let way: ShellFraming.InputWay
    private var sent = 0
    private var phase: Phase

    private enum Phase { case pieces, call, done }

    /// Whether the request runs in a process group of its own, which can be ended from beside.
    static func runsApart(_ request: ShellRequest) -> Bool { request.kind == .command || request.timeout != nil }

    init(_ request: ShellRequest, number: Int, way: ShellFraming.InputWay) {
        self.way = way
        input = request.input ?? []
        var text = request.text
        let function: String
        switch (Self.runsApart(request), request.input) {
        case (true, nil):
            (function, phase) = ("_f", .call)
        case (true, _?):
            (function, phase) = ("_k", .pieces)
        case (false, nil):
            (function, phase) = ("_r", .call)
        case (false, _?):
            (function, phase) = ("_w", .pieces)
        }
        if request.kind == .snippet, Self.runsApart(request) {
            // A snippet that may be cut short runs as commands do, but finds programs as snippets do.
            text = "PATH=\(ShellBoot.searchPath):$PATH\n\(ShellBoot.guards)\n" + text
        }
        call = "\(function) \(number) \(ShellQuoting.quote(text))"
    }

    /// The next bytes to send; nil when all were given.
    mutating func next() -> [UInt8]? {
        switch phase {
        case .pieces:
            let piece = input[sent..<min(input.count, sent + way.pieceSize)]
            sent += piece.count
            if sent == input.count { phase = .call }
            let text = Base64.encodedBytes(piece, lineLength: 76)
            if way == .headCount { return Array("_b \(text.count)\n".utf8) + text }
            return Array("_c <<'.'\n".utf8) + text + Array("\n.\n".utf8)
        case .call:
            phase = .done
            return Array("\(call)\n".utf8)
        case .done:
            return nil
        }
    }
}
