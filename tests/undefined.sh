#!/bin/bash
# undefined.sh: what the engine writes to the LUN has no byte that nobody has defined. Its
# unit tests, with evictions, hand-overs and last words among them, run under valgrind;
# their LUN asks valgrind about each block. TAP.
set -u
BUILD=${BUILD:-$(dirname "$0")/../build}

echo 1..1
name=legacy_12_valgrind_sees_no_undefined_byte_written_by_the_engine
if ! command -v valgrind > /dev/null; then
	echo "ok 1 - $name # SKIP valgrind is not installed"
elif grep -qa __asan_init "$BUILD/tests/unit/test_engine"; then
	echo "ok 1 - $name # SKIP a sanitizer build"
elif why=$(for t in engine engine_ends engine_watch; do
	timeout 300 valgrind -q --error-exitcode=99 "$BUILD/tests/unit/test_$t" 2>&1 || echo "test_$t: status $?"
done | grep -v '^ok\|^1\.\.\|^# ok'; [ "${PIPESTATUS[1]}" = 1 ]); then
	echo "ok 1 - $name"
else
	echo "not ok 1 - $name"
	echo "$why" | head -n 30 | sed 's/^/# /'
fi
