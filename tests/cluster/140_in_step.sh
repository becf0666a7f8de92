#!/bin/bash
# 140_in_step.sh: timings and the LUN itself change while the cluster runs: every node
# waits until all want the same, stops and starts anew, and nobody loses quorum.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
cluster_enter "$@"

# What a daemon is: its pid, its name, its privileges, how it is scheduled.
selves() {
	local n pid
	for n in $(all_nodes); do
		pid=$(service_pid qdiskd "$n")
		node_exec "$n" grep -E '^(Name|Pid|Cap...|SigBlk|NoNewPrivs|Threads):' "/proc/$pid/status"
		# shellcheck disable=SC2016	# awk's
		node_exec "$n" awk '{ print "priority", $40, "policy", $41 }' "/proc/$pid/stat"
		node_exec "$n" cat "/proc/$pid/oom_score_adj"
	done
}
cost_nobody() {
	# shellcheck disable=SC2046	# a list of words
	never_lost_quorum $(all_nodes) "$1" && nobody_fenced "$1" && nobody_died "$1"
}

timings_change_when_all_are_told() {
	local since before
	since=$(rig_now)
	before=$(selves)
	conf_set tko=10
	told 1 2
	await 3 log_says 1 "waits for node 3 to be told of it"
	await 3 log_says 2 "waits for node 3 to be told of it"
	status_is 1 '"\(.timings.tko)"' 8
	# shellcheck disable=SC2046	# lists of words
	agree $(all_nodes)
	told 3
	for n in $(all_nodes); do await 10 status_is "$n" .timings.tko 10; done
	# shellcheck disable=SC2046
	await $RIG_MASTER_S agree $(all_nodes)
	[ "$(selves)" = "$before" ] || { diff <(echo "$before") <(selves) | sed 's/^/# /'; return 1; }
	cost_nobody "$since"
}

# The second LUN, labelled anew on all its paths.
second_lun_is() { mkqdisk_in 1 -y -c /dev/qdata -l "$1" > "$RIG_ST/mkqdisk.out" 2>&1; }

lun_is_moved_when_all_are_told() {
	local since
	since=$(rig_now)
	second_lun_is rig2
	conf_set tko=10 label=rig2
	told 1 3
	await 10 log_says 3 "(label or device) waits for node 2 to be told of it"
	agree 1 2 3
	told 2
	for n in 1 2 3; do await 10 status_is $n .label rig2; done
	await $RIG_MASTER_S agree 1 2 3
	cost_nobody "$since"
}

# It has the old file, and slots in which nobody beats any more.
late_node_is_refused_on_the_lun_that_was_left() {
	local rc=0
	conf_set tko=10 label=rig2
	conf_derive
	qdiskd_stop 2
	CONF_label=rig conf_cluster > "$RIG_ST/n2/cluster.conf"
	node_exec 2 timeout 10 "$RIG_BUILD/qdiskd" -f -c /etc/cluster/cluster.conf > "$RIG_ST/refusal" 2>&1 || rc=$?
	sed 's/^/# /' "$RIG_ST/refusal"
	[ $rc = 3 ]
	grep -q "node 1 (n1) has moved from this quorum disk to the one labelled 'rig2', at 2" "$RIG_ST/refusal"
	refute qdiskd_running 2
	conf_cluster > "$RIG_ST/n2/cluster.conf"
	qdiskd_start 2
	await $RIG_MASTER_S agree 1 2 3
}

# Two of three nodes have two of five votes: without the device they would be none.
refused_where_node_votes_are_no_quorum() {
	local since
	since=$(rig_now)
	conf_set tko=9 label=rig3
	node_power_cut 3
	await $((RIG_RING_S + RIG_MASTER_S)) agree 1 2
	told 1
	await 3 log_says 1 "the votes of the nodes that are here are no quorum without it"
	status_is 1 .restart null
	never_lost_quorum 1 2 "$since"
	conf_set tko=10
	conf_derive
	conf_cluster > "$RIG_ST/n1/cluster.conf"
	cluster_whole
}

# A reload takes it back on one node, and the others do not go without it.
taken_back_by_a_reload() {
	local since
	since=$(rig_now)
	conf_set tko=9 label=rig2
	told 1 2
	await 3 status_is 1 '.restart.awaits | join(" ")' 3
	conf_set tko=10
	told 1
	await 3 log_says 1 "no longer waits: it was taken back"
	await 3 status_is 2 '.restart.awaits | join(" ")' "1 3"
	status_is 1 .restart null
	told 2
	await 3 status_is 2 .restart null
	agree 1 2 3
	cost_nobody "$since"
}

# The child that looked at the new LUN has been reaped.
has_no_zombie() {
	local pid zombies
	pid=$(service_pid qdiskd "$1")
	zombies=$(node_exec "$1" sh -c "awk '/^Name/ { name = \$2 } /^State/ { z = \$2 == \"Z\" }
		/^PPid/ && z && name == \"qdiskd\" && \$2 == $pid { print name }' /proc/[0-9]*/status 2> /dev/null") || :
	[ -z "$zombies" ] || { diag "zombies: $zombies"; return 1; }
}

# It stops while it waits: that is no move, and it may start again with the old file.
stop_while_it_waits_is_none_for_the_new_configuration() {
	local since
	since=$(rig_now)
	mkqdisk_in 1 -y -c /dev/qlun -l rig3 > "$RIG_ST/mkqdisk.out" 2>&1
	conf_set tko=10 label=rig3
	told 2
	await 10 log_says 2 "(label or device) waits for nodes 1 3 to be told of it"
	await 2 has_no_zombie 2
	qdiskd_stop 2
	conf_set label=rig2
	conf_derive
	conf_cluster > "$RIG_ST/n2/cluster.conf"
	qdiskd_start 2
	await $RIG_MASTER_S agree 1 2 3
	cost_nobody "$since"
}

# It was down when the others were told, and has the new file: it would be alone there.
node_with_the_new_file_is_refused_before_the_move() {
	local since rc=0
	since=$(rig_now)
	qdiskd_stop 3
	conf_set tko=10 label=rig3
	conf_derive
	conf_cluster > "$RIG_ST/n3/cluster.conf"
	told 1
	await 10 log_says 1 "(label or device) waits for node 2 to be told of it"
	node_exec 3 timeout 10 "$RIG_BUILD/qdiskd" -f -c /etc/cluster/cluster.conf > "$RIG_ST/refusal" 2>&1 || rc=$?
	sed 's/^/# /' "$RIG_ST/refusal"
	[ $rc = 3 ]
	grep -q "nodes that run on another quorum disk are to move to this one, and have not yet" "$RIG_ST/refusal"
	told 2
	for n in 1 2; do await 10 status_is $n .label rig3; done
	qdiskd_start 3
	await $RIG_MASTER_S agree 1 2 3
	cost_nobody "$since"
}

# It comes back with the new file, and is refused while the others beat with the old one;
# its corosync's vote is what they wait for, and then they are gone for a moment.
node_that_dies_meanwhile_is_missed_for_its_vote_alone() {
	local since
	since=$(rig_now)
	conf_set tko=9 label=rig3
	told 1 2
	await 3 status_is 1 '.restart.awaits | join(" ")' 3
	conf_cluster > "$RIG_ST/n3/cluster.conf"
	node_power_cut 3
	await $((RIG_RING_S + RIG_MASTER_S)) log_says 1 "waits until the nodes' own votes are a quorum"
	await $((RIG_RING_S + RIG_MASTER_S)) agree 1 2
	status_is 1 .timings.tko 10
	node_boot 3
	corosync_start 3
	for n in 1 2; do await $((RIG_RING_S + RIG_Z_S)) status_is $n .timings.tko 9; done
	qdiskd_start 3
	await $RIG_MASTER_S agree 1 2 3
	never_lost_quorum 1 2 "$since"
}

cluster_start 3 token=3000 interval=100 y=2500 data=4194304
cluster_whole || { echo "Bail out! no cluster"; exit 99; }
scenario timings_change_when_all_are_told
scenario lun_is_moved_when_all_are_told
scenario late_node_is_refused_on_the_lun_that_was_left
scenario taken_back_by_a_reload
scenario stop_while_it_waits_is_none_for_the_new_configuration
scenario node_with_the_new_file_is_refused_before_the_move
scenario_long refused_where_node_votes_are_no_quorum
scenario_long node_that_dies_meanwhile_is_missed_for_its_vote_alone
tap_done
