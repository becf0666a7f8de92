#!/bin/bash
# 100_lun_two_nodes.sh: two nodes, where losing the other one and losing the LUN look
# alike from inside, and the device's vote is all that lets one go on alone.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
[ -c /dev/fuse ] || rig_skip "no /dev/fuse"
cluster_enter "$@"

master_whose_path_hangs_is_fenced_and_the_other_goes_on() {
	local since master other
	since=$(rig_now)
	master=$(a_master)
	other=$(others "$master")
	lun_path "$master" hang
	await "$RIG_MASTER_S" node_died "$master" "$since" power
	await $((RIG_RING_S + RIG_MASTER_S)) agree "$other"
	fenced_once "$master" "$since"
	never_lost_quorum "$other" "$since"
	lun_path "$master" ok
	cluster_whole
	never_lost_quorum "$other" "$since"
}

# The winner of a split loses the LUN, and fencing fails. It withdraws its vote at once,
# but the other one cannot know that, and waits Z since it last saw it before it takes over.
winner_of_a_split_that_loses_the_lun_is_followed_after_z() {
	local since cut winner loser took
	since=$(rig_now)
	winner=$(a_master)
	loser=$(others "$winner")
	rig_split 1 2
	await $((RIG_RING_S + RIG_MASTER_S)) agree "$winner"
	await "$RIG_RING_S" node_blocked "$loser" "$loser"
	: > "$RIG_ST/power-broken"
	cut=$(rig_now)
	lun_path "$winner" hang
	await 3 node_blocked "$winner" "$winner"
	diag "the winner blocked $(ms_between "$cut" "$(sample_first "$winner" "$cut" 0)") ms after the fault, law $CONF_V ms"
	await $((RIG_MASTER_S + RIG_Z_S)) agree "$loser"
	took=$(ms_between "$cut" "$(sample_first "$loser" "$cut" 1 "$loser")")
	diag "the other was quorate $took ms after the fault, Z is $CONF_Z ms"
	[ "$took" -ge $((CONF_Z - 2 * CONF_I)) ]
	[ -z "$(node_deaths "$winner" "$since")" ]
	lun_path "$winner" ok
	await 3 node_died "$winner" "$since" reboot
	rig_heal
	cluster_whole_unfenced "$winner"
	never_lost_quorum "$loser" "$cut"
}

cluster_start 2 lun=faulty votes=1 heuristics='<heuristic program="true"/>'
scenario cluster_starts
scenario master_whose_path_hangs_is_fenced_and_the_other_goes_on
scenario winner_of_a_split_that_loses_the_lun_is_followed_after_z
tap_done
