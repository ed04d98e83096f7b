import Testing
@testable import X509
@Suite struct UTCTests { @Test func a() { #expect(UTC.text(0) == "19700101000000Z") } }
