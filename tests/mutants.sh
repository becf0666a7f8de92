#!/bin/bash
# mutants.sh: does every clause carry weight, and can every invariant fail? TAP.
#
#   tests/mutants.sh [NAME...]		each mutant must be found by the simulator
#   tests/mutants.sh --table		clause, mutant, invariant, seeds: the last run of each
#   tests/mutants.sh --trace NAME	what happened in the first run that it breaks
#   tests/mutants.sh --telling NAME	its telling lines; so tests/mutants/legacy.trace is made
#   tests/mutants.sh --build NAME	only build it: prints the simulator's path
#
# A mutant is tests/mutants/NAME.patch: the production core with one clause taken out, or
# with that clause and the one that backs it up. It is applied to a copy of the sources,
# and linked with everything else of the simulator as it is. The head of a patch says
#	Clause:		what is taken out, and which page says it
#	Breaks:		the invariants of which one must be reported; or "assert",
#			where the core itself notices; or a story that does not hold
#	Seeds:		arguments of sim; absent: --seeds 1-10000. A law is mutated with --laws:
#			what it refuses or warns of is not run. A moment that chance does not hit is
#			staged: --story NAME
#	Backed by:	what is taken out with it, because each alone is enough
# and then in words what goes wrong. A patch that no longer applies is a failed test: apply
# it by hand to a copy of the tree, then `diff -u -r -p a b` gives the new body.
#
# Environment: BUILD  where the simulator's objects lie (default build/)
#              CC     compiler (default gcc)
#              JOBS   mutants at once (default: as many as there are processors)
set -u
export LC_ALL=C QDISK_REBOOT=deny
cd "$(dirname "$0")/.." || exit 99
top=$PWD
BUILD=$(readlink -f "${BUILD:-build}")
export BUILD
out=$BUILD/mutants
flags="-std=gnu11 -O2 -g -D_GNU_SOURCE -Iinclude"

# head_of NAME FIELD: the value of one field.
head_of() {
	sed -n "/^--- /q; s/^$2: *//p" "tests/mutants/$1.patch"
}

# build NAME: the mutated simulator, at $out/NAME/sim; what went wrong on standard output.
build() {
	local name=$1 dir=$out/$1 touched file objects=
	rm -rf "$dir"
	mkdir -p "$dir/tests" || return
	cp -r qdiskd include "$dir" && cp tests/sim*.[ch] "$dir/tests" || return
	patch -s -p1 -d "$dir" --no-backup-if-mismatch <"tests/mutants/$name.patch" >"$dir/log" 2>&1 || {
		echo "tests/mutants/$name.patch does not apply"
		return 1
	}
	touched=$(sed -n 's/^+++ b\/\([^[:space:]]*\).*/\1/p' "tests/mutants/$name.patch")
	case $touched in
	*.h*)	# seen by all of the core, and not by the checker
		touched=$(cd "$dir" && for file in qdiskd/*.c; do
			[ ! -e "$BUILD/obj/${file%.c}.o" ] || nm "$BUILD/libqdcore.a" 2>/dev/null |
				grep -q "^${file##*/}\|^$(basename "$file" .c).o:" && echo "$file"
		done) ;;
	esac
	for file in $touched; do
		# shellcheck disable=SC2086	# lists of words
		(cd "$dir" && ${CC:-gcc} $flags -c -o "${file%.c}.o" "$file") >>"$dir/log" 2>&1 || {
			echo "tests/mutants/$name.patch does not compile"
			return 1
		}
		objects="$objects $dir/${file%.c}.o"
	done
	for file in tests/sim*.c qdiskd/cs_proof.c qdiskd/cs_word.c; do
		[ -e "$dir/${file%.c}.o" ] || objects="$objects $BUILD/obj/${file%.c}.o"
	done
	# shellcheck disable=SC2086	# lists of words
	${CC:-gcc} -o "$dir/sim" $objects "$BUILD/libqdcore.a" -lz -lm >>"$dir/log" 2>&1 || {
		echo "tests/mutants/$name.patch does not link"
		return 1
	}
}

# seeds_of NAME: the arguments of its run.
seeds_of() {
	local seeds breaks
	seeds=$(head_of "$1" Seeds)
	breaks=$(head_of "$1" Breaks)
	case $seeds in
	*--story*) echo "$seeds"; return ;;
	*--seeds*) ;;
	*) seeds="--seeds 1-10000 $seeds" ;;
	esac
	echo "$seeds --jobs 1 --no-shrink --expect ${breaks// /,}"
}

# found NAME STATUS: what its run reported: an invariant, "assert", or a story.
found() {
	if [ "$2" = 134 ] || grep -q '^a worker died by signal 6' "$out/$1/run"; then
		echo assert
		return
	fi
	case $2 in
	0) echo nothing ;;
	1)	# an invariant; or a story in which something else did not hold
		grep -q '^VIOLATION' "$out/$1/run" || { sed -n '$s/:.*//p' "$out/$1/run"; return; }
		sed -n 's/^VIOLATION \([A-Z0-9]*\):.*/\1/p' "$out/$1/run" ;;
	*) echo "status $2" ;;
	esac
}

# one NAME: build it, run it, and leave "VERDICT|NAME|FOUND|SEEDS|SECONDS|WORDS" behind.
one() {
	local name=$1 breaks status what why seeds took start=${EPOCHREALTIME/./} verdict=not
	local result=$out/$1.result
	breaks=$(head_of "$name" Breaks)
	rm -f "$result"
	why=$(build "$name") || {
		echo "not|$name|-|-|0|$why: see $out/$name/log" >"$result"
		return
	}
	# shellcheck disable=SC2046	# a list of words
	(ulimit -c 0 && exec timeout 300 "$out/$name/sim" $(seeds_of "$name") --no-shrink --expect "${breaks// /,}") \
		>"$out/$name/run" 2>&1
	status=$?
	took=$(((${EPOCHREALTIME/./} - start) / 10000))
	what=$(found "$name" $status)
	seeds=$(sed -n 's/^\([0-9]*\) seeds, .*/\1/p' "$out/$name/run")
	case $(seeds_of "$name") in *--story*) seeds=story ;; esac
	case " $breaks " in *" $what "*) verdict=ok ;; esac
	echo "$verdict|$name|$what|${seeds:-?}|$((took / 100)).$(printf %02d $((took % 100)))|$breaks expected" >"$result"
}

# tell NUMBER NAME: one line of TAP.
tell() {
	local number=$1 verdict name what seeds seconds words
	IFS='|' read -r verdict name what seeds seconds words <"$out/$2.result"
	[ "$seeds" = story ] && seeds="its story" || seeds="$seeds seeds"
	if [ "$verdict" = ok ]; then
		echo "ok $number - mutant $name: $what after $seeds, $seconds s"
		return 0
	fi
	echo "not ok $number - mutant $name: $what after $seeds, $seconds s; $words"
	return 1
}

all() {
	(cd tests/mutants && printf '%s\n' *.patch) | sed 's/\.patch$//'
}

table() {
	local name verdict what seeds seconds words
	for name in $(all); do
		[ -e "$out/$name.result" ] || { echo "run tests/mutants.sh first" >&2; exit 1; }
		IFS='|' read -r verdict _ what seeds seconds words <"$out/$name.result"
		printf '%s\t%s\t%s\t%s\n' "$(head_of "$name" Clause)" "$name" "$what" "$seeds"
	done
}

trace() {
	[ -e "tests/mutants/$1.patch" ] || { echo "mutants.sh: no mutant $1" >&2; exit 2; }
	one "$1"
	cat "$out/$1/run"
}

# What is read in NAME's run from the split on: rings, votes, quorum, and how it ends.
telling() {
	sed -n '/the network splits/,$p' "$out/$1/run" |
		sed -nE '/the network splits|new ring|vote (cast|held|withdrawn)|casts [01]|corosync: (NOT )?quorate/p
			/^VIOLATION/ { p; q }'
}

# The run that legacy.trace tells must still end as it does there: in its first line stand
# the arguments that have it again, in its last one what is violated.
trace_still_true() {
	local again want
	again=$(sed -n '1s/^again by: sim //p' tests/mutants/legacy.trace)
	want=$(sed -n '$s/^VIOLATION \([^:]*\):.*/\1/p' tests/mutants/legacy.trace)
	[ -n "$again" ] && [ -n "$want" ] || return
	# shellcheck disable=SC2086	# a list of words
	"$out/legacy/sim" $again --no-shrink | grep -q "^VIOLATION $want:"
}

case ${1:-} in
--one) one "$2"; exit ;;
--table) table; exit ;;
--trace) trace "$2"; exit ;;
--telling)
	trace "$2" >/dev/null
	sed -n '/^hash.*again by:/ { n; s/^[^ ]* /again by: sim /p; }' "$out/$2/run"
	telling "$2"
	exit ;;
--build) build "$2" && echo "$out/$2/sim"; exit ;;
esac
if [ $# -eq 0 ]; then
	mapfile -t names < <(all)
else
	names=("$@")
fi
mkdir -p "$out"
printf '%s\n' "${names[@]}" | xargs -P "${JOBS:-$(nproc)}" -n 1 "$top/tests/mutants.sh" --one
number=0 failed=0
for name in "${names[@]}"; do
	number=$((number + 1))
	tell $number "$name" || failed=$((failed + 1))
done
if [ -e "$out/legacy/sim" ]; then
	number=$((number + 1))
	if trace_still_true; then
		echo "ok $number - legacy.trace ends as it says"
	else
		echo "not ok $number - legacy.trace ends as it says"
		echo "# tests/mutants.sh --telling legacy >tests/mutants/legacy.trace"
		failed=$((failed + 1))
	fi
fi
echo "1..$number"
[ $failed = 0 ]
