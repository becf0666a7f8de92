#!/bin/bash
# shellcheck disable=SC2016,SC2119
# 130_fence_pacemaker.sh: qdiskd and Pacemaker fence together: one node, one fencing.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
# shellcheck source=tests/rig/pacemaker.sh
. "$RIG_DIR/pacemaker.sh"
# shellcheck source=tests/rig/faults.sh
. "$RIG_DIR/faults.sh"

cluster_enter "$@"
for tool in pacemakerd stonith_admin; do
	command -v $tool > /dev/null || rig_skip "$tool is not installed"
done

# boot DEVICE [key=value...]: both nodes, Pacemaker with that fence device.
boot() {
	local n
	for n in 1 2; do
		[ "$1" != fence_qdisk ] || node_exec "$n" install -m 755 "$RIG_BUILD/fence_qdisk" /usr/sbin/fence_qdisk
	done
	{
		if [ "$1" = fence_qdisk ]; then primitive fence stonith:fence_qdisk; else fence_device; fi
		primitive dummy ocf:pacemaker:Dummy monitor=5
		prefers dummy 1
	} | pacemaker_configure
}

both_whole() {
	local n
	cluster_whole
	for n in 1 2; do service_pid pacemakerd "$n" > /dev/null || pacemaker_start "$n"; done
	await 40 pacemaker_online 1 2
	await 40 resource_runs dummy 1
}

# succeeded NODE VICTIM: the fencings of it that Pacemaker on NODE remembers as done.
succeeded() {
	node_exec "$1" timeout 10 stonith_admin --output-as=xml --history "n$2" --verbose |
		grep -c '<fence_event.*status="success"' || :
}

# moved SINCE: n2 has fenced n1 once, and runs its resource.
moved() {
	await $((RIG_RING_S + RIG_MASTER_S + 40)) resource_runs dummy 2
	diag "the resource runs on n2 $(ms_between "$1" "$(rig_now)") ms after the power cut"
	[ "$(fence_count 1 "$1")" = 1 ]
	[ "$(fence_count 2 "$1")" = 0 ]
	diag "$(stonith_history 2 1)"
	[ "$(succeeded 2 1)" -ge 1 ]
}

death_is_fenced_at_once_and_joined_by_pacemaker() {
	local since
	both_whole
	since=$(rig_now)
	node_power_cut 1
	moved "$since"
	log_says 2 "fence n1 dev 0.0 agent fence_rig result: success"
}

# The nodes have no watchdog: nothing would reset whoever cannot read its poison pill.
fencing_over_the_lun_without_a_watchdog_is_refused_with_the_reason() {
	local since master victim said
	both_whole
	master=$(master_of 1) victim=$(others "$(master_of 1)")
	since=$(rig_now)
	! said=$(node_exec "$master" timeout 20 fence_qdisk -m lun -o off -n "n$victim" 2>&1) || return 1
	diag "$said"
	[[ "$said" == "fence_qdisk: n$victim: "*"armed watchdog"* ]]
	[ "$(ms_between "$since" "$(rig_now)")" -lt 3000 ]
	node_on "$victim"
	agree 1 2
}

living_node_is_fenced_on_demand() {
	local since master victim
	both_whole
	master=$(master_of 1) victim=$(others "$(master_of 1)")
	since=$(rig_now)
	node_exec "$master" timeout 40 stonith_admin --reboot "n$victim" --timeout 30
	log_says "$master" "fencing of node $victim was asked for"
	node_off "$victim"
	[ "$(fence_count "$victim" "$since")" = 1 ]
}

# Its fencer stands still, here and for ever: the methods of the configuration do it.
fencer_that_hangs_is_passed_over_with_words() {
	local since
	both_whole
	node_exec 2 sh -c 'kill -STOP $(pidof pacemaker-fenced)'
	since=$(rig_now)
	node_power_cut 1
	await $((RIG_MASTER_S + 10)) fenced_once 1 "$since"
	log_says 2 "Pacemaker does not say within 1500 ms"
	node_exec 2 sh -c 'kill -CONT $(pidof pacemaker-fenced)'
	await 60 resource_runs dummy 2
}

death_without_methods_is_fenced_by_pacemaker() {
	local since
	both_whole
	since=$(rig_now)
	node_power_cut 1
	moved "$since"
	await 10 log_says 2 "agent Pacemaker result: success"
}

# Pacemaker has begun, its power switch takes a while, and meanwhile the victim falls silent.
fencing_that_pacemaker_has_begun_is_joined() {
	local since master victim asked joined ended
	both_whole
	master=$(master_of 1) victim=$(others "$(master_of 1)")
	since=$(rig_now)
	joined=$(log_count "$master" "$JOINED") ended=$(log_count "$master" "fence n$victim success")
	echo 5 > "$RIG_ST/power-slow"
	node_exec "$master" timeout 40 stonith_admin --reboot "n$victim" --timeout 30 &
	asked=$!
	await 5 begun "$master" "$victim"
	node_freeze "$victim"
	await 10 says_again "$master" "$JOINED" "$joined"
	wait "$asked"
	await 10 says_again "$master" "fence n$victim success" "$ended"
	rm "$RIG_ST/power-slow"
	fenced_once "$victim" "$since"
}
JOINED="Pacemaker fences this node already"
says_again() { [ "$(log_count "$1" "$2")" -gt "$3" ]; }
begun() {
	node_exec "$1" timeout 10 stonith_admin --output-as=xml --history "n$2" --verbose |
		grep -q 'status="pending"'
}

# Pacemaker's device is fence_qdisk and no node has a method: each would ask the other. A
# resource manager that has a living node fenced hears at once that it cannot be, and so
# does one that is asked for a dead one. With agents nothing of this is wrong.
two_that_ask_each_other_are_told_at_once() {
	local since master victim asked
	both_whole
	master=$(master_of 1) victim=$(others "$(master_of 1)")
	asked=$(log_count "$master" "$CIRCLE")
	since=$(rig_now)
	node_power_cut "$victim"
	await $((RIG_RING_S + RIG_MASTER_S + 10)) says_again "$master" "$CIRCLE" "$asked"
	await 10 log_says "$master" "fence n$victim agent stonith_admin: exit status"
	diag "told $(ms_between "$since" "$(rig_now)") ms after the power cut"
	diag "$(grep -F "stonith_admin: exit status" "$RIG_ST/n$master/qdiskd.out" | tail -n 1)"
	check_says "$master" "fence-circle"
}
CIRCLE="qdiskd itself has asked Pacemaker to fence it"
check_says() { node_exec "$1" timeout 20 "$RIG_BUILD/qdisk-tool" check 2>&1 | grep -q "^ERROR *$2: "; }

nodes_off() {
	local n
	for n in 1 2; do node_off "$n" || node_power_cut "$n"; done
}

cluster_start 2 transport=udpu token=1000
boot fence_qdisk
scenario fencing_over_the_lun_without_a_watchdog_is_refused_with_the_reason
scenario death_is_fenced_at_once_and_joined_by_pacemaker
scenario_long living_node_is_fenced_on_demand
scenario fencer_that_hangs_is_passed_over_with_words
nodes_off
conf_set fence=none
conf_write
for n in 1 2; do node_boot "$n"; done
if [ -n "${RIG_LONG:-}" ]; then
	boot fence_qdisk
	scenario two_that_ask_each_other_are_told_at_once
	nodes_off
	for n in 1 2; do node_boot "$n"; done
fi
boot fence_rig
scenario death_without_methods_is_fenced_by_pacemaker
scenario fencing_that_pacemaker_has_begun_is_joined
tap_done
