#!/bin/bash
# 60_corosync.sh: corosync dies under its qdiskd, and floods it with events.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
cluster_enter "$@"

# n3's CPU ticks so far, all threads of qdiskd.
# shellcheck disable=SC2016	# for the shell in the node
cpu_ticks() { node_exec 3 sh -c 'cat /proc/$(cat /run/rig-qdiskd.pid)/stat' | sed 's/.*) //' | awk '{ print $12 + $13 }'; }

legacy_26_corosync_killed_the_daemon_stays_as_none() {
	local since
	since=$(rig_now)
	[ "$(a_master)" != 3 ]
	corosync_kill 3
	await 5 status_is 3 '"\(.state) \(.corosync.connected)"' "none false"
	await 5 block_state 3 None
	await $((RIG_RING_S + RIG_MASTER_S)) agree 1 2
	qdiskd_running 3
	never_lost_quorum 1 2 "$since"
	nobody_fenced "$since"
}

legacy_02_corosync_death_does_not_spin() {
	local before after hz
	hz=$(getconf CLK_TCK)
	before=$(cpu_ticks)
	steadily 3 qdiskd_running 3
	after=$(cpu_ticks)
	diag "CPU $(((after - before) * 100 / (3 * hz))) % of a core in 3 s"
	[ $(((after - before) * 100)) -lt $((2 * 3 * hz)) ]
}

corosync_back_the_same_daemon_votes_again() {
	local since pid
	since=$(rig_now)
	pid=$(service_pid qdiskd 3)
	corosync_start 3
	await $((RIG_RING_S + RIG_MASTER_S + RIG_Z_S)) agree 1 2 3
	[ "$(service_pid qdiskd 3)" = "$pid" ]
	never_lost_quorum 1 2 "$since"
	nobody_fenced "$since"
}

corosync_killed_under_the_master_it_is_replaced() {
	local since old rest
	since=$(rig_now)
	old=$(a_master)
	rest=$(others "$old")
	corosync_kill "$old"
	# shellcheck disable=SC2086	# a list of words
	await $((RIG_RING_S + RIG_MASTER_S + RIG_Z_S)) agree $rest
	# shellcheck disable=SC2086
	never_lost_quorum $rest "$since"
	corosync_start "$old"
	await $((RIG_RING_S + RIG_MASTER_S + RIG_Z_S)) agree 1 2 3
	nobody_fenced "$since"
}

# Nobody can take its vote back, and corosync would go on to count it: it ends with the daemon.
daemon_stopped_beside_a_corosync_that_stands_still_ends_it() {
	local since victim rest
	since=$(rig_now)
	victim=$(a_follower 2)
	rest=$(others "$victim")
	service_signal corosync "$victim" STOP
	nap "$(conf_seconds $((3 * CONF_I)))"
	qdiskd_stop "$victim"
	log_says "$victim" "corosync does not answer and may still count the quorum device, ending it"
	await 2 service_ended corosync "$victim"
	# shellcheck disable=SC2086	# a list of words
	await $((RIG_RING_S + RIG_MASTER_S)) agree $rest
	# shellcheck disable=SC2086
	never_lost_quorum $rest "$since"
	nobody_fenced "$since"
}

# A thousand signals to every daemon and a hundred vote changes in corosync within about a second.
legacy_01_event_storm_evicts_nobody() {
	local since n i
	cluster_whole
	since=$(rig_now)
	# shellcheck disable=SC2016	# for the shell in the node
	for n in 1 2 3; do
		node_exec "$n" bash -c 'for ((i = 0; i < 1000; i++)); do kill -USR1 $(< /run/rig-qdiskd.pid); done' &
	done
	for ((i = 0; i < 50; i++)); do
		node_exec 1 corosync-quorumtool -e 6 > /dev/null
		node_exec 1 corosync-quorumtool -e 5 > /dev/null
	done
	wait
	diag "storm lasted $(ms_between "$since" "$(rig_now)") ms"
	steadily 2 agree 1 2 3
	never_lost_quorum 1 2 3 "$since"
	nobody_fenced "$since"
}

# Rubbish in the slot of a node that does not exist, and of one that does.
legacy_03_corrupt_slot_concerns_its_own_node_only() {
	local since
	cluster_whole
	since=$(rig_now)
	node_exec 1 dd if=/dev/urandom of=/dev/qlun bs=4096 seek=9 count=1 oflag=direct status=none
	steadily 2 agree 1 2 3
	node_exec 1 dd if=/dev/urandom of=/dev/qlun bs=4096 seek=2 count=1 oflag=direct status=none
	steadily 2 agree 1 2 3
	never_lost_quorum 1 2 3 "$since"
	nobody_fenced "$since"
}

cluster_start 3
scenario cluster_starts
scenario legacy_26_corosync_killed_the_daemon_stays_as_none
scenario legacy_02_corosync_death_does_not_spin
scenario corosync_back_the_same_daemon_votes_again
scenario corosync_killed_under_the_master_it_is_replaced
scenario daemon_stopped_beside_a_corosync_that_stands_still_ends_it
scenario legacy_01_event_storm_evicts_nobody
scenario legacy_03_corrupt_slot_concerns_its_own_node_only
tap_done
