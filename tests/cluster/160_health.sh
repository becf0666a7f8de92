#!/bin/bash
# 160_health.sh: what the resource manager and the quorum disk know of each other: the agent
# ocf:qdisk:health moves services off a node before it is unfit, and the heuristic
# qdisk-owner makes the node that runs the service master before a split.
# shellcheck source=tests/cluster/failover.inc
. "$(dirname "$0")/failover.inc"
# shellcheck source=tests/rig/faults.sh
. "$RIG_DIR/faults.sh"
failover_enter "$@"

HEALTH=/usr/lib/ocf/resource.d/qdisk/health

# Two heuristics: the gateway, which is given ten seconds, and the owner of the group.
health_heuristics() {
	echo "<heuristic program=\"qdisk-ping -w 0.3 $GATEWAY\" score=\"1\" interval=\"0.5\" tko=\"20\"/>"
	echo "<heuristic program=\"qdisk-owner web\" score=\"1\" interval=\"1\" tko=\"1\"/>"
}

health_boot() {
	local n
	failover_boot transport=udpu heuristics="$(health_heuristics)" quorumd='min_score="2" reboot="0"'
	for n in 1 2; do
		node_exec "$n" install -D -m 755 "$RIG_DIR/../../heuristics/ocf-health" $HEALTH
		node_exec "$n" install -m 755 "$RIG_BUILD/qdisk-tool" /usr/sbin/qdisk-tool
	done
	{
		failover_resources
		primitive health ocf:qdisk:health monitor=1 | clone health-all allow-unhealthy-nodes=true
	} | pacemaker_configure node-health-strategy=migrate-on-red
}

# attribute_of NODE NAME: as the cluster has it.
attribute_of() { node_exec 2 attrd_updater -n "$2" -N "$(node_name "$1")" -Q 2> /dev/null | sed -n 's/.* value="\(.*\)"$/\1/p'; }
attribute_is() { [ "$(attribute_of "$1" "$2")" = "$3" ]; }

both_nodes_are_green() {
	cluster_whole
	await 10 attribute_is 1 '#health-qdisk' green
	await 10 attribute_is 2 '#health-qdisk' green
	attribute_is 1 qdisk-score 2
	await 5 attribute_is 2 qdisk-master "$(a_master)"
	[ -n "$(attribute_of 1 qdisk-latency)" ]
}

failing_heuristic_moves_the_service_before_the_node_is_unfit() {
	local since
	since=$(rig_now)
	node_exec 1 ip route add blackhole "$GATEWAY/32"
	await 15 page_from 2
	diag "the page was away for $(page_away_ms "$since") ms; it came from pcmk-2 $(ms_between "$since" "$(rig_now)") ms after the fault"
	attribute_is 1 '#health-qdisk' red
	status_is 1 '.heuristics[0].up' true	# its ten seconds are not over
	nobody_fenced "$since"
	nobody_died "$since"
	node_exec 1 ip route del blackhole "$GATEWAY/32"
	await 10 attribute_is 1 '#health-qdisk' green
	await 15 page_from 1
	nobody_fenced "$since"
	nobody_died "$since"
	mounts_apart "$since"
}

daemon_that_is_gone_makes_its_node_yellow_and_moves_nothing() {
	local since
	since=$(rig_now)
	qdiskd_stop 2
	await 10 attribute_is 2 '#health-qdisk' yellow
	attribute_is 2 qdisk-score ''
	qdiskd_start 2
	await $((RIG_MASTER_S + RIG_Z_S)) agree 1 2
	await 10 attribute_is 2 '#health-qdisk' green
	page_stays_from 1 "$since"
}

owner_of_the_service_becomes_master() {
	local since
	since=$(rig_now)
	qdiskd_stop 1
	await "$RIG_MASTER_S" status_is 2 .master 2
	qdiskd_start 1
	await 20 status_is 2 .master 1
	await 5 agree 1 2
	log_says 2 "Heuristic: 'qdisk-owner web' DOWN"
	never_lost_quorum 1 2 "$since"
	nobody_fenced "$since"
	page_stays_from 1 "$since"
}

owner_of_the_service_wins_the_split() {
	local since
	since=$(rig_now)
	path_cut 1 2
	path_cut 2 1
	await 40 fenced_once 2 "$since"
	steadily 1 page_from 1
	[ "$(fence_count 1 "$since")" = 0 ]
	page_stays_from 1 "$since"
	path_mend 1 2
	cluster_whole
	mounts_apart "$since"
}

# The hung one: stopped, all of it, as a debugger would.
qdisk_owner_does_not_wait_for_a_hung_pacemaker() {
	local began took
	pacemaker_signal 2 STOP
	began=$(rig_now)
	node_exec 2 env PATH="$PATH" /usr/share/qdisk/heuristics/qdisk-owner -w 0.5 web
	took=$(ms_between "$began" "$(rig_now)")
	pacemaker_signal 2 CONT
	diag "it took $took ms"
	[ "$took" -lt 2000 ]
	await 20 pacemaker_online 1 2
}

agent_passes_ocf_tester() {
	node_exec 2 timeout 60 ocf-tester -n tested "$HEALTH" > "$RIG_ST/ocf-tester.out" 2>&1 ||
		{ sed 's/^/# /' "$RIG_ST/ocf-tester.out"; return 1; }
	grep -q "passed all tests" "$RIG_ST/ocf-tester.out"
}

agent_refuses_bad_parameters() {
	[ "$(health_status misses=0 validate-all)" = 6 ]
	[ "$(health_status misses=x validate-all)" = 6 ]
	[ "$(health_status slow=-1 validate-all)" = 6 ]
	[ "$(health_status tool=/nowhere validate-all)" = 5 ]
	[ "$(health_status misses=3 validate-all)" = 0 ]
	[ "$(health_status misses=1 promote)" = 3 ]
}
# health_status PARAMETER=VALUE ACTION: the agent's exit status.
health_status() {
	local rc=0
	node_exec 2 env OCF_ROOT=/usr/lib/ocf "OCF_RESKEY_$1" $HEALTH "$2" > /dev/null 2>&1 || rc=$?
	echo $rc
}

health_boot
client_start
scenario both_nodes_are_green
scenario failing_heuristic_moves_the_service_before_the_node_is_unfit
scenario daemon_that_is_gone_makes_its_node_yellow_and_moves_nothing
scenario owner_of_the_service_becomes_master
scenario_long owner_of_the_service_wins_the_split
scenario qdisk_owner_does_not_wait_for_a_hung_pacemaker
scenario agent_passes_ocf_tester
scenario agent_refuses_bad_parameters
tap_done
