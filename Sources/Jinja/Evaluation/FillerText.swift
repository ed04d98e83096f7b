internal import Diagnostics
internal import Values

/// `lipsum()`: paragraphs of words that mean nothing, to fill a page with.
enum FillerText {
    private static let words =
        """
        lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore \
        magna aliqua enim ad minim veniam quis nostrud exercitation ullamco laboris nisi aliquip ex ea commodo \
        consequat duis aute irure in reprehenderit voluptate velit esse cillum eu fugiat nulla pariatur excepteur \
        sint occaecat cupidatat non proident sunt culpa qui officia deserunt mollit anim id est laborum
        """.split(separator: " ").map(String.init)

    /// - Parameters: `n` paragraphs, as HTML or plain, of `min` up to `max` words.
    static func text(_ positional: [Value], _ named: ValueMap) throws(Diagnostic) -> String {
        let names = ["n", "html", "min", "max"]
        for (key, _) in named where !names.contains(key.text) {
            throw Diagnostic(
                .template, "lipsum() has no argument '\(key.text)'",
                remedy: "Its arguments are \(names.joined(separator: ", ")).")
        }
        func number(_ place: Int, _ standard: Int) throws(Diagnostic) -> Int {
            guard let value = positional.indices.contains(place) ? positional[place] : named[names[place]] else {
                return standard
            }
            guard case .int(let int) = value, (0...10_000).contains(int) else {
                throw Diagnostic(
                    .template,
                    "lipsum() takes a number up to 10000 for '\(names[place])', not \(ErrorText.describe(value))")
            }
            return int
        }
        let (count, least, most) = (try number(0, 5), try number(2, 20), try number(3, 100))
        guard least < most else { throw Diagnostic(.template, "lipsum() needs a 'max' above its 'min'") }
        let isHTML = (positional.indices.contains(1) ? positional[1] : named["html"])?.isTruthy ?? true
        let paragraphs = (0..<count).map { _ in paragraph(Int.random(in: least..<most)) }
        return isHTML
            ? paragraphs.map { "<p>\($0)</p>" }.joined(separator: "\n") : paragraphs.joined(separator: "\n\n")
    }

    private static func paragraph(_ count: Int) -> String {
        var text = ""
        var last = ""
        var untilComma = Int.random(in: 3...8)
        var untilStop = Int.random(in: 10...20)
        var beginsSentence = true
        for place in 0..<count {
            var word = words.randomElement() ?? last
            while word == last { word = words.randomElement() ?? "" }
            last = word
            if !text.isEmpty { text += " " }
            text += beginsSentence ? word.prefix(1).uppercased() + word.dropFirst() : word
            beginsSentence = false
            untilComma -= 1
            untilStop -= 1
            if place == count - 1 { break }
            if untilStop <= 0 {
                text += "."
                (untilStop, untilComma, beginsSentence) = (Int.random(in: 10...20), Int.random(in: 3...8), true)
            } else if untilComma <= 0 {
                text += ","
                untilComma = Int.random(in: 3...8)
            }
        }
        return text + "."
    }
}
