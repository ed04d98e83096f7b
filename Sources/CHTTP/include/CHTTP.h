#ifndef SWIFTPROV_CHTTP_H
#define SWIFTPROV_CHTTP_H
// One HTTP request through libcurl.
//
// The library is loaded when the first request is made, not linked: few runs ask anything over HTTP from here, and
// loading it with the thirty libraries below it costs more than starting swiftprov does. Its calls are variadic, which
// Swift cannot make; so the whole request is made here.
#include <stddef.h>

/// What to ask. Texts are UTF-8 and may be null where there is nothing to say.
typedef struct {
    const char *method;
    const char *url;
    /// Lines such as `Accept: text/plain`.
    const char *const *headers;
    size_t header_count;
    const void *body;
    size_t body_length;
    int has_body;
    /// Milliseconds for connecting, and for all of it; 0 for no bound.
    long connect_timeout;
    long timeout;
    /// Whether the server's certificate must be good.
    int verifies;
    const char *ca_file;
    const char *ca_directory;
    const char *client_certificate;
    const char *client_key;
    /// `user:password`.
    const char *credentials;
    /// How they are shown: `SWIFTPROV_HTTP_BASIC` …
    int authentication;
    /// Whether `~/.netrc` may name them.
    int uses_netrc;
    /// Names of ciphers for TLS up to 1.2, with colons between.
    const char *ciphers;
    /// Whether `ftp:` and `file:` may be asked for, too; redirections never lead there.
    int takes_other_schemes;
    /// Seconds without a byte that end the request; 0 for no bound.
    long idle_timeout;
    /// A proxy's URL; empty for none at all, null for what the environment says.
    const char *proxy;
    const char *unix_socket;
    const char *user_agent;
    /// How many redirections are followed.
    long redirections;
    /// Answers longer than this are refused.
    size_t longest_body;
} swiftprov_http_request;

/// What came back.
typedef struct {
    long status;
    /// Header lines of the last answer, its status line left out, each ended by a newline.
    char *headers;
    size_t headers_length;
    char *body;
    size_t body_length;
    /// The URL that answered, after redirections.
    char *url;
    /// What went wrong, in libcurl's words.
    char error[512];
} swiftprov_http_response;

/// How a request ended where there is no answer; otherwise 0.
enum {
    SWIFTPROV_HTTP_OK = 0,
    /// There is no libcurl.
    SWIFTPROV_HTTP_NO_LIBRARY = 1,
    SWIFTPROV_HTTP_FAILED = 2,
    SWIFTPROV_HTTP_TIMEOUT = 3,
    SWIFTPROV_HTTP_CERTIFICATE = 4,
    SWIFTPROV_HTTP_TOO_LONG = 5,
    SWIFTPROV_HTTP_BAD_URL = 6,
    SWIFTPROV_HTTP_CONNECT = 7,
};

/// How a request says who asks.
enum {
    /// At once, without being asked.
    SWIFTPROV_HTTP_BASIC = 0,
    /// As the server wants it, after being asked.
    SWIFTPROV_HTTP_ASKED = 1,
    /// By Kerberos.
    SWIFTPROV_HTTP_NEGOTIATED = 2,
};

/// Makes the request and waits for its answer, which `swiftprov_http_release` frees in any case.
int swiftprov_http_perform(const swiftprov_http_request *request, swiftprov_http_response *response);

/// Frees what an answer holds.
void swiftprov_http_release(swiftprov_http_response *response);

#endif
