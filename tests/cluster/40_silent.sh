#!/bin/bash
# 40_silent.sh: a daemon falls silent while its node lives: frozen, killed, restarted.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
cluster_enter "$@"

# daemon_frozen NODE: its fencing fails (the power controller is unreachable), so all
# that is left is the node itself: once it runs again it sees the eviction and reboots.
daemon_frozen() {
	local since victim=$1 rest
	since=$(rig_now)
	rest=$(others "$victim")
	: > "$RIG_ST/power-broken"
	node_respawn "$victim" "$(conf_seconds $((CONF_T + CONF_consensus + 1000)))"
	autostart "$victim"
	qdiskd_freeze "$victim"
	await "$RIG_MASTER_S" block_state "$victim" Evicted "${rest%% *}"
	# shellcheck disable=SC2086	# a list of words
	await $((RIG_RING_S + RIG_MASTER_S)) agree $rest
	node_on "$victim"
	qdiskd_thaw "$victim"
	await 5 node_died "$victim" "$since" reboot
	# shellcheck disable=SC2086
	never_lost_quorum $rest "$since"
	await $((RIG_RING_S + 10)) node_on "$victim"
	await $((RIG_RING_S + RIG_MASTER_S + RIG_Z_S)) agree 1 2 3
	rm "$RIG_ST/power-broken"
	steadily 2 agree 1 2 3	# it is a new life: the fencing of the old one is over
	nobody_fenced "$since"
}

follower_frozen_is_evicted_and_reboots_itself() { daemon_frozen "$(a_follower 2)"; }
master_frozen_is_evicted_and_reboots_itself() { daemon_frozen "$(a_master)"; }

daemon_frozen_for_three_intervals_is_forgiven() {
	local since victim
	cluster_whole
	since=$(rig_now)
	victim=$(a_follower 1)
	qdiskd_freeze "$victim"
	nap "$(conf_seconds $((3 * CONF_I)))"
	qdiskd_thaw "$victim"
	await 5 agree 1 2 3
	never_lost_quorum 1 2 3 "$since"
	nobody_fenced "$since"
	[ -z "$(node_deaths "$victim" "$since")" ]
}

daemon_killed_its_node_is_fenced_once_and_comes_back() {
	local since victim rest
	cluster_whole
	victim=$(a_follower 2)
	rest=$(others "$victim")
	since=$(rig_now)
	node_respawn "$victim" "$(conf_seconds $((CONF_T + CONF_consensus + 1000)))"
	autostart "$victim"
	qdiskd_kill "$victim"
	await "$RIG_MASTER_S" node_died "$victim" "$since" power
	# shellcheck disable=SC2086	# a list of words
	never_lost_quorum $rest "$since"
	await $((RIG_RING_S + 10)) node_on "$victim"
	await $((RIG_RING_S + RIG_MASTER_S + RIG_Z_S)) agree 1 2 3
	fenced_once "$victim" "$since"
	# shellcheck disable=SC2086
	never_lost_quorum $rest "$since"
}

daemon_killed_and_restarted_at_once_goes_on() {
	local since victim
	cluster_whole
	victim=$(a_follower 1)
	since=$(rig_now)
	qdiskd_kill "$victim"
	qdiskd_start "$victim"
	await $((RIG_MASTER_S + RIG_Z_S)) agree 1 2 3
	never_lost_quorum 1 2 3 "$since"
	nobody_fenced "$since"
	[ -z "$(node_deaths "$victim" "$since")" ]
}

cluster_start 3
scenario cluster_starts
scenario_long follower_frozen_is_evicted_and_reboots_itself
scenario master_frozen_is_evicted_and_reboots_itself
scenario daemon_frozen_for_three_intervals_is_forgiven
scenario daemon_killed_its_node_is_fenced_once_and_comes_back
scenario daemon_killed_and_restarted_at_once_goes_on
tap_done
