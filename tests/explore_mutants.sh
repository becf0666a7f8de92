#!/bin/bash
# explore_mutants.sh: does the explorer find what is planted? TAP.
#
#   tests/explore_mutants.sh [NAME...]		each mutant must be found
#   tests/explore_mutants.sh --story NAME	the path to it, in words
#
# The mutants are those of mutants.sh (tests/mutants/NAME.patch). For each the table
# says what must be reported and where it is looked for: nodes, faults, start.
#
# Environment: BUILD  where the explorer's objects lie (default build/)
#              CC     compiler (default gcc)
set -u
export LC_ALL=C QDISK_REBOOT=deny
cd "$(dirname "$0")/.." || exit 99
BUILD=$(readlink -f "${BUILD:-build}")
out=$BUILD/mutants

table="
ring_binding		S1	--nodes 3 --faults 1
mask_without_ring	S1	--nodes 3 --faults 1
mask_without_membership	S1	--nodes 2 --faults 1
tko_at_k		S7	--nodes 2 --faults 1
evict_by_anyone		S3	--nodes 2 --faults 1
r01_voting_mark		S1	--nodes 3 --faults 1 --start rival --token long
vote_message		S1	--nodes 2 --faults 1 --start split --token long
"

# row NAME: what must be reported, then the explorer's arguments.
row() {
	awk -v name="$1" '$1 == name { $1 = ""; print }' <<<"$table"
}

# build NAME: the mutated explorer, at $out/NAME/explore.
build() {
	local dir=$out/$1 file touched objects=
	mkdir -p "$dir" && rm -rf "$dir"/qdiskd "$dir"/include && cp -r qdiskd include "$dir" || return
	patch -s -p1 -d "$dir" --no-backup-if-mismatch <"tests/mutants/$1.patch" || return
	touched=$(sed -n 's/^+++ b\/\([^[:space:]]*\).*/\1/p' "tests/mutants/$1.patch")
	case $touched in	# a header is seen by all of the core
	*.h*) touched=$(cd "$dir" && ar t "$BUILD/libqdcore.a" | sed "s/\(.*\)\.o$/qdiskd\/\1.c/" | xargs ls 2>/dev/null) ;;
	esac
	for file in $touched; do
		(cd "$dir" && ${CC:-gcc} -std=gnu11 -O2 -g -D_GNU_SOURCE -Iinclude -c -o "${file%.c}.o" "$file") || return
		objects="$objects $dir/${file%.c}.o"
	done
	for file in tests/explore*.c qdiskd/cs_proof.c; do
		[ -e "$dir/${file%.c}.o" ] || objects="$objects $BUILD/obj/${file%.c}.o"
	done
	# shellcheck disable=SC2086	# a list of words
	${CC:-gcc} -o "$dir/explore" $objects "$BUILD/libqdcore.a" -lz
}

# run NAME: build and explore; the report on standard output.
run() {
	local breaks arguments
	read -r breaks arguments <<<"$(row "$1")"
	build "$1" >"$out/$1.log" 2>&1 || { echo "tests/mutants/$1.patch: no explorer, see $out/$1.log"; return; }
	# shellcheck disable=SC2086	# a list of words
	(ulimit -c 0 && exec "$out/$1/explore" $arguments --seconds 120 --memory 512) 2>&1
	echo "expected: $breaks"
}

mkdir -p "$out"
case ${1:-} in
--story) [ -n "$(row "${2:-}")" ] || { echo "explore_mutants.sh: no mutant ${2:-}" >&2; exit 2; }
	run "$2"; exit ;;
esac
if [ $# -eq 0 ]; then
	mapfile -t names < <(awk 'NF { print $1 }' <<<"$table")
else
	names=("$@")
fi
number=0 failed=0
for name in "${names[@]}"; do
	number=$((number + 1))
	read -r breaks _ <<<"$(row "$name")"
	run "$name" >"$out/$name.explored"
	# found, and its story, told with names as they come, ends in the same
	if grep -q "VIOLATED $breaks" "$out/$name.explored" && grep -q "^ *$breaks " "$out/$name.explored"; then
		echo "ok $number - explorer finds mutant $name: $(grep -c '^ *[0-9]*\. ' "$out/$name.explored") events to $breaks"
	else
		echo "not ok $number - explorer finds mutant $name: $(head -n 1 "$out/$name.explored")"
		failed=$((failed + 1))
	fi
done
echo "1..$number"
[ $failed = 0 ]
