#!/bin/bash
# cman_tool_reconf.sh: what changes in a running cluster, by cluster.conf and `version -r`
# on one node after the other, and costs nobody quorum.
# shellcheck source=tests/cluster/cman_tool.inc
. "$(dirname "$0")/cman_tool.inc"
cluster_enter "$@"
libcman_under

# cluster_conf VERSION "NODES" QUORUMD: the file, on all nodes.
cluster_conf() {
	local n text
	text="<cluster name=\"rig\" config_version=\"$1\"><totem token=\"2000\" secauth=\"off\"/><clusternodes>"
	for n in $2; do
		text+="<clusternode name=\"n$n\" nodeid=\"$n\"><fence><method name=\"power\">"
		text+="<device name=\"power\" port=\"n$n\"/></method></fence></clusternode>"
	done
	text+="</clusternodes><fencedevices><fencedevice name=\"power\" agent=\"fence_rig\" "
	text+="sock=\"$RIG_ST/power.sock\"/></fencedevices>$3</cluster>"
	for n in $(all_nodes); do echo "$text" > "$RIG_ST/n$n/cluster.conf"; done
}

# reload NODE...: the new version comes to one after the other.
reload() {
	local n
	for n; do
		tool "$n" version -r
		said 0 "" "" || return 1
	done
}
node_logged() { node_exec "$1" grep -qF "$2" /var/log/cluster/qdiskd.log; }
# qdiskd_signal NODE SIGNAL: the daemon that join has started.
qdiskd_signal() { node_exec "$1" pkill -"$2" -x qdiskd; }

quorumd() { echo "<quorumd label=\"rig\" interval=\"0.1\" tko=\"10\" $1>$2</quorumd>"; }
true_='<heuristic program="true" interval="1" tko="3"/>'

two_nodes_join_without_a_quorum_disk() {
	local n
	cluster_conf 1 "1 2" '<cman two_node="1" expected_votes="1"/>'
	for n in 1 2; do tool $n join -P; done
	for n in 1 2; do
		tool $n -t 20 -q wait
		said 0 "" ""
	done
	tool 1 status
	grep -q "^Flags: 2node $" <<< "$out"
	grep -q "^Quorum: 1  $" <<< "$out"
}
quorum_disk_is_added_without_downtime() {
	local since
	since=$(rig_now)
	cluster_conf 2 "1 2" "$(quorumd "" "$true_")"
	reload 1 2
	CONF_votes=1
	await $((RIG_RING_S + RIG_MASTER_S)) agree 1 2
	tool 1 status
	grep -q "^Flags: $" <<< "$out"
	grep -q "^Quorum device votes: 1$" <<< "$out"
	never_lost_quorum 1 2 "$since"
	nobody_fenced "$since"
}
node_is_added_without_downtime() {
	local since n
	since=$(rig_now)
	cluster_conf 3 "1 2 3" "$(quorumd "" "$true_")"
	reload 1 2
	for n in 1 2; do await 5 node_logged $n "the nodes are now 1 2 3"; done
	tool 3 -t 30 -w join -P
	[ "$code" = 0 ]
	CONF_votes=2
	await $((RIG_RING_S + RIG_MASTER_S)) agree 1 2 3
	never_lost_quorum 1 2 "$since"
	nobody_fenced "$since"
	status_is 1 '[.nodes[].id] | join(" ")' "1 2 3"
}
heuristics_and_votes_change_without_downtime() {
	local since n
	since=$(rig_now)
	cluster_conf 4 "1 2 3" "$(quorumd 'reboot="0" votes="2" min_score="2"' "$true_<heuristic program=\"test ! -e /run/unfit\" score=\"2\" interval=\"1\" tko=\"1\"/>")"
	reload 1 2 3
	for n in 1 2 3; do await 5 status_is $n '"\(.score)/\(.score_max)"' 3/3; done
	await 5 agree 1 2 3
	never_lost_quorum 1 2 3 "$since"
	node_exec 3 touch /run/unfit
	await 5 status_is 3 '"\(.score)/\(.score_max)"' 1/3
	node_exec 3 rm /run/unfit
	await $RIG_MASTER_S agree 1 2 3
	never_lost_quorum 1 2 3 "$since"
}
# Each attribute of the manual page's table, with what the log says then.
attributes_change_or_are_refused_as_the_manual_page_says() {
	local since attribute
	since=$(rig_now)
	while IFS='|' read -r attribute text; do
		cluster_conf 4 "1 2 3" "$(quorumd "votes=\"2\" $attribute" "$true_")"
		node_exec 1 truncate -s 0 /var/log/cluster/qdiskd.log
		qdiskd_signal 1 HUP
		await 5 node_logged 1 "$text" || { diag "$attribute"; return 1; }
	done <<-'END'
	reboot="0"|configuration loaded again
	reboot="1" allow_kill="0"|configuration loaded again
	paranoid="1" io_timeout="1" max_error_cycles="0"|configuration loaded again
	min_score="1" stop_cman="1"|configuration loaded again
	priority="2" scheduler="rr" status_file="/run/status"|configuration loaded again
	fence="kill"|configuration loaded again
	cman_label="other"|the new configuration (cman_label) waits for nodes 2 3 to be told of it; the old one is in force
	watchdog="/dev/none"|watchdog changed; watchdog /dev/none: No such file or directory; load its driver, or softdog; the old configuration stays
	tko_up="4"|the new configuration (interval, tko, tko_up, upgrade_wait or master_wait) waits for nodes 2 3 to be told
	reboot="1"|no longer waits: it was taken back
	END
	cluster_conf 4 "1 2 3" "$(quorumd 'votes="2"' "$true_" | sed 's/label="rig"/label="other"/')"
	qdiskd_signal 1 HUP
	await 5 node_logged 1 "label or device changed; no device has the label 'other'"
	cluster_conf 4 "1 2 3" "$(quorumd 'votes="2"' "$true_")"
	qdiskd_signal 1 HUP
	await 5 agree 1 2 3
	never_lost_quorum 1 2 3 "$since"
}
# Corosync's new values do not fit the old timings: each leaves at once, and begins when
# the last one has left.
timings_change_without_downtime() {
	local since n
	since=$(rig_now)
	cluster_conf 5 "1 2 3" "$(quorumd 'votes="2"' "$true_" | sed 's/tko="10"/tko="9"/')"
	qdiskd_signal 1 HUP	# corosync.conf stays, and does not fit
	await 5 node_logged 1 "quorum.device.timeout: 900 is too long; at most 800"
	agree 1 2 3
	reload 1
	await 5 node_logged 1 "waiting for nodes 2 3 to leave"
	agree_without 1 2 3
	qdiskd_signal 1 HUP
	await 5 node_logged 1 "reading the configuration again"
	reload 2 3
	for n in 1 2 3; do await 10 status_is $n '"\(.timings.tko) \(.timings.interval_ms)"' "9 100"; done
	await $RIG_MASTER_S agree 1 2 3
	never_lost_quorum 1 2 3 "$since"
	nobody_fenced "$since"
}
# agree_without NODE NODE...: the others go on with the device; this one's own vote counts.
agree_without() {
	local gone=$1
	shift
	await $RIG_MASTER_S casts "$1" "$(master_of "$1")"
	nodes_quorate "$(comma "$gone" "$@")"
}
node_is_removed_without_downtime() {
	local since n
	since=$(rig_now)
	tool 3 leave remove -w
	[ "$code" = 0 ]
	await $((RIG_RING_S + RIG_MASTER_S)) agree 1 2
	cluster_conf 6 "1 2" "$(quorumd "" "$true_" | sed 's/tko="10"/tko="9"/')"
	reload 1 2
	for n in 1 2; do await 5 node_logged $n "the nodes are now 1 2"; done
	CONF_votes=1
	await $RIG_MASTER_S agree 1 2
	tool 1 nodes -F id,type,votes,name -n rig -n n1 -n n2 -n n3
	said 0 "0 M 1 rig 
1 M 1 n1 
2 M 1 n2 " ""
	status_is 1 '[.nodes[].id] | join(" ")' "1 2"
	never_lost_quorum 1 2 "$since"
	nobody_fenced "$since"
}
quorum_disk_is_removed_without_downtime() {
	local since n
	since=$(rig_now)
	cluster_conf 7 "1 2" '<cman two_node="1" expected_votes="1"/>'
	reload 1 2
	for n in 1 2; do await 10 node_without_qdiskd $n; done
	tool 1 status
	[ "$code" = 0 ]
	grep -q "^Quorum: [12]  $" <<< "$out"
	refute grep -q "Quorum device" <<< "$out"
	never_lost_quorum 1 2 "$since"
}
node_without_qdiskd() { refute node_exec "$1" pgrep -x qdiskd > /dev/null; }

scenario_reset() { :; }
cluster_start 3
nodes_bare
for name in two_nodes_join_without_a_quorum_disk quorum_disk_is_added_without_downtime \
	node_is_added_without_downtime heuristics_and_votes_change_without_downtime \
	attributes_change_or_are_refused_as_the_manual_page_says \
	timings_change_without_downtime node_is_removed_without_downtime \
	quorum_disk_is_removed_without_downtime; do
	scenario $name
done
libcman_done
