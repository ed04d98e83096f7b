import Diagnostics
import Testing
import Values

@testable import Modules

/// Where statements end, what in them is a word, and what is refused.
@Suite struct SQLTextTests {
    @Test(
        "statements end at semicolons outside of quotes, comments and parentheses",
        arguments: [
            ("SELECT 1", ["SELECT 1"]),
            (" SELECT 1 ; ;\n SELECT 2;", ["SELECT 1", "SELECT 2"]),
            ("-- a; b\n /* c; */", []),
            ("SELECT 'a;b'';c'; x", ["SELECT 'a;b'';c'", "x"]),
            (#"SELECT 'a\'; x"#, [#"SELECT 'a\'"#, "x"]),
            (#"SELECT E'a\';b'; x"#, [#"SELECT E'a\';b'"#, "x"]),
            ("SELECT E'a'\n 'b\\';c'; x", ["SELECT E'a'\n 'b\\';c'", "x"]),
            ("SELECT E'a' -- c\n 'b\\';c'; x", ["SELECT E'a' -- c\n 'b\\';c'", "x"]),
            (#"SELECT type'a\'; x"#, [#"SELECT type'a\'"#, "x"]),
            (#"SELECT U&'a\'; x"#, [#"SELECT U&'a\'"#, "x"]),
            (#"SELECT "a;""b\"; x"#, [#"SELECT "a;""b\""#, "x"]),
            ("SELECT $$a;'b$$; x", ["SELECT $$a;'b$$", "x"]),
            ("SELECT $a$b;$$;$a$; x", ["SELECT $a$b;$$;$a$", "x"]),
            ("SELECT a$b$; x$b$", ["SELECT a$b$", "x$b$"]),
            ("SELECT $1; x $2", ["SELECT $1", "x $2"]),
            ("/* a /* ; */ ; */ SELECT 1; x", ["/* a /* ; */ ; */ SELECT 1", "x"]),
            ("CREATE RULE r AS ON INSERT TO t DO (a; b); x", ["CREATE RULE r AS ON INSERT TO t DO (a; b)", "x"]),
            (
                "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC a; CASE b; END; c; END; x",
                ["CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC a; CASE b; END; c; END", "x"]
            ),
            ("BEGIN; x; END", ["BEGIN", "x", "END"]),
            ("SELECT 'ü;→'; x", ["SELECT 'ü;→'", "x"]),
        ])
    func statements(_ text: String, _ expected: [String]) throws {
        #expect(try SQLText.statements(text).map(\.text) == expected)
    }

    @Test(
        "a backslash outside of quotes and what has no end are refused",
        arguments: [
            "SELECT 1 \\! id", "\\q", "SELECT 1; \\! id", "SELECT 'a' \\gexec", "SELECT 'a\\'; \\! id '",
            "SELECT /* */ \\! id", "SELECT -- \n\\! id", "SELECT a$$b \\! id $$", "SELECT 'a", "SELECT \"a",
            "SELECT $a$b$$",
            "/* /* */", "SELECT E'a\\'", "SELECT \0",
        ])
    func refused(_ text: String) {
        #expect(throws: Diagnostic.self) { try SQLText.statements(text) }
    }

    @Test(
        "what only reads is told by its words",
        arguments: [
            ("SELECT 'update'", true), ("(SELECT 1)", true), ("/* x */ VALUES (1)", true), ("SHOW all", true),
            ("EXPLAIN SELECT 1", true), ("EXPLAIN (ANALYZE) SELECT 1", false), ("UPDATE t SET a = 1", false),
            ("WITH x AS (DELETE FROM t RETURNING a) SELECT 1", false), ("SELECT 1 INTO t", false),
            ("SELECT a FROM t FOR UPDATE", false), ("SELECT PG_Terminate_Backend(1)", false),
            ("SELECT \"pg_reload_conf\"()", false), ("SET a = 1", false), ("COMMIT", false),
        ])
    func onlyReads(_ text: String, _ expected: Bool) throws {
        #expect(try SQLText.statements(text).map(\.onlyReads) == [expected])
    }

    @Test("a statement that PREPARE does not take is told")
    func preparable() throws {
        let told = try SQLText.statements(
            "INSERT INTO t VALUES (1); SELECT a INTO b FROM c; WITH x AS (INSERT INTO t VALUES (1)) SELECT 1; SHOW all")
        #expect(told.map(\.isPreparable) == [true, false, true, false])
    }

    @Test("names and texts are quoted whatever they hold")
    func quoting() {
        #expect(SQL.qualified(#"a."b.c".d"e"#) == #""a"."b.c"."d""e""#)
        #expect(SQL.qualified(#""a"; DROP TABLE x; "b""#) == #""""a""; DROP TABLE x; ""b""""#)
        #expect(SQL.qualified(#""a""b""#) == #""a""b""#)
        #expect(SQL.literal("a'b") == "'a''b'")
        #expect(SQL.literal(#"a'\b"#) == #"E'a''\\b'"#)
        #expect(SQL.dollarQuoted("a") == "$sp$a\n$sp$")
        #expect(SQL.dollarQuoted("$sp$ $ssp") == "$sssp$$sp$ $ssp\n$sssp$")
    }

    @Test("what stands for a value stays one value, whatever is around it")
    func values() throws {
        let arguments = Arguments(values: [
            "positional_args": [-5, 7, -1.5, .double(.nan), .double(-.infinity), [-1, .null], "it's -- \\", true]
        ])
        #expect(
            try PostgresQueryModule.filled("SELECT a-%s, b-%s, -%s, %s, %s, %s, %s, %s, '%%'", arguments)
                == "SELECT a-(-5), b-7, -(-1.5), 'NaN'::float8, '-Infinity'::float8, ARRAY[(-1), NULL], "
                + "E'it''s -- \\\\', true, '%'")
        let named = Arguments(values: ["named_args": ["n": -3]])
        #expect(try PostgresQueryModule.filled("SELECT 1-%(n)s", named) == "SELECT 1-(-3)")
    }
}
