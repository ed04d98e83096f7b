import Diagnostics
import Results
import Testing
import Values

@testable import Modules

/// The parts of the Docker modules that need no Engine.
@Suite struct DockerPartsTests {
    // Recorded from an Engine 20.10 asked two questions on one connection, dates and lengths shortened.
    private let recorded = """
        HTTP/1.1 404 Not Found\r
        Api-Version: 1.41\r
        Content-Type: application/json\r
        Content-Length: 34\r
        \r
        {"message":"No such container: x"}HTTP/1.1 200 OK\r
        Transfer-Encoding: chunked\r
        Connection: close\r
        \r
        4\r
        {"a"\r
        3;ext=1\r
        :1}\r
        0\r
        Trailer: x\r
        \r

        """

    @Test("answers in a row are told apart, by length and by chunks")
    func http() throws {
        let answers = try HTTPResponse.parse(Array(recorded.utf8), count: 2)
        #expect(answers.map(\.status) == [404, 200])
        #expect(answers[0].headers["api-version"] == "1.41")
        #expect(String(decoding: answers[0].body, as: UTF8.self) == "{\"message\":\"No such container: x\"}")
        #expect(String(decoding: answers[1].body, as: UTF8.self) == "{\"a\":1}")
    }

    @Test("an answer that was cut off is no answer, wherever it was cut")
    func cutOff() throws {
        let bytes = Array(recorded.utf8)
        for length in 0..<bytes.count {
            let answers = try HTTPResponse.parse(Array(bytes[..<length]), count: 2)
            #expect(answers.count < 2, "\(length)")
        }
    }

    @Test("an answer that is no HTTP is an error, and 1xx and 204 have no body")
    func odd() throws {
        #expect(throws: Diagnostic.self) { try HTTPResponse.parse(Array("SSH-2.0\r\n\r\n".utf8), count: 1) }
        let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n\r\nto the end"
        let answers = try HTTPResponse.parse(Array(text.utf8), count: 2)
        #expect(answers.map(\.status) == [204, 200])
        #expect(String(decoding: answers[1].body, as: UTF8.self) == "to the end")
    }

    @Test("requests carry lengths, and the last one ends the connection")
    func requests() {
        let first = HTTPRequest(
            method: "POST", path: DockerPath.of(["containers", "a/b", "x y"], query: [("n", "ä&")]))
        #expect(
            String(decoding: first.bytes(isLast: false), as: UTF8.self)
                == "POST /containers/a%2Fb/x%20y?n=%C3%A4%26 HTTP/1.1\r\nHost: docker\r\nUser-Agent: swiftprov\r\n"
                + "Content-Length: 0\r\n\r\n")
        #expect(String(decoding: first.bytes(isLast: true), as: UTF8.self).contains("Connection: close\r\n"))
    }

    @Test(
        "image names are understood in all their spellings",
        arguments: [
            ("nginx", "nginx:latest", "nginx:latest", nil as String?),
            ("docker.io/library/nginx:1", "docker.io/library/nginx:1", "nginx:1", nil),
            ("registry:5000/a/b", "registry:5000/a/b:latest", "registry:5000/a/b:latest", "registry:5000"),
            ("localhost/app:2", "localhost/app:2", "localhost/app:2", "localhost"),
            ("user/app@sha256:abc", "user/app@sha256:abc", "user/app@sha256:abc", nil),
        ])
    func images(_ text: String, _ full: String, _ canonical: String, _ registry: String?) {
        let reference = ImageReference(text)
        #expect(reference.full == full)
        #expect(reference.canonical == canonical)
        #expect(reference.registry == registry)
    }

    @Test("what is no image name is refused", arguments: ["", "a b", "a//b", "x;rm", "app/"])
    func noImages(_ text: String) { #expect(throws: Diagnostic.self) { try ImageReference.check(text) } }

    @Test("sizes, durations, command lines and base64")
    func units() throws {
        #expect(try DockerUnits.bytes("512m", of: "x") == 536_870_912)
        #expect(try DockerUnits.bytes("1.5G", of: "x") == 1_610_612_736)
        #expect(try DockerUnits.bytes("10", of: "x") == 10)
        #expect(try DockerUnits.bytes("2KB", of: "x") == 2048)
        for wrong in ["", "x", "1X", "-1", "1e5", "99999999P"] {
            #expect(throws: Diagnostic.self) { try DockerUnits.bytes(wrong, of: "x") }
        }
        #expect(try DockerUnits.nanoseconds("1m30s", of: "x") == 90_000_000_000)
        #expect(try DockerUnits.nanoseconds("1h2ms3us", of: "x") == 3_600_002_003_000)
        for wrong in ["", "10", "s", "1d", "1 s", "9999999999h"] {
            #expect(throws: Diagnostic.self) { try DockerUnits.nanoseconds(wrong, of: "x") }
        }
        // Recorded from python3: shlex.split
        #expect(
            try DockerUnits.words("a 'b c' \"d\\\"e\\n\" f\\ g ''", of: "x") == ["a", "b c", "d\"e\\n", "f g", ""])
        #expect(throws: Diagnostic.self) { try DockerUnits.words("a 'b", of: "x") }
        for text in ["", "a", "ab", "abc", "user:pass?>~"] {
            #expect(Base64.decodedText(Base64.encode(text.utf8)) == text)
        }
        #expect(Base64.encode("?>~".utf8, .urlSafe) == "Pz5-")
    }

    @Test("ports: single, ranges, addresses, kinds of transport")
    func ports() throws {
        let ports = try ContainerPorts(
            published: ["80", "8080:81", "127.0.0.1::82/udp", "[::1]:9000-9001:7000-7001", "6000-6010:83"],
            exposed: ["90-91/udp"])
        let bindings = try #require(ports.portBindings(defaultAddress: "0.0.0.0").mapValue)
        #expect(bindings["80/tcp"] == [["HostIp": "0.0.0.0", "HostPort": ""]])
        #expect(bindings["81/tcp"] == [["HostIp": "0.0.0.0", "HostPort": "8080"]])
        #expect(bindings["82/udp"] == [["HostIp": "127.0.0.1", "HostPort": ""]])
        #expect(bindings["7001/tcp"] == [["HostIp": "::1", "HostPort": "9001"]])
        #expect(bindings["83/tcp"] == [["HostIp": "0.0.0.0", "HostPort": "6000-6010"]])
        #expect(ports.exposed.prefix(2) == ["90/udp", "91/udp"] && ports.exposed.contains("7000/tcp"))
        for wrong in [
            "all", "x:80", "80:x", "1:2:3:4", "host:80:80", "70000", "90-80", "8000-8001:80-82", "80/icmp", "[::1:80",
        ] {
            #expect(throws: Diagnostic.self, "\(wrong)") { try ContainerPorts(published: [wrong], exposed: []) }
        }
    }

    @Test("volumes: binds, named, anonymous, and what is none")
    func volumes() throws {
        let volumes = try ContainerVolumes(["/a:/b", "data:/c:ro", "/d", "/e:nocopy"])
        #expect(volumes.binds == ["/a:/b:rw", "data:/c:ro"])
        #expect(volumes.anonymous == ["/d", "/e:nocopy"])
        for wrong in [["/a:/b:xx"], ["/a:b"], ["x:/a", "y:/a"], ["./a:/b"], ["a:b:c:d"]] {
            #expect(throws: Diagnostic.self, "\(wrong)") { try ContainerVolumes(wrong) }
        }
    }

    @Test("addresses are the same in all their spellings")
    func addresses() {
        #expect(IPAddress.normalized("fd00:0:0::1") == IPAddress.normalized("FD00::0001"))
        #expect(IPAddress.network("172.20.0.0/16") == "172.20.0.0/16")
        for wrong in ["172.20.0.0", "1.2.3.4/33", "1.2.3/8", "fd00::1::2/64", "x/8", "fd00::/129"] {
            #expect(IPAddress.network(wrong) == nil, "\(wrong)")
        }
    }

    @Test("options are compared as they are asked to be")
    func comparisons() {
        let container: Value = [
            "Config": ["Env": ["A=1", "B=x=y"], "Cmd": ["a", "b"]], "HostConfig": ["CapAdd": ["CAP_NET_ADMIN"]],
        ]
        func parts(_ option: ContainerOption) -> Int { option.differences(from: container).count }
        #expect(parts(.init("env", ["Config", "Env"], .map, ["B": "x=y"])) == 0)
        #expect(parts(.init("env", ["Config", "Env"], .map, ["B": "x=y"], comparison: .strict)) == 1)
        #expect(parts(.init("env", ["Config", "Env"], .map, ["A": "2", "C": "3"])) == 2)
        #expect(parts(.init("env", ["Config", "Env"], .map, ["A": "2"], comparison: .ignore)) == 0)
        #expect(parts(.init("command", ["Config", "Cmd"], .list, ["b", "a"])) == 1)
        #expect(parts(.init("command", ["Config", "Cmd"], .list, ["b"], comparison: .allowMorePresent)) == 0)
        #expect(parts(.init("capabilities", ["HostConfig", "CapAdd"], .set, ["net_admin"])) == 0)
        #expect(parts(.init("capabilities", ["HostConfig", "CapAdd"], .set, ["SYS_TIME"])) == 1)
        #expect(parts(.init("init", ["HostConfig", "Init"], .value, false)) == 0)
        #expect(parts(.init("init", ["HostConfig", "Init"], .value, true)) == 1)
    }

    @Test("a secret stays one on both sides of a difference")
    func secrets() throws {
        let wanted: Value = ["P": .string(Text("new", marks: .secret))]
        let option = ContainerOption("env", ["Config", "Env"], .map, wanted)
        let part = try #require(option.differences(from: ["Config": ["Env": ["P=old"]]]).first)
        guard case .setting(let name, let before, let after) = part, name == "env.P" else {
            Issue.record("no setting")
            return
        }
        #expect(before.holdsSecret && after.holdsSecret)
    }

    @Test("what a pull reports is judged: newer, up to date, failed after a status of 200")
    func pull() throws {
        func judge(_ text: String) throws -> Bool {
            try ImagePull.judge(Array(text.utf8)) { Diagnostic(.failed, $0) }
        }
        #expect(try judge("{\"status\":\"Pulling\"}\r\n{\"status\":\"Status: Downloaded newer image for a:1\"}\r\n"))
        #expect(try !judge("{\"status\":\"Status: Image is up to date for a:1\"}\r\n"))
        let error = #expect(throws: Diagnostic.self) {
            try judge("{\"errorDetail\":{\"message\":\"manifest unknown\"},\"error\":\"manifest unknown\"}")
        }
        #expect(error?.summary == "manifest unknown")
    }

    @Test(
        "well-known refusals come with a remedy",
        arguments: [
            "driver failed: Bind for 0.0.0.0:80 failed: port is already allocated",
            "pull access denied for x, repository does not exist",
            "Get https://r/v2/: x509: certificate signed by unknown authority",
            "dial tcp: lookup registry.example.com: no such host", "write /x: no space left on device",
            "network app not found",
        ])
    func remedies(_ message: String) { #expect(DockerTrouble.remedy(message) != nil) }

    @Test(
        "arguments that make no sense are refused before a host is asked",
        arguments: [
            (["name": "x", "image": "a", "env": ["A": 1]], "put it in quotes"),
            (["name": "x", "image": "a", "comparisons": ["nope": "strict"]], nil),
            (["name": "x", "image": "a", "comparisons": ["image": "allow_more_present"]], "strict or ignore"),
            (["name": "x", "image": "a", "mounts": [["target": "/x", "type": "bind"]]], nil),
            (["name": "x", "state": "present"], nil), (["name": "x", "image": "a b"], "name[:tag]"),
            (["name": "x", "image": "a", "pull": "sometimes"], "always"), (["name": "x", "restart_retries": 3], nil),
        ] as [(ValueMap, String?)])
    func arguments(_ values: ValueMap, _ remedy: String?) throws {
        let checked = try #require(ArgumentCheck.check(DockerContainerModule.manual, values).values)
        let error = #expect(throws: Diagnostic.self) { try DockerContainerModule(Arguments(values: checked)) }
        if let remedy { #expect(error?.remedy?.contains(remedy) == true, "\(error?.remedy ?? "")") }
    }
}
