/// What is wrong with a template's text, at a byte offset in it; the door turns it into a `Diagnostic`
/// once it knows where the text was written.
struct SyntaxFault: Error {
    var summary: String
    var offset: Int
    var remedy: String?

    init(_ summary: String, at offset: Int, remedy: String? = nil) {
        self.summary = summary
        self.offset = offset
        self.remedy = remedy
    }
}
