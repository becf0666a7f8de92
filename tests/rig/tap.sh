# shellcheck shell=bash
# tap.sh: TAP output for shell tests. Source it, call ok/not_ok/check, end with tap_done.

tap_count=0 tap_failed=0

# ok NAME...: one more behaviour shown.
ok() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $*"
}

# not_ok NAME...: one behaviour missing.
not_ok() {
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $*"
}

# skip NAME WHY: cannot run here.
skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# diag TEXT...: a line for the reader, no result.
diag() { echo "# $*"; }

# check NAME COMMAND...: the command's exit status is the result.
check() {
	local name=$1
	shift
	if "$@"; then ok "$name"; else not_ok "$name"; fi
}

# tap_done: print the plan; the exit status of the script.
tap_done() {
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ]
}
