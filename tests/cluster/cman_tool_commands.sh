#!/bin/bash
# cman_tool_commands.sh: the operations of cman_tool on running nodes with a quorum disk.
# shellcheck source=tests/cluster/cman_tool.inc
. "$(dirname "$0")/cman_tool.inc"
libcman_enter "$@"

not_running="cman_tool: Cannot open connection to cman, is it running ?"

nothing_works_without_corosync() {
	local words
	for words in version wait "wait -q -t 5" leave "kill -n n1" "votes -v 1" "expected -e 2" debug; do
		# shellcheck disable=SC2086	# a list of words
		tool 1 $words
		said 1 "" "$not_running"
	done
}
services_is_gone_by_name() {
	tool 1 services
	said 1 "" "cman_tool: services is gone: groups are shown by corosync-cpgtool, services by systemctl"
}

wait_for_quorum_gives_up_in_time() {
	local since
	corosync_start 1
	tool 1 wait -t 1	# a node that is up is enough
	said 0 "" ""
	since=$(rig_now)
	tool 1 -t 2 -q wait
	said 2 "" "Timed-out waiting for cluster"
	[ "$(ms_between "$since" "$(rig_now)")" -ge 2000 ]
	tool 1 wait -q -t 0
	said 2 "" "Timed-out waiting for cluster"
}
wait_for_quorum_ends_with_quorum() {
	tool 1 wait -q -t 30 &
	corosync_start 2
	qdiskd_start 1 2
	wait $!
	tool 1 -q wait
	said 0 "" ""
	cluster_whole
}
wait_ends_when_corosync_dies() {
	tool 1 wait -q -t 30 &
	nap 0.5
	service_signal corosync 1 KILL
	wait $!
	[ "$(cat "$RIG_ST/tool.err")" = "cman_tool: cman_get_node_count failed: Host is down" ]
	await 5 service_ended corosync 1
	corosync_start 1
}

version_shows_protocol_and_configuration() {
	tool 1 version
	said 0 "6.2.0 config 7" ""
}
version_reload_reaches_corosync_everywhere_and_qdiskd_here() {
	local n before
	before=$(log_count 1 "configuration loaded again")
	for n in 1 2; do sed -i 's/config_version: 7/config_version: 8/' "$RIG_ST/n$n/corosync.conf"; done
	tool 1 version -r -S
	said 0 "" ""
	for n in 1 2; do await 5 tool_shows $n "6.2.0 config 8" version; done
	await 5 log_grown 1 "configuration loaded again" "$before"
	agree 1 2
}

votes_are_set_by_name_and_here() {
	tool 1 votes -v 2 -n n2
	said 0 "" ""
	await 5 tool_shows 1 "1 1 
2 2 " nodes -F id,votes -n n1 -n n2
	tool 2 votes -v 1
	said 0 "" ""
	await 5 tool_shows 1 "2 1 " nodes -F id,votes -n n2
}
votes_that_make_no_sense_are_refused() {
	tool 1 votes
	said 1 "" "cman_tool: can't set votes: Invalid argument"
	tool 1 votes -v 2 -n nobody
	said 1 "" "cman_tool: can't set votes: Node is not yet a cluster member"
}
expected_votes_are_set_and_refused() {
	tool 1 expected
	said 1 "" "cman_tool: can't set expected votes: Invalid argument"
	tool 1 expected -e 1	# fewer than there are
	said 1 "" "cman_tool: can't set expected votes: Invalid argument"
	tool 1 expected -e 5
	said 0 "" ""
	await 5 tool_shows 2 "5 " nodes -F exp -n n2
	tool 1 expected -e 4
	await 5 tool_shows 2 "4 " nodes -F exp -n n2
}
debug_switches_corosyncs_log() {
	tool 1 debug -d
	said 0 "" ""
	cmap_is 1 logging.debug on
	tool 1 debug -d0
	cmap_is 1 logging.debug off
	tool 1 debug -d8
	cmap_is 1 logging.debug on
	tool 1 debug
	cmap_is 1 logging.debug off
}

kill_says_what_it_cannot_and_succeeds() {
	tool 1 kill -n nobody
	said 0 "" "cman_tool: Can't kill node nobody : Node is not yet a cluster member"
}
kill_ends_the_victims_corosync() {
	cluster_whole
	tool 1 kill -n nobody -n n2
	said 0 "" "cman_tool: Can't kill node nobody : Node is not yet a cluster member"
	await 10 service_ended corosync 2
	grep -q "Killed by node 1 : we were killed by cman_tool or other application" "$RIG_ST/n2/corosync.log"
	tool 1 kill -n n2
	await $((RIG_RING_S)) tool_shows 1 "X " nodes -F type -n n2
	tool 1 kill -n n2
	said 0 "" "cman_tool: kill node failed: Invalid argument"
	cluster_whole
}

# A program that objects keeps the node in, with its quorum disk.
leave_is_refused_while_somebody_objects() {
	client objector 2
	works objector "0 init"
	works objector "0 notify x"
	works objector "0 answer 0"
	tool 2 leave -w &
	await_event objector 0 "event 0 TRY_SHUTDOWN 0"
	wait $!
	[ "$(cat "$RIG_ST/tool.err")" = "cman_tool: Error leaving cluster: Device or resource busy" ]
	await $((RIG_RING_S + RIG_MASTER_S)) agree 1 2
	tool 2 leave force -w	# it cannot hold back this one
	said 0 "" ""
	service_ended corosync 2
	refute node_exec 2 pgrep -x qdiskd
	await 10 block_state 2 None
	await $((RIG_RING_S + RIG_MASTER_S)) agree 1
}
leave_takes_the_quorum_disk_along() {
	local since
	cluster_whole
	since=$(rig_now)
	tool 2 -t 60 -w leave
	said 0 "" ""
	service_ended corosync 2
	service_ended qdiskd 2
	[ "$(service_status qdiskd 2)" = 0 ]
	[ "$(service_status corosync 2)" = 0 ]
	block_state 2 None
	await $((RIG_RING_S + RIG_MASTER_S)) agree 1
	never_lost_quorum 1 "$since"
	nobody_fenced "$since"
	tool 2 status
	said 1 "" "$not_running"
}
leave_remove_says_what_corosync_cannot() {
	cluster_whole
	tool 2 leave remove -w
	said 0 "" "cman_tool: remove: corosync cannot lower the expected votes of the nodes that stay; \
take this node out of their configuration"
	service_ended corosync 2
	cluster_whole
}

cluster_start 2 votes=2
for n in 1 2; do sed -i 's/config_version: .*/config_version: 7/' "$RIG_ST/n$n/corosync.conf"; done
for name in nothing_works_without_corosync services_is_gone_by_name wait_for_quorum_gives_up_in_time \
	wait_ends_when_corosync_dies wait_for_quorum_ends_with_quorum version_shows_protocol_and_configuration \
	version_reload_reaches_corosync_everywhere_and_qdiskd_here votes_are_set_by_name_and_here \
	votes_that_make_no_sense_are_refused expected_votes_are_set_and_refused debug_switches_corosyncs_log \
	kill_says_what_it_cannot_and_succeeds leave_is_refused_while_somebody_objects \
	leave_takes_the_quorum_disk_along; do
	scenario $name
done
scenario_long leave_remove_says_what_corosync_cannot
scenario_long kill_ends_the_victims_corosync
libcman_done
