import Diagnostics
import Results
import Target
import Values

/// Fetches a URL to a file of the host, with the host's own curl or wget.
struct HostDownload: Sendable {
    /// Without a name and password.
    let url: String
    let request: UriRequest?
    /// Seconds without an answer.
    let timeout: Int

    /// What came, as a file of its own that the caller puts in place and removes.
    struct Fetched: Sendable {
        /// Nil where the server said that nothing changed.
        var file: FilePlacement.HostFile?
        /// HTTP status; nil for `file:` and `ftp:`.
        var status: Int?
        var reason: String
        /// The digest by the algorithm asked for, in hexadecimal.
        var digest: String
        /// The name the server gives the file, or the address ends in.
        var name: String
    }

    /// - Parameters:
    ///   - arguments: Of a task that has the arguments `uri` has for its request.
    ///   - url: The address, where it is not the argument's.
    init(_ arguments: Arguments, url: String? = nil) throws(Diagnostic) {
        let address: String
        if let url { address = url } else { address = try arguments.string("url") }
        timeout = min(max(1, arguments.int("timeout") ?? 10), UriRequest.longestTimeout)
        if address.hasPrefix("file:") {
            self.url = address
            request = nil
            return
        }
        var values = arguments.values
        values["url"] = .string(address)
        for name in ["body", "src", "method", "status_code", "dest", "remote_src"] { values.removeValue(forKey: name) }
        values["follow_redirects"] = "all"
        let request = try UriRequest(
            Arguments(values: values, location: arguments.location, context: arguments.context),
            schemes: ["http", "https", "ftp"])
        self.url = request.url
        self.request = request
    }

    /// The last part of the address's path.
    var name: String { Self.name(of: url) }

    static func name(of url: String) -> String {
        let rest = url.prefix { $0 != "?" && $0 != "#" }
        guard let scheme = rest.firstRange(of: "://") else { return FilePlacement.basename(of: String(rest)) }
        guard let slash = rest[scheme.upperBound...].lastIndex(of: "/") else { return "index.html" }
        let name = rest[rest.index(after: slash)...]
        return name.isEmpty ? "index.html" : String(name)
    }

    private var words: [String] {
        [
            request == nil ? Self.path(of: url) : url,
            kind, String(timeout), request?.verifies == false ? "" : "1",
        ] + (request?.lengths ?? ["0", "0"])
    }

    /// What may fetch it.
    private var kind: String {
        guard let request else { return "file" }
        // Headers do not sign in to an FTP server; curl's own configuration does.
        if request.needsCurl || request.isConfidential && url.hasPrefix("ftp:") { return "curl" }
        return request.isConfidential ? "private" : ""
    }

    /// The path of a `file:` address.
    static func path(of url: String) -> String {
        var rest = url.dropFirst("file:".count)
        if rest.hasPrefix("//") {
            rest = rest.dropFirst(2)
            if rest.hasPrefix("localhost/") { rest = rest.dropFirst("localhost".count) }
        }
        return String(rest)
    }

    /// Whether the server says that nothing changed since the file was written. Only asks.
    func isUnchanged(since path: String, _ target: some TargetReader) async throws(Diagnostic) -> Bool {
        let answer = try await target.query(
            Self.script, words + [path, "HEAD", "", "", request?.netrc ?? ""], input: request?.input ?? [],
            timeout: .seconds(timeout + 30))
        var fields = FieldReader(answer.stdout)
        return answer.succeeded && fields.next() == "same"
    }

    /// Fetches it.
    ///
    /// - Parameters:
    ///   - older: A file; if what is there is not younger, nothing is fetched.
    ///   - directory: Where to keep it meanwhile; empty for the usual place.
    ///   - algorithm: Of the digest; empty for none.
    ///
    /// It takes as long as it takes: only a server that falls silent ends it.
    /// - Throws: `Diagnostic` if there is nothing to fetch with, nobody answers, or the answer is an error.
    func fetch(
        newerThan older: String, to directory: String, algorithm: String, on target: some TargetWriter
    ) async throws(Diagnostic) -> Fetched {
        let answer = try await target.execute(
            Self.script, words + [older, "GET", directory, algorithm, request?.netrc ?? ""],
            input: request?.input ?? [], timeout: nil)
        return try Self.read(answer, of: self, target.hostName)
    }

    private static func read(
        _ answer: CommandResult, of download: HostDownload, _ host: String
    ) throws(Diagnostic) -> Fetched {
        let url = download.url
        switch answer.status {
        case 0: break
        case 3:
            throw Diagnostic(
                .failed, "the host has neither curl nor wget to fetch \(url) with",
                remedy: "Install curl there, or fetch it here and copy it.", host: host)
        case 4:
            throw Diagnostic(
                .failed, "cannot make a file in the directory for what is fetched: \(answer.errorOutput.lastLine)",
                remedy: "'tmp_dest' must be a directory that is there.", host: host)
        case 6:
            throw Diagnostic(
                .failed, "the host's wget shows what it is given to all users there, and \(url) asks for a secret",
                remedy: "Install curl there, or GNU wget.", host: host)
        case 5:
            throw Diagnostic(
                .failed, "the host cannot compute that checksum: \(answer.errorOutput.lastLine)",
                remedy: "It needs coreutils' sha1sum, sha256sum and so on.", host: host)
        default:
            throw Diagnostic(.failed, "cannot fetch \(url): \(answer.errorOutput.lastLine)", host: host)
        }
        var fields = FieldReader(answer.stdout)
        let kind = fields.next()
        let effective = fields.next()
        let response = HTTPHeaders(fields.next())
        if kind == "same" {
            return Fetched(status: 304, reason: response.reason, digest: "", name: download.name)
        }
        let status = download.request == nil || !url.hasPrefix("http") ? nil : response.status
        guard kind == "file" else {
            throw Diagnostic(
                .failed, "\(url) answered \(response.status ?? 0) \(response.reason)",
                remedy: "Look at the address; servers often want 'url_username' or 'headers'.", host: host)
        }
        let path = fields.next()
        let size = Int(fields.next().trimmed) ?? 0
        let checksum = fields.next()
        let md5 = fields.next()
        let digest = fields.next()
        return Fetched(
            file: .init(path: path, checksum: checksum, md5: md5.isEmpty ? nil : md5, size: size), status: status,
            reason: "\(response.reason.isEmpty ? "OK" : response.reason) (\(response.length ?? String(size)) bytes)",
            digest: digest, name: response.fileName ?? name(of: effective.isEmpty ? download.url : effective))
    }

    /// `$1` the address, or a path; `$2` `file` for a path, `curl` if nothing else will do, `private` if headers
    /// are secret; `$3` seconds; `$4` whether
    /// to verify; `$5` and `$6` lengths of the two parts of standard input; `$7` a file that must be older; `$8` the
    /// method; `$9` a directory; `$10` the algorithm of a digest; `$11` whether `.netrc` may be read. Status 3: nothing to
    /// fetch with; 4: no place; 5: no digest; 6: nothing to fetch with that keeps a secret.
    private static let script: Script =
        ReadingScripts.expand + #"""
            url=$1 kind=$2 limit=$3 verify=$4 configsize=$5 headersize=$6 older=$7 method=$8 place=$9
            shift 9
            algorithm=$1 netrc=$2
            have() { command -v "$1" >/dev/null 2>&1; }
            if [ -n "$older" ]; then sp_expand "$older"; older=$p; [ -f "$older" ] || older=; fi
            # Without a file there is nothing to ask about.
            [ "$method" = GET ] || [ -n "$older" ] || exit 0
            work=$(umask 077; mktemp -d) || exit 4
            fetched=
            trap 'rm -rf "$work"; [ -z "$fetched" ] || rm -f -- "$fetched"' EXIT
            cat >"$work/all" || exit 4
            head -c "$configsize" "$work/all" >"$work/config"
            tail -c +$((configsize + 1)) "$work/all" >"$work/headers"
            if [ -n "$place" ]; then
                sp_expand "$place"
                place=$p
                [ -d "$place" ] || { echo "$place: no such directory" >&2; exit 4; }
            fi
            if [ "$method" = GET ]; then
                if [ -n "$place" ]; then fetched=$(mktemp "$place/.swiftprov-XXXXXXXXXX") || { fetched=; exit 4; }
                else fetched=$(mktemp) || { fetched=; exit 4; }; fi
            else
                fetched=$work/nothing
            fi
            effective=
            : >"$work/got"
            if [ "$kind" = file ]; then
                [ -f "$url" ] || { echo "$url: no such file" >&2; exit 1; }
                if [ "$method" = HEAD ]; then
                    cmp -s -- "$url" "$older" && printf 'same\0'
                    exit 0
                fi
                cat -- "$url" >"$fetched" || exit 1
            else
                since=
                if [ -n "$older" ]; then
                    since="If-Modified-Since: $(date -u -r "$older" '+%a, %d %b %Y %H:%M:%S GMT')"
                fi
                if have curl; then
                    set -- -sS --connect-timeout "$limit" --speed-limit 1 --speed-time "$limit" -L \
                        -D "$work/got" -o "$fetched" -w '%{url_effective}' -K "$work/config"
                    [ -n "$verify" ] || set -- "$@" -k
                    [ -z "$since" ] || set -- "$@" -H "$since"
                    [ "$method" = GET ] || set -- "$@" -I
                    effective=$(curl "$@") || exit 1
                elif [ "$kind" != curl ] && have wget; then
                    set -- -S -T "$limit" -O "$fetched"
                    [ -n "$verify" ] || set -- "$@" --no-check-certificate
                    [ "$method" = GET ] || set -- "$@" --spider
                    if wget --help 2>&1 | grep -q -- --content-on-error; then
                        # Headers and the address may be secret; these files are read by nobody else.
                        { echo "netrc = $netrc"; tr -d '\r' <"$work/headers" | sed 's/^/header = /'; } >"$work/wgetrc"
                        [ -z "$since" ] || printf 'header = %s\n' "$since" >>"$work/wgetrc"
                        printf '%s\n' "$url" >"$work/address"
                        WGETRC=$work/wgetrc wget -q --tries=1 "$@" -i "$work/address" 2>"$work/got"
                    else
                        [ "$kind" != private ] || exit 6
                        while IFS= read -r line; do set -- "$@" --header "${line%?}"; done <"$work/headers"
                        [ -z "$since" ] || set -- "$@" --header "$since"
                        wget "$@" -- "$url" 2>"$work/got"
                    fi
                    status=$?
                    if [ $status != 0 ] && ! grep -q '^ *HTTP/' "$work/got"; then
                        cat "$work/got" >&2
                        exit 1
                    fi
                else
                    exit 3
                fi
                answer=$(sed -n 's|^ *HTTP/[0-9.]* \([0-9]*\).*|\1|p' "$work/got" | tail -n 1)
                case $answer in
                304) printf 'same\0%s\0' "$effective"; tr -d '\000' <"$work/got"; printf '\0'; exit 0 ;;
                200 | 226) ;;
                '') case $url in ftp*) ;; *) cat "$work/got" >&2; exit 1 ;; esac ;;
                *) printf 'error\0%s\0' "$effective"; tr -d '\000' <"$work/got"; printf '\0'; exit 0 ;;
                esac
                [ "$method" = GET ] || exit 0
                if tr -d '\r' <"$work/got" | grep -qi '^ *content-encoding: *gzip *$'; then
                    gzip -dc <"$fetched" >"$work/plain" && cat "$work/plain" >"$fetched" || exit 1
                fi
            fi
            digest=
            if [ -n "$algorithm" ]; then
                have "${algorithm}sum" || { echo "no ${algorithm}sum there" >&2; exit 5; }
                digest=$("${algorithm}sum" <"$fetched") || exit 5
            fi
            sha1=$(sha1sum <"$fetched") || exit 5
            md5=$(md5sum <"$fetched" 2>/dev/null)
            printf 'file\0%s\0' "$effective"
            tr -d '\000' <"$work/got"
            printf '\0%s\0%s\0%s\0%s\0%s\0' "$fetched" "$(wc -c <"$fetched")" "${sha1%% *}" "${md5%% *}" "${digest%% *}"
            fetched=
            """#
}

/// The headers of an answer, the last block of several.
private struct HTTPHeaders {
    var status: Int?
    var reason = ""
    var length: String?
    var fileName: String?

    init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline).map(\.trimmed) {
            if line.hasPrefix("HTTP/") {
                let words = line.split(separator: " ", maxSplits: 2).map(String.init)
                self = HTTPHeaders(
                    status: words.count > 1 ? Int(words[1]) : nil, reason: words.count > 2 ? words[2] : "")
            } else if let colon = line.firstIndex(of: ":") {
                let value = line[line.index(after: colon)...].trimmed
                switch line[..<colon].lowercased() {
                case "content-length": length = value
                case "content-disposition": fileName = Self.name(in: value)
                default: break
                }
            }
        }
        if reason.isEmpty, status == 200 { reason = "OK" }
    }

    private init(status: Int?, reason: String) {
        self.status = status
        self.reason = reason
    }

    /// The file name without directories, so that no server chooses a place on the host.
    private static func name(in disposition: String) -> String? {
        for part in disposition.split(separator: ";").map(\.trimmed) where part.lowercased().hasPrefix("filename=") {
            let value = part.dropFirst("filename=".count).filter { $0 != "\"" }
            guard let last = value.split(separator: "/").last, last != ".", last != ".." else { return nil }
            return String(last)
        }
        return nil
    }
}
