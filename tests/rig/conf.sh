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
# data         bytes of a second LUN for a file system, see lun.sh; empty: none
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
	CONF_fence=agent CONF_quorumd='' CONF_heuristics='' CONF_label=rig CONF_lun=plain CONF_name=n CONF_data=''
	conf_set "$@"
}

# conf_set key=value...: change settings; conf_write makes them effective.
conf_set() {
	local pair
	for pair; do
		case ${pair%%=*} in
		token | interval | native | votes | votes_unset | sector | transport | tko | tko_up | upgrade_wait | master_wait) ;;
		expected | model | v | y | quorum_extra | provider | fence | quorumd | heuristics | label | lun | name | data) ;;
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
	conf_generate > "$RIG_ST/corosync.conf"
	for n in $(seq "$RIG_N"); do
		sed "s|LOGFILE|$RIG_ST/n$n/corosync.log|" "$RIG_ST/corosync.conf" > "$RIG_ST/n$n/corosync.conf"
		conf_cluster > "$RIG_ST/n$n/cluster.conf"
	done
}

# What qdiskd writes for corosync, with what is the rig's own, and what is wrong on purpose.
conf_generate() {
	conf_plain > "$RIG_ST/generate.conf"
	"$RIG_BUILD/qdiskd" -t -c "$RIG_ST/generate.conf" 2> "$RIG_ST/generate.said" > "$RIG_ST/generated" || :
	[ -s "$RIG_ST/generated" ] ||
		{ sed 's/^/# /' "$RIG_ST/generate.said" >&2; echo "Bail out! qdiskd -t writes no corosync.conf" >&2; }
	conf_faults < "$RIG_ST/generated"
	# All nodes share the cores of one machine: at its real-time priority a corosync that
	# spins (it does while sync waits for the device) would starve the others and the LUN.
	printf 'system {\n\tsched_rr: no\n}\n'
	printf 'logging {\n\tto_syslog: no\n\tto_logfile: yes\n\tlogfile: LOGFILE\n\ttimestamp: hires\n}\n'
}

# The cluster.conf with nothing left out, for who writes corosync.conf from it.
conf_plain() {
	local CONF_token=$CONF_T CONF_native='' CONF_votes_unset='' CONF_quorumd='' CONF_heuristics=''
	conf_cluster
}

# conf_faults: the settings that differ from what qdiskd writes, as a filter. Nodes are
# called n1 and up and have no name service.
conf_faults() {
	sed -E "s/ring0_addr: $CONF_name([0-9]+)\$/ring0_addr: $RIG_NET.\1/; /^logging \{/,/^\}/d" |
		if [ "$CONF_model" = none ]; then sed '/^\tdevice {/,/^\t}/d'; else sed "s/model: .*/model: $CONF_model/"; fi |
		if [ "$CONF_E" = none ]; then sed '/expected_votes/d'; else sed "s/expected_votes: .*/expected_votes: $CONF_E/"; fi |
		if [ -z "$CONF_token" ]; then sed '/^\ttoken/d'; else cat; fi |
		if [ -n "$CONF_v" ]; then sed "s/^\t\ttimeout: .*/\t\ttimeout: $CONF_v/"; else cat; fi |
		if [ -n "$CONF_y" ]; then sed "s/^\t\tsync_timeout: .*/\t\tsync_timeout: $CONF_y/"; else cat; fi |
		if [ -n "$CONF_quorum_extra" ]; then sed "s/^quorum {/&\n\t$CONF_quorum_extra/"; else cat; fi |
		if [ -z "$CONF_provider" ]; then sed '/provider:/d'; else sed "s/provider: .*/provider: $CONF_provider/"; fi
}

conf_cluster() {
	local n method="" timings="" votes=""
	echo '<?xml version="1.0"?>'
	echo '<cluster name="rig" config_version="1">'
	echo "  <cman transport=\"$CONF_transport\" $([ "$CONF_E" = none ] || echo "expected_votes=\"$CONF_E\"")/>"
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
