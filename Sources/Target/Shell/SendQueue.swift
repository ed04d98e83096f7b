/// Bytes that wait to be sent, in the pieces that they were given in.
package struct SendQueue {
    /// How many bytes there are.
    package private(set) var count = 0
    private var pieces: [[UInt8]] = []
    private var sentOfFirst = 0

    package init() {}

    package mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        pieces.append(bytes)
        count += bytes.count
    }

    /// Offers what is next to be sent.
    ///
    /// - Parameter send: Takes some of it, at least a byte, and says how many; or takes nothing and says why.
    /// - Returns: What `send` said; nil if there is nothing to be sent.
    package mutating func offer(to send: (UnsafeRawBufferPointer) -> Int) -> Int? {
        guard let first = pieces.first else { return nil }
        let taken = first[sentOfFirst...].withUnsafeBytes(send)
        guard taken > 0 else { return taken }
        count -= taken
        sentOfFirst += taken
        if sentOfFirst == first.count {
            pieces.removeFirst()
            sentOfFirst = 0
        }
        return taken
    }

    /// Forgets what cannot be sent any more.
    package mutating func removeAll() { self = SendQueue() }
}
