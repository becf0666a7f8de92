#!/bin/bash
# s1check_test.sh: does s1check find what it must find? Made-up samples, no rig, no root.
set -u
RIG_DIR=$(cd "$(dirname "$0")" && pwd)
RIG_BIN=${RIG_BIN:-$RIG_DIR/../../build/tests/rig}
# shellcheck source=tests/rig/tap.sh
. "$RIG_DIR/tap.sh"
[ -x "$RIG_BIN/s1check" ] || { echo "Bail out! $RIG_BIN/s1check is not built"; exit 99; }
T=$(mktemp -d /tmp/qdisk-s1.XXXXXX)
trap 'rm -rf "$T"' EXIT

# judge WANTED_STATUS NAME [OPTION...]: run s1check over $T/1 $T/2 (written by `say`).
say() { printf '%s\n' "${@:2}" > "$T/$1"; }
judge() {
	local want=$1 name=$2 rc
	shift 2
	"$RIG_BIN/s1check" "$@" "$T/1" "$T/2" > "$T/out" 2>&1
	rc=$?
	if [ $rc = "$want" ]; then ok "$name"; else
		not_ok "$name"
		diag "status $rc instead of $want: $(cat "$T/out")"
	fi
}

say 1 '1000 n1 up' '2000 n1 quorum 1 1.4 1,2,3' '5000 n1 quorum 1 1.8 1,2'
say 2 '1000 n3 up' '2000 n3 quorum 1 1.4 1,2,3' '6000 n3 quorum 0 3.8 3'
judge 0 split_loser_with_the_old_view_is_no_violation

say 2 '2000 n3 quorum 1 1.4 1,2,3' '4000 n3 quorum 1 3.8 3' '5001 n3 quorum 0 3.8 3'
judge 1 disjoint_quorate_views_that_overlap_by_1_ns_are_found
check violation_names_both_nodes_and_views grep -qF 'n1 {1,2} and n3 {3} both quorate' "$T/out"

say 2 '2000 n3 quorum 1 1.4 1,2,3' '4000 n3 quorum 1 3.8 3' '5000 n3 quorum 0 3.8 3'
judge 0 views_that_only_touch_are_no_violation

say 2 '2000 n3 quorum 1 1.4 1,2,3' '4000 n3 quorum 1 3.8 3' '5000 n3 end corosync-gone' '9000 n3 up'
judge 0 corosyncs_end_ends_its_sample

say 2 '2000 n3 quorum 1 1.4 1,2,3' '4000 n3 quorum 1 3.8 3' '4900 n3 dead power' '9000 n3 up'
judge 0 death_ends_its_sample

say 2 '4000 n3 quorum 1 3.8 3'
judge 1 sample_without_an_end_lasts_to_the_end

say 2 '2000 n3 quorum 1 1.4 1,2,3' '4000 n3 quorum 1 3.8 3' '5001 n3 quorum 0 3.8 3'
judge 1 violation_that_lasts_beyond_the_given_time_is_found -f 5000
judge 0 violation_before_the_given_time_is_left_out -f 5001

say 2 '7000 n3 quorum 1 3.8 3'
judge 1 last_line_of_all_is_still_judged

say 2 '2000 n1 quorum 1 3.8 3'
judge 0 two_samples_of_one_node_are_no_violation

say 2 '6000 n3 quorum 0 3.8 3'
judge 0 every_node_sampled_is_accepted -n 1,3
judge 2 node_without_a_sample_proves_nothing -n 1,3,4

say 1 '1000 n1 up'
say 2 '1000 n3 up'
judge 2 no_sample_at_all_proves_nothing

say 1 '2000 n1 quorum 1 1.4 1,2,3'
for line in '2000 n3 quorum 2 1.4 1' '2000 n3 quorum 1 1.4' '2000 n3 quorum 1 1.4 1,x' '2000 n3 quorum 1 1.4 65' \
	'2000 n0 up' '2000 n65 up' 'rubbish' '2000 n3 jump' ''; do
	say 2 "$line"
	judge 2 "malformed_line_is_refused: '$line'"
done
printf '2000 n3 up' > "$T/2"
judge 2 line_without_an_end_is_refused
say 2 '3000 n3 up' '2999 n3 up'
judge 2 time_that_goes_back_is_refused
rm "$T/2"
judge 2 missing_file_is_refused
tap_done
