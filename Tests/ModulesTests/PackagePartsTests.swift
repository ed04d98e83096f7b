import Testing

@testable import Modules

/// What the package modules make of their tools' words, and of bytes that are no text.
@Suite struct PackagePartsTests {
    @Test("dnf 5 names what a package replaces in a line of its own")
    func replacingOfDnf5() {
        let told = DnfTransaction(
            """
            Package          Arch   Version        Repository      Size
            Upgrading:
             curl            x86_64 8.6.0-10.fc40  updates    734.6 KiB
               replacing curl x86_64 8.6.0-8.fc40  <unknown>  734.7 KiB
            Installing:
             new-tool        noarch 2-1            local        1.0 KiB
               replacing old-tool noarch 1-1       local        2.0 KiB
             other           noarch 3-1            local        1.0 KiB
            Removing unused dependencies:
             lib             noarch 1-1            local        0.0   B

            Transaction Summary:
             Upgrading:  1 package
            """)
        #expect(
            told.operations.map(\.told) == [
                "Installed: curl-8.6.0-10.fc40.x86_64", "Removed: old-tool-1-1.noarch",
                "Installed: new-tool-2-1.noarch",
                "Installed: other-3-1.noarch", "Removed: lib-1-1.noarch",
            ])
        #expect(told.operations.map(\.before) == ["8.6.0-8.fc40", "1-1", "not installed", "not installed", "1-1"])
    }

    @Test("so does dnf 4, with name and architecture in one")
    func replacingOfDnf4() {
        let told = DnfTransaction(
            """
            Installing:
             new-tool   noarch   2-1   local   6.0 k
                 replacing  old-tool.noarch 1-1
             other      noarch   3-1   local   6.0 k

            Transaction Summary
            """)
        #expect(told.operations.map(\.name) == ["old-tool", "new-tool", "other"])
    }

    @Test(
        "options of pip that leave what is there alone",
        arguments: [
            ([], true), (["--no-cache-dir"], true), (["-i", "https://x"], true),
            (["--index-url=https://x", "-q"], true),
            (["-U"], false), (["--pre"], false), (["--user"], false), (["--index-url"], false),
            (["--no-cache-dir=x", "-U"], false),
        ])
    func pipOptions(_ words: [String], _ areIndifferent: Bool) {
        #expect(PipOptions.areIndifferent(words) == areIndifferent)
    }

    @Test("bytes that are no UTF-8 go back as they came")
    func bytewise() {
        let bytes: [UInt8] = [0x67, 0xFC, 0x85, 0x0A, 0xA0, 0x0D, 0x0A]
        let coding = TextCoding(of: bytes)
        #expect(coding.bytes(coding.text(bytes)) == bytes)
        #expect(coding.bytes(coding.spelling("é→")) == Array("é→".utf8))
        #expect(coding.bytes(Crontab(HostText.lines(coding.text([0x61, 0x85, 0x0A]))).text) == [0x61, 0x85, 0x0A])
    }
}
