internal import Diagnostics

/// Text that is made piece by piece, and refused before it is longer than all text of an evaluation may be: one filter
/// can make much of little.
struct GrowingText {
    private let session: Session
    private var bytes: [UInt8] = []

    init(_ session: Session) { self.session = session }

    /// - Throws: `Diagnostic` if there is no room for it.
    mutating func append(_ text: String) throws(Diagnostic) {
        try session.checkRoom(for: bytes.count + text.utf8.count)
        bytes.append(contentsOf: text.utf8)
    }

    mutating func append(_ piece: ArraySlice<UInt8>) throws(Diagnostic) {
        try session.checkRoom(for: bytes.count + piece.count)
        bytes.append(contentsOf: piece)
    }

    /// The texts with another one between.
    mutating func append(_ texts: [String], between separator: String) throws(Diagnostic) {
        for index in texts.indices {
            if index > 0 { try append(separator) }
            try append(texts[index])
        }
    }

    /// The text with a part of it replaced wherever it stands: see `PythonString.replace`.
    mutating func append(
        _ text: String, replacing old: String, with new: String, count: Int = -1
    ) throws(Diagnostic) {
        try PythonString.replace(text, old, new, count: count) { piece throws(Diagnostic) in try append(piece) }
    }

    /// All of it, which counts from now on.
    func finished() throws(Diagnostic) -> String {
        try session.countBytes(bytes.count)
        return String(decoding: bytes, as: UTF8.self)
    }
}
