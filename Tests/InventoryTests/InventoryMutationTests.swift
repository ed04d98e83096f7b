import Diagnostics
import Glibc
import Local
import Testing
import Values

@testable import Inventory

/// Broken inventories must end in an answer or an error, never in a crash.
@Suite struct InventoryMutationTests {
    struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    static let pieces = [
        "[", "]", ":", "=", "'", "\"", "#", ";", "\n", "[a:b]", "[1:3", ":children]", ":vars]", "\\", "{", "(", ",",
        "0x",
        "é", "😀", " ", "::", "[::1]:22", "1e9", "-", "~", "*", "!", "&", "\u{0}", "b'", "'''", "99999999999999999999",
    ]

    @Test("changed INI texts never crash the reader", arguments: 0..<10)
    func ini(_ seed: Int) throws {
        let folder = InventoryOracleTests.folder
        var numbers = Numbers(state: UInt64(seed) &* 991 &+ 7)
        for name in ["ini_basic", "ini_ranges", "ini_children"] {
            let text = String(decoding: try LocalFile.bytes("\(folder)/\(name)/hosts.ini"), as: UTF8.self)
            for _ in 0..<20 {
                var scalars = Array(text.unicodeScalars)
                for _ in 0..<Int.random(in: 1...6, using: &numbers) {
                    let place = Int.random(in: 0...scalars.count, using: &numbers)
                    if Bool.random(using: &numbers) {
                        scalars.removeSubrange(place..<min(scalars.count, place + 2))
                    } else {
                        let piece = Self.pieces[Int.random(in: 0..<Self.pieces.count, using: &numbers)]
                        scalars.insert(contentsOf: Array(piece.unicodeScalars), at: place)
                    }
                }
                var mutated = ""
                mutated.unicodeScalars.append(contentsOf: scalars)
                var tree = InventoryTree()
                let found = INIInventory.read(mutated, file: SourceFile(name: "x", text: mutated), into: &tree)
                tree.settle()
                #expect(found.allSatisfy { !$0.rendered().isEmpty })
                #expect(Set(tree.hostNames(in: "all")) == Set(tree.hostNames))
            }
        }
    }

    @Test("changed patterns and literals never crash", arguments: 0..<10)
    func words(_ seed: Int) throws {
        var numbers = Numbers(state: UInt64(seed) &* 31 &+ 3)
        let tree = try InventoryLoader.load(InventorySources(paths: ["web01,web02,db01,"])).tree
        for _ in 0..<400 {
            let count = Int.random(in: 1...6, using: &numbers)
            let text = (0..<count).map { _ in
                (Self.pieces + ["web", "0", "1", "True", "None", "x"]).randomElement(using: &numbers) ?? ""
            }.joined()
            _ = PythonLiteral.value(text)
            _ = HostAddress(text)
            do throws(Diagnostic) {
                let hosts = try HostPattern.select(text, from: tree, limit: String(text.reversed())).hosts
                #expect(hosts.allSatisfy { tree.host(named: $0) != nil })
            } catch {
                #expect(!error.summary.isEmpty)
            }
            do throws(Diagnostic) {
                _ = try HostRange.expanded(text)
            } catch {
                #expect(!error.summary.isEmpty)
            }
        }
    }
}
