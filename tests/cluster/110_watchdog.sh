#!/bin/bash
# 110_watchdog.sh: the hardware watchdog, played by a file that answers its ioctls
# (fakedog.c). The rig resets a node whose watchdog has expired, as hardware would.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
# shellcheck source=tests/rig/dog.sh
. "$RIG_DIR/dog.sh"
cluster_enter "$@"
dog_needed

# What ends a node here is its watchdog alone.
daemon_start() {
	local n
	for n; do
		service_start qdiskd "$n" env QDISK_REBOOT=deny "$RIG_BUILD/qdiskd" -f -c /etc/cluster/cluster.conf
	done
}

# expires_and_is_reset NODE: within its timeout and two intervals; the other goes on.
expires_and_is_reset() {
	local since
	since=$(rig_now)
	await 5 dog_says "$1" expired
	[ "$(ms_between "$since" "$(rig_now)")" -le $((1000 + 2 * CONF_I + 1500)) ]
	await 5 node_off "$1"
	await $((RIG_RING_S + RIG_MASTER_S + RIG_Z_S)) agree "$(others "$1")"
}

both_start() {
	local n
	for n in 1 2; do
		node_on "$n" || node_boot "$n"
		service_pid fakedog "$n" > /dev/null || dog_start "$n"
		service_pid corosync "$n" > /dev/null || corosync_start "$n"
		qdiskd_running "$n" || daemon_start "$n"
	done
	await $((RIG_RING_S + RIG_MASTER_S + RIG_Z_S)) agree 1 2
}
cluster_whole() { both_start; }

watchdog_is_armed_by_the_first_landing_and_petted_in_each_cycle() {
	local before
	both_start
	log_says 1 "watchdog /run/dog/watchdog armed, timeout 1 s"
	before=$(dog_pets 1)
	nap 2
	[ $(($(dog_pets 1) - before)) -ge $((2000 / CONF_I / 2)) ]
	refute dog_says 1 expired
	refute dog_says 2 expired
}

clean_stop_disarms_the_watchdog() {
	qdiskd_stop 2
	await 2 dog_last 2 disarmed
	log_says 2 "watchdog /run/dog/watchdog disarmed"
	nap 1.5
	refute dog_says 2 expired
	both_start
}

# The process stays, and opens it anew: nothing expires in between.
restart_in_step_disarms_the_watchdog_and_arms_it_again() {
	local n armed
	armed=$(log_count 1 "armed, timeout 1 s")
	conf_set tko_up=1
	told 1 2
	for n in 1 2; do await 10 status_is $n .timings.tko_up 1; done
	await $RIG_MASTER_S agree 1 2
	log_grown 1 "armed, timeout 1 s" "$armed"
	nap 1.5
	for n in 1 2; do refute dog_says $n expired; done
}

watchdog_resets_a_node_whose_daemon_was_killed() {
	qdiskd_kill 2
	await 2 dog_says 2 "left armed"
	expires_and_is_reset 2
	both_start
}

# It does not read that it was evicted: over the LUN it is fenced by its watchdog.
watchdog_resets_a_node_whose_daemon_stands_still() {
	local master victim
	master=$(a_master)
	victim=$(others "$master")
	qdiskd_freeze "$victim"
	lun_fences "$master" "$victim" power
	dog_says "$victim" expired
	await $((RIG_RING_S + RIG_MASTER_S + RIG_Z_S)) agree "$master"
	both_start
}

# corosync does not answer and may count us: nothing but the watchdog ends that.
watchdog_resets_a_node_whose_corosync_stands_still() {
	service_signal corosync 2 STOP
	expires_and_is_reset 2
	both_start
}

# Without a beat, and beyond L2: the two are a quorum by themselves, and each has said that
# its LUN is dead. A watchdog that was not petted would have expired twice.
dead_lun_with_a_watchdog_is_petted_while_all_say_so() {
	local n pets=()
	lun_all hang
	for n in 1 2; do await "$RIG_MASTER_S" log_says "$n" "self-fencing put off"; done
	for n in 1 2; do pets[n]=$(dog_pets "$n"); done
	nap 2.2
	for n in 1 2; do
		refute dog_says "$n" expired
		[ $(($(dog_pets "$n") - pets[n])) -ge $((2200 / CONF_I / 2)) ]
	done
	nodes_quorate 1,2
	lun_all ok
	await "$RIG_MASTER_S" agree 1 2
	for n in 1 2; do refute dog_says "$n" expired; done
}

# One path comes back: the other node's watchdog is petted no longer. (Its daemon ends itself,
# and stays in the kernel with what it has out: the watchdog does not see it close.)
dead_lun_that_comes_back_for_one_lets_the_others_watchdog_expire() {
	local n puts=()
	for n in 1 2; do puts[n]=$(log_count "$n" "self-fencing put off"); done
	lun_all hang
	for n in 1 2; do await "$RIG_MASTER_S" log_grown "$n" "self-fencing put off" "${puts[n]}"; done
	lun_path 1 ok
	expires_and_is_reset 2
	lun_all ok
	refute dog_says 1 expired
	both_start
}

# refused WORDS: qdiskd of node 2 ends with 4, names the device, and says so.
refused() {
	: > "$RIG_ST/n2/qdiskd.out"
	daemon_start 2
	await 10 service_ended qdiskd 2
	[ "$(service_status qdiskd 2)" = 4 ]
	log_says 2 "watchdog /run/dog/watchdog: "
	log_says 2 "$1"
}

watchdog_of_another_program_is_refused() {
	qdiskd_stop 2
	service_start holder 2 sh -c "exec sleep 600 9> /run/dog/watchdog"
	await 5 dog_last 2 armed
	refused "sbd and qdiskd cannot share one"
	status_is 1 .vote.state cast
	service_signal holder 2 TERM
	await 5 service_ended holder 2
}

watchdog_that_cannot_be_so_short_is_refused_and_stopped() {
	dog_end 2
	dog_start 2 --min 10
	refused "grants 10 s, tko*interval needs 1"
	dog_last 2 disarmed
	dog_end 2
}

watchdog_that_is_missing_is_refused() {
	refused "No such file or directory"
	both_start
}

# Nobody fences: what ends a node here is its watchdog alone.
cluster_start 2 lun=faulty transport=udpu votes=1 fence=none quorumd='watchdog="/run/dog/watchdog"'
scenario watchdog_is_armed_by_the_first_landing_and_petted_in_each_cycle
scenario dead_lun_with_a_watchdog_is_petted_while_all_say_so
scenario_long dead_lun_that_comes_back_for_one_lets_the_others_watchdog_expire
scenario clean_stop_disarms_the_watchdog
scenario restart_in_step_disarms_the_watchdog_and_arms_it_again
scenario watchdog_resets_a_node_whose_daemon_was_killed
scenario watchdog_resets_a_node_whose_daemon_stands_still
scenario watchdog_resets_a_node_whose_corosync_stands_still
scenario watchdog_of_another_program_is_refused
scenario watchdog_that_cannot_be_so_short_is_refused_and_stopped
scenario watchdog_that_is_missing_is_refused
tap_done
