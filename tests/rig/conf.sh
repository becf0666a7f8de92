# shellcheck shell=bash
# conf.sh: corosync.conf and cluster.conf of a rig. Part of rig.sh.

# conf_defaults [key=value...]: the settings of a rig, in CONF_<key>.
#
# token        ms; empty: corosync's default, 3000 + 650 for each node above two
# interval     ms; tko, tko_up, upgrade_wait, master_wait: cycles
# native       1: leave those five out of cluster.conf and let qdiskd choose the same
# votes        of the quorum device; votes_unset 1: not in cluster.conf; sector 512 or 4096; transport knet or udpu
# name         of node 1 is this and a 1 (n1), in both files
# lun          plain, or faulty: each node has a path of its own that can be broken, see lun.sh
# expected     expected_votes in corosync.conf; "none" leaves the line out
# model        of the quorum device; "none" leaves the section out
# v, y         ms: quorum.device.timeout, sync_timeout; quorum_extra: a line in quorum {}
# fence        agent: a fence method for every node; none: no methods
# quorumd      further attributes; heuristics: elements inside <quorumd>
# shellcheck disable=SC2034	# used by the files that source this one
conf_defaults() {
	local pair
	CONF_token=1500 CONF_interval='' CONF_native="" CONF_votes=2 CONF_votes_unset="" CONF_sector=512 CONF_transport=knet
	CONF_tko=8 CONF_tko_up=2 CONF_upgrade_wait=2 CONF_master_wait=3
	CONF_expected='' CONF_model=qdisk CONF_v='' CONF_y='' CONF_quorum_extra='' CONF_provider=corosync_votequorum
	CONF_fence=agent CONF_quorumd='' CONF_heuristics='' CONF_label=rig CONF_lun=plain CONF_name=n
	conf_set "$@"
}

# conf_set key=value...: change settings; conf_write makes them effective.
conf_set() {
	local pair
	for pair; do
		case ${pair%%=*} in
		token | interval | native | votes | votes_unset | sector | transport | tko | tko_up | upgrade_wait | master_wait) ;;
		expected | model | v | y | quorum_extra | provider | fence | quorumd | heuristics | label | lun | name) ;;
		*) echo "Bail out! unknown setting $pair"; exit 99 ;;
		esac
		printf -v "CONF_${pair%%=*}" '%s' "${pair#*=}"
	done
}

# What follows from the settings, in CONF_T and so on, all ms: the token in force,
# the interval, V = (K-1)I, Y = (K+M+W+2)I, consensus, and Z.
# shellcheck disable=SC2034	# used by the files that source this one
conf_derive() {
	CONF_T=${CONF_token:-$((3000 + 650 * (RIG_N > 2 ? RIG_N - 2 : 0)))}
	CONF_I=${CONF_interval:-$((CONF_T / 15 / 10 * 10))}
	CONF_V=${CONF_v:-$(((CONF_tko - 1) * CONF_I))}
	CONF_Y=${CONF_y:-$(((CONF_tko + CONF_master_wait + CONF_upgrade_wait + 2) * CONF_I))}
	CONF_consensus=$((CONF_T * 12 / 10))
	CONF_Z=$((CONF_V + CONF_T + CONF_consensus + CONF_Y + 2 * CONF_I))
	CONF_E=${CONF_expected:-$((RIG_N + CONF_votes))}
	# A ring change, and a new master with everything around it, in whole seconds
	# and twice as long as they should take: for deadlines only.
	RIG_RING_S=$((2 * (CONF_T + CONF_consensus) / 1000 + 3))
	RIG_MASTER_S=$((2 * (CONF_tko + CONF_master_wait + CONF_upgrade_wait + 6) * CONF_I / 1000 + 3))
	RIG_Z_S=$((2 * CONF_Z / 1000 + 3))
}

# conf_write: both files for every node, effective at the next start of the daemons.
conf_write() {
	local n
	conf_derive
	for n in $(seq "$RIG_N"); do
		conf_corosync "$n" > "$RIG_ST/n$n/corosync.conf"
		conf_cluster > "$RIG_ST/n$n/cluster.conf"
	done
}

conf_corosync() {
	local n
	echo "totem {
	version: 2
	cluster_name: rig
	transport: $CONF_transport"
	[ -z "$CONF_token" ] || echo "	token: $CONF_token
	token_coefficient: 0"
	echo "}

# All nodes share the cores of one machine: at its real-time priority a corosync that
# spins (it does while sync waits for the device) would starve the others and the LUN.
system {
	sched_rr: no
}

logging {
	to_syslog: no
	to_stderr: no
	to_logfile: yes
	logfile: $RIG_ST/n$1/corosync.log
	timestamp: hires
}

quorum {"
	[ -z "$CONF_provider" ] || echo "	provider: $CONF_provider"
	[ "$CONF_E" = none ] || echo "	expected_votes: $CONF_E"
	[ -z "$CONF_quorum_extra" ] || echo "	$CONF_quorum_extra"
	[ "$CONF_model" = none ] || echo "	device {
		model: $CONF_model
		votes: $CONF_votes
		timeout: $CONF_V
		sync_timeout: $CONF_Y
	}"
	echo "}

nodelist {"
	for n in $(seq "$RIG_N"); do
		echo "	node {
		name: $CONF_name$n
		nodeid: $n
		ring0_addr: $RIG_NET.$n
	}"
	done
	echo "}"
}

conf_cluster() {
	local n method="" timings="" votes=""
	echo '<?xml version="1.0"?>'
	echo '<cluster name="rig" config_version="1">'
	[ "$CONF_E" = none ] || echo "  <cman expected_votes=\"$CONF_E\"/>"
	[ -z "$CONF_token" ] || echo "  <totem token=\"$CONF_token\"/>"
	echo "  <clusternodes>"
	for n in $(seq "$RIG_N"); do
		[ "$CONF_fence" = none ] ||
			method="<fence><method name=\"power\"><device name=\"power\" port=\"n$n\"/></method></fence>"
		echo "    <clusternode name=\"$CONF_name$n\" nodeid=\"$n\" votes=\"1\">$method</clusternode>"
	done
	echo "  </clusternodes>"
	[ "$CONF_fence" = none ] ||
		echo "  <fencedevices><fencedevice name=\"power\" agent=\"fence_rig\" sock=\"$RIG_ST/power.sock\"/></fencedevices>"
	[ -n "$CONF_native" ] || timings="interval=\"$(conf_seconds "$CONF_I")\" tko=\"$CONF_tko\" tko_up=\"$CONF_tko_up\"
           upgrade_wait=\"$CONF_upgrade_wait\" master_wait=\"$CONF_master_wait\""
	[ -n "$CONF_votes_unset" ] || votes="votes=\"$CONF_votes\""
	echo "  <quorumd label=\"$CONF_label\" $votes $timings $CONF_quorumd>"
	[ -z "$CONF_heuristics" ] || echo "    $CONF_heuristics"
	echo "  </quorumd>"
	echo "</cluster>"
}

# Milliseconds as seconds with a point: 100 -> 0.100
conf_seconds() { printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)); }
