#!/bin/bash
# The kept corpora, then a short while of new inputs for each fuzz target: a line of TAP each.
# Two at a time, two minutes of fuzzing for all together in FUZZ_SECONDS (60), and the time
# to run the corpora.
# shellcheck source=tests/fuzz/fuzz.sh
. "$(dirname "$0")/fuzz.sh"

cd "$here/../.." || exit 1
read -ra targets <<< "${FUZZ_TARGETS:?the targets, see tests/tests.mk}"
each=$((${FUZZ_SECONDS:-60} * 2 / ${#targets[@]}))

smoke() {
	local log=$FUZZ_BUILD/smoke.$1.log
	if target_run "$each" "$1" "$log"; then
		echo "ok - fuzz $1: $(target_count "$log") inputs"
	else
		target_why "$log" | sed 's/^/# /'
		echo "# replay: $FUZZ_BUILD/$1 $(target_found "$log")"
		echo "not ok - fuzz $1"
	fi > "$FUZZ_BUILD/smoke.$1.tap"
	cat "$FUZZ_BUILD/smoke.$1.tap"
}

echo "1..${#targets[@]}"
for target in "${targets[@]}"; do
	rm -f "$FUZZ_BUILD/smoke.$target.tap"
	while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n; done
	smoke "$target" &
done
wait
! grep -q '^not ok' "$FUZZ_BUILD"/smoke.*.tap
