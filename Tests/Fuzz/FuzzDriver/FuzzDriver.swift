import Diagnostics
import Glibc
import Jinja
import Local
import Values

/// `FuzzDriver TARGET SECONDS SEED STATE CORPUS…`: gives a target inputs that no person would write, until the time is
/// over or one of them brings the process down.
///
/// Before each input is tried it is written to `STATE/input`, so that it is there afterwards, however the process
/// ended; `Tests/Fuzz/run.sh` then keeps it. An input may take ten seconds and the process two gibibytes: what wants
/// more ends the process, too. It runs on a thread whose stack is as small as a pool's may be.
@main struct FuzzDriver {
    static func main() throws {
        let words = CommandLine.arguments
        if words.count == 3, words[1] == "evaluate" { return try evaluate(words[2]) }
        guard words.count >= 5, let target = FuzzTarget(rawValue: words[1]), let seconds = Double(words[2]),
            let seed = UInt64(words[3])
        else {
            throw Diagnostic(
                .badOption,
                "usage: FuzzDriver \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) SECONDS SEED STATE CORPUS…"
            )
        }
        let state = words[4]
        let corpus = FuzzCorpus(target, paths: Array(words.dropFirst(5)))
        var limit = rlimit(rlim_cur: 2 << 30, rlim_max: 2 << 30)
        setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        SmallThread.run {
            var input = CurrentInput("\(state)/input")
            if seconds == 0 {
                // Only what was found before, to see that it is mended.
                for bytes in corpus.texts { input.try(bytes, target, state) }
                print("\(target.rawValue): \(corpus.texts.count) inputs tried again")
                return
            }
            var mutator = FuzzMutator(corpus, seed: seed)
            let began = ContinuousClock.now
            var count = 0
            while ContinuousClock.now - began < .seconds(seconds) {
                input.try(mutator.next(), target, state)
                count += 1
            }
            print("\(target.rawValue): \(count) inputs, seed \(seed)")
        }
    }
}

extension FuzzDriver {
    /// `FuzzDriver evaluate FILE`: what each line is as an expression, as Python's `repr` has it, or the word `error`;
    /// for `Tests/Fuzz/compare_numbers.py`, which asks Jinja2 the same.
    private static func evaluate(_ path: String) throws {
        let environment = TemplateEnvironment()
        let scope = MapScope([:], environment: environment)
        for line in String(decoding: try LocalFile.bytes(path), as: UTF8.self).split(separator: "\n") {
            let value = try? environment.evaluateExpression(Text(String(line)), in: scope)
            print(value?.pythonRepresentation ?? "error")
        }
    }
}

/// The input being tried, in a file that outlives the process.
private struct CurrentInput {
    private let descriptor: Int32

    init(_ path: String) { descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600) }

    mutating func `try`(_ bytes: [UInt8], _ target: FuzzTarget, _ state: String) {
        ftruncate(descriptor, 0)
        pwrite(descriptor, bytes, bytes.count, 0)
        alarm(10)
        target.run(bytes, state)
        alarm(0)
    }
}

/// A thread with half a mebibyte of stack.
private enum SmallThread {
    private final class Box {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }

    static func run(_ body: @escaping () -> Void) {
        let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
        pthread_attr_init(attributes)
        pthread_attr_setstacksize(attributes, 512 * 1024)
        var thread = pthread_t()
        pthread_create(
            &thread, attributes,
            { raw in
                if let raw { Unmanaged<Box>.fromOpaque(raw).takeRetainedValue().body() }
                return nil
            }, Unmanaged.passRetained(Box(body)).toOpaque())
        pthread_join(thread, nil)
        pthread_attr_destroy(attributes)
        attributes.deallocate()
    }
}
