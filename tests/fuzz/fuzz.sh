#!/bin/bash
# Run the fuzz targets: what `make fuzz`, `make fuzz-corpus` and smoke.sh do.
#
#   tests/fuzz/fuzz.sh run SECONDS TARGET...	each for so long, one after the other
#   tests/fuzz/fuzz.sh corpus TARGET...		tests/fuzz/corpus/TARGET anew: the fewest and
#						smallest inputs that reach as much code as all
#						that was found so far
#
# Inputs that were found lie in build/fuzz/work/TARGET, one that fails in
# build/fuzz/found/TARGET-*: the program with that file as its argument replays it.
# tests/fuzz/found/TARGET holds those that once failed, by what they showed: add to them.
set -u
here=$(cd "$(dirname "$0")" && pwd)
FUZZ_BUILD=${FUZZ_BUILD:-$here/../../build/fuzz}
export ASAN_OPTIONS=quarantine_size_mb=16:detect_leaks=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}
export UBSAN_OPTIONS=print_stacktrace=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}
# What a run must never need: an input is a few packets long, and is dealt with at once.
limits=(-rss_limit_mb=1024 -timeout=10)

# target_run SECONDS TARGET LOG: fuzz it from the kept inputs on; its status.
target_run() {
	local seconds=$1 target=$2 log=$3 dict=$here/$2.dict work=$FUZZ_BUILD/work/$2
	shift 3
	mkdir -p "$work" "$FUZZ_BUILD/found" "$FUZZ_BUILD/run/$target" "$here/corpus/$target"
	set -- "$@" "$work" "$here/corpus/$target"
	[ ! -e "$here/found/$target" ] || set -- "$@" "$here/found/$target"
	[ ! -e "$dict" ] || set -- "-dict=$dict" "$@"
	(cd "$FUZZ_BUILD/run/$target" && exec nice -n 19 "$FUZZ_BUILD/$target" "${limits[@]}" \
		"-max_total_time=$seconds" "-artifact_prefix=$FUZZ_BUILD/found/$target-" \
		-print_final_stats=1 "$@") > "$log" 2>&1
}

# target_found LOG: the file that a failed run has kept; target_why LOG: its first words.
target_found() { sed -n 's/.*Test unit written to //p' "$1" | tail -n 1; }
target_why() { grep -E 'does not hold|runtime error|ERROR:|Assertion' "$1" | head -n 2; }
target_count() { sed -n 's/^stat::number_of_executed_units: *//p' "$1"; }

# Edges alone, not how often each was run: the fewest files.
target_corpus() {
	local target=$1 new=$FUZZ_BUILD/corpus.new
	rm -rf "$new"
	mkdir -p "$new" "$FUZZ_BUILD/run/$target" "$FUZZ_BUILD/work/$target" "$here/corpus/$target"
	(cd "$FUZZ_BUILD/run/$target" && exec nice -n 19 "$FUZZ_BUILD/$target" "${limits[@]}" -merge=1 \
		-use_counters=0 -max_len=4096 "$new" "$here/corpus/$target" "$FUZZ_BUILD/work/$target") \
		> "$FUZZ_BUILD/run/$target.log" 2>&1 || { tail -n 5 "$FUZZ_BUILD/run/$target.log"; return 1; }
	rm -rf "${here:?}/corpus/$target"
	mv "$new" "$here/corpus/$target"
	printf '%-12s %4d inputs, %d bytes\n' "$target" "$(find "$here/corpus/$target" -type f | wc -l)" \
		"$(cat "$here/corpus/$target"/* | wc -c)"
}

main() {
	local what=$1 seconds=0 target rc=0
	shift
	[ "$what" != run ] || { seconds=$1 && shift; }
	for target; do
		[ -x "$FUZZ_BUILD/$target" ] || { echo "fuzz: no target $target" >&2; return 2; }
		if [ "$what" = corpus ]; then
			target_corpus "$target" || rc=1
		elif target_run "$seconds" "$target" "$FUZZ_BUILD/run.$target.log"; then
			echo "ok    $target: $(target_count "$FUZZ_BUILD/run.$target.log") inputs in $seconds s"
		else
			rc=1
			echo "FAIL  $target: $(target_why "$FUZZ_BUILD/run.$target.log")"
			echo "      replay: $FUZZ_BUILD/$target $(target_found "$FUZZ_BUILD/run.$target.log")"
		fi
	done
	return $rc
}

[ "${BASH_SOURCE[0]}" != "$0" ] || main "$@"
