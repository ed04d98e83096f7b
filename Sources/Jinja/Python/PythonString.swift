internal import CLinux

/// Python's string operations, which count and cut by Unicode code points.
enum PythonString {
    static func isASCII(_ string: String) -> Bool { string.utf8.allSatisfy { $0 < 0x80 } }

    /// `len(string)`
    static func length(_ string: String) -> Int {
        var count = 0
        for byte in string.utf8 where byte & 0xC0 != 0x80 { count += 1 }
        return count
    }

    static func character(of string: String, at index: Int) -> String? {
        let scalars = Array(string.unicodeScalars)
        let place = index < 0 ? index + scalars.count : index
        return scalars.indices.contains(place) ? String(scalars[place]) : nil
    }

    static func string(_ scalars: some Sequence<UnicodeScalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    /// Whether a dotted path is one name: it has no dot and is no number.
    static func isSimpleName(_ path: String) -> Bool {
        guard let first = path.utf8.first, first >= UInt8(ascii: "A") else { return false }
        return !path.utf8.contains(UInt8(ascii: "."))
    }

    static func contains(_ string: String, _ part: String) -> Bool {
        let isFound: Bool?? = string.utf8.withContiguousStorageIfAvailable { bytes in
            part.utf8.withContiguousStorageIfAvailable { find($0, in: bytes, from: 0) != nil }
        }
        return isFound.flatMap { $0 } ?? (find(Array(part.utf8), in: Array(string.utf8), from: 0) != nil)
    }

    /// The byte offset of the first occurrence from `start` on.
    static func find(_ needle: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        bytes.withUnsafeBufferPointer { bytes in
            needle.withUnsafeBufferPointer { find($0, in: bytes, from: start) }
        }
    }

    private static func find(
        _ needle: UnsafeBufferPointer<UInt8>, in bytes: UnsafeBufferPointer<UInt8>, from start: Int
    ) -> Int? {
        guard let word = needle.baseAddress, !needle.isEmpty else { return start <= bytes.count ? start : nil }
        guard let base = bytes.baseAddress, start < bytes.count else { return nil }
        let found = swiftprov_find(base + start, bytes.count - start, word, needle.count)
        return found < 0 ? nil : start + found
    }

    static func isSpace(_ scalar: UnicodeScalar) -> Bool {
        scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }

    /// `string.strip(characters)`; nil strips white space.
    static func strip(_ string: String, characters: String?, left: Bool = true, right: Bool = true) -> String {
        let set = characters.map { Set($0.unicodeScalars) }
        func drops(_ scalar: UnicodeScalar) -> Bool { set?.contains(scalar) ?? isSpace(scalar) }
        var view = string.unicodeScalars[...]
        if left { while let first = view.first, drops(first) { view.removeFirst() } }
        if right { while let last = view.last, drops(last) { view.removeLast() } }
        return String(view)
    }

    /// `string.replace(old, new, count)`
    static func replace(_ string: String, _ old: String, _ new: String, count: Int = -1) -> String {
        guard contains(string, old) else { return string }
        var result: [UInt8] = []
        result.reserveCapacity(string.utf8.count + new.utf8.count)
        replace(string, old, new, count: count) { result += $0 }
        return String(decoding: result, as: UTF8.self)
    }

    /// The same, piece by piece.
    static func replace<Failure: Error>(
        _ string: String, _ old: String, _ new: String, count: Int,
        _ give: (ArraySlice<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        let bytes = Array(string.utf8)
        let needle = Array(old.utf8)
        let replacement = Array(new.utf8)[...]
        var left = count < 0 ? Int.max : count
        if needle.isEmpty {
            // Between all code points, as Python does.
            for scalar in string.unicodeScalars {
                if left > 0 {
                    try give(replacement)
                    left -= 1
                }
                try give(Array(String(scalar).utf8)[...])
            }
            if left > 0 { try give(replacement) }
            return
        }
        var position = 0
        while left > 0, let found = find(needle, in: bytes, from: position) {
            try give(bytes[position..<found])
            try give(replacement)
            position = found + needle.count
            left -= 1
        }
        try give(bytes[position...])
    }

    /// `string.split(separator, limit)`; nil splits at runs of white space.
    static func split(_ string: String, separator: String?, limit: Int = -1) -> [String] {
        guard let separator else { return splitSpace(string, limit: limit) }
        let bytes = Array(string.utf8)
        let needle = Array(separator.utf8)
        var result: [String] = []
        var position = 0
        while limit < 0 || result.count < limit, let found = find(needle, in: bytes, from: position) {
            result.append(String(decoding: bytes[position..<found], as: UTF8.self))
            position = found + needle.count
        }
        result.append(String(decoding: bytes[position...], as: UTF8.self))
        return result
    }

    private static func splitSpace(_ string: String, limit: Int) -> [String] {
        var result: [String] = []
        var view = string.unicodeScalars[...]
        while true {
            while let first = view.first, isSpace(first) { view.removeFirst() }
            if view.isEmpty { return result }
            if limit >= 0, result.count == limit {
                result.append(strip(String(view), characters: nil, left: false))
                return result
            }
            let end = view.firstIndex(where: isSpace) ?? view.endIndex
            result.append(String(view[..<end]))
            view = view[end...]
        }
    }

    /// `string.rsplit(separator, limit)`
    static func rsplit(_ string: String, separator: String?, limit: Int) -> [String] {
        let all = split(string, separator: separator)
        guard limit >= 0, all.count > (separator == nil ? limit : limit + 1) else { return all }
        let tail = all.suffix(limit)
        guard let separator else {
            // The head keeps its inner white space as it is.
            var view = string.unicodeScalars[...]
            for _ in 0..<tail.count {
                while let last = view.last, isSpace(last) { view.removeLast() }
                while let last = view.last, !isSpace(last) { view.removeLast() }
            }
            let head = strip(String(view), characters: nil, left: false)
            return (head.isEmpty ? [] : [head]) + tail
        }
        return [all.dropLast(limit).joined(separator: separator)] + tail
    }

    /// `string.splitlines(keepends)`
    static func splitLines(_ string: String, keepsEnds: Bool = false) -> [String] {
        var result: [String] = []
        var line = String.UnicodeScalarView()
        let scalars = Array(string.unicodeScalars)
        var index = 0
        while index < scalars.count {
            let scalar = scalars[index]
            index += 1
            switch scalar.value {
            case 0x0A, 0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029:
                if keepsEnds { line.append(scalar) }
                if scalar.value == 0x0D, index < scalars.count, scalars[index].value == 0x0A {
                    if keepsEnds { line.append(scalars[index]) }
                    index += 1
                }
                result.append(String(line))
                line = String.UnicodeScalarView()
            default: line.append(scalar)
            }
        }
        if !line.isEmpty { result.append(String(line)) }
        return result
    }

    /// `string.capitalize()`
    static func capitalize(_ string: String) -> String {
        guard let first = string.unicodeScalars.first else { return "" }
        return first.properties.titlecaseMapping
            + String(String.UnicodeScalarView(string.unicodeScalars.dropFirst())).lowercased()
    }

    /// Upper case after anything that is no letter, lower case after a letter: Python's `str.title()`.
    static func title(_ string: String) -> String {
        var result = ""
        var followsLetter = false
        for scalar in string.unicodeScalars {
            let isLetter = scalar.properties.isCased
            result +=
                isLetter
                ? (followsLetter ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping)
                : String(scalar)
            followsLetter = isLetter
        }
        return result
    }

    /// Pads to a width, counted in code points: `ljust`, `rjust`, `center`.
    static func pad(_ string: String, width: Int, fill: String = " ", left: Int, right: Int) -> String {
        String(repeating: fill, count: left) + string + String(repeating: fill, count: right)
    }

    static func center(_ string: String, width: Int, fill: String = " ") -> String {
        let missing = max(0, width - length(string))
        // Python puts the odd one where (missing & width & 1) says.
        let left = missing / 2 + (missing & width & 1)
        return pad(string, width: width, fill: fill, left: left, right: missing - left)
    }

    /// Whether all code points, of which there must be one, fulfil a condition.
    static func all(_ string: String, _ condition: (UnicodeScalar) -> Bool) -> Bool {
        !string.isEmpty && string.unicodeScalars.allSatisfy(condition)
    }

    static func isUpper(_ string: String) -> Bool {
        var hasCased = false
        for scalar in string.unicodeScalars where scalar.properties.isCased {
            hasCased = true
            if !scalar.properties.isUppercase { return false }
        }
        return hasCased
    }

    static func isLower(_ string: String) -> Bool {
        var hasCased = false
        for scalar in string.unicodeScalars where scalar.properties.isCased {
            hasCased = true
            if !scalar.properties.isLowercase { return false }
        }
        return hasCased
    }

    static func isTitle(_ string: String) -> Bool {
        var hasCased = false
        var followsCased = false
        for scalar in string.unicodeScalars {
            if scalar.properties.isUppercase || scalar.properties.generalCategory == .titlecaseLetter {
                if followsCased { return false }
                followsCased = true
                hasCased = true
            } else if scalar.properties.isLowercase {
                if !followsCased { return false }
                hasCased = true
            } else {
                followsCased = false
            }
        }
        return hasCased
    }

    /// Order by code points, which for UTF-8 is the order of bytes.
    static func compare(_ left: String, _ right: String) -> Int {
        if left.utf8.elementsEqual(right.utf8) { return 0 }
        return left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1
    }
}
