import Diagnostics
import Testing

@testable import X509

@Suite struct TimeTests {
    @Test(
        "moments and their texts",
        arguments: [
            (0, "19700101000000Z"), (951_782_400, "20000229000000Z"), (1_767_225_599, "20251231235959Z"),
            (4_107_542_400, "21000301000000Z"), (-1, "19691231235959Z"),
        ])
    func moments(seconds: Int, text: String) {
        #expect(UTC.text(seconds) == text)
        #expect(UTC.seconds(text) == seconds)
    }

    @Test(
        "times from now, and what is none",
        arguments: [
            ("+1w2d3h4m5s", 1000 + 788_645), ("-1d", 1000 - 86_400), ("+90", 1090), ("+0s", 1000), ("+", nil),
            ("1d", nil), ("+1x", nil), ("+1s1d", nil), ("+99999999999999999999d", nil), ("200002290000Z", 951_782_400),
            ("20010229000000Z", nil), ("20000229010000+0100", 951_782_400), ("20000229000000", nil), ("", nil),
        ])
    func relative(text: String, seconds: Int?) {
        #expect(UTC.seconds(text, from: 1000) == seconds)
    }
}

@Suite struct NumberTests {
    @Test func decimal() {
        #expect(Number(bytes: []).text == "0")
        #expect(Number(bytes: [0, 0, 1, 0]).text == "256")
        #expect(Number(bytes: [UInt8](repeating: 255, count: 16)).text == "340282366920938463463374607431768211455")
        // 10^18 has zeros in all of its groups.
        #expect(Number(bytes: [0x0D, 0xE0, 0xB6, 0xB3, 0xA7, 0x64, 0, 0]).text == "1000000000000000000")
        #expect(Number(bytes: [UInt8](repeating: 255, count: 8)).int == nil)
        #expect(Number(bytes: [0x7F]).bitCount == 7)
    }
}

@Suite struct GeneralNameTests {
    @Test(
        "a name goes through DER and back",
        arguments: [
            ("DNS:*.example.org", "DNS:*.example.org"), ("IP:10.0.0.1", "IP:10.0.0.1"),
            ("IP:2001:DB8:0::1", "IP:2001:db8::1"), ("IP:10.0.0.0/255.0.0.0", "IP:10.0.0.0/8"),
            ("IP:2001:db8::/32", "IP:2001:db8::/32"), ("email:a@b.c", "email:a@b.c"),
            ("RID:1.2.840.1", "RID:1.2.840.1"),
            ("URI:https://x/?a:b", "URI:https://x/?a:b"), ("otherName:1.2.3;0c:01:61", "otherName:1.2.3;0c:01:61"),
            ("otherName:1.2.3;UTF8:a", "otherName:1.2.3;0c:01:61"), ("dirName:/CN=x/O=y", "dirName:CN=x,O=y"),
            ("dirName:CN=a\\,b, O = c", "dirName:CN=a\\,b,O=c"),
        ])
    func both(text: String, told: String) throws {
        let name = try GeneralName(text)
        #expect(name.text == told)
        let again = try GeneralName(.parse(name.encoded))
        #expect(again == name)
        #expect(again.text == told)
    }

    @Test(
        "what is no name is refused with what it says",
        arguments: [
            "example.org", "dns:x", "IP:10.0.0.256", "IP:10.0.0.1/8", "IP:10.0.0.0/33", "RID:1.x", "otherName:1.2.3",
            "otherName:1.2.3;zz", "dirName:CN", "DNS:bücher.de", "dirName:Foo=x",
        ])
    func refused(text: String) {
        let error = #expect(throws: Diagnostic.self) { try GeneralName(text) }
        #expect(error?.code == .badValue)
    }
}

@Suite struct ExtensionTests {
    @Test("the order of names and purposes says nothing, all else does")
    func meaning() throws {
        let names = try ["DNS:a", "DNS:b"].map { try GeneralName($0) }
        let one = Extension.subjectAltName(names, critical: false)
        #expect(one.means(.subjectAltName(names.reversed(), critical: false)))
        #expect(!one.means(.subjectAltName(names, critical: true)))
        #expect(!one.means(.subjectAltName([names[0]], critical: false)))
        let purposes = try Extension.extendedKeyUsage(["serverAuth", "Code Signing"], critical: false)
        #expect(purposes.means(try .extendedKeyUsage(["codeSigning", "1.3.6.1.5.5.7.3.1"], critical: false)))
        let constraints = Extension.nameConstraints(permitted: names, excluded: [], critical: false)
        #expect(constraints.means(.nameConstraints(permitted: names.reversed(), excluded: [], critical: false)))
        #expect(!constraints.means(.nameConstraints(permitted: [], excluded: names, critical: false)))
    }

    @Test("what is written can be read")
    func reading() throws {
        let usage = try Extension.keyUsage(["decipherOnly", "Digital Signature", "cRLSign"], critical: true)
        #expect(usage.keyUsageNames == ["CRL Sign", "Decipher Only", "Digital Signature"])
        #expect(usage.value == [0x03, 0x03, 0x07, 0x82, 0x80])
        let constraints = try Extension.basicConstraints(["CA:TRUE", "pathlen:300"], critical: true)
        #expect(constraints.constraints == ["CA:TRUE", "pathlen:300"])
        #expect(try Extension.basicConstraints([], critical: false).constraints == ["CA:FALSE"])
        #expect(throws: Diagnostic.self) { try Extension.basicConstraints(["CA:true"], critical: false) }
        #expect(throws: Diagnostic.self) { try Extension.keyUsage(["server"], critical: false) }
        let authority = Extension.authorityKeyIdentifier(
            [1, 2], issuer: [try GeneralName("DNS:x")], serial: Number(decimal: "70000"))
        #expect(authority.authority?.key == [1, 2])
        #expect(authority.authority?.serial?.int == 70_000)
        #expect(authority.authority?.issuer == [try GeneralName("DNS:x")])
    }

    @Test("numbers of any size, in decimal and back")
    func numbers() throws {
        let large = "45671926166590716193865151022383844364247891937"
        #expect(Number(decimal: large)?.text == large)
        #expect(Number(decimal: large)?.int == nil)
        #expect(Number(decimal: String(Int.max))?.int == .max)
        #expect(Number(decimal: "9223372036854775808")?.int == nil)
        #expect(Number(decimal: "0")?.text == "0")
        for wrong in ["", "-1", "1 ", "0x1"] { #expect(Number(decimal: wrong) == nil) }
        let long = Extension.authorityKeyIdentifier(
            [1], issuer: [try GeneralName("DNS:x")], serial: Number(decimal: large))
        #expect(long.authority?.serial?.text == large)
        // What no certificate has is told without the work that its length would make.
        #expect(Number(bytes: [1] + [UInt8](repeating: 0, count: 500_000)).text.hasPrefix("0x0100"))
    }
}

/// Certificates come from hosts, so anything may be in them.
@Suite struct HostileTests {
    /// A certificate of an Ed25519 key, made by OpenSSL.
    static let good = """
        -----BEGIN CERTIFICATE-----
        MIIBLzCB4qADAgECAhQgejktwgj0fOCluK+kIYGou5MUGDAFBgMrZXAwGTEXMBUG
        A1UEAwwOZWQuZXhhbXBsZS5vcmcwHhcNMjYxMTIzMDUwOTQzWhcNMzYxMTIwMDUw
        OTQzWjAZMRcwFQYDVQQDDA5lZC5leGFtcGxlLm9yZzAqMAUGAytlcAMhADY0AMf1
        QgNrwtYU6WFzVW7IAyVsOkSrNeYZSDi63fxpozwwOjAZBgNVHREEEjAQgg5lZC5l
        eGFtcGxlLm9yZzAdBgNVHQ4EFgQUqSHfs7s2lWAPfyuCUC8PYFV7jn8wBQYDK2Vw
        A0EA0JoSRLC/F5nqxEsGP5YHvxX3f+zN5Z6Soc3ivroKhXQKICg40w59H3UxQ+C9
        nF+DUZi/chXdZP2+QXmqADncBg==
        -----END CERTIFICATE-----
        """

    @Test("no cut and no flipped byte brings the reader down")
    func mutations() throws {
        let bytes = try #require(PEM.bytes(Self.good, "CERTIFICATE"))
        let certificate = try Certificate(bytes, name: "it")
        #expect(certificate.isSigned(by: certificate.key) == true)
        var forged = 0
        for place in bytes.indices {
            for value in [UInt8(0), 0x30, 0x7F, 0x80, 0xFF] where value != bytes[place] {
                var changed = bytes
                changed[place] = value
                guard let read = try? Certificate(changed, name: "it") else { continue }
                for entry in read.extensions {
                    _ = (entry.names, entry.keyUsageNames, entry.purposes, entry.constraints, entry.authority?.key)
                }
                _ = read.subject.reversedText
                if read.isSigned(by: certificate.key) == true, read.key == certificate.key { forged += 1 }
            }
            _ = try? Certificate(Array(bytes[..<place]), name: "it")
        }
        // A changed byte outside of what is signed, such as in the name of the outer algorithm, is found too.
        #expect(forged == 0)
    }
}
