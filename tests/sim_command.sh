#!/bin/bash
# sim_command.sh: the simulator from outside: one seed is one run in every process, a
# printed command has a violation again, and many processes do what one does. TAP.
#
# Environment: BUILD  where it lies (default build/)
set -u
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 99
SIM=$(readlink -f "${BUILD:-build}")/tests/sim
out=$(mktemp -d) || exit 99
trap 'rm -rf "$out"' EXIT
number=0

# result STATUS NAME: one line of TAP.
result() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then echo "ok $number - $2"; else echo "not ok $number - $2"; fi
}

hashes() { "$SIM" "$@" --hash | grep -E '^[0-9]+ [0-9a-f]{16}$' | sort -n; }

# Other addresses, another environment: the same runs.
one_seed_is_one_run_in_every_process() {
	hashes --seeds 1-40 >"$out/one" &&
		NOTHING=$(printf '%5000s' x) hashes --seeds 1-40 >"$out/two" &&
		[ "$(wc -l <"$out/one")" = 40 ] && cmp -s "$out/one" "$out/two"
}

many_workers_run_what_one_runs() {
	hashes --seeds 1-40 --jobs 3 >"$out/two" && cmp -s "$out/one" "$out/two" || return
	"$SIM" --seeds 1-40 | sed 's/ in .*//' >"$out/sum1"
	"$SIM" --seeds 1-40 --jobs 3 | sed 's/ in .*//' >"$out/sum3"
	cmp -s "$out/sum1" "$out/sum3"
}

# A lie breaks many seeds; whoever is quickest, the lowest is told.
lowest_seed_that_fails_is_told() {
	"$SIM" --seeds 20-60 --kind split --lie vote --no-shrink >"$out/one"
	"$SIM" --seeds 20-60 --kind split --lie vote --no-shrink --jobs 4 >"$out/four"
	grep -o '^seed [0-9]*' "$out/one" >"$out/seed1"
	grep -o '^seed [0-9]*' "$out/four" >"$out/seed4"
	[ -s "$out/seed1" ] && cmp -s "$out/seed1" "$out/seed4"
}

# The last command of a violation gives the same violation with the same hash.
printed_command_has_the_violation_again() {
	local command
	"$SIM" --seeds 1-60 --kind chaos --nodes 2 --lie vote >"$out/found"
	[ $? = 1 ] || return
	command=$(grep -A1 '^hash' "$out/found" | tail -1)
	case $command in *' --until '*) ;; *) return 1 ;; esac
	# shellcheck disable=SC2086	# a command line
	$command --no-shrink >"$out/again"
	[ $? = 1 ] || return
	grep -E '^VIOLATION|^hash' "$out/found" >"$out/one"
	grep -E '^VIOLATION|^hash' "$out/again" >"$out/two"
	[ "$(wc -l <"$out/one")" = 2 ] && cmp -s "$out/one" "$out/two" &&
		grep -q '^seed [0-9]* of commit [0-9a-z]' "$out/found"
}

fresh_seeds_differ_and_end_in_time() {
	timeout 60 "$SIM" --seeds fresh --seconds 1 --jobs 2 >"$out/one" &&
		timeout 60 "$SIM" --seeds fresh --seconds 1 >"$out/two" || return
	grep -q '^seeds from [0-9]* on$' "$out/one" &&
		[ "$(grep '^seeds from' "$out/one")" != "$(grep '^seeds from' "$out/two")" ]
}

what_makes_no_sense_is_refused() {
	local words
	for words in '' '--seeds x' '--seeds 5-4' '--seeds 1 --kind none' '--seeds 1 --nodes 1' '--seeds 1 --jobs 0' \
		'--seeds 1 --plan 3:nothing#1' '--seeds 1 --plan 3:split' '--seeds 1 --plan none' '--seeds 1 --until 0' \
		'--seeds 1 --without air' '--story nobody_told_it'; do
		# shellcheck disable=SC2086	# lists of words
		"$SIM" $words >/dev/null 2>&1
		[ $? = 2 ] || { echo "# not refused: $words"; return 1; }
	done
}

for name in one_seed_is_one_run_in_every_process many_workers_run_what_one_runs lowest_seed_that_fails_is_told \
	printed_command_has_the_violation_again fresh_seeds_differ_and_end_in_time what_makes_no_sense_is_refused; do
	$name
	result $? "$name"
done
echo "1..$number"
