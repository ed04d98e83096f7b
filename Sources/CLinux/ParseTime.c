#define _GNU_SOURCE
#include "CLinux.h"
#include <string.h>
#include <time.h>

int swiftprov_parse_time(const char *text, const char *format, long *seconds) {
    struct tm parts;
    memset(&parts, 0, sizeof parts);
    parts.tm_mday = 1;
    const char *end = strptime(text, format, &parts);
    if (!end || *end) return 0;
    int day = parts.tm_mday;
    *seconds = timegm(&parts);
    return parts.tm_mday == day ? 1 : -1;
}
