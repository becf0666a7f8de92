#!/bin/bash
# 66_late_vote.sh: corosync stands still with a poll 1 in its hands, and carries it out when
# it goes on, cut off. The message of that 1 is heard in the next ring, whoever lives then.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
cluster_enter "$@"

# stands_still_cut_off NODE: until V is over, so that the 1 changes something when it comes;
# the other node goes on alone.
stands_still_cut_off() {
	service_signal corosync "$1" STOP
	cable_down "$1"
	await $((RIG_RING_S + RIG_MASTER_S)) nodes_quorate "$((3 - $1))"
}

whole_again() {
	cable_up "$1"
	cluster_join 1 2 && await $((RIG_RING_S + RIG_MASTER_S + RIG_Z_S)) two_agree
}

late_one_ends_corosync_before_the_next_ring() {
	local master since
	master=$(master_of 1)
	since=$(rig_now)
	stands_still_cut_off "$master"
	service_signal corosync "$master" CONT	# no ring for its consensus time
	await 3 log_says "$master" "corosync stood still with a vote in its hands"
	await 3 service_ended corosync "$master"
	qdiskd_running "$master"
	[ -z "$(ring_first "$master" "$since" "$master")" ]
	never_lost_quorum "$((3 - master))" "$(rig_now)"
	whole_again "$master"
}

cluster_start 2 token=3000 votes=1 votes_unset=1
corosync_start 1 2
qdiskd_start 1 2
await $((RIG_RING_S + RIG_MASTER_S)) two_agree || { echo "Bail out! no cluster"; exit 99; }
scenario late_one_ends_corosync_before_the_next_ring
tap_done
