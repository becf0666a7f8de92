#!/bin/bash
# 80_two_nodes.sh: two nodes, no heuristics, votes left to qdiskd: master_wins.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
cluster_enter "$@"

# A whole cluster here, for scenario_reset.
cluster_whole() { cluster_join 1 2 && await $((RIG_RING_S + RIG_MASTER_S + RIG_Z_S)) two_agree; }

two_nodes_without_votes_and_heuristics_run_master_wins() {
	corosync_start 1 2
	qdiskd_start 1 2
	await $((RIG_RING_S + RIG_MASTER_S + RIG_Z_S)) two_agree
	[ "$(quorumtool_value 1 "Expected votes")" = 3 ]
	log_says 1 "Enabling master-wins mode for simple two-node cluster"
}

split_is_won_by_the_master() {
	local since m
	since=$(rig_now)
	m=$(master_of 1)
	rig_split 1 2
	await $((RIG_RING_S + RIG_MASTER_S)) agree "$m"
	await "$RIG_RING_S" node_blocked "$(others "$m")"
	never_lost_quorum "$m" "$since"
	rig_heal
	await $((RIG_RING_S + RIG_MASTER_S)) two_agree
	nobody_fenced "$since"
}

follower_killed_the_master_stays_quorate() {
	local since m
	since=$(rig_now)
	m=$(master_of 1)
	node_power_cut "$(others "$m")"
	await $((RIG_RING_S + RIG_MASTER_S)) agree "$m"
	await 10 fenced_once "$(others "$m")" "$since"
	never_lost_quorum "$m" "$since"
	cluster_whole
}

master_killed_the_other_takes_over() {
	local since m
	since=$(rig_now)
	m=$(master_of 1)
	node_power_cut "$m"
	await $((RIG_RING_S + RIG_MASTER_S)) agree "$(others "$m")"
	await 10 fenced_once "$m" "$since"
	diag "lost quorum $(quorum_losses "$(others "$m")" "$since") times"
	cluster_whole
}

cluster_start 2 votes=1 votes_unset=1
scenario two_nodes_without_votes_and_heuristics_run_master_wins
scenario split_is_won_by_the_master
scenario follower_killed_the_master_stays_quorate
scenario master_killed_the_other_takes_over
tap_done
