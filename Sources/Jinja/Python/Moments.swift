public import Values

extension Value {
    /// A moment as the clock on the wall here shows it, like Python's `datetime.fromtimestamp`.
    ///
    /// - Parameters:
    ///   - seconds: Since 1970-01-01 00:00:00 UTC.
    ///   - microseconds: The rest, below a million.
    public static func localMoment(seconds: Int, microseconds: Int = 0) -> Value {
        .object(DateTimeObject.local(seconds: seconds, microseconds: microseconds))
    }

    /// The present moment as the clock on the wall here shows it.
    public static var localNow: Value { .object(DateTimeObject.now(isUTC: false)) }
}
