#!/bin/bash
# cman_tool_join.sh: from cluster.conf alone to a quorate cluster, and back.
# shellcheck source=tests/cluster/cman_tool.inc
. "$(dirname "$0")/cman_tool.inc"
cluster_enter "$@"
libcman_under

join="-t 60 -w join -P"
is_file() { node_exec "$1" test -e "$2"; }
runs() { node_exec "$1" pgrep -x "$2" > /dev/null; }

# edit NODE SED: change its cluster.conf.
edit() { sed -i "$2" "$RIG_ST/n$1/cluster.conf"; }

join_without_a_valid_configuration_changes_nothing() {
	edit 1 's/<quorumd /<quorumd tko="none" /; s/ tko="8"//'
	# shellcheck disable=SC2086	# a list of words
	tool 1 $join
	[ "$code" = 1 ]
	[[ $err == *"cluster.conf:"*'tko="none" is refused'*"cman_tool: Not joining, configuration is not valid" ]]
	refute is_file 1 /etc/corosync/corosync.conf
	refute runs 1 corosync
	conf_write
	node_exec 1 rm -f /etc/corosync/corosync.conf
	edit 1 's/ token="1500"/ token="900"/'	# well said, and no law allows it
	# shellcheck disable=SC2086
	tool 1 $join
	[ "$code" = 1 ]
	[[ $err == *"Please set token timeout to at least"*"Not joining, configuration is not valid" ]]
	refute runs 1 corosync
	conf_write
}
join_of_a_node_that_is_not_configured_is_refused() {
	tool 1 join -n nobody
	said 1 "" "Overridden node name is not in CCS
cman_tool: Not joining, configuration is not valid"
	node_exec 1 hostname elsewhere
	node_exec 1 sed -i 's/ n1$/ other/' /etc/hosts
	tool 1 join
	said 1 "" "Cannot find node name in cluster.conf
cman_tool: Not joining, configuration is not valid"
	node_exec 1 hostname n1
	tool 1 join
	said 1 "" "Can't determine address family of nodename
cman_tool: Not joining, configuration is not valid"
	node_exec 1 sed -i 's/ other$/ n1/; 1i127.0.1.1 n1' /etc/hosts
	tool 1 join
	said 1 "" "Node name resolves to localhost, please check /etc/hosts and assign this node a network IP address
cman_tool: Not joining, configuration is not valid"
	node_exec 1 sed -i 1d /etc/hosts
	refute runs 1 corosync
}
join_without_the_key_says_how_to_make_it() {
	tool 1 join -k /etc/corosync/nokey
	[ "$code" = 1 ]
	[[ $err == *"cman_tool: /etc/corosync/nokey: No such file or directory; make it with corosync-keygen and copy it to all nodes" ]]
	refute runs 1 corosync
}

# What the old service script did, word for word; the quorum disk comes with join.
join_as_the_service_script_does() {
	local n
	for n in 1 2; do edit $n 's/<cman /<cman cluster_id="4711" shutdown_timeout="700" /'; done
	tool 1 -t 1 -q join -P -n n1
	[ "$code" = 2 ]	# alone it has one vote of three and no quorum before the disk has it
	[[ $err == *"Timed-out waiting for cluster" ]]
	# shellcheck disable=SC2086	# a list of words
	tool 2 $join -DWARN
	[ "$code" = 0 ]
	for n in 1 2; do
		tool $n status
		[ "$code" = 0 ]
		tool $n -t 20 -q wait
		said 0 "" ""
	done
	await "$RIG_MASTER_S" tool_has 1 "Quorum device votes: 1"
	tool 1 status
	grep -qx "Cluster Id: 4711" <<< "$out"
	cmap_is 1 libcman.shutdown_timeout 700
	tool 1 nodes -F id,type,votes,name
	said 0 "0 M 1 $CONF_label 
1 M 1 n1 
2 M 1 n2 " ""
	await "$RIG_MASTER_S" agree 1 2
}
tool_has() { tool "$1" status && grep -qxF "$2" <<< "$out"; }

join_of_an_active_node_is_refused() {
	tool 1 join
	said 1 "" "cman_tool: Node is already active"
}
join_keeps_the_administrators_file() {
	tool 2 leave -w
	said 0 "" ""
	node_exec 2 sed -i '1s/.*/# mine/' /etc/corosync/corosync.conf
	# shellcheck disable=SC2086	# a list of words
	tool 2 $join
	[ "$code" = 0 ]
	[[ $err == *"cman_tool: /etc/corosync/corosync.conf is kept as /etc/corosync/corosync.conf.before-cman_tool"* ]]
	[ "$(node_exec 2 head -n 1 /etc/corosync/corosync.conf.before-cman_tool)" = "# mine" ]
	[ "$(node_exec 2 head -n 1 /etc/corosync/corosync.conf)" = \
		"# written by cman_tool from /etc/cluster/cluster.conf, which is the file to change" ]
	await $((RIG_RING_S + RIG_MASTER_S)) agree 1 2
}
join_options_stand_above_the_file() {
	tool 2 leave -w
	# shellcheck disable=SC2086	# a list of words
	tool 2 $join -X
	[ "$code" = 1 ]
	[[ $err == *"-X: corosync 3 needs the list of all nodes"* ]]
	tool 2 join -N 1
	[[ $err == *"-N: another node has this id"* ]]
	tool 2 -w -t 20 join -P -p 6809 -m 239.1.2.3 -C ldap
	[ "$code" = 0 ]
	[[ $err == *"-m 239.1.2.3 has no equivalent in corosync 3"* ]]
	[[ $err == *"-C ldap has no equivalent in corosync 3: /etc/cluster/cluster.conf is read"* ]]
	node_exec 2 grep -q "mcastport: 6809" /etc/corosync/corosync.conf
	tool 2 leave -w
	# shellcheck disable=SC2086
	tool 2 $join
	await $((RIG_RING_S + RIG_MASTER_S)) agree 1 2
}

# A new version, on one node after the other.
version_reload_takes_cluster_conf_into_corosync_and_qdiskd() {
	local n since
	since=$(rig_now)
	tool 1 version -r
	said 1 "" "cman_tool: Not reloading, config version older or equal the running config"
	for n in 1 2; do
		edit $n 's/config_version="1"/config_version="2"/; s/<quorumd /<quorumd reboot="0" /; s/4711/4712/'
	done
	edit 1 's/config_version="2"/config_version="two"/'
	tool 1 version -r
	[[ $err == *"cman_tool: Not reloading, configuration is not valid" ]]
	edit 1 's/config_version="two"/config_version="2"/'
	for n in 1 2; do
		tool $n version -r
		[ "$code" = 0 ]
		tool $n version
		said 0 "6.2.0 config 2" ""
		cmap_is $n libcman.cluster_id 4712
		await 5 node_logged $n "configuration loaded again"
	done
	agree 1 2
	never_lost_quorum 1 2 "$since"
}
node_logged() { node_exec "$1" grep -qF "$2" /var/log/cluster/qdiskd.log; }

leave_of_all_leaves_nothing() {
	local n
	for n in 1 2; do
		tool $n -t 60 -w leave
		said 0 "" ""
		refute runs $n corosync
		refute runs $n qdiskd
	done
	block_state 1 None
	block_state 2 None
}

# Where systemd is the init system the services are its own.
services_are_systemds_where_it_runs() {
	cat > "$RIG_BUILD/systemctl" <<-'END'
	#!/bin/sh
	echo "$@" >> /run/systemctl.log
	case "$*" in
	"start corosync") exec corosync ;;
	"start qdiskd") exec qdiskd ;;
	"stop qdiskd") exec sh -c 'kill $(cat /run/qdiskd.pid)' ;;
	*) exit 1 ;;
	esac
	END
	chmod +x "$RIG_BUILD/systemctl"
	node_exec 1 mkdir -p /run/systemd/system
	# shellcheck disable=SC2086	# a list of words
	tool 1 $join
	[ "$code" = 0 ]
	tool 1 leave -w
	said 0 "" ""
	[ "$(node_exec 1 cat /run/systemctl.log | tr '\n' ,)" = "start corosync,start qdiskd,stop qdiskd," ]
	refute runs 1 qdiskd
	node_exec 1 rm -r /run/systemd/system
}
join_says_when_the_quorum_disk_does_not_start() {
	edit 1 's/label="rig"/label="nowhere"/'
	# shellcheck disable=SC2086	# a list of words
	tool 1 $join
	[ "$code" = 1 ]
	[[ $err == *"qdiskd: "*nowhere*"cman_tool: cannot start qdiskd: it has said why" ]]
	tool 1 leave -w
	said 0 "" ""
}

# With a quorum disk an id is also a slot; without one it is only a number.
ids_beyond_64_join_without_a_quorum_disk() {
	local n since
	conf_write
	for n in 1 2; do
		node_exec $n rm -f /etc/corosync/corosync.conf
		edit $n 's/nodeid="1"/nodeid="100"/; s/nodeid="2"/nodeid="4096"/'
	done
	tool 1 join -P
	[ "$code" = 1 ]
	[[ $err == *'nodeid="100" is refused: with <quorumd> it is the number of the node'"'"'s slot'* ]]
	for n in 1 2; do
		edit $n '/<quorumd/,/<\/quorumd>/d; s/expected_votes="3"/expected_votes="2"/'
		tool $n join -P
		[ "$code" = 0 ]
	done
	for n in 1 2; do
		tool $n -t 30 -q wait
		said 0 "" ""
	done
	tool 1 nodes -F id,type,name,addr
	said 0 "100 M n1 $RIG_NET.1 
4096 M n2 $RIG_NET.2 " ""
	tool 1 votes -v 2 -n n2
	said 0 "" ""
	await 5 tool_shows 2 "4096 2 " nodes -n n2 -F id,votes
	since=$(rig_now)
	node_exec 1 "$RIG_BUILD/fence_node" n2
	fenced_once 2 "$since"
}

scenario_reset() { :; }
cluster_start 2 votes=1 'heuristics=<heuristic program="true" interval="1" tko="4"/>'
nodes_bare
for name in join_without_a_valid_configuration_changes_nothing join_of_a_node_that_is_not_configured_is_refused \
	join_without_the_key_says_how_to_make_it join_as_the_service_script_does join_of_an_active_node_is_refused \
	join_keeps_the_administrators_file join_options_stand_above_the_file \
	version_reload_takes_cluster_conf_into_corosync_and_qdiskd leave_of_all_leaves_nothing \
	services_are_systemds_where_it_runs join_says_when_the_quorum_disk_does_not_start \
	ids_beyond_64_join_without_a_quorum_disk; do
	scenario $name
done
libcman_done
