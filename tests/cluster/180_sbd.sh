#!/bin/bash
# 180_sbd.sh: sbd with a disk of its own runs beside qdiskd: it trusts the quorum that the
# quorum disk gives, its poison pill works, and neither disturbs the other. Beside it
# fence="lun", which does the same: how long each takes.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
# shellcheck source=tests/rig/pacemaker.sh
. "$RIG_DIR/pacemaker.sh"
# shellcheck source=tests/rig/dog.sh
. "$RIG_DIR/dog.sh"
pacemaker_needed sbd
cluster_enter "$@"
dog_needed

SBD_WATCHDOG_S=10

# sbd_do NODE COMMAND...: on sbd's LUN.
sbd_do() {
	local n=$1
	shift
	node_exec "$n" timeout 30 sbd -d /dev/qdata "$@"
}

# sbd_start NODE: sbd logs to syslog, which is a file here. The watchdog is qdiskd's.
sbd_start() {
	service_start syslog "$1" socat -u UNIX-RECV:/dev/log,mode=666 "OPEN:$RIG_ST/n$1/sbd.log,creat,append"
	await 5 node_exec "$1" test -S /dev/log
	service_start sbd "$1" sbd -v -d /dev/qdata -n "$(node_name "$1")" -w /dev/null -P -p /run/sbd.pid watch
}
# shellcheck disable=SC2016	# for the shell in the node
sbd_runs() { node_exec "$1" sh -c 'read -r p < /run/sbd.pid && kill -0 "$p"' 2> /dev/null; }
sbd_says() { grep -q -- "$2" "$RIG_ST/n$1/sbd.log"; }
sbd_trusts() { sbd_says "$1" "Corosync is using qdevice-sync_timeout" && ! sbd_says "$1" distrusted; }

# both_join: corosync, qdiskd, sbd, on both, as systemd orders them.
both_join() {
	local n
	for n in 1 2; do
		node_on "$n" || node_boot "$n"
		service_pid fakedog "$n" > /dev/null || dog_start "$n"
	done
	cluster_join 1 2
	await $((RIG_RING_S + RIG_MASTER_S + RIG_Z_S)) agree 1 2
	for n in 1 2; do sbd_runs "$n" || sbd_start "$n"; done
}
all_runs() {
	local n
	both_join
	for n in 1 2; do
		service_pid pacemakerd "$n" > /dev/null || pacemaker_start "$n"
	done
	await 40 pacemaker_online 1 2
}

both_run_on_a_lun_each() {
	all_runs
	[ "$(sbd_do 1 list | grep -c clear)" = 2 ]
}

sbd_trusts_the_quorum_with_what_qdiskd_writes() {
	[ "$CONF_Y" -le $((SBD_WATCHDOG_S * 1000)) ]
	await 10 sbd_trusts 1
	await 10 sbd_trusts 2
}

poison_pill_is_swallowed_and_the_other_goes_on() {
	local since victim winner
	winner=$(a_master)
	victim=$(others "$winner")
	since=$(rig_now)
	sbd_do "$winner" message "$(node_name "$victim")" reset &
	await 20 node_died "$victim" "$since" reboot
	diag "swallowed after $(ms_between "$since" "$(rig_now)") ms"
	[ -z "${RIG_LONG:-}" ] || wait $!	# it waits for twice the watchdog
	[ -z "${RIG_LONG:-}" ] || diag "and acknowledged after $(ms_between "$since" "$(rig_now)") ms"
	await $((RIG_RING_S + RIG_MASTER_S)) agree "$winner"
	never_lost_quorum "$winner" "$since"
	await 10 block_state "$victim" Evicted "$winner"
	sbd_runs "$winner"
}

# It reads its eviction in its next cycle; when it counts as fenced its watchdog would have
# reset it, had it not. sbd beside it writes and waits for as long as it was told to.
node_is_fenced_over_the_quorum_disk_by_its_poison_pill() {
	local since winner
	both_join
	winner=$(a_master)
	since=$(rig_now)
	lun_fences "$winner" "$(others "$winner")" reboot
	await $((RIG_RING_S + RIG_MASTER_S)) agree "$winner"
	never_lost_quorum "$winner" "$since"
	nobody_fenced "$since"	# by an agent
	sbd_runs "$winner"
}

# Its daemon stands still: that it is evicted it does not read, and its watchdog resets it.
node_is_fenced_over_the_quorum_disk_by_its_watchdog() {
	local since winner victim
	both_join
	winner=$(a_master)
	victim=$(others "$winner")
	since=$(rig_now)
	qdiskd_freeze "$victim"
	lun_fences "$winner" "$victim" power
	dog_says "$victim" expired
	await $((RIG_RING_S + RIG_MASTER_S)) agree "$winner"
	never_lost_quorum "$winner" "$since"
	nobody_fenced "$since"
}

# Nobody asks: fence="lun" is what the master does with whom it has evicted.
node_that_has_lost_its_power_is_fenced_over_the_quorum_disk() {
	local since winner victim before
	both_join
	winner=$(a_master)
	victim=$(others "$winner")
	before=$(log_count "$winner" "fence node $victim success")
	since=$(rig_now)
	node_power_cut "$victim"
	await $((RIG_MASTER_S + 5)) log_grown "$winner" "fence node $victim success" "$before"
	status_is "$winner" '"\(.last_fence.node) \(.last_fence.result)"' "$victim success"
	diag "fenced over the LUN $(ms_between "$since" "$(rig_now)") ms after its power was cut"
	nobody_fenced "$since"
}

victim_comes_back_to_both() {
	local since
	since=$(rig_now)
	all_runs	# its slot says why it died, and is cleared when it starts
	nobody_fenced "$since"
	[ "$(sbd_do 1 list | grep -c clear)" = 2 ]
}

eviction_by_qdiskd_leaves_sbd_of_the_winner_alone() {
	local since victim winner
	winner=$(a_master)
	victim=$(others "$winner")
	since=$(rig_now)
	node_power_cut "$victim"
	await $((RIG_RING_S + RIG_MASTER_S)) agree "$winner"
	steadily 5 sbd_runs "$winner"
	never_lost_quorum "$winner" "$since"
}

# The contrast: corosync's own default of sync_timeout, which is longer than the watchdog.
sbd_distrusts_the_quorum_with_corosyncs_default() {
	local n
	for n in 1 2; do node_off "$n" || node_power_cut "$n"; done
	conf_set y=30000
	conf_write
	all_runs
	await 10 sbd_says 1 "distrusted for SBD as qdevice-sync_timeout (30s) > watchdog-timeout (${SBD_WATCHDOG_S}s)"
}

cluster_start 2 name=pcmk- votes=1 data=4M quorumd='watchdog="/run/dog/watchdog" fence="lun"'
pacemaker_configure stonith-enabled=false < /dev/null
sbd_do 1 -1 $SBD_WATCHDOG_S -4 $((2 * SBD_WATCHDOG_S)) create > "$RIG_ST/sbd.out" 2>&1 ||
	{ sed 's/^/# /' "$RIG_ST/sbd.out"; echo "Bail out! sbd cannot use its LUN"; exit 99; }
scenario both_run_on_a_lun_each
scenario sbd_trusts_the_quorum_with_what_qdiskd_writes
scenario poison_pill_is_swallowed_and_the_other_goes_on
scenario node_is_fenced_over_the_quorum_disk_by_its_poison_pill
scenario_long node_is_fenced_over_the_quorum_disk_by_its_watchdog
scenario_long node_that_has_lost_its_power_is_fenced_over_the_quorum_disk
scenario_long victim_comes_back_to_both
scenario_long eviction_by_qdiskd_leaves_sbd_of_the_winner_alone
scenario_long sbd_distrusts_the_quorum_with_corosyncs_default
tap_done
