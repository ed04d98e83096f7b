#define _GNU_SOURCE
#include "CHTTP.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// The header wraps these in type checks that work on the function's name only.
#undef curl_easy_setopt
#undef curl_easy_getinfo

static struct {
    int loaded;
    CURL *(*init)(void);
    CURLcode (*setopt)(CURL *, CURLoption, ...);
    CURLcode (*getinfo)(CURL *, CURLINFO, ...);
    CURLcode (*perform)(CURL *);
    void (*cleanup)(CURL *);
    const char *(*strerror)(CURLcode);
    struct curl_slist *(*append)(struct curl_slist *, const char *);
    void (*free_all)(struct curl_slist *);
} library;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
    void *handle = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && handle == NULL; i++)
        handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) return;
    CURLcode (*global_init)(long) = dlsym(handle, "curl_global_init");
    library.init = dlsym(handle, "curl_easy_init");
    library.setopt = dlsym(handle, "curl_easy_setopt");
    library.getinfo = dlsym(handle, "curl_easy_getinfo");
    library.perform = dlsym(handle, "curl_easy_perform");
    library.cleanup = dlsym(handle, "curl_easy_cleanup");
    library.strerror = dlsym(handle, "curl_easy_strerror");
    library.append = dlsym(handle, "curl_slist_append");
    library.free_all = dlsym(handle, "curl_slist_free_all");
    library.loaded = global_init != NULL && library.init != NULL && library.setopt != NULL &&
        library.getinfo != NULL && library.perform != NULL && library.cleanup != NULL && library.strerror != NULL &&
        library.append != NULL && library.free_all != NULL && global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

/// Bytes that grow, up to a bound.
struct buffer {
    char *bytes;
    size_t length;
    size_t longest;
    int is_full;
};

static size_t append(struct buffer *buffer, const char *bytes, size_t length) {
    if (length > buffer->longest - buffer->length) {
        buffer->is_full = 1;
        return 0;
    }
    char *grown = realloc(buffer->bytes, buffer->length + length + 1);
    if (grown == NULL) return 0;
    memcpy(grown + buffer->length, bytes, length);
    buffer->bytes = grown;
    buffer->length += length;
    grown[buffer->length] = 0;
    return length;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context) {
    return append(context, bytes, size * count);
}

static size_t take_header(char *bytes, size_t size, size_t count, void *context) {
    struct buffer *buffer = context;
    size_t length = size * count;
    if (length >= 5 && strncasecmp(bytes, "HTTP/", 5) == 0) {
        // A new answer begins, after a redirection or a `100 Continue`.
        buffer->length = 0;
        return length;
    }
    return append(buffer, bytes, length);
}

static int kind(CURLcode code) {
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return SWIFTPROV_HTTP_TIMEOUT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM: return SWIFTPROV_HTTP_CERTIFICATE;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return SWIFTPROV_HTTP_BAD_URL;
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return SWIFTPROV_HTTP_CONNECT;
    default: return SWIFTPROV_HTTP_FAILED;
    }
}

int swiftprov_http_perform(const swiftprov_http_request *request, swiftprov_http_response *response) {
    memset(response, 0, sizeof *response);
    pthread_once(&once, load);
    if (!library.loaded) return SWIFTPROV_HTTP_NO_LIBRARY;
    CURL *handle = library.init();
    if (handle == NULL) return SWIFTPROV_HTTP_NO_LIBRARY;

    struct buffer body = {.longest = request->longest_body};
    struct buffer headers = {.longest = 1 << 20};
    char words[CURL_ERROR_SIZE] = "";
    struct curl_slist *lines = NULL;
    for (size_t i = 0; i < request->header_count; i++) {
        struct curl_slist *longer = library.append(lines, request->headers[i]);
        if (longer != NULL) lines = longer;
    }
#define SET(option, value) library.setopt(handle, (option), (value))
    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_ERRORBUFFER, words);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, &body);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, &headers);
    SET(CURLOPT_HTTPHEADER, lines);
    SET(CURLOPT_ACCEPT_ENCODING, "");
    SET(CURLOPT_CONNECTTIMEOUT_MS, request->connect_timeout);
    SET(CURLOPT_TIMEOUT_MS, request->timeout);
    SET(CURLOPT_SSL_VERIFYPEER, request->verifies ? 1L : 0L);
    SET(CURLOPT_SSL_VERIFYHOST, request->verifies ? 2L : 0L);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    // Their successors, which take names, came with 7.85.
    long other = request->takes_other_schemes ? CURLPROTO_FTP | CURLPROTO_FILE : 0;
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS) | other);
    SET(CURLOPT_REDIR_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#pragma GCC diagnostic pop
    SET(CURLOPT_FOLLOWLOCATION, request->redirections > 0 ? 1L : 0L);
    SET(CURLOPT_MAXREDIRS, request->redirections);
    if (request->ca_file) SET(CURLOPT_CAINFO, request->ca_file);
    if (request->ca_directory) SET(CURLOPT_CAPATH, request->ca_directory);
    if (request->client_certificate) SET(CURLOPT_SSLCERT, request->client_certificate);
    if (request->client_key) SET(CURLOPT_SSLKEY, request->client_key);
    switch (request->authentication) {
    case SWIFTPROV_HTTP_ASKED: SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_ANY); break;
    case SWIFTPROV_HTTP_NEGOTIATED: SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_NEGOTIATE); break;
    default: SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
    }
    if (request->credentials)
        SET(CURLOPT_USERPWD, request->credentials);
    else if (request->authentication == SWIFTPROV_HTTP_NEGOTIATED)
        SET(CURLOPT_USERPWD, ":");
    if (request->uses_netrc) SET(CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
    if (request->ciphers) SET(CURLOPT_SSL_CIPHER_LIST, request->ciphers);
    if (request->idle_timeout > 0) {
        SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
        SET(CURLOPT_LOW_SPEED_TIME, request->idle_timeout);
    }
    if (request->proxy) SET(CURLOPT_PROXY, request->proxy);
    if (request->unix_socket) SET(CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
    if (request->user_agent) SET(CURLOPT_USERAGENT, request->user_agent);
    if (request->has_body) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
        SET(CURLOPT_POSTFIELDS, request->body != NULL ? request->body : "");
    }
    if (strcmp(request->method, "HEAD") == 0)
        SET(CURLOPT_NOBODY, 1L);
    else if (request->has_body || strcmp(request->method, "GET") != 0)
        SET(CURLOPT_CUSTOMREQUEST, request->method);
#undef SET

    CURLcode code = library.perform(handle);
    int result = code == CURLE_OK ? SWIFTPROV_HTTP_OK : kind(code);
    if (body.is_full) result = SWIFTPROV_HTTP_TOO_LONG;
    if (code != CURLE_OK)
        snprintf(response->error, sizeof response->error, "%s", words[0] ? words : library.strerror(code));
    library.getinfo(handle, CURLINFO_RESPONSE_CODE, &response->status);
    char *url = NULL;
    library.getinfo(handle, CURLINFO_EFFECTIVE_URL, &url);
    response->url = url != NULL ? strdup(url) : NULL;
    response->headers = headers.bytes;
    response->headers_length = headers.length;
    response->body = body.bytes;
    response->body_length = body.length;
    library.free_all(lines);
    library.cleanup(handle);
    return result;
}

void swiftprov_http_release(swiftprov_http_response *response) {
    free(response->headers);
    free(response->body);
    free(response->url);
    memset(response, 0, sizeof *response);
}
