#!/usr/bin/env bash
# Sees that every source file that cuts or searches texts imports the room `Values`, whose methods of the standard
# library's names do it byte by byte: see Sources/Values/ByteWiseText.swift. The rooms that `Values` stands on, and those
# that know nothing of hosts, stay as they are.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
bad=0
while IFS= read -r file; do
    case $file in Sources/Values/* | Sources/Diagnostics/* | Sources/Local/* | Sources/HTTP/*) continue ;; esac
    grep -qE '^(public |package |internal )?import Values$' "$file" && continue
    printf '%s: cuts or searches texts without "import Values"\n' "$file" >&2
    bad=1
done < <(grep -rlE '\.(split\(separator|contains\(|firstIndex\(of|lastIndex\(of): *"|\.contains\("|\.replacing\("' Sources --include='*.swift')
exit "$bad"
