#!/bin/bash
# 120_history.sh: what a node saw before it was lost, read by a survivor from its slot.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
cluster_enter "$@"

# history NODE [OPTION...]: as node 1 sees it.
history() { node_exec 1 timeout 10 "$RIG_BUILD/qdisk-tool" history "$@"; }

# By id and by name, from the daemon's LUN, by path and by label; on the LUN of the dead.
history_of_a_dead_node_tells_its_last_cycles() {
	local how
	steadily 2 agree 1 2
	node_power_cut 2
	await "$RIG_MASTER_S" block_state 2 Evicted
	for how in "2" "n2" "2 -c /dev/qlun" "n2 -c $CONF_label"; do
		# shellcheck disable=SC2086	# a list of words
		history $how > "$RIG_ST/history"
		grep -q '^node 2 (n2): Evicted by node 1' "$RIG_ST/history"
		grep -q '^its reads: median [0-9.]*, p99 [0-9.]*, longest [0-9.]* ms of the last 64; ' "$RIG_ST/history"
		[ "$(grep -c 'read .* ms  write .* vote cast' "$RIG_ST/history")" -ge 5 ]
		refute grep -q 'ENDED ITSELF' "$RIG_ST/history"
	done
	diag "$(tail -n 1 "$RIG_ST/history")"
	await "$RIG_RING_S" nodes_quorate 1
	cluster_whole
}

# It is fenced by itself alone: it has the time to say why.
history_of_a_node_that_ended_itself_says_why() {
	: > "$RIG_ST/power-broken"
	node_respawn 2 "$(conf_seconds $((CONF_T + CONF_consensus + 1000)))"
	autostart 2
	qdiskd_freeze 2
	await "$RIG_MASTER_S" block_state 2 Evicted
	qdiskd_thaw 2
	await 5 node_off 2
	history 2 | grep -q 'ENDED ITSELF: evicted by the master'
	history 2 | grep -q 'STOOD STILL for [0-9]* ticks'
	await $((RIG_RING_S + 10)) node_on 2
	await $((RIG_RING_S + RIG_MASTER_S + RIG_Z_S)) agree 1 2
	rm "$RIG_ST/power-broken"
}

# It is back, beats, and its slot still tells how the life before ended.
history_outlives_the_return_of_the_node() {
	steadily 3 agree 1 2
	history 2 > "$RIG_ST/history"
	grep -q '^the daemon before, until' "$RIG_ST/history"
	grep -q 'ENDED ITSELF: evicted by the master' "$RIG_ST/history"
	grep -q '^node 2 (n2): Running' "$RIG_ST/history"
}

history_of_nobody_is_refused() {
	local rc=0
	history 9 2> "$RIG_ST/history" || rc=$?
	[ $rc = 1 ]	# a slot that nobody has used
	rc=0
	history n7 2> "$RIG_ST/history" || rc=$?
	[ $rc = 2 ]
	grep -q "n7: no node of this name" "$RIG_ST/history"
	rc=0
	history 1 -c /dev/no-such-lun 2> "$RIG_ST/history" || rc=$?
	[ $rc = 4 ]
	grep -q "/dev/no-such-lun: " "$RIG_ST/history"
}

cluster_start 2 transport=udpu votes=1
scenario cluster_starts
scenario history_of_a_dead_node_tells_its_last_cycles
scenario history_of_a_node_that_ended_itself_says_why
scenario history_outlives_the_return_of_the_node
scenario history_of_nobody_is_refused
tap_done
