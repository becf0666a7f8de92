#!/bin/bash
# 10_start_stop.sh: from nothing to quorate, clean stops, hand-over, restart, signals.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
cluster_enter "$@"

first_node_alone_is_quorate_by_the_device() {
	corosync_start 1
	await 10 node_blocked 1 1
	qdiskd_start 1
	await $((RIG_MASTER_S + RIG_Z_S)) agree 1
}

nodes_that_join_become_quorate_with_the_device_votes() {
	local since
	since=$(rig_now)
	corosync_start 2 3
	qdiskd_start 2 3
	await $((RIG_RING_S + RIG_MASTER_S)) agree 1 2 3
	[ "$(quorumtool_value 1 "Expected votes")" = 5 ]
	[ "$(quorumtool_value 2 Quorum)" = 3 ]
	has_device 3
	never_lost_quorum 1 "$since"
	nobody_fenced "$since"
}

lun_shows_one_master_and_two_running() {
	block_state "$(a_master)" Master
	block_state "$(a_follower 1)" Running
	block_state "$(a_follower 2)" Running
}

cman_tool_shows_the_quorum_device() {
	node_exec 2 "$RIG_BUILD/cman_tool" status > "$RIG_ST/cman"
	grep -qx 'Quorum device votes: 2' "$RIG_ST/cman"
	grep -qx 'Total votes: 5' "$RIG_ST/cman"
	grep -q '^Quorum: 3  *$' "$RIG_ST/cman"
	grep -qx 'Node name: n2' "$RIG_ST/cman"
	node_exec 2 "$RIG_BUILD/cman_tool" nodes > "$RIG_ST/cman"
	[ "$(awk '/^Node/ { next } $2 == "M" { printf "%s ", $1 }' "$RIG_ST/cman")" = "0 1 2 3 " ]
}

master_stopped_cleanly_hands_over() {
	local since old heir
	since=$(rig_now)
	old=$(a_master)
	heir=$(a_follower 1)
	qdiskd_stop "$old"
	await "$RIG_MASTER_S" casts "$heir" "$heir"
	diag "new master $(ms_between "$since" "$(rig_now)") ms after the signal"
	log_says "$heir" "handed over by node $old"
	block_state "$old" None "$heir"
	refute has_device "$old"
	total_votes_are "$old" 3
	steadily 2 total_votes_are "$heir" 5
	never_lost_quorum 1 2 3 "$since"
	nobody_fenced "$since"
}

stopped_daemon_restarts_and_votes_again() {
	local since
	since=$(rig_now)
	cluster_whole
	never_lost_quorum 1 2 3 "$since"
	nobody_fenced "$since"
}

# One start and one stop of n3's daemon, SECONDS apart.
stop_after() {
	qdiskd_start 3
	nap "$1"
	service_signal qdiskd 3 TERM
	await 10 service_ended qdiskd 3
	case $(service_status qdiskd 3) in
	0) ;;
	143) refute grep -q Initializing "$RIG_ST/n3/qdiskd.out" ;;	# before it was itself
	*) diag "status $(service_status qdiskd 3) after $1 s"; return 1 ;;
	esac
	await 2 block_state 3 None
}

legacy_28_stop_at_any_instant_is_clean() {
	local since after
	cluster_whole
	since=$(rig_now)
	qdiskd_stop 3
	for after in 0.001 0.005 0.01 0.02 0.03 0.05 0.08 0.12 0.2 0.4 0.8 1.2 1.7; do
		: > "$RIG_ST/n3/qdiskd.out"
		stop_after $after
	done
	never_lost_quorum 1 2 "$since"
	nobody_fenced "$since"
	node_on 3
}

# n3's daemon in the background, as a service script starts it.
daemonized_pid() { node_exec 3 cat /run/qdiskd.pid 2> /dev/null; }
daemonized_gone() { [ -z "$(daemonized_pid)" ] && refute node_exec 3 kill -0 "$1" 2> /dev/null; }
# set_status_file "ATTRIBUTE": change the attribute in every cluster.conf, tell n3's daemon.
set_status_file() {
	conf_set "quorumd=$1"
	conf_write
	node_exec 3 kill -HUP "$2"
}
# Removed, and not written again by the next cycles.
status_file_gone() {
	node_exec 3 rm -f /run/qdiskd.status
	nap 0.5
	refute node_exec 3 test -e /run/qdiskd.status
}

legacy_14_signals_work_daemonized() {
	local pid signal
	for signal in TERM INT; do
		node_exec 3 timeout 20 "$RIG_BUILD/qdiskd" -c /etc/cluster/cluster.conf
		await 5 daemonized_pid > /dev/null
		pid=$(daemonized_pid)
		await $((RIG_MASTER_S + RIG_Z_S)) agree 1 2 3
		set_status_file 'status_file="/run/qdiskd.status"' "$pid"
		await 5 node_exec 3 grep -qs "^Node ID: 3" /run/qdiskd.status
		set_status_file '' "$pid"
		await 5 status_file_gone
		node_exec 3 kill -USR1 "$pid"
		node_exec 3 kill -USR1 "$pid"
		await 5 casts 3 "$(a_master)"
		node_exec 3 kill -$signal "$pid"
		await 5 daemonized_gone "$pid"
		await 2 block_state 3 None
	done
}

# From shortly after exec, when main() has begun, until long after the first beat.
signals_during_the_start_do_not_end_it() {
	cluster_whole
	qdiskd_stop 3
	# shellcheck disable=SC2016	# for the shell in the node
	node_exec 3 bash -c '"$1" -f -c /etc/cluster/cluster.conf > /dev/null 2>&1 & p=$!
		until [ "$(readlink /proc/$p/exe)" = "$1" ]; do :; done
		sleep 0.02
		for ((i = 0; i < 200; i++)); do
			kill -HUP $p && kill -USR1 $p && kill -USR2 $p || break
			sleep 0.005
		done
		kill -TERM $p
		wait $p' sh "$RIG_BUILD/qdiskd"
}

second_instance_says_so_and_ends_with_0() {
	cluster_whole
	[ "$(node_exec 2 timeout 10 "$RIG_BUILD/qdiskd" -f -c /etc/cluster/cluster.conf 2> /dev/null)" = "QDisk services already running" ]
	casts 2 "$(a_master)"
}

cluster_start 3
scenario first_node_alone_is_quorate_by_the_device
scenario nodes_that_join_become_quorate_with_the_device_votes
scenario lun_shows_one_master_and_two_running
scenario cman_tool_shows_the_quorum_device
scenario master_stopped_cleanly_hands_over
scenario stopped_daemon_restarts_and_votes_again
scenario legacy_28_stop_at_any_instant_is_clean
scenario legacy_14_signals_work_daemonized
scenario signals_during_the_start_do_not_end_it
scenario second_instance_says_so_and_ends_with_0
tap_done
