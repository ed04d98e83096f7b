import Diagnostics
import Local
import RunFixture
import Testing
import Values
import Vault

@testable import Variables

/// What lookups and templates make of files that a vault sealed is secret.
@Suite struct SealedFileTests {
    private static let secrets = VaultSecrets([VaultSecrets.Password("secret")])

    /// A scope over a folder with sealed files of every kind, and open ones.
    private static func scope() throws -> (scope: LayeredScope, folder: TemporaryFolder) {
        let folder = TemporaryFolder()
        let files = [
            "plain.txt": "hidden words\n", "cells.csv": "key,hidden\n", "keys.ini": "[global]\nkey = hidden\n",
            "whole.j2": "hidden {{ 1 + 1 }}", "part.j2": "hidden part",
            "words.j2": "{% macro hello() %}hidden hello{% endmacro %}{% set mark = 'hidden mark' %}",
            "base.j2": "<{% block body %}hidden{% endblock %}>", "wrong.j2": "hidden\n{{ unknown }} hidden",
            "unclosed.j2": "hidden\n{% if %}", "wrong.ini": "[global]\nkey = hidden %x\nhidden_line",
            "odd.ini": "hidden\nwords",
        ]
        for (name, text) in files {
            let sealed = try secrets.seal(Array(text.utf8), salt: Array(repeating: 7, count: 32))
            folder.write(name, sealed)
        }
        let open = [
            "open.j2": "open", "including.j2": "{% include 'part.j2' %}", "extending.j2": "{% extends 'base.j2' %}",
            "importing.j2": "{% from 'words.j2' import hello, mark %}{{ hello() }}{{ mark }}",
        ]
        for (name, text) in open { folder.write(name, text) }
        let scope = LookupContext.standaloneScope(
            of: [:], in: folder.path,
            opener: { (sealed, place) throws(Diagnostic) in try secrets.openText(sealed, at: place) },
            readFile: { (path) throws(Diagnostic) in try LocalFile.bytes(path, opening: secrets) })
        return (scope, folder)
    }

    @Test(
        "text of a sealed file is secret, whichever way it is read",
        arguments: [
            ("lookup('file', 'plain.txt')", "hidden words"), ("lookup('unvault', 'plain.txt')", "hidden words\n"),
            ("lookup('csvfile', 'key', file='cells.csv', delimiter=',')", "hidden"),
            ("lookup('ini', 'key', file='keys.ini')", "hidden"), ("lookup('template', 'whole.j2')", "hidden 2"),
            ("lookup('template', 'including.j2')", "hidden part"), ("lookup('template', 'extending.j2')", "<hidden>"),
            ("lookup('template', 'importing.j2')", "hidden hellohidden mark"),
        ])
    func secret(_ expression: String, _ wanted: String) throws {
        let (scope, folder) = try Self.scope()
        defer { withExtendedLifetime(folder) {} }
        let value = try scope.expression(Text(expression))
        #expect(value.text?.string == wanted)
        #expect(value.text?.isSecret == true)
        #expect(try scope.expression(Text("[\(expression) | upper]")).elements?.first?.text?.isSecret == true)
    }

    @Test("text of an open file is not")
    func open() throws {
        let (scope, folder) = try Self.scope()
        defer { withExtendedLifetime(folder) {} }
        let value = try scope.expression(Text("lookup('template', 'open.j2') ~ lookup('file', 'open.j2')"))
        #expect(value.text?.string == "openopen")
        #expect(value.text?.isSecret == false)
    }

    @Test(
        "an error in a sealed file shows none of it",
        arguments: [
            ("wrong.j2", "lookup('template', 'wrong.j2')"), ("unclosed.j2", "lookup('template', 'unclosed.j2')"),
            ("wrong.ini", "lookup('ini', 'key', file='wrong.ini', allow_no_value=true)"),
            ("odd.ini", "lookup('ini', 'key', file='odd.ini')"),
        ])
    func errors(_ name: String, _ expression: String) throws {
        let (scope, folder) = try Self.scope()
        defer { withExtendedLifetime(folder) {} }
        let error = #expect(throws: Diagnostic.self) { try scope.expression(Text(expression)) }
        let told = try #require(error).rendered()
        #expect(told.contains(name), "\(told)")
        #expect(!told.contains("hidden"), "\(told)")
    }
}
