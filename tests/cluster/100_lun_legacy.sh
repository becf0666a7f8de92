#!/bin/bash
# 100_lun_legacy.sh: what the daemon of 2011 did when the LUN failed a node that is to
# reboot for it (io_timeout, paranoid): too late, or at once for nothing. Two nodes; the
# other one's power controller is broken, so that whoever dies has ended itself.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
[ -c /dev/fuse ] || rig_skip "no /dev/fuse"
cluster_enter "$@"

# One error, in the first cycle: its clock of what was last good has only begun.
legacy_11_read_error_in_the_first_cycle_does_not_reboot() {
	local since victim
	victim=$(a_follower 1)
	qdiskd_stop "$victim"
	since=$(rig_now)
	lun_path "$victim" err r slot=2 every=3	# not what its start reads: libblkid, and all slots once
	qdiskd_start "$victim"
	await 3 log_says "$victim" "fails: read: Input/output error"
	nap "$(conf_seconds "$CONF_I")"
	lun_path "$victim" ok
	await $((RIG_MASTER_S)) agree 1 2
	nobody_died "$since"
	never_lost_quorum "$(others "$victim")" "$since"
}

# The vote goes by the first law and the node by the second, while the I/O hangs; what
# hung lands late, and its eviction stands until the next life begins.
legacy_04_hung_lun_ends_its_node_while_it_hangs() {
	local since victim other took
	victim=$(a_master)
	other=$(others "$victim")
	: > "$RIG_ST/power-broken"
	since=$(rig_now)
	lun_path "$victim" hang
	await $((RIG_MASTER_S)) node_died "$victim" "$since" reboot
	took=$(ms_between "$since" "$(died_at "$victim" "$since")")
	diag "dead $took ms after the fault, law $((CONF_tko * CONF_I)) ms from its last beat"
	[ "$took" -ge $(((CONF_tko - 2) * CONF_I)) ]
	[ "$took" -le $(((CONF_tko + 5) * CONF_I)) ]
	log_says "$victim" "quorum disk does not answer: "
	log_says "$victim" "ms, vote withdrawn"
	log_says "$victim" "Failed to send a heartbeat in time - REBOOTING"
	await $((RIG_RING_S + RIG_MASTER_S + RIG_Z_S)) agree "$other"
	lun_path "$victim" ok
	block_state "$victim" Evicted "$other"
	never_lost_quorum "$other" "$since"
	cluster_whole_unfenced "$victim"
}

# The least LUN has room for 16 nodes. Behind it may lie somebody's data.
legacy_20_node_id_above_the_capacity_is_refused_and_writes_nothing() {
	local before rc=0 n
	qdiskd_stop 1 2
	corosync_stop 1 2
	lun_resize $((18 * 4096))
	mkqdisk_in 1 -y -c /dev/qlun -l "$CONF_label" > "$RIG_ST/mkqdisk.out" 2>&1
	for n in 1 2; do
		sed -i "s/nodeid: 2/nodeid: 17/" "$RIG_ST/n$n/corosync.conf"
		sed -i "s/nodeid=\"2\"/nodeid=\"17\"/" "$RIG_ST/n$n/cluster.conf"
	done
	corosync_start 1 2
	before=$(cksum < "$RIG_LUN")
	lun_limited 10 node_exec 2 "$RIG_BUILD/qdiskd" -f > "$RIG_ST/start" 2>&1 || rc=$?
	diag "$(tail -n 1 "$RIG_ST/start")"
	[ $rc = 3 ]
	grep -q "has room for node ids 1 to 16, node 17 is configured" "$RIG_ST/start"
	[ "$(cksum < "$RIG_LUN")" = "$before" ]
}

cluster_start 2 lun=faulty votes=1 heuristics='<heuristic program="true"/>' quorumd='io_timeout="1" paranoid="1"'
scenario cluster_starts
scenario legacy_11_read_error_in_the_first_cycle_does_not_reboot
scenario legacy_04_hung_lun_ends_its_node_while_it_hangs
scenario legacy_20_node_id_above_the_capacity_is_refused_and_writes_nothing
tap_done
