/// Numbers by chance that a seed decides, as Python's `random.Random(seed)` gives them.
public struct SeededChoice: Sendable {
    private var generator: MersenneTwister

    public init(_ seed: String) { generator = MersenneTwister(text: seed) }

    /// A number from zero up to but not including `limit`, which is above zero.
    public mutating func below(_ limit: Int) -> Int { generator.below(limit) }
}
