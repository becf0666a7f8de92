#!/bin/bash
# 30_split.sh: the network breaks in two, with the master on either side. On a LUN of
# 4096-byte sectors.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
cluster_enter "$@"

# split_is_won_by "WINNERS" "LOSERS": exactly the winners stay quorate, without ever
# losing it; the losers block; nobody is fenced; all heal.
split_is_won_by() {
	local since n
	since=$(rig_now)
	rig_split "$1" "$2"
	# shellcheck disable=SC2086	# lists of words
	await $((RIG_RING_S + RIG_MASTER_S)) agree $1
	for n in $2; do await "$RIG_RING_S" node_blocked "$n" "$(comma "$2")"; done
	# shellcheck disable=SC2086
	steadily 2 agree $1
	diag "corosync waited $(answer_ms "${1%% *}" "$(comma "$1")" "$since") ms for the winners' answer, $(answer_ms "${2%% *}" "$(comma "$2")" "$since") ms for the losers'"
	for n in $2; do
		node_blocked "$n"
		refute status_is "$n" .vote.state cast
		diag "both sides said quorate for $(both_yes_ms "${1%% *}" "$(comma "$1")" "$n" "$since") ms (n$n)"
	done
	# shellcheck disable=SC2086
	never_lost_quorum $1 "$since"
	nobody_fenced "$since"
	rig_heal
	await $((RIG_RING_S + RIG_MASTER_S + RIG_Z_S)) agree 1 2 3
	# shellcheck disable=SC2086
	never_lost_quorum $1 "$since"
	nobody_fenced "$since"
}

split_with_the_master_in_the_majority() {
	split_is_won_by "$(a_master) $(a_follower 1)" "$(a_follower 2)"
}

split_with_the_master_alone() {
	split_is_won_by "$(a_master)" "$(others "$(a_master)")"
}

# The winner dies while the others are cut off and blocked: they take over as soon as
# it has been fenced, and not before.
winner_of_a_split_dies_and_the_losers_take_over() {
	local since master losers
	since=$(rig_now)
	master=$(a_master)
	losers=$(others "$master")
	rig_split "$master" "$losers"
	await $((RIG_RING_S + RIG_MASTER_S)) agree "$master"
	# shellcheck disable=SC2086	# a list of words
	await "$RIG_RING_S" node_blocked ${losers% *} "$(comma "$losers")"
	node_power_cut "$master"
	# shellcheck disable=SC2086
	await $((RIG_MASTER_S + RIG_Z_S)) agree $losers
	fenced_once "$master" "$since"
	rig_heal
	cluster_whole
}

cluster_start 3 sector=4096
scenario cluster_starts
scenario split_with_the_master_in_the_majority
scenario split_with_the_master_alone
scenario winner_of_a_split_dies_and_the_losers_take_over
tap_done
