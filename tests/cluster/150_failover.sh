#!/bin/bash
# 150_failover.sh: Pacemaker moves a web server, its address and its file system from
# pcmk-1 to pcmk-2, beside a quorum disk, whatever happens to pcmk-1.
# shellcheck source=tests/cluster/failover.inc
. "$(dirname "$0")/failover.inc"
# shellcheck source=tests/rig/faults.sh
. "$RIG_DIR/faults.sh"
failover_enter "$@"

mounted_on_both_is_noticed() {
	local since
	since=$(rig_now)
	node_exec 1 mount -t ext4 -o ro,noload /dev/qdata "$RIG_DATA"
	node_exec 2 mount -t ext4 -o ro,noload /dev/qdata "$RIG_DATA"
	await 2 mounted_on 2
	refute mounts_apart "$since"
	node_exec 1 umount "$RIG_DATA"
	node_exec 2 umount "$RIG_DATA"
}

page_is_served_by_pcmk_1() {
	cluster_whole
	mounted_on 1
	refute mounted_on 2
}

# moved SINCE FENCED: pcmk-2 has it all; pcmk-1 was fenced so many times and pcmk-2 never;
# the file system was never on both. Then pcmk-1 comes back, and nothing of that changes.
moved() {
	local when
	await 40 page_from 2
	diag "the page was away for $(page_away_ms "$1") ms"
	await 10 fenced_times 1 "$1" "$2"
	mounted_on 2
	[ "$(mounts_count "$1")" = 1 ]
	steadily 1 page_from 2
	rig_mend
	cluster_whole
	for when in now later; do
		fenced_times 1 "$1" "$2"
		fenced_times 2 "$1" 0
		mounts_apart "$1"
		[ $when = later ] || nap 1
	done
}
fenced_times() { [ "$(fence_count "$1" "$2")" = "$3" ]; }

# stayed SINCE: the page came from pcmk-1 all the time; pcmk-2 was fenced once.
stayed() {
	await 40 fenced_once 2 "$1"
	steadily 2 page_from 1
	diag "the page was away for $(page_away_ms "$1") ms"
	rig_mend
	cluster_whole
	page_stays_from 1 "$1"
	[ "$(page_away_ms "$1")" -lt 1000 ]
	fenced_once 2 "$1"
	fenced_times 1 "$1" 0
	[ "$(mounts_count "$1")" = 0 ]
	mounts_apart "$1"
}

# rig_mend: whatever a case has cut.
rig_mend() {
	cable_up 1
	lun_release
	path_mend 1 2 || :	# whoever was fenced has forgotten it
	path_mend 2 1 || :
}

pcmk_1_loses_its_power() {
	local since
	since=$(rig_now)
	node_power_cut 1
	moved "$since" 1
}

pcmk_1_loses_its_network() {
	local since
	since=$(rig_now)
	cable_down 1
	moved "$since" 1
}

pcmk_1_loses_its_paths_to_the_san() {
	local since
	since=$(rig_now)
	lun_path 1 hang rw
	data_path 1 hang rw
	moved "$since" 1
}

pcmk_1_loses_its_gateway() {
	local since
	since=$(rig_now)
	node_exec 1 ip route add blackhole "$GATEWAY/32"
	moved "$since" 1
}

pcmk_1_stops_cleanly_and_nobody_is_fenced() {
	local since
	since=$(rig_now)
	pacemaker_stop 1
	qdiskd_stop 1
	corosync_stop 1
	moved "$since" 0
}

# Both live, reach the LUN and the gateway, and could fence; they do not hear each other.
split_pair() {
	path_cut 1 2
	path_cut 2 1
}

split_with_the_master_on_pcmk_1_the_page_stays() {
	local since
	master_moves_to 1
	since=$(rig_now)
	split_pair
	stayed "$since"
}

split_with_the_master_on_pcmk_2_the_page_moves() {
	local since
	master_moves_to 2
	since=$(rig_now)
	split_pair
	moved "$since" 1
}

file_system_is_whole_after_all_that() {
	pacemaker_stop 1 2
	refute mounted_on 1
	refute mounted_on 2
	e2fsck -fn "$RIG_ST/data.img" > "$RIG_ST/e2fsck.out" 2>&1 || { sed 's/^/# /' "$RIG_ST/e2fsck.out"; return 1; }
}

# shellcheck disable=SC2119	# settings of the rig, none here
failover_boot
scenario mounted_on_both_is_noticed
client_start
scenario page_is_served_by_pcmk_1
scenario pcmk_1_loses_its_power
scenario pcmk_1_loses_its_network
scenario_long split_with_the_master_on_pcmk_1_the_page_stays
scenario pcmk_1_loses_its_paths_to_the_san
scenario_long pcmk_1_loses_its_gateway
scenario_long pcmk_1_stops_cleanly_and_nobody_is_fenced
scenario_long split_with_the_master_on_pcmk_2_the_page_moves
scenario file_system_is_whole_after_all_that
tap_done
