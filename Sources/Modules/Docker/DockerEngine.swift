internal import Diagnostics
internal import Target
internal import Values

/// Where the Engine listens, and how long it may take to answer.
struct DockerEndpoint: Sendable {
    /// `unix://…` or `tcp://…`; nil is `DOCKER_HOST` of the task's environment, else the usual socket.
    var host: String?
    /// TLS options for the docker command.
    var options: [String] = []
    /// The longest wait for answers that should come at once.
    var timeout: Duration = .seconds(60)
    /// `/v1.41`, where the task asks for a version of the interface; else the Engine's own.
    var versionPrefix = ""

    /// What messages call it.
    var name: String { host ?? "unix:///var/run/docker.sock" }
}

/// A request that only asks. `plan` can make nothing else, so a dry run cannot change the Engine's state.
struct DockerRead: Sendable {
    fileprivate var request: HTTPRequest

    static func get(_ parts: String..., query: [(String, String)] = []) -> DockerRead {
        DockerRead(request: HTTPRequest(method: "GET", path: DockerPath.of(parts, query: query)))
    }
}

/// A request that changes something.
struct DockerWrite: Sendable {
    fileprivate var request: HTTPRequest

    static func post(
        _ parts: String..., query: [(String, String)] = [], headers: [(name: String, value: String)] = [],
        body: Value? = nil
    ) throws(Diagnostic) -> DockerWrite {
        var request = HTTPRequest(method: "POST", path: DockerPath.of(parts, query: query), headers: headers)
        if let body {
            request.headers.append((name: "Content-Type", value: "application/json"))
            request.body = Array(try JSON.text(body).utf8)
        }
        return DockerWrite(request: request)
    }

    /// Sends an archive, whose entries the Engine unpacks in a container.
    static func put(
        _ parts: String..., query: [(String, String)] = [], archive: [UInt8]
    ) -> DockerWrite {
        var request = HTTPRequest(method: "PUT", path: DockerPath.of(parts, query: query), body: archive)
        request.headers = [(name: "Content-Type", value: "application/x-tar")]
        return DockerWrite(request: request)
    }

    static func delete(_ parts: String..., query: [(String, String)] = []) -> DockerWrite {
        DockerWrite(request: HTTPRequest(method: "DELETE", path: DockerPath.of(parts, query: query)))
    }

    /// A question among changes, answered in their order.
    static func get(_ parts: String..., query: [(String, String)] = []) -> DockerWrite {
        DockerWrite(request: HTTPRequest(method: "GET", path: DockerPath.of(parts, query: query)))
    }
}

/// One answer, with what was asked, for messages.
struct DockerAnswer: Sendable {
    var response: HTTPResponse
    var asked: String

    var status: Int { response.status }
    var isMissing: Bool { response.status == 404 }
    var succeeded: Bool { response.succeeded }

    /// The Engine's own words about why it did not do it.
    var message: String {
        guard let text = try? JSON.parse(response.body).mapValue?["message"]?.stringValue else {
            return String(decoding: response.body, as: UTF8.self).trimmed
        }
        return text.trimmed
    }

    /// The answer's content.
    ///
    /// - Throws: The Engine's words as a `Diagnostic`, if it was not a success.
    func value() throws(Diagnostic) -> Value {
        try check()
        if response.body.isEmpty { return .null }
        return try JSON.parse(response.body)
    }

    /// The content, or nil if what was asked for is not there.
    func valueIfPresent() throws(Diagnostic) -> Value? {
        if isMissing { return nil }
        return try value()
    }

    func check() throws(Diagnostic) {
        guard !succeeded else { return }
        throw DockerTrouble.diagnostic(status: status, message: message, asked: asked)
    }

    /// The interface's version that the Engine speaks, from its headers: 1.41 is (1, 41).
    var apiVersion: APIVersion? { response.headers["api-version"].flatMap(APIVersion.init) }
}

/// A version of the Engine's interface.
struct APIVersion: Sendable, Comparable, CustomStringConvertible {
    var major: Int
    var minor: Int

    init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    init?(_ text: String) {
        let parts = text.split(separator: ".").map { Int($0) }
        guard parts.count == 2, let major = parts[0], let minor = parts[1] else { return nil }
        self.init(major, minor)
    }

    static func < (left: APIVersion, right: APIVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
    var description: String { "\(major).\(minor)" }
}

/// The Engine as `plan` found it.
enum EngineState: Sendable {
    /// It answers; the answers in the order of the questions.
    case running([DockerAnswer])
    /// It is not there yet, and earlier tasks of this dry run bring a new one, empty.
    case foreseenEmpty
    /// It is not there yet, and earlier tasks of this dry run start it with what it had before.
    case foreseenUnknown(Unknown)
}

extension DockerEndpoint {
    /// Asks all of it in one round trip.
    ///
    /// - Throws: `Diagnostic` if there is no Engine and none is foreseen.
    func ask(_ reader: some TargetReader, _ reads: [DockerRead]) async throws(Diagnostic) -> EngineState {
        let result = try await reader.query(
            DockerTransport.read, words(reader), input: wire(reads.map(\.request)), timeout: timeout)
        switch try DockerTransport.outcome(of: result, endpoint: self) {
        case .answered(let bytes):
            return .running(try answers(bytes, to: reads.map(\.request)))
        case .absent(let absence):
            guard reader.foreseen.bringsDocker else { throw DockerTrouble.absent(absence, self) }
            guard absence.hasData else { return .foreseenEmpty }
            return .foreseenUnknown(Unknown("state of the Docker Engine, which is still to be started"))
        }
    }

    /// Makes the changes, one after the other, in one round trip. All are attempted; the caller judges the
    /// answers.
    ///
    /// - Parameter timeout: The longest wait; nil for as long as it takes, such as for a pull.
    func change(
        _ writer: some TargetWriter, _ writes: [DockerWrite], timeout: Duration?
    ) async throws(Diagnostic) -> [DockerAnswer] {
        let result = try await writer.execute(
            DockerTransport.write, words(writer), input: wire(writes.map(\.request)), timeout: timeout)
        switch try DockerTransport.outcome(of: result, endpoint: self) {
        case .answered(let bytes): return try answers(bytes, to: writes.map(\.request))
        case .absent(let absence): throw DockerTrouble.absent(absence, self)
        }
    }

    /// As `change`, for one request, whose failure is thrown.
    @discardableResult
    func change(_ writer: some TargetWriter, _ write: DockerWrite) async throws(Diagnostic) -> DockerAnswer {
        let answer = try await change(writer, [write], timeout: timeout)[0]
        try answer.check()
        return answer
    }

    /// Sends a file of the host as a request's body.
    func send(
        _ writer: some TargetWriter, file: String, to path: String, contentType: String,
        headers: [(name: String, value: String)] = []
    ) async throws(Diagnostic) -> DockerAnswer {
        var head = "POST \(versionPrefix)\(path) HTTP/1.1\r\nHost: docker\r\nUser-Agent: swiftprov\r\n"
        for header in headers { head += "\(header.name): \(header.value)\r\n" }
        head += "Content-Type: \(contentType)"
        let result = try await writer.execute(
            DockerTransport.send, [file, head] + words(writer), input: nil, timeout: nil)
        if result.status == DockerTransport.cannotReadFile {
            throw Diagnostic(.failed, "cannot read '\(file)' on the host")
        }
        switch try DockerTransport.outcome(of: result, endpoint: self) {
        case .answered(let bytes):
            return try answers(bytes, to: [HTTPRequest(method: "POST", path: path)])[0]
        case .absent(let absence): throw DockerTrouble.absent(absence, self)
        }
    }

    /// The request line and headers of questions, for a snippet that dials for itself, and what it calls `dial` with.
    func question(_ reads: [DockerRead], _ reader: some TargetReader) -> (text: String, words: [String]) {
        (String(decoding: wire(reads.map(\.request)), as: UTF8.self), words(reader))
    }

    /// The answers to `question`, the last of which may be cut short.
    ///
    /// - Parameter status: What `dial` ended with.
    func answers(
        _ bytes: [UInt8], status: Int32, to reads: [DockerRead], _ reader: some TargetReader
    ) throws(Diagnostic) -> EngineState {
        switch try DockerTransport.outcome(
            of: CommandResult(status: bytes.isEmpty ? status : 0, stdout: bytes, stderr: []), endpoint: self)
        {
        case .answered(let bytes):
            let responses = try HTTPResponse.parse(bytes, count: reads.count, lastMayBeCut: true)
            guard responses.count == reads.count else {
                throw Diagnostic(
                    .failed, "the Docker Engine ended the connection before it answered",
                    remedy: "see 'journalctl -u docker' on the host.")
            }
            return .running(
                zip(responses, reads).map {
                    DockerAnswer(
                        response: $0, asked: "\($1.request.method) \($1.request.path.prefix { $0 != "?" })")
                })
        case .absent(let absence):
            guard reader.foreseen.bringsDocker else { throw DockerTrouble.absent(absence, self) }
            return .foreseenUnknown(Unknown("state of the Docker Engine, which is still to be started"))
        }
    }

    private func words(_ reader: some TargetReader) -> [String] {
        let fromTask = reader.environment.last { $0.name == "DOCKER_HOST" }?.value
        return [host ?? fromTask ?? ""] + options
    }

    private func wire(_ requests: [HTTPRequest]) -> [UInt8] {
        requests.enumerated().flatMap { index, request in
            var request = request
            request.path = versionPrefix + request.path
            return request.bytes(isLast: index == requests.count - 1)
        }
    }

    private func answers(_ bytes: [UInt8], to requests: [HTTPRequest]) throws(Diagnostic) -> [DockerAnswer] {
        let responses = try HTTPResponse.parse(bytes, count: requests.count)
        guard responses.count == requests.count else {
            let asked = requests[responses.count]
            throw Diagnostic(
                .failed,
                "the Docker Engine ended the connection before it answered \(asked.method) \(asked.path)",
                remedy: "see 'journalctl -u docker' on the host.")
        }
        return zip(responses, requests).map {
            DockerAnswer(response: $0, asked: "\($1.method) \($1.path.prefix { $0 != "?" })")
        }
    }
}

extension Foreseen {
    /// Whether earlier tasks of this dry run would install or start an Engine.
    var bringsDocker: Bool {
        let names = ["docker.io", "docker-ce", "docker", "docker-engine", "moby-engine"]
        if names.contains(where: { packages[$0] == true }) { return true }
        return ["docker", "docker.service", "docker.socket"].contains { units[$0]?.active == true }
    }
}
