extension Int {
    /// A count or a size as a host states it: nil unless it is a whole number from 0 to 2⁶⁰, which is an exbibyte.
    ///
    /// A host may state anything. Within these bounds four of them can be added and subtracted without an overflow,
    /// which would end the run of all hosts.
    package init?(hostCount text: some StringProtocol) {
        guard let number = Int(text), number >= 0, number <= 1 << 60 else { return nil }
        self = number
    }
}
