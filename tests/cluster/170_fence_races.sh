#!/bin/bash
# 170_fence_races.sh: the two classic troubles of two nodes that can fence each other over a
# network of its own. The race: both live, do not hear each other, and shoot. The loop: the
# loser reboots, still hears nobody, and shoots the winner. Without a quorum disk
# (two_node: 1) they are shown to be there; with one they are not.
# The troubles themselves are shown where there is time, see RIG_LONG.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
# shellcheck source=tests/rig/pacemaker.sh
. "$RIG_DIR/pacemaker.sh"
pacemaker_needed stonith_admin
cluster_enter "$@"

# What a scenario proves of the samples is replaced where both sides are quorate.
expect_two_sides() { samples_proven() { refute s1_holds 1,2 "${1:-0}"; }; }
expect_one_side() {
	# shellcheck source=tests/rig/sample.sh
	. "$RIG_DIR/sample.sh"
}

# races_configure: Pacemaker and a service; all of it starts again when a node reboots. The
# power switch takes three seconds, as a BMC does: an order to shoot is carried out though
# who gave it has been shot meanwhile.
races_configure() {
	# shellcheck disable=SC2119	# no parameters beyond the usual
	{
		fence_device
		primitive service ocf:heartbeat:Dummy monitor=2
	} | pacemaker_configure
	echo 3 > "$RIG_ST/power-slow"
}

# races_start [qdiskd]: everything runs on both nodes.
races_start() {
	local n
	for n in 1 2; do echo "${1:-} pacemakerd" > "$RIG_ST/n$n/services"; done
	corosync_start 1 2
	if [ -n "${1:-}" ]; then
		qdiskd_start 1 2
		await $((RIG_RING_S + RIG_MASTER_S + RIG_Z_S)) agree 1 2
	fi
	pacemaker_start 1 2
	await 40 pacemaker_online 1 2
	await 20 service_somewhere
}
service_somewhere() { [ -n "$(resource_nodes service)" ]; }

fenced() { [ "$(fence_count "$1" "$2")" -ge 1 ]; }

race_without_a_quorum_disk_kills_both() {
	local since
	races_start
	since=$(rig_now)
	rig_split 1 2
	await 30 fenced 1 "$since"
	await 10 fenced 2 "$since"
	await 5 node_off 1
	await 5 node_off 2
}

race_with_a_quorum_disk_has_one_loser() {
	local since winner loser
	races_start qdiskd
	winner=$(a_master)
	loser=$(others "$winner")
	since=$(rig_now)
	rig_split 1 2
	await 30 fenced "$loser" "$since"
	await 20 resource_runs service "$winner"
	steadily 5 node_on "$winner"
	fenced_once "$loser" "$since"
	[ "$(fence_count "$winner" "$since")" = 0 ]
}

# loser_reboots LOSER: it is cut off and loses its power; the winner fences it. It boots, its
# cable is still out, and everything starts in it.
loser_reboots() {
	local since
	since=$(rig_now)
	autostart "$1"
	cable_down "$1"
	node_power_cut "$1"
	await 30 fenced_once "$1" "$since"
	node_boot "$1"
	await 30 service_runs_in pacemakerd "$1"
}
service_runs_in() { service_pid "$1" "$2" > /dev/null; }

loser_that_reboots_does_not_shoot_the_winner_beside_a_quorum_disk() {
	local since winner loser
	for winner in 1 2; do node_off "$winner" || break; done
	loser=$(others "$winner")
	since=$(rig_now)
	loser_reboots_again "$loser"
	# Longer than its Pacemaker takes to be alone, elected and sure of it.
	steadily 12 node_on "$winner"
	[ "$(fence_count "$winner" "$since")" = 0 ]
	node_blocked "$loser" "$loser"
	resource_runs service "$winner"
	never_lost_quorum "$winner" "$since"
}
# It has been fenced by the race before.
loser_reboots_again() {
	rm -f "$RIG_ST/n$1/respawn"
	autostart "$1"
	node_boot "$1"
	await 30 service_runs_in pacemakerd "$1"
}

# Corosync's wait_for_all, which two_node implies, prevents it, at a price: whoever reboots
# while the other is dead waits for ever. So it is often switched off.
loser_that_reboots_shoots_the_winner_without_a_quorum_disk() {
	local since
	races_start
	since=$(rig_now)
	loser_reboots 1
	await 40 fenced 2 "$since"
}

without="name=pcmk- model=none expected=2 fence=none"
expect_two_sides
if [ -n "${RIG_LONG:-}" ]; then
	# shellcheck disable=SC2086	# a list of words
	rig_start 2 $without quorum_extra="two_node: 1"
	races_configure
	scenario race_without_a_quorum_disk_kills_both
	rig_stop
	# shellcheck disable=SC2086
	rig_start 2 $without quorum_extra='two_node: 1\n\twait_for_all: 0'
	races_configure
	scenario loser_that_reboots_shoots_the_winner_without_a_quorum_disk
	rig_stop
fi
expect_one_side
cluster_start 2 name=pcmk- votes=1 fence=none
races_configure
SCENARIO_JUDGED=$(rig_now)
scenario race_with_a_quorum_disk_has_one_loser
scenario loser_that_reboots_does_not_shoot_the_winner_beside_a_quorum_disk
tap_done
