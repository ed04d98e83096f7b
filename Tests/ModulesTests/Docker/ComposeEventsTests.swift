import Testing
import Values

@testable import Modules

/// Lines as plugins of versions 2.26 and 2.40 wrote them.
@Suite struct ComposeEventsTests {
    private func told(_ text: String, volumes: Set<String>? = nil) -> [String] {
        ComposeEvents(text).actions(volumes: volumes).map { "\($0.status) \($0.kind) \($0.id)" }
    }

    @Test("the order does not depend on which container was quicker")
    func order() {
        let text = """
             Network shop_default  Creating
             Network shop_default  Created
             Volume "shop_data"  Creating
             Volume "shop_data"  Created
             Container shop-web-1  Creating
             Container shop-db-1  Creating
             Container shop-db-1  Created
             Container shop-web-1  Starting
             Container shop-db-1  Starting
            """
        let wanted = [
            "Creating container shop-db-1", "Creating container shop-web-1", "Creating network shop_default",
            "Creating volume shop_data", "Starting container shop-db-1", "Starting container shop-web-1",
        ]
        #expect(told(text) == wanted)
        #expect(told(text.split(separator: "\n").reversed().joined(separator: "\n")) == wanted)
    }

    @Test("lines of JSON say the same")
    func json() {
        let text = """
            {"id":"Container shop-web-1","status":"Recreate"}
            {"id":"Container shop-web-1","status":"Recreated"}
            {"id":"Container shop-web-1","status":"Starting"}
            {"id":"Container shop-db-1","status":"Running"}
            {"id":"web","status":"Built"}
            """
        #expect(told(text) == ["Recreate container shop-web-1", "Starting container shop-web-1"])
        #expect(ComposeEvents(text).builds)
        // Where the word stands has changed with the versions.
        #expect(
            told(#"{"id":"Container a","text":"Creating","status":"Working"}"#) == ["Creating container a"])
        #expect(
            told(#"{"id":"63a26ae4e8a8","parent_id":"Image nginx:1","status":"Working"}"#) == ["Pulling image nginx:1"])
        #expect(told(#"{"dry-run":true,"id":" ","text":"build service app"}"#) == ["Building service app"])
    }

    @Test("a dry run's second names and a network that is still in use are no news")
    func dry() {
        let text = """
             DRY-RUN MODE -  Container shop-web-1  Recreate
             DRY-RUN MODE -  Container shop-web-1  Recreated
             DRY-RUN MODE -  Container 85c2d6a88e78_shop-web-1  Starting
             DRY-RUN MODE -  Network shop_default  Removing
             DRY-RUN MODE -  Network shop_default  Resource is still in use
             DRY-RUN MODE -    build service app
             DRY-RUN MODE -  ==> ==> writing image dryRun-ca84d1343b96baa8137c943ed1860e522cacb238
            """
        #expect(
            told(text) == ["Building service app", "Removing network shop_default", "Recreate container shop-web-1"])
        #expect(ComposeEvents(text).warnings.isEmpty)
        #expect(ComposeEvents(text).errors.isEmpty)
    }

    @Test("volumes that are not there are not removed")
    func volumes() {
        #expect(told(" Volume shop_data  Removing", volumes: []).isEmpty)
        #expect(told(" Volume shop_data  Removing", volumes: ["shop_data"]) == ["Removing volume shop_data"])
    }

    @Test("warnings and errors")
    func troubles() {
        let plain = ComposeEvents(
            """
            time="2026-01-02T03:04:05Z" level=warning msg="The \\"X\\" variable is not set."
             web Pulling
             web Error Get "https://registry.example.com/v2/": no such host
            Error response from daemon: no such image: none:1
            """)
        #expect(plain.warnings == ["The \"X\" variable is not set."])
        #expect(plain.errors.last == "Error response from daemon: no such image: none:1")
        #expect(plain.pulls)
        let json = ComposeEvents(
            """
            {"level":"warning","msg":"The \\"X\\" variable is not set.","time":"2026-01-02T03:04:05Z"}
            {"id":"web","text":"Pulling"}
            {"id":"web","text":"Error","status":"no such host"}
            {"error":true,"message":"yaml: line 14: did not find expected node content"}
            """)
        #expect(json.warnings == ["The \"X\" variable is not set."])
        #expect(json.errors == ["web: no such host", "yaml: line 14: did not find expected node content"])
        #expect(json.pulls)
        let busy = ComposeEvents(" Network shop_default  Resource is still in use")
        #expect(busy.warnings == ["Network shop_default: Resource is still in use"])
    }
}
