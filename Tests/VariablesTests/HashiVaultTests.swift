import Diagnostics
import Testing
import Values
import Variables

/// The lookups of community.hashi_vault against answers as an OpenBao server gives them.
@Suite struct HashiVaultTests {
    private static let answers: [String: (Int, String)] = [
        "GET /v1/secret/data/app": (
            200,
            #"{"data":{"data":{"user":"shop","password":"s3cret"},"metadata":{"version":3}},"lease_duration":0}"#
        ),
        "GET /v1/secret/data/app?version=1": (
            200, #"{"data":{"data":{"password":"older"},"metadata":{"version":1}}}"#
        ),
        "GET /v1/kv1/old": (200, #"{"data":{"password":"plain"},"lease_duration":2764800}"#),
        "POST /v1/auth/approle/login": (200, #"{"auth":{"client_token":"from-role","lease_duration":1200}}"#),
        "POST /v1/auth/userpass/login/jane": (400, #"{"errors":["invalid username or password"]}"#),
    ]

    private let server: RecordedServer
    private let scope: LayeredScope

    init() throws {
        server = try RecordedServer(answers: Self.answers, tokens: ["good-token", "from-role"])
        kept = try server.variables()
        scope = kept.scope(host: "h1", task: nil)
    }

    /// The scope's lookups belong to it.
    private let kept: RunVariables

    private func evaluate(_ expression: String) throws(Diagnostic) -> Value {
        try scope.evaluate(.string(Text("{{ \(expression) }}", marks: .template)))
    }

    private func failure(_ expression: String) -> Diagnostic? {
        do throws(Diagnostic) {
            _ = try evaluate(expression)
            return nil
        } catch {
            return error
        }
    }

    @Test("one text, or arguments; a field, all of them, or their values; and all of it is secret")
    func secondVersion() throws {
        let old = try evaluate(
            "lookup('hashi_vault', 'secret=secret/data/app:password token=good-token url=' ~ server)")
        #expect(old == "s3cret")
        #expect(old.holdsSecret)
        let all = try evaluate(
            "lookup('community.hashi_vault.hashi_vault', 'secret/data/app', token='good-token', url=server, "
                + "namespace='team/a')")
        #expect(all == ["user": "shop", "password": "s3cret"])
        #expect(all.holdsSecret)
        #expect(server.requests.last == "GET /v1/secret/data/app in team/a")
        let get = "lookup('community.hashi_vault.vault_kv2_get', 'app', token='good-token', url=server"
        #expect(try evaluate(get + ").secret.password") == "s3cret")
        #expect(try evaluate(get + ").metadata.version") == 3)
        #expect(try evaluate(get + ", version=1).secret.password") == "older")
    }

    @Test("the first version of the engine")
    func firstVersion() throws {
        let get = "lookup('community.hashi_vault.vault_kv1_get', 'old', engine_mount_point='kv1', token='good-token', "
        #expect(try evaluate(get + "url=server).secret") == ["password": "plain"])
        #expect(try evaluate(get + "url=server).secret").holdsSecret)
    }

    @Test("AppRole logs in once a run")
    func role() throws {
        let lookup =
            "lookup('hashi_vault', 'secret/data/app:user', auth_method='approle', role_id='r', secret_id='s', url=server)"
        #expect(try evaluate(lookup) == "shop")
        #expect(try evaluate(lookup) == "shop")
        let logins = server.requests.filter { $0.contains("login") }
        #expect(logins.count == 1)
        #expect(logins.first?.contains("\"s\"") == true)
        #expect(server.requests.count == 3)
    }

    @Test("what goes wrong is told, without the token")
    func errors() {
        let refused = failure("lookup('hashi_vault', 'secret/data/app', token='bad-token', url=server)")
        #expect(refused?.summary.contains("does not let us read") == true)
        #expect(refused?.summary.contains("bad-token") == false)
        let missing = failure("lookup('hashi_vault', 'secret/data/nowhere', token='good-token', url=server)")
        #expect(missing?.summary.contains("there is no secret") == true)
        let field = failure("lookup('hashi_vault', 'secret/data/app:pasword', token='good-token', url=server)")
        #expect(field?.summary.contains("has no field 'pasword'") == true)
        let login = failure(
            "lookup('hashi_vault', 'x', auth_method='userpass', username='jane', password='wrong', url=server)")
        #expect(login?.summary.contains("invalid username or password") == true)
        let option = failure("lookup('hashi_vault', 'x', tokn='good-token', url=server)")
        #expect(option?.code == .unknownArgument)
    }
}
