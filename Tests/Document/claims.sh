#!/usr/bin/env bash
# Sees that every test that docs/security.md names is there: `FILE` "TITLE", also over the end of a line.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
missing=0 count=0
# shellcheck disable=SC2016  # the backticks are Markdown, not shell
while IFS=$'\t' read -r file title; do
    count=$((count + 1))
    if ! grep -Fq -- "$title" "Tests/$file" 2>/dev/null; then
        printf 'docs/security.md names a test that is not there: %s "%s"\n' "$file" "$title" >&2
        missing=1
    fi
done < <(grep -oE '`[A-Za-z0-9/.-]+\.(swift|sh)` "[^"]+"' docs/security.md | sed -E 's/^`([^`]+)` "(.*)"$/\1\t\2/')
[ "$count" -gt 20 ] || { printf 'docs/security.md: only %s tests were found in it\n' "$count" >&2; exit 1; }
exit "$missing"
