#!/bin/bash
# cman_tool_guide.sh: the configurations of Red Hat's quorum disk guide, brought up by
# `cman_tool join` alone, and what they promise.
#
# Short: the two nodes, ten times as fast as in the guide. With RIG_LONG=1 also at the
# guide's own pace (interval 1 s, token 21 s), three nodes of which all but one may die,
# and two nodes without a heuristic.
# shellcheck source=tests/cluster/cman_tool.inc
. "$(dirname "$0")/cman_tool.inc"
export RIG_LIMIT=580
cluster_enter "$@"
libcman_under

gateway=$RIG_NET.254

# guide INTERVAL TOKEN EXPECTED VOTES HEURISTICS: cluster.conf on all nodes.
guide() {
	local n
	for n in $(all_nodes); do
		cat > "$RIG_ST/n$n/cluster.conf" <<-END
		<?xml version="1.0"?>
		<cluster name="mycluster" config_version="1">
		  <cman expected_votes="$3" two_node="0" quorum_dev_poll="$2"/>
		  <totem token="$2"/>
		  <clusternodes>
		$(for m in $(all_nodes); do
			echo "<clusternode name=\"n$m\" nodeid=\"$m\" votes=\"1\"><fence><method name=\"power\">"
			echo "<device name=\"power\" port=\"n$m\"/></method></fence></clusternode>"
		done)
		  </clusternodes>
		  <fencedevices><fencedevice name="power" agent="fence_rig" sock="$RIG_ST/power.sock"/></fencedevices>
		  <quorumd interval="$1" label="myQDisk" min_score="1" tko="10" votes="$4">
		    $5
		  </quorumd>
		</cluster>
		END
	done
}
ping_heuristic() { echo "<heuristic interval=\"2\" program=\"ping -c1 -w1 $gateway\" score=\"1\" tko=\"4\"/>"; }

# guide_start NODES key=value...: bare nodes, and a gateway that all of them reach.
guide_start() {
	cluster_start "$@" label=myQDisk master_wait=5 tko_up=3 tko=10
	nodes_bare
	# A bridge takes the address of a port, which dies with its node.
	in_switch ip link set br0 address 02:51:44:00:02:fe
	in_switch ip addr add "$gateway/24" dev br0
}

nodes_join() {
	local n
	for n; do
		tool "$n" -t 60 -w join -P
		[ "$code" = 0 ] || { diag "n$n: $err"; return 1; }
	done
}

cluster_is_up_by_join_alone() {
	local n
	# shellcheck disable=SC2046	# lists of words
	nodes_join $(all_nodes)
	# shellcheck disable=SC2046
	await $((3 * RIG_MASTER_S)) "$whole" $(all_nodes)
	n=$(a_master)
	tool "$n" status
	grep -qx "Expected votes: $((RIG_N + CONF_votes))" <<< "$out"
	grep -qx "Quorum device votes: $CONF_votes" <<< "$out"
	grep -qx "Total votes: $((RIG_N + CONF_votes))" <<< "$out"
	tool "$n" nodes -n myQDisk -F id,type,votes,name
	said 0 "0 M $CONF_votes myQDisk " ""
}
# Its gateway is all that this node has to show that it is fit.
node_without_its_gateway_reboots() {
	local since
	since=$(rig_now)
	node_exec 2 ip route add blackhole "$gateway/32"
	await 40 node_died 2 "$since" reboot
	await $((RIG_RING_S + RIG_MASTER_S)) agree 1
	never_lost_quorum 1 "$since"
	node_boot 2
	nodes_join 2
	await $((RIG_RING_S + 3 * RIG_MASTER_S)) agree 1 2
}
master_without_power_leaves_a_quorate_survivor() {
	local since dead left
	since=$(rig_now)
	dead=$(a_master)
	left=$(others "$dead")
	node_power_cut "$dead"
	# shellcheck disable=SC2086	# lists of words
	await $((RIG_RING_S + 2 * RIG_MASTER_S)) survive $left
	# shellcheck disable=SC2086
	never_lost_quorum $left "$since"
	await 20 fenced_once "$dead" "$since"
	tool "${left%% *}" status
	grep -qE "^Quorum: [0-9]+  $" <<< "$out"
}
survive() { if [ "$whole" = two_agree ]; then last_man "$@"; else agree "$@"; fi; }
last_man() { nodes_quorate "$1" && [ "$(master_of "$1")" = "$1" ] && total_votes_are "$1" 2; }
# Nobody is left but one.
last_of_three_goes_on_alone() {
	local since dead left
	since=$(rig_now)
	dead=$(for n in $(all_nodes); do if node_on "$n"; then echo "$n"; fi; done | tail -n 1)
	left=$(for n in $(others "$dead"); do if node_on "$n"; then echo "$n"; fi; done)
	node_power_cut "$dead"
	await $((RIG_RING_S + 2 * RIG_MASTER_S)) agree "$left"
	never_lost_quorum "$left" "$since"
}

scenario_reset() { :; }

two_nodes_of_the_guide() {	# INTERVAL_MS TOKEN
	whole=agree
	guide_start 2 votes=1 token="$2" interval="$1"
	guide "$(conf_seconds "$1")" "$2" 3 1 "$(ping_heuristic)"
	scenario cluster_is_up_by_join_alone
	scenario_long node_without_its_gateway_reboots
	scenario master_without_power_leaves_a_quorate_survivor
	rig_stop
}
three_nodes_all_but_one() {
	whole=agree
	guide_start 3 votes=2 token=2100 interval=100
	guide 0.1 2100 5 2 "$(ping_heuristic)$(ping_heuristic)$(ping_heuristic)"
	scenario cluster_is_up_by_join_alone
	scenario master_without_power_leaves_a_quorate_survivor
	scenario last_of_three_goes_on_alone
	rig_stop
}
# The master wins by itself: the votes come to 1, and there is nothing to measure.
two_nodes_without_heuristics() {
	whole=two_agree
	guide_start 2 votes=1 token=2100 interval=100
	guide 0.1 2100 3 1 ""
	for n in 1 2; do sed -i 's/ votes="1">$/>/; s/ min_score="1"//' "$RIG_ST/n$n/cluster.conf"; done
	scenario cluster_is_up_by_join_alone
	scenario master_without_power_leaves_a_quorate_survivor
	rig_stop
}

two_nodes_of_the_guide 100 2100
if [ -n "${RIG_LONG:-}" ]; then
	two_nodes_without_heuristics
	three_nodes_all_but_one
	two_nodes_of_the_guide 1000 21000
fi
libcman_done
