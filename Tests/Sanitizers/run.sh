#!/usr/bin/env bash
# run.sh [thread|address]...: the tests of the rooms that talk to hosts and run tasks, under sanitizers.
# Each has a build folder of its own. What is suppressed stands in NAME.supp beside this file, each with the reason.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
here=$PWD/Tests/Sanitizers
[ $# -gt 0 ] || set -- thread address
for name in "$@"; do
    case $name in
        thread) export TSAN_OPTIONS="suppressions=$here/thread.supp halt_on_error=0 exitcode=66" ;;
        address)
            # Swift keeps what lives as long as the process on purpose; leaks are not what is looked for here.
            export ASAN_OPTIONS="detect_leaks=0 halt_on_error=1"
            ;;
        *)
            printf 'no sanitizer %s here: thread or address\n' "$name" >&2
            exit 2
            ;;
    esac
    printf '== %s sanitizer\n' "$name"
    # A filter finds tests by the names of their suites, which their targets begin.
    swift test --sanitize "$name" --scratch-path ".build/sanitize-$name" --no-parallel \
        --filter '^(SSHTests|TargetTests|EngineTests)\.'
done
