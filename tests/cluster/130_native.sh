#!/bin/bash
# 130_native.sh: no cluster.conf; corosync.conf alone says what the quorum disk is, and
# `corosync-cfgtool -R` changes it while it runs.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
cluster_enter "$@"

# native_conf QDISK HEURISTICS: corosync.conf with these lines in our two sections; no
# cluster.conf. Lines are divided by ';'.
native_conf() {
	local n qdisk=${1//;/$'\n'} heuristics=${2//;/$'\n'}
	conf_write
	for n in $(all_nodes); do
		rm -f "$RIG_ST/n$n/cluster.conf"
		awk -v qdisk="$qdisk" -v heuristics="$heuristics" '{ print }
			/sync_timeout:/ { print "qdisk {\n" qdisk "\n}\nheuristics {\n" heuristics "\n}" }' \
			"$RIG_ST/n$n/corosync.conf" > "$RIG_ST/n$n/new"
		cp "$RIG_ST/n$n/new" "$RIG_ST/n$n/corosync.conf"
	done
}

timings='interval: 100ms;tko: 8;tko_up: 2;upgrade_wait: 2;master_wait: 3'

qdiskd_start() {
	local n
	for n; do service_start qdiskd "$n" "$RIG_BUILD/qdiskd" -f || return 1; done
}

reload() { node_exec 1 timeout 10 corosync-cfgtool -R > "$RIG_ST/reload.out" 2>&1; }

# refused STATUS TEXT: a start on n1 ends so and says so.
refused() {
	local rc=0
	node_exec 1 timeout 10 "$RIG_BUILD/qdiskd" -f > "$RIG_ST/refusal" 2>&1 || rc=$?
	sed 's/^/# /' "$RIG_ST/refusal"
	[ $rc = "$1" ] || { diag "status $rc, wanted $1"; return 1; }
	grep -qF -- "$2" "$RIG_ST/refusal" || { diag "does not say: $2"; return 1; }
}

no_corosync_is_refused_with_5() { refused 5 corosync; }

no_section_is_refused_with_3() {
	native_conf '' ''
	corosync_start 1 2
	await "$RIG_RING_S" nodes_quorate 1,2	# a reload reaches the members of its ring
	refused 3 'quorum.device.qdisk has neither label nor device'
}

wrong_value_is_refused_with_3_and_its_key() {
	native_conf 'label: rig;tko: 2' ''
	reload
	refused 3 'corosync.conf: quorum.device.qdisk.tko: "2" is refused; allowed: a whole number, 3 .. 1000'
}

good_values_are_checked_and_shown() {
	native_conf "label: rig;$timings" 'exec_a: true'
	reload
	node_exec 1 "$RIG_BUILD/qdiskd" -t > "$RIG_ST/shown" 2>&1
	grep -qx '# corosync.conf: valid' "$RIG_ST/shown"
	grep -q '^# interval 100 ms, tko 8,' "$RIG_ST/shown"
	grep -q '^# votes 1, heuristics 1,' "$RIG_ST/shown"
}

# Where the file exists it is the configuration, and the section is said to be idle.
cluster_conf_stands_above_the_section() {
	conf_cluster > "$RIG_ST/n1/cluster.conf"
	node_exec 1 "$RIG_BUILD/qdiskd" -t > "$RIG_ST/shown" 2>&1
	rm "$RIG_ST/n1/cluster.conf"
	grep -qx '# /etc/cluster/cluster.conf: valid' "$RIG_ST/shown"
	grep -qx 'qdiskd: corosync.conf: quorum.device.qdisk is not used: /etc/cluster/cluster.conf is' "$RIG_ST/shown"
}

cluster_starts_from_corosync_conf_alone() {
	qdiskd_start 1 2
	await $((RIG_RING_S + RIG_MASTER_S)) agree 1 2
	status_is 1 '"\(.score)/\(.score_max)"' 1/1
}

# With the label's agreed timings, and what corosync runs with.
check_of_the_running_cluster_finds_no_error() {
	node_exec 1 timeout 20 "$RIG_BUILD/qdisk-tool" check --json > "$RIG_ST/check.json"
	[ "$(jq -r '"\(.ok) \(.corosync) \(.file) \(.timings.interval_ms) \(.votes)"' "$RIG_ST/check.json")" = \
		"true true corosync.conf 100 1" ]
	[ "$(jq -r '[.findings[] | select(.name == "no-fencing")] | length' "$RIG_ST/check.json")" = 1 ]
}

reload_changes_the_heuristics_and_costs_no_vote() {
	native_conf "label: rig;$timings" 'exec_a: true;score_a: 2;exec_b: test ! -e /run/unfit;interval_b: 100ms;tko_b: 1'
	costs_nothing reloaded 3/3
}
reloaded() {
	reload
	await 5 status_is 1 '"\(.score)/\(.score_max)"' "$1"
	await 5 status_is 2 '"\(.score)/\(.score_max)"' "$1"
}

heuristic_of_the_reload_decides() {
	node_exec 2 touch /run/unfit
	await 5 status_is 2 '"\(.score)/\(.score_max)"' 2/3
	node_exec 2 rm /run/unfit
	await 5 status_is 2 '"\(.score)/\(.score_max)"' 3/3
}

wrong_value_in_a_reload_changes_nothing() {
	native_conf "label: rig;$timings" 'exec_a: true;score_a: none'
	reload
	await 5 log_says 1 'corosync.conf: quorum.device.heuristics.score_a: "none" is refused; allowed: a whole number, 1 .. 65535; the old one stays'
	agree 1 2
	status_is 1 '"\(.score)/\(.score_max)"' 3/3
}

# Corosync's values and ours come at once, on all nodes: V and Y follow from the timings.
timings_change_without_downtime() {
	local since
	since=$(rig_now)
	conf_set tko=9 y=3000
	native_conf "label: rig;${timings/tko: 8/tko: 9}" 'exec_a: true'
	reload
	await 10 status_is 1 .timings.tko 9
	await 10 status_is 2 .timings.tko 9
	await $RIG_MASTER_S agree 1 2
	never_lost_quorum 1 2 "$since"
}

section_removed_stops_the_daemon() {
	native_conf '' ''
	reload
	await 5 service_ended qdiskd 1
	await 5 service_ended qdiskd 2
	log_says 1 "Quorum device removed from the configuration.  Shutting down."
	[ "$(service_status qdiskd 1)" = 0 ]
}

# Nothing here leaves a state that the next one cannot begin with.
scenario_reset() { rig_heal; }

cluster_start 2 votes=1 fence=none
rm -f "$RIG_ST"/n?/cluster.conf
scenario no_corosync_is_refused_with_5
scenario no_section_is_refused_with_3
scenario wrong_value_is_refused_with_3_and_its_key
scenario good_values_are_checked_and_shown
scenario cluster_conf_stands_above_the_section
scenario cluster_starts_from_corosync_conf_alone
scenario check_of_the_running_cluster_finds_no_error
scenario reload_changes_the_heuristics_and_costs_no_vote
scenario heuristic_of_the_reload_decides
scenario wrong_value_in_a_reload_changes_nothing
scenario timings_change_without_downtime
scenario section_removed_stops_the_daemon
tap_done
