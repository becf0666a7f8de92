#!/bin/bash
# 105_lun_dead_for_all.sh: nodes that are to end themselves without the LUN (io_timeout),
# and a LUN that is dead for all of them: that must not end the cluster. And what the
# other attributes do for a LUN that fails, while the I/O still hangs.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
[ -c /dev/fuse ] || rig_skip "no /dev/fuse"
cluster_enter "$@"

PUT_OFF="self-fencing put off"
OVER="quorum disk is back, no self-fencing is due"

# puts_off MODE1 MODE2 MODE3: each node says it once more, after that has met its path.
puts_off() {
	local n before=()
	for n in 1 2 3; do before[n]=$(log_count "$n" "$PUT_OFF"); done
	for n in 1 2 3; do
		# shellcheck disable=SC2086	# a list of words
		lun_path "$n" $1
		shift
	done
	for n in 1 2 3; do await "$RIG_MASTER_S" log_grown "$n" "$PUT_OFF" "${before[n]}"; done
}

# The nodes are a quorum by themselves: nobody dies, the ring stays quorate, and when the
# LUN is back there is a master and all votes are counted.
all_paths_die_and_nobody_ends_itself() {
	local since n
	since=$(rig_now)
	puts_off hang err "err w"
	steadily 1 nodes_quorate 1,2,3
	nobody_died "$since"
	lun_all ok
	await "$RIG_MASTER_S" agree 1 2 3
	for n in 1 2 3; do log_says "$n" "$OVER"; done
	never_lost_quorum 1 2 3 "$since"
	nobody_fenced "$since"
	nobody_died "$since"
}

# One path comes back: that node goes on, and alone it and the device are a quorum. The
# others have K intervals more, and then end themselves though nothing of theirs answers.
one_path_comes_back_and_the_others_end_themselves() {
	local since back n lucky=2
	since=$(rig_now)
	puts_off hang hang hang
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
}

# Two of three need the votes of the device: whoever has the LUN may have them.
ring_that_needs_the_device_ends_itself() {
	local since n count=()
	node_off 3 || node_power_cut 3
	cluster_join 1
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
}

# ---- What else is configured for a LUN that fails, while the I/O hangs ----

# conf_for NODE QUORUMD [HEURISTICS]: in force when its daemon starts next.
conf_for() {
	local CONF_quorumd="$2 $BASE" CONF_heuristics=${3:-}
	conf_cluster > "$RIG_ST/n$1/cluster.conf"
}
each_has_a_rule_of_its_own() {
	conf_for 1 'max_error_cycles="4"'
	conf_for 2 'reboot="1"' '<heuristic program="test ! -e /run/unfit" interval="0.1" tko="1"/>'
	conf_for 3 'paranoid="1"'
	cluster_whole
}

# Its process stays until the kernel has its I/O back, and has left all the same.
too_many_late_cycles_end_the_daemon_while_its_read_hangs() {
	lun_path 1 hang
	await "$RIG_MASTER_S" log_says 1 "Too many I/O errors; giving up."
	await 5 log_says 1 "Halting qdisk operations, exit code 4"
	lun_hangs 1 r || lun_hangs 1 w
	lun_path 1 ok
	await 5 service_ended qdiskd 1
	[ "$(service_status qdiskd 1)" = 4 ]
	cluster_whole
}

score_and_paranoid_reboot_while_the_io_hangs() {
	local since
	since=$(rig_now)
	lun_path 2 hang r
	lun_path 3 hang w
	node_exec 2 touch /run/unfit
	await "$RIG_MASTER_S" node_died 2 "$since" reboot
	await "$RIG_MASTER_S" node_died 3 "$since" reboot
	log_says 2 "score insufficient and reboot=\"1\" - REBOOTING"
	log_says 3 "Failed to send a heartbeat in time - REBOOTING"
	lun_all ok
	conf_write
	cluster_whole
}

# n3's start, with other timings than those agreed: it looks twice whether anybody beats, with
# a pause between, and has not said a word yet. The first look is over when it returns.
n3_looks_who_beats() {
	local reads
	reads=$(lun_count 3 r requests)
	qdiskd_start 3
	await 5 lun_read_since "$reads" && nap 0.7
}
lun_read_since() { [ "$(lun_count 3 r requests)" -gt "$1" ]; }

# Stopped while it waits, and while it reads what hangs: it ends at once, and has written nothing.
daemon_stopped_while_it_agrees_on_timings_ends_at_once() {
	local CONF_upgrade_wait=1 since writes when
	qdiskd_stop 3
	conf_for 3 ""
	writes=$(lun_count 3 w requests)
	for when in paused reading; do
		n3_looks_who_beats
		lun_path 3 hang
		[ $when = paused ] || await 4 lun_hangs 3 r
		since=$(rig_now)
		service_signal qdiskd 3 TERM
		await 2 service_ended qdiskd 3
		diag "$when: ended $(ms_between "$since" "$(rig_now)") ms after the signal"
		[ "$(service_status qdiskd 3)" = 143 ]
		lun_path 3 ok
	done
	[ "$(lun_count 3 w requests)" = "$writes" ]
	never_lost_quorum 1 2 "$since"
}

# The second look hangs.
daemon_whose_lun_hangs_while_it_agrees_on_timings_ends() {
	local CONF_upgrade_wait=1
	conf_for 3 ""
	n3_looks_who_beats
	lun_path 3 hang
	await 10 service_ended qdiskd 3
	[ "$(service_status qdiskd 3)" = 4 ]
	log_says 3 "cannot agree on timings in the label: it does not answer"
	lun_path 3 ok
}

daemon_that_starts_without_its_lun_leaves_the_cluster() {
	local rc=0
	! qdiskd_running 3 || qdiskd_stop 3
	conf_for 3 'stop_cman="1"'
	lun_path 3 hang
	lun_limited 20 node_exec 3 "$RIG_BUILD/qdiskd" -f -c /etc/cluster/cluster.conf > "$RIG_ST/start" 2>&1 || rc=$?
	sed 's/^/# /' "$RIG_ST/start"
	[ "$rc" = 4 ]
	grep -q "Telling CMAN to leave the cluster; qdisk is not available" "$RIG_ST/start"
	await 10 service_ended corosync 3
	await "$RIG_RING_S" agree 1 2
	lun_path 3 ok
}

# The same, and corosync does not answer when it is asked to leave: the node reboots.
daemon_without_its_lun_that_cannot_leave_reboots() {
	local since
	cluster_whole
	qdiskd_stop 3
	since=$(rig_now)
	conf_for 3 'stop_cman="1"'
	lun_path 3 hang
	qdiskd_start 3
	await 5 lun_hangs 3 r	# corosync has been asked for its part by then
	service_signal corosync 3 STOP
	await 15 node_died 3 "$since" reboot
	log_says 3 "Telling CMAN to leave the cluster; qdisk is not available"
	log_says 3 "Could not leave the cluster - rebooting"
	await "$RIG_RING_S" agree 1 2
	never_lost_quorum 1 2 "$since"
}

BASE='allow_kill="0" fence="none"'
cluster_start 3 transport=udpu lun=faulty quorumd="io_timeout=\"1\" $BASE"
scenario cluster_starts
scenario all_paths_die_and_nobody_ends_itself
scenario one_path_comes_back_and_the_others_end_themselves
scenario ring_that_needs_the_device_ends_itself
scenario each_has_a_rule_of_its_own
scenario too_many_late_cycles_end_the_daemon_while_its_read_hangs
scenario score_and_paranoid_reboot_while_the_io_hangs
scenario daemon_stopped_while_it_agrees_on_timings_ends_at_once
scenario daemon_whose_lun_hangs_while_it_agrees_on_timings_ends
scenario daemon_that_starts_without_its_lun_leaves_the_cluster
scenario_long daemon_without_its_lun_that_cannot_leave_reboots
tap_done
