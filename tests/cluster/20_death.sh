#!/bin/bash
# 20_death.sh: nodes that lose their power: a follower, the master, all but one, all.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
cluster_enter "$@"

# Cut these nodes' power one after the other, each when the rest is settled; the rest
# never loses quorum, and each dead node is fenced exactly once.
kill_in_turn() {
	local since rest dead n left
	since=$(rig_now)
	rest=" $(all_nodes) "
	for dead; do
		rest=${rest/ $dead / }
		node_power_cut "$dead"
		# shellcheck disable=SC2086	# a list of words
		await $((RIG_RING_S + RIG_MASTER_S)) agree $rest
		await 10 fenced_once "$dead" "$since"
		read -ra left <<< "$rest"
		diag "corosync waited $(answer_ms "${left[0]}" "$(comma "${left[@]}")" "$since") ms for the answer of n${left[0]}"
	done
	# shellcheck disable=SC2086
	never_lost_quorum $rest "$since"
	# shellcheck disable=SC2086
	steadily 1 agree $rest
	for dead; do fenced_once "$dead" "$since"; done
	for n in $rest; do [ "$(fence_count "$n" "$since")" = 0 ]; done
}

follower_killed_is_fenced_once_and_quorum_stays() {
	local victim master
	master=$(a_master)
	victim=$(a_follower 2)
	kill_in_turn "$victim"
	block_state "$victim" Evicted "$master"
	[ "$(master_of "$master")" = "$master" ]
}

dead_node_comes_back() {
	local since
	since=$(rig_now)
	cluster_whole
	nobody_fenced "$since"
}

master_killed_is_replaced_and_quorum_is_never_lost() {
	local victim
	victim=$(a_master)
	kill_in_turn "$victim"
	block_state "$victim" Evicted "$(others "$victim" | cut -d ' ' -f 1)"
}

last_man_standing_is_quorate() {
	local last
	cluster_whole
	last=$(a_follower 2)
	# shellcheck disable=SC2046	# a list of words
	kill_in_turn $(others "$last")
	node_quorate "$last" "$last"
	total_votes_are "$last" 3
}

last_man_keeps_quorum_while_the_others_return() {
	local since last n
	since=$(rig_now)
	for n in 1 2 3; do node_on "$n" && last=$n; done
	cluster_whole
	never_lost_quorum "$last" "$since"
	nobody_fenced "$since"
}

legacy_05_stale_blocks_of_an_earlier_life_hurt_nobody() {
	local since
	node_power_cut 1 2 3
	block_stale
	node_boot 1 2 3
	since=$(rig_now)
	corosync_start 1 2 3
	await "$RIG_RING_S" node_view_is 1 1,2,3
	qdiskd_start 1
	await $((RIG_MASTER_S + RIG_Z_S)) casts 1 1
	steadily 2 node_view_is 2 1,2,3
	node_view_is 3 1,2,3
	nobody_fenced "$since"
	cluster_whole
	nobody_fenced "$since"
}
node_view_is() { [ "$(node_view "$1" | cut -d ' ' -f 2)" = "$2" ]; }
# The blocks of the dead say "running" or "master": byte 24 of the payload, 32 into the slot.
block_stale() {
	local n
	for n in 1 2 3; do
		case $(od -An -tu1 -j $((n * 4096 + 56)) -N 1 "$RIG_LUN") in
		*5 | *6) ;;
		*) diag "block of n$n is not stale"; return 1 ;;
		esac
	done
}

cluster_start 3
scenario cluster_starts
scenario follower_killed_is_fenced_once_and_quorum_stays
scenario dead_node_comes_back
scenario master_killed_is_replaced_and_quorum_is_never_lost
scenario last_man_standing_is_quorate
scenario last_man_keeps_quorum_while_the_others_return
scenario legacy_05_stale_blocks_of_an_earlier_life_hurt_nobody
tap_done
