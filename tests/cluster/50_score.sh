#!/bin/bash
# 50_score.sh: a heuristic fails and the score falls below min_score.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
cluster_enter "$@"

# A node is unfit while /run/unfit exists in it.
unfit() { node_exec "$1" touch /run/unfit; }
fit() { node_exec "$1" rm -f /run/unfit; }

cluster_starts() {
	corosync_start 1 2 3
	qdiskd_start 1 2 3
	cluster_whole
	status_is 2 '"\(.score)/\(.score_max)"' 1/1
}

follower_unfit_withdraws_its_vote_and_regains_it() {
	local since victim
	since=$(rig_now)
	victim=$(a_follower 2)
	unfit "$victim"
	await 10 status_is "$victim" .vote.state withdrawn
	status_is "$victim" '"\(.score)/\(.score_max)"' 0/1
	await 5 total_votes_are "$victim" 3
	log_says "$victim" "Score insufficient for master operation (0/1; required=1); downgrading"
	total_votes_are "$(a_follower 1)" 5
	fit "$victim"
	await $((5 + RIG_MASTER_S)) agree 1 2 3
	never_lost_quorum 1 2 3 "$since"
	nobody_fenced "$since"
	node_on "$victim"
}

master_unfit_is_replaced() {
	local since old
	since=$(rig_now)
	old=$(a_master)
	unfit "$old"
	await $((5 + RIG_MASTER_S)) heir_casts "$old"
	status_is "$old" .vote.state withdrawn
	fit "$old"
	await $((5 + RIG_MASTER_S)) agree 1 2 3
	[ "$(master_of 1)" != "$old" ]
	never_lost_quorum 1 2 3 "$since"
	nobody_fenced "$since"
}
heir_casts() {
	local n m
	n=$(others "$1" | cut -d ' ' -f 1)
	m=$(master_of "$n")
	[ "$m" != "$1" ] && [ "$m" != 0 ] && casts "$n" "$m"
}

# reboot_by_reload 0|1: the running daemons take it over.
reboot_by_reload() {
	local n loaded
	loaded=$(log_count 1 "configuration loaded again")
	conf_set quorumd="reboot=\"$1\""
	conf_write
	for n in 1 2 3; do service_signal qdiskd "$n" HUP; done
	await 5 log_grown 1 "configuration loaded again" "$loaded"
	await 5 agree 1 2 3
}
legacy_33_reboot_switched_on_by_a_reload_reboots_the_unfit() {
	local since victim
	reboot_by_reload 1
	victim=$(a_follower 2)
	since=$(rig_now)
	unfit "$victim"
	await 10 node_died "$victim" "$since" reboot
	# shellcheck disable=SC2046	# a list of words
	await $((RIG_RING_S + RIG_MASTER_S)) agree $(others "$victim")
	# shellcheck disable=SC2046
	never_lost_quorum $(others "$victim") "$since"
	cluster_whole
}

legacy_33_reboot_switched_off_by_a_reload_spares_the_unfit() {
	local since victim
	reboot_by_reload 0
	victim=$(a_follower 2)
	since=$(rig_now)
	unfit "$victim"
	await 10 status_is "$victim" .vote.state withdrawn
	steadily 2 node_on "$victim"
	[ -z "$(node_deaths "$victim" "$since")" ]
	fit "$victim"
	await $((5 + RIG_MASTER_S)) agree 1 2 3
}

cluster_start 3 'quorumd=reboot="0"' \
	'heuristics=<heuristic program="test ! -e /run/unfit" score="1" interval="1" tko="1"/>'
scenario cluster_starts
scenario follower_unfit_withdraws_its_vote_and_regains_it
scenario master_unfit_is_replaced
scenario legacy_33_reboot_switched_on_by_a_reload_reboots_the_unfit
scenario_long legacy_33_reboot_switched_off_by_a_reload_spares_the_unfit
tap_done
