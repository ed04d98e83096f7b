public import Results

/// Turns what happens in a run into something people or programs read.
public protocol Reporter: Sendable {
    /// Takes in an event; events come in order, from one thread.
    func take(_ event: RunEvent)
    /// Writes what is left.
    func finish()
}
