/// Finds the lines that two texts have in common, in order: the fewest changes between them, as far as that can be told
/// in reasonable time.
///
/// Myers' algorithm, as in "An O(ND) Difference Algorithm and Its Variations" (1986). Its time and memory grow with the
/// square of the number of changes; texts that differ in more than `most` lines are taken as different throughout,
/// their common beginning and end apart.
enum LineMatching {
    /// How many lines may differ between texts that are compared line by line.
    static let most = 2_000

    /// The places of equal lines in the one text and the other, rising in both.
    static func matches(_ old: [Substring], _ new: [Substring]) -> [(old: Int, new: Int)] {
        var start = 0
        while start < min(old.count, new.count), old[start] == new[start] { start += 1 }
        var (oldEnd, newEnd) = (old.count, new.count)
        while oldEnd > start, newEnd > start, old[oldEnd - 1] == new[newEnd - 1] {
            oldEnd -= 1
            newEnd -= 1
        }
        let beginning = (0..<start).map { (old: $0, new: $0) }
        let end = zip(oldEnd..<old.count, newEnd..<new.count).map { (old: $0.0, new: $0.1) }
        return beginning + middle(old, start..<oldEnd, new, start..<newEnd) + end
    }

    private static func middle(
        _ old: [Substring], _ oldRange: Range<Int>, _ new: [Substring], _ newRange: Range<Int>
    ) -> [(old: Int, new: Int)] {
        // Lines as numbers; those that the other text does not have at all need no comparing.
        var numbers: [Substring: Int] = [:]
        for index in newRange where numbers[new[index]] == nil { numbers[new[index]] = numbers.count }
        let oldKept = oldRange.filter { numbers[old[$0]] != nil }
        let common = Set(oldKept.map { old[$0] })
        let newKept = newRange.filter { common.contains(new[$0]) }
        let found = shortest(oldKept.map { numbers[old[$0]] ?? -1 }, newKept.map { numbers[new[$0]] ?? -1 })
        return found.map { (old: oldKept[$0.old], new: newKept[$0.new]) }
    }

    /// The longest common sequence; none if more than `most` changes lie between the two.
    private static func shortest(_ old: [Int], _ new: [Int]) -> [(old: Int, new: Int)] {
        if old.isEmpty || new.isEmpty { return [] }
        let bound = min(old.count + new.count, most)
        // How far each diagonal has come, and how far they all had come before each round.
        var reached = [Int](repeating: 0, count: 2 * bound + 3)
        let zero = bound + 1
        var history: [[Int]] = []
        for round in 0...bound {
            history.append(Array(reached[(zero - round)...(zero + round)]))
            for diagonal in stride(from: -round, through: round, by: 2) {
                let isDown =
                    diagonal == -round
                    || diagonal != round && reached[zero + diagonal - 1] < reached[zero + diagonal + 1]
                var left = isDown ? reached[zero + diagonal + 1] : reached[zero + diagonal - 1] + 1
                while left < old.count, left - diagonal < new.count, left - diagonal >= 0,
                    old[left] == new[left - diagonal]
                {
                    left += 1
                }
                reached[zero + diagonal] = left
                if left >= old.count, left - diagonal >= new.count { return traced(history, old.count, new.count) }
            }
        }
        return []
    }

    /// The way back through the rounds: where it goes along a diagonal, lines are equal.
    private static func traced(_ history: [[Int]], _ oldCount: Int, _ newCount: Int) -> [(old: Int, new: Int)] {
        var (left, right) = (oldCount, newCount)
        var found: [(old: Int, new: Int)] = []
        for round in stride(from: history.count - 1, through: 0, by: -1) {
            let before = history[round]
            let diagonal = left - right
            var from = (old: 0, new: 0)
            if round > 0 {
                let isDown =
                    diagonal == -round
                    || diagonal != round && before[diagonal - 1 + round] < before[diagonal + 1 + round]
                let origin = isDown ? diagonal + 1 : diagonal - 1
                from = (before[origin + round], before[origin + round] - origin)
            }
            while left > from.old, right > from.new {
                left -= 1
                right -= 1
                found.append((left, right))
            }
            (left, right) = from
        }
        return found.reversed()
    }
}
