import Diagnostics
import Inventory
import Jinja
import Testing
import Values

@testable import Variables

/// What variables gave is kept from task to task, and never a moment too long.
@Suite struct VariableMemoryTests {
    private func variables() throws -> RunVariables {
        let tree = try InventoryLoader.load(InventorySources(paths: ["h1,h2,"])).tree
        return RunVariables(inventory: tree, extra: [:], run: RunFacts()) { path throws(Diagnostic) in
            throw Diagnostic(.missingFile, "no file '\(path)' here")
        }
    }

    private func template(_ text: String) -> Value { .string(Text(text, marks: .template)) }

    /// A run whose play has these variables.
    private func run(_ vars: [String: String]) throws -> RunVariables {
        let run = try variables()
        for (name, text) in vars { run.play.vars[name] = template(text) }
        return run
    }

    private func look(_ name: String, _ run: RunVariables, _ task: TaskVariables? = nil) throws -> Value? {
        try run.scope(host: "h1", task: task).lookup(name)
    }

    private func kept(_ name: String, _ run: RunVariables) -> KeptValue? {
        run.memory.host("h1").kept(name, isOwn: false)
    }

    @Test("a value is kept until something behind it changes, through all that is between")
    func chain() throws {
        let run = try run(["top": "{{ middle }}!", "middle": "{{ base | default('none') }}", "other": "{{ 1 + 1 }}"])
        #expect(try look("top", run) == "none!")
        #expect(try look("other", run) == 2)
        let (top, other) = (kept("top", run), kept("other", run))
        run.register(["unrelated": 1], on: "h1")
        run.register(["base": 1], on: "h2")
        #expect(try look("top", run) == "none!")
        #expect(top != nil && kept("top", run) === top)
        // A name that nobody had defined.
        run.register(["base": "here"], on: "h1")
        #expect(try look("top", run) == "here!")
        #expect(kept("top", run) !== top)
        #expect(try look("other", run) == 2)
        #expect(kept("other", run) === other)
        // What stands between is replaced by data.
        run.register(["middle": "data"], on: "h1")
        #expect(try look("top", run) == "data!")
        run.register(["base": "gone"], on: "h1")
        #expect(try look("top", run) == "data!")
        run.play.vars["top"] = template("{{ base }}?")
        #expect(try look("top", run) == "gone?")
    }

    @Test("facts, all of them, other hosts' variables and the inventory are what values are made of, too")
    func sources() throws {
        var run = try run([
            "fact": "{{ ansible_facts.color | default('none') }}", "bare": "{{ color | default('none') }}",
            "far": "{{ hostvars['h2'].size | default(0) }}", "farther": "{{ far + 1 }}", "all": "{{ groups['all'] }}",
        ])
        #expect(try look("fact", run) == "none")
        #expect(try look("bare", run) == "none")
        #expect(try look("farther", run) == 1)
        #expect(try look("all", run) == ["h1", "h2"])
        for name in ["fact", "bare", "far", "farther", "all"] { #expect(kept(name, run) != nil, "\(name)") }
        run.addFacts(["color": "red"], to: "h1")
        #expect(try look("fact", run) == "red")
        #expect(try look("bare", run) == "red")
        run.clearFacts(of: "h1")
        #expect(try look("fact", run) == "none")
        #expect(try look("bare", run) == "none")
        run.register(["size": 4], on: "h2")
        #expect(try look("farther", run) == 5)
        run.include(["size": 7], on: "h2")
        #expect(try look("farther", run) == 5)
        _ = try run.inventory.addHost("h3", groups: [], variables: [:])
        run.inventoryChanged()
        #expect(try look("all", run) == ["h1", "h2", "h3"])
        run = try self.run(["keys": "{{ hostvars['h2'] | list | length }}"])
        let before = try look("keys", run)
        run.register(["new": 1], on: "h2")
        #expect(try look("keys", run) != before)
    }

    @Test("a task's own variables and another role's hide what is kept")
    func hiding() throws {
        let run = try run(["top": "{{ middle }}", "middle": "{{ base }}", "base": "play {{ 1 }}"])
        #expect(try look("top", run, TaskVariables()) == "play 1")
        let top = kept("top", run)
        #expect(top != nil)
        var task = TaskVariables()
        task.vars = [["base": "task"]]
        #expect(try look("top", run, task) == "task")
        var included = TaskVariables()
        included.parameters = [["base": "include"]]
        #expect(try look("top", run, included) == "include")
        let scope = run.scope(host: "h1", task: TaskVariables())
        scope.push(Layer("loop", ["base": "item"]))
        #expect(try scope.lookup("top") == "item")
        // What the task's own gives is kept for nobody, whatever it is called and made of.
        task.vars = [["top": template("{{ base }} of the task"), "own": template("{{ base }}'s own")]]
        #expect(try look("top", run, task) == "play 1 of the task")
        #expect(try look("own", run, task) == "play 1's own")
        #expect(try look("top", run, TaskVariables()) == "play 1")
        #expect(try look("own", run, TaskVariables()) == nil)
        #expect(try scope.with(Layer("template", ["own": template("{{ 1 + 1 }}")])).lookup("own") == 2)
        #expect(try look("own", run, TaskVariables()) == nil)
        var unrelated = TaskVariables()
        unrelated.vars = [["else": "x"]]
        #expect(try look("top", run, unrelated) == "play 1")
        #expect(kept("top", run) === top)
        final class Use: Sendable {}
        var role = TaskVariables()
        role.roleUse = Use()
        role.roleVars = [["base": "role"]]
        #expect(try look("top", run, role) == "role")
        var other = TaskVariables()
        other.roleUse = Use()
        other.roleVars = [["base": "other role"]]
        #expect(try look("top", run, other) == "other role")
        #expect(try look("top", run, TaskVariables()) == "play 1")
    }

    @Test(
        "what chance, the clock, files and the play's course have a part in is not kept, nor what is made of it",
        arguments: [
            "{{ 1000 | random }}", "{{ [1, 2] | shuffle }}", "{{ [5, 6] | map('random') }}", "{{ now() }}",
            "{{ '%s' | strftime }}", "{{ '52:54' | community.general.random_mac }}", "{{ 'x' | password_hash }}",
            "{{ '/tmp' is directory }}", "{{ '/tmp' is exists }}", "{{ ['/tmp'] | select('mount') }}",
            "{{ '/tmp' | realpath }}", "{{ '/tmp/*' | fileglob }}", "{{ lookup('env', 'HOME') }}",
            "{{ query('pipe', 'echo') }}", "{{ ansible_play_hosts }}", "{{ play_hosts }}", "{{ lipsum(1) }}",
            "{{ vars['x'] | default(1) }}", "{{ lookup('vars', 'x', default=1) }}",
            "{{ (1 / 0) if 1000 | random else missing }}",
        ])
    func volatile(_ text: String) throws {
        let run = try run(["inner": text, "outer": "{{ inner | default('none', true) }}", "steady": "{{ 5 }}"])
        _ = try? look("outer", run)
        #expect(kept("inner", run) == nil)
        #expect(kept("outer", run) == nil)
        _ = try look("steady", run)
        #expect(kept("steady", run) != nil)
    }

    @Test(
        "what looks like chance and is none is kept",
        arguments: ["{{ 1000 | random(seed='x') }}", "{{ 'x' | password_hash('sha512', 'abcdefgh') }}"])
    func seeded(_ text: String) throws {
        let run = try run(["value": text])
        let value = try look("value", run)
        #expect(kept("value", run) != nil)
        #expect(try look("value", run) == value)
    }

    @Test("cycles are told again and again, and a value that failed is tried anew")
    func failures() throws {
        let run = try run(["a": "{{ b }}", "b": "{{ a }}", "late": "{{ early }}", "soft": "{{ late | default('no') }}"])
        for _ in 1...2 {
            #expect(throws: Diagnostic.self) { try look("a", run) }
            #expect(try look("soft", run) == "no")
        }
        run.register(["early": 1], on: "h1")
        #expect(try look("soft", run) == 1)
    }

    @Test("a chain of any length is walked through without a crash, whatever changed")
    func chains() throws {
        let count = 30_000
        let run = try variables()
        var vars: ValueMap = ["v0": "x"]
        for number in 1..<count { vars["v\(number)"] = template("{{ v\(number - 1) }}") }
        run.play.vars = vars
        func climb() throws {
            // From the bottom up, so that none is nested: each finds the one below remembered.
            let scope = run.scope(host: "h1", task: nil)
            for number in 1..<count { #expect(try scope.lookup("v\(number)") == "x") }
        }
        try climb()
        run.register(["unrelated": 1], on: "h1")
        try climb()
        #expect(kept("v150", run) != nil)
        #expect(kept("v300", run) == nil)
        // One that is too long to be evaluated at once is an error, as ever.
        #expect(throws: Diagnostic.self) { try look("v25000", run) }
    }

    @Test("a value that reads more names than can be followed is right, and not kept")
    func manyNames() throws {
        let run = try run([
            "many": "{% for n in range(30000) %}{{ hostvars['h2']['n' ~ n] | default('') }}{% endfor %}!"
        ])
        #expect(try look("many", run) == "!")
        #expect(kept("many", run) == nil)
        run.register(["n29999": "late"], on: "h2")
        #expect(try look("many", run) == "late!")
    }

    /// Numbers that look random and are the same each time (splitmix64).
    private struct Dice {
        var state: UInt64
        mutating func roll(_ sides: Int) -> Int {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int((z ^ (z >> 31)) % UInt64(sides))
        }
    }

    @Test("whatever changes in whatever order, the answers are those of a run that keeps nothing", arguments: 1...20)
    func differential(_ seed: Int) throws {
        var dice = Dice(state: UInt64(seed))
        let (keeping, forgetful) = (try variables(), try variables())
        let names = (0..<10).map { "v\($0)" }
        final class Use: Sendable {}
        let uses = [Use(), Use()]
        func text(_ above: Int, _ dice: inout Dice) -> Value {
            let name = above < 9 ? names[above + 1 + dice.roll(9 - above)] : "f\(dice.roll(3))"
            return switch dice.roll(6) {
            case 0: template("{{ \(name) | default('-') }}a")
            case 1: template("{{ hostvars['h\(1 + dice.roll(2))'].\(name) | default('+') }}b")
            case 2: template("{{ [\(name) | default('/'), f\(dice.roll(3)) | default('*')] | join }}")
            case 3: template("{{ ansible_facts.f\(dice.roll(3)) | default(\(name) | default('=')) }}")
            case 4: template("{{ {'k': \(name) | default('#')} }}")
            default: .string("d\(dice.roll(100))")
            }
        }
        for round in 0..<400 {
            let (host, index) = ("h\(1 + dice.roll(2))", dice.roll(10))
            let (name, value) = (names[index], text(index, &dice))
            switch dice.roll(12) {
            case 0: for run in [keeping, forgetful] { run.play.vars[name] = value }
            case 1, 2: for run in [keeping, forgetful] { run.register([.string(name): value], on: host) }
            case 3:
                for run in [keeping, forgetful] { run.addFacts([.string("f\(index % 3)"): .int(round)], to: host) }
            case 4: for run in [keeping, forgetful] { run.include([.string("f\(index % 3)"): .int(round)], on: host) }
            case 5: for run in [keeping, forgetful] { run.clearFacts(of: host) }
            default: break
            }
            var task = TaskVariables()
            let (own, place) = (dice.roll(10), dice.roll(6))
            let hiding: ValueMap = [
                .string(names[own]): dice.roll(2) == 0 ? .string("task\(round % 7)") : text(own, &dice)
            ]
            if place == 0 { task.vars = [hiding] }
            if place == 1 { task.parameters = [hiding] }
            let use = dice.roll(3)
            if use < 2 {
                task.roleUse = uses[use]
                task.roleDefaults = [["f0": .string("default\(use)"), "v9": template("{{ f\(use) | default('r') }}")]]
                task.roleVars = [[.string(names[3 + use]): template("{{ \(names[6 + use]) | default('s') }}r")]]
            }
            let asked = names[dice.roll(3) == 0 ? own : dice.roll(10)]
            forgetful.memory.forget()
            let answers = [keeping, forgetful].map { run in
                Result {
                    let scope = run.scope(host: host, task: task)
                    if place == 2 { scope.push(Layer("loop", hiding)) }
                    return try scope.evaluate(template("{{ \(asked) | default('?') }}"))
                }
            }
            switch (answers[0], answers[1]) {
            case (.success(let kept), .success(let fresh)):
                #expect(kept == fresh, "round \(round), \(asked) on \(host)")
            case (.failure(let kept as Diagnostic), .failure(let fresh as Diagnostic)):
                #expect(kept.code == fresh.code, "round \(round), \(asked) on \(host)")
            default: Issue.record("round \(round), \(asked) on \(host): \(answers)")
            }
        }
    }
}
