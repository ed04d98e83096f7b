#ifndef SWIFTPROV_PARSETIME_H
#define SWIFTPROV_PARSETIME_H
#include <stdint.h>
/// Reads a date as `strptime` does and gives the seconds since 1970 of that clock in UTC.
/// In C because `strptime` is declared for X/Open sources only.
/// Returns 1, or 0 if the text does not fit the format, or -1 if there is no such day.
int swiftprov_parse_time(const char *text, const char *format, int64_t *seconds);
#endif
