import Diagnostics
import Modules
import Testing
import Values

@Suite struct ArgumentCheckTests {
    static let manual = ModuleManual(
        name: "test.suite.thing", summary: "",
        arguments: [
            .required("name", .string, "A name.", aliases: ["title"]),
            .optional("state", .string, "A state.", default: "present", choices: ["present", "absent"]),
            .optional("count", .int, "A number."), .optional("on", .bool, "A switch."),
            .optional("items", .list(.string), "Some."), .optional("size", .bytes, "A size."),
            .optional("mode", .mode, "A mode."), .optional("labels", .map([]), "Some pairs."),
            .optional("secret", .string, "A secret.", secret: true),
            .optional(
                "nets",
                .list(.map([.required("name", .string, "Its name."), .optional("aliases", .list(.string), "More.")])),
                "Networks."),
            Argument("old", .string, "Gone.", refusal: "Use 'name'."),
        ],
        example: "", exclusive: [["count", "on"]]
    )

    private func check(_ raw: ValueMap, isStatic: Bool = false) -> (ValueMap?, [String]) {
        let (values, said) = ArgumentCheck.check(Self.manual, raw, isStatic: isStatic)
        return (values, said.map(\.summary))
    }

    @Test("values are converted as Ansible converts them")
    func conversions() throws {
        let (values, said) = check([
            "title": 5, "count": "12", "items": "a,b", "size": "1.5K", "mode": 0o644, "labels": "a=1 b='x y'",
        ])
        let map = try #require(values, "\(said)")
        #expect(map["name"] == "5")
        #expect(map["state"] == "present")
        #expect(map["count"] == 12)
        #expect(map["items"] == ["a", "b"])
        #expect(map["size"] == 1536)
        #expect(map["mode"] == "0644")
        #expect(map["labels"] == ["a": "1", "b": "x y"])
    }

    @Test(
        "truth in all its spellings",
        arguments: [
            ("yes", true), ("On", true), ("1", true), ("true", true), ("T", true), ("no", false), ("off", false),
            ("0", false), ("FALSE", false), ("f", false),
        ])
    func truth(_ text: String, _ expected: Bool) {
        #expect(check(["name": "x", "on": .string(text)]).0?["on"] == .bool(expected))
    }

    @Test("all errors are found at once")
    func allErrors() {
        let (values, said) = check(["nam": "x", "state": "presnt", "count": "many", "on": "maybe", "old": "y"])
        #expect(values == nil)
        #expect(said.count == 6)
        #expect(said.contains("unknown argument 'nam' for test.suite.thing"))
        #expect(said.contains("missing required argument 'name' of test.suite.thing"))
        #expect(said.contains("'presnt' is not a value of 'state' of test.suite.thing"))
    }

    @Test("exclusive arguments, twice the same argument, parts of maps")
    func relations() {
        #expect(
            check(["name": "x", "count": 1, "on": true]).1 == [
                "'count' and 'on' cannot be used together in test.suite.thing"
            ])
        #expect(check(["name": "x", "title": "y"]).1.count == 1)
        #expect(check(["name": "x", "nets": [["name": "a"], ["nam": "b"]]]).1.count == 2)
        #expect(check(["name": "x", "nets": ["db-net": [:]]]).1.count == 1)
    }

    @Test("templates wait for their value, constants do not")
    func staticCheck() {
        let template = Value.string(Text("{{ x }}", marks: .template))
        #expect(check(["name": template, "count": template, "state": template], isStatic: true).1.isEmpty)
        #expect(check(["name": template, "count": "x", "nmae": template], isStatic: true).1.count == 2)
    }

    @Test("what is secret in the manual is secret from then on")
    func secrets() {
        #expect(check(["name": "x", "secret": "s"]).0?["secret"]?.holdsSecret == true)
    }

    @Test("modes written in decimal are refused, those written in octal are not")
    func decimalModes() {
        for mode in [644, 755, 600, 640, 700, 750, 777, 1777, 440, 664, 2755] {
            #expect(check(["name": "x", "mode": .int(mode)]).0 == nil, "\(mode)")
        }
        for mode in [
            0o644, 0o755, 0o600, 0o640, 0o700, 0o750, 0o777, 0o1777, 0o440, 0o664, 0o2755, 0o4755, 0o400, 0, 0o555,
        ] {
            #expect(check(["name": "x", "mode": .int(mode)]).0 != nil, "\(String(mode, radix: 8))")
        }
    }

    @Test("unknown modules say what there is")
    func unknownModules() {
        #expect(
            ModuleIndex.unknown("ansible.builtin.docker_service", at: nil).remedy?.contains("docker_container_info")
                == true)
        #expect(ModuleIndex.unknown("coppy", at: nil).remedy?.contains("'copy'") == true)
        #expect(ModuleIndex.unknown("community.general.ufw", at: nil).remedy?.contains("community.general") == true)
        #expect(ModuleIndex.find("ansible.legacy.copy") != nil)
        #expect(ModuleIndex.find("ansible.builtin.copy") != nil)
    }
}
