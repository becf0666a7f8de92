#!/bin/bash
# 00_rig.sh: the rig itself, with bare corosync: if this fails, look no further.
# shellcheck source=tests/rig/rig.sh
. "$(dirname "$0")/../rig/rig.sh"
rig_enter "$@"
set -u

# agent NODE ACTION [PORT]: run the fence agent inside a node as a fence daemon does.
agent() { printf 'action=%s\nport=%s\nsock=%s\n' "$2" "${3:-}" "$RIG_ST/power.sock" | node_exec "$1" fence_rig > "$RIG_ST/agent.out" 2>&1; }
agent_says() {
	local want=$1 rc=0
	shift
	agent "$@" || rc=$?
	[ $rc = "$want" ] || { diag "$*: status $rc, wanted $want"; return 1; }
}

rig_starts_three_nodes_that_form_a_ring() {
	corosync_start 1 2 3
	await 15 nodes_quorate 1,2,3
}

node_sees_no_block_device_but_the_lun() {
	[ "$(node_exec 1 find /dev -type b | sort | tr '\n' ' ')" = "/dev/${RIG_LOOP#/dev/} /dev/qlun " ]
	node_exec 1 dd if=/dev/urandom of=/dev/qlun bs=4096 seek=7 count=1 oflag=direct status=none
	[ "$(node_exec 1 dd if=/dev/qlun bs=4096 skip=7 count=1 iflag=direct status=none | cksum)" = \
		"$(node_exec 2 dd if="$RIG_LOOP" bs=4096 skip=7 count=1 iflag=direct status=none | cksum)" ]
}

split_has_one_quorate_side_and_heals() {
	rig_split "1 2" "3"
	await "$RIG_RING_S" nodes_quorate 1,2
	await "$RIG_RING_S" node_blocked 3 3
	node_exec 1 ping -q -c 1 -W 2 $RIG_NET.2 > /dev/null
	refute node_exec 1 ping -q -c 1 -W 1 $RIG_NET.3 > /dev/null
	rig_heal
	await "$RIG_RING_S" nodes_quorate 1,2,3
}

cable_pulled_cuts_one_node_off() {
	cable_down 1
	await "$RIG_RING_S" nodes_quorate 2,3
	await "$RIG_RING_S" node_blocked 1 1
	cable_up 1
	await "$RIG_RING_S" nodes_quorate 1,2,3
}

sampler_survives_the_death_of_corosync() {
	corosync_kill 3
	await 5 node_silent 3
	corosync_start 3
	await "$RIG_RING_S" nodes_quorate 1,2,3
}

power_cut_node_dies_and_stays_off() {
	local since
	since=$(rig_now)
	node_power_cut 3
	[ "$(node_deaths 3 "$since")" = power ]
	await "$RIG_RING_S" nodes_quorate 1,2
	node_off 3
	node_silent 3
	node_boot 3
	corosync_start 3
	await "$RIG_RING_S" nodes_quorate 1,2,3
}

reboot_syscall_restarts_its_node_only() {
	local since machine before
	since=$(rig_now)
	machine=$(cat /proc/sys/kernel/random/boot_id)
	before=$(cat "$RIG_ST/n1/pid" "$RIG_ST/n2/pid")
	node_respawn 3 0.5
	node_exec 3 "$RIG_BIN/nodereboot" check
	node_exec 3 "$RIG_BIN/nodereboot" restart || :
	await 10 node_died 3 "$since" reboot
	await 10 node_on 3
	[ "$(cat "$RIG_ST/n1/pid" "$RIG_ST/n2/pid")" = "$before" ]
	[ "$(cat /proc/sys/kernel/random/boot_id)" = "$machine" ]
	node_respawn 3 off
	corosync_start 3
	await "$RIG_RING_S" nodes_quorate 1,2,3
}

reboot_helper_outside_a_node_refuses() {
	local rc=0
	"$RIG_BIN/nodereboot" check 2> /dev/null || rc=$?
	[ $rc = 2 ]
}

fence_agent_speaks_the_protocol() {
	local since
	since=$(rig_now)
	agent_says 0 1 metadata
	grep -q '<resource-agent name="fence_rig"' "$RIG_ST/agent.out"
	agent_says 0 1 monitor
	agent_says 0 1 validate-all
	agent_says 0 1 list
	grep -qx n2 "$RIG_ST/agent.out"
	agent_says 0 1 status n2
	agent_says 0 1 off n2
	node_off 2
	agent_says 2 1 status n2
	agent_says 0 1 on n2
	node_on 2
	agent_says 0 1 reboot n2
	node_off 2	# no respawn: the chassis leaves it off
	agent_says 1 1 status n9
	agent_says 1 1 reboot
	agent_says 1 1 explode n2
	: > "$RIG_ST/power-broken"
	agent_says 1 1 reboot n3
	node_on 3
	rm "$RIG_ST/power-broken"
	[ "$(fence_count 2 "$since")" = 2 ]
	[ "$(fence_count 3 "$since")" = 0 ]
}

rig_stopped_leaves_nothing_behind() {
	local lun=$RIG_LUN pids
	pids=$(cat "$RIG_ST"/n?/pid 2> /dev/null)
	rig_stop
	for pid in $pids; do pid_gone "$pid"; done
	await 5 loop_free "$lun"
}
loop_free() { [ -z "$(losetup -j "$1")" ]; }

# The samplers see a real split brain: corosync's two_node mode lets both sides of a
# split go on. Not a scenario, because it must violate S1.
real_split_brain_is_found() {
	corosync_start 1 2 && await 15 nodes_quorate 1,2 || return 1
	samples_proven || return 1
	rig_split 1 2
	await "$RIG_RING_S" node_quorate 1 1 && await "$RIG_RING_S" node_quorate 2 2 || return 1
	"$RIG_BIN/s1check" -n 1,2 "$RIG_ST"/n[12]/samples | grep -q "^S1 violated: n1 {1} and n2 {2}"
}

rig_start 3 model=none expected=3
scenario rig_starts_three_nodes_that_form_a_ring
scenario node_sees_no_block_device_but_the_lun
scenario split_has_one_quorate_side_and_heals
scenario cable_pulled_cuts_one_node_off
scenario sampler_survives_the_death_of_corosync
scenario power_cut_node_dies_and_stays_off
scenario reboot_syscall_restarts_its_node_only
scenario reboot_helper_outside_a_node_refuses
scenario fence_agent_speaks_the_protocol
scenario rig_stopped_leaves_nothing_behind
rig_start 2 model=none expected=2 quorum_extra="two_node: 1"
check real_split_brain_is_found real_split_brain_is_found
tap_done
