#!/bin/bash
# 105_lun_dead_for_all.sh: nodes that are to end themselves without the LUN (io_timeout),
# and a LUN that is dead for all of them: that must not end the cluster.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
[ -c /dev/fuse ] || rig_skip "no /dev/fuse"
cluster_enter "$@"

PUT_OFF="self-fencing put off"
OVER="quorum disk is back, no self-fencing is due"

cluster_starts() {
	corosync_start 1 2 3
	qdiskd_start 1 2 3
	cluster_whole
}

# puts_off NODE...: each says it once more than before, after MODE has met all paths.
puts_off() {
	local n mode=$1 before=()
	shift
	for n; do before[n]=$(log_count "$n" "$PUT_OFF"); done
	lun_all "$mode"
	for n; do await "$RIG_MASTER_S" log_grown "$n" "$PUT_OFF" "${before[n]}"; done
}

# The nodes are a quorum by themselves: nobody dies, the ring stays quorate, and when the
# LUN is back there is a master and all votes are counted.
goes_on_without_lun() {
	local since n
	since=$(rig_now)
	puts_off "$1" 1 2 3
	steadily 1 nodes_quorate 1,2,3
	nobody_died "$since"
	lun_all ok
	await "$RIG_MASTER_S" agree 1 2 3
	for n in 1 2 3; do log_says "$n" "$OVER"; done
	never_lost_quorum 1 2 3 "$since"
	nobody_fenced "$since"
	nobody_died "$since"
}
all_paths_hang_and_nobody_ends_itself() { goes_on_without_lun hang; }
all_paths_err_and_nobody_ends_itself() { goes_on_without_lun err; }

# One path comes back: that node goes on, and alone it and the device are a quorum. The
# others have K intervals more, and then end themselves though nothing of theirs answers.
one_path_comes_back_and_the_others_end_themselves() {
	local since back n lucky=2
	since=$(rig_now)
	puts_off hang 1 2 3
	nobody_died "$since"
	back=$(rig_now)
	lun_path "$lucky" ok
	for n in $(others "$lucky"); do
		await "$RIG_MASTER_S" node_died "$n" "$since" reboot
		diag "n$n ended itself $(ms_between "$back" "$(died_at "$n" "$back")") ms after, law $((CONF_tko * CONF_I)) ms"
		[ "$(ms_between "$back" "$(died_at "$n" "$back")")" -gt $(((CONF_tko - 3) * CONF_I)) ]
	done
	await $((RIG_RING_S + RIG_MASTER_S + RIG_Z_S)) agree "$lucky"
	[ -z "$(node_deaths "$lucky" "$since")" ]
	log_says "$lucky" "$OVER"
	lun_all ok
	cluster_whole
}

# Two of three need the votes of the device: whoever has the LUN may have them.
ring_that_needs_the_device_ends_itself() {
	local since n count=()
	node_power_cut 3
	await $((RIG_RING_S + RIG_MASTER_S + RIG_Z_S)) agree 1 2
	for n in 1 2; do count[n]=$(log_count "$n" "$PUT_OFF"); done
	since=$(rig_now)
	lun_all hang
	for n in 1 2; do
		await "$RIG_MASTER_S" node_died "$n" "$since" reboot
		diag "n$n ended itself $(ms_between "$since" "$(died_at "$n" "$since")") ms after the fault, law $((CONF_tko * CONF_I)) ms"
		[ "$(log_count "$n" "$PUT_OFF")" = "${count[n]}" ]
	done
	lun_all ok
	cluster_whole
}

cluster_start 3 lun=faulty quorumd='io_timeout="1" allow_kill="0" fence="none"'
scenario cluster_starts
scenario all_paths_hang_and_nobody_ends_itself
scenario all_paths_err_and_nobody_ends_itself
scenario one_path_comes_back_and_the_others_end_themselves
scenario ring_that_needs_the_device_ends_itself
tap_done
