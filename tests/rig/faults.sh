# shellcheck shell=bash
# faults.sh: faults that begin, last and end. Sourced beside rig.sh, for nodes whose
# services a keeper runs.
#
#	fault_begin KIND TARGET     fault_end KIND TARGET
#
# KIND     TARGET   what happens
# kill     NODE     kill -9 of qdiskd; started again at the end
# stop     NODE     SIGSTOP of qdiskd
# freeze   NODE     the whole node stands still, as a paused machine does
# power    NODE     power cut, and power again
# restart  NODE     qdiskd stops cleanly and starts at once
# leave    NODE     qdiskd stops cleanly; started again at the end
# cskill, csleave, csstop NODE   the same three of corosync
# storm    NODE     a thousand SIGHUPs to qdiskd
# cable    NODE     its network cable is pulled
# oneway   A>B      nothing passes from A to B
# pair     A=B      nothing passes between A and B; both reach everybody else
# split    1,2/3    each group of nodes has a switch of its own
# nofence  -        the power controller refuses everything
# lunhang, lunslow, luneio NODE|all   its path to the LUN (rig_start lun=faulty): no answer;
#                   answers after 0.1 to 0.6 s; errors
#
# Nothing here waits: an end comes when it is due, whatever the begin of another does.

# --- the keeper

# keeper_start NODE...: what runs in the node from now on, after each boot too.
keeper_start() {
	local n
	for n; do
		ln -sf "$RIG_DIR/node-keeper.sh" "$RIG_ST/n$n/boot.local"
		# The node's control group is for what runs inside, not for nsenter, which must
		# bury the keeper of a node that died frozen.
		env -u QDISK_REBOOT setsid nsenter -a -t "$(cat "$RIG_ST/n$n/pid")" -- \
			sh -c 'echo 0 >&7; exec "$@" 7>&-' sh "$RIG_DIR/node-keeper.sh" \
			7> "${RIG_CGROUP:-/dev/null}${RIG_CGROUP:+/n$n/cgroup.procs}" \
			< /dev/null >> "$RIG_ST/n$n/console" 2>&1 &
		disown
	done
}

service_hold() { : > "$RIG_ST/n$2/hold.$1"; }
service_release() { rm -f "$RIG_ST/n$2/hold.$1"; }

# --- a node stands still

node_freeze() {
	mark "n$1 freeze"
	if [ -n "$RIG_CGROUP" ]; then
		echo 1 > "$RIG_CGROUP/n$1/cgroup.freeze"
	else
		node_signal_all "$1" STOP
	fi
}

node_thaw() {
	mark "n$1 thaw"
	if [ -n "$RIG_CGROUP" ]; then
		echo 0 > "$RIG_CGROUP/n$1/cgroup.freeze"
	else
		node_signal_all "$1" CONT
	fi
}

# Where no control group freezes: the signal to every process of the node, again until
# none was forked meanwhile.
node_signal_all() {
	local seen='' found init
	init=$(cat "$RIG_ST/n$1/pid" 2> /dev/null) || return 0
	while :; do
		found=$(find -L /proc/[0-9]*/ns/pid -samefile "/proc/$init/ns/pid" 2> /dev/null | cut -d / -f 3)
		[ "$found" != "$seen" ] || break
		# shellcheck disable=SC2086	# a list of words
		kill "-$2" $found 2> /dev/null
		seen=$found
	done
}

# --- power

# node_reset NODE: dead at once, as by a watchdog; the chassis boots it again.
node_reset() {
	local pid
	pid=$(cat "$RIG_ST/n$1/pid" 2> /dev/null) && [ -n "$pid" ] || return 0
	in_switch ip link set "sw$1" down 2> /dev/null
	kill -KILL "$pid" 2> /dev/null
}

power_off() {
	mark "n$1 power cut"
	mv "$RIG_ST/n$1/respawn" "$RIG_ST/n$1/respawn.off" 2> /dev/null
	echo off > "$RIG_ST/n$1/power"
	node_reset "$1"
}

# A chassis that has not buried its node yet must not miss the switch.
power_on() {
	mv "$RIG_ST/n$1/respawn.off" "$RIG_ST/n$1/respawn" 2> /dev/null || return 0
	mark "n$1 power"
	(await 10 node_off "$1" && echo on > "$RIG_ST/n$1/power") &
}

# --- the network

# path_cut A B, path_mend A B: nothing passes from A to B.
path_cut() { node_exec "$1" ip route replace blackhole "$RIG_NET.$2/32" && mark "n$1 sends nothing to n$2"; }
path_mend() { node_exec "$1" ip route del blackhole "$RIG_NET.$2/32" 2> /dev/null && mark "n$1 sends to n$2 again"; }

split_begin() {
	local groups
	IFS=/ read -ra groups <<< "${1//,/ }"
	rig_split "${groups[@]}"
}

# --- faults

# signal_storm NODE: in the background; the node may die under it.
signal_storm() {
	mark "n$1 qdiskd SIGHUP 1000 times"
	# shellcheck disable=SC2016	# for the shell in the node
	node_exec "$1" bash -c 'read -r p < /run/rig-qdiskd.pid
		for ((i = 0; i < 1000; i++)); do kill -HUP $p || break; done' 2> /dev/null &
}

fault_begin() {
	case $1 in
	kill) service_hold qdiskd "$2"; service_signal qdiskd "$2" KILL ;;
	stop) service_signal qdiskd "$2" STOP ;;
	freeze) node_freeze "$2" ;;
	power) power_off "$2" ;;
	restart) service_signal qdiskd "$2" TERM ;;
	leave) service_hold qdiskd "$2"; service_signal qdiskd "$2" TERM ;;
	cskill) service_hold corosync "$2"; service_signal corosync "$2" KILL ;;
	csleave) service_hold corosync "$2"; service_signal corosync "$2" TERM ;;
	csstop) service_signal corosync "$2" STOP ;;
	storm) signal_storm "$2" ;;
	cable) cable_down "$2" ;;
	oneway) path_cut "${2%>*}" "${2#*>}" ;;
	pair) path_cut "${2%=*}" "${2#*=}"; path_cut "${2#*=}" "${2%=*}" ;;
	split) split_begin "$2" ;;
	nofence) mark "fencing is broken"; : > "$RIG_ST/power-broken" ;;
	lunhang) lun_path "$2" hang rw ;;
	lunslow) lun_path "$2" delay=100-600 rw ;;
	luneio) lun_path "$2" err rw ;;
	*) echo "Bail out! unknown fault $1"; exit 99 ;;
	esac 2> /dev/null || :	# there may be nothing left to break
}

fault_end() {
	case $1 in
	kill | leave) service_release qdiskd "$2" ;;
	stop) service_signal qdiskd "$2" CONT ;;
	freeze) node_thaw "$2" ;;
	power) power_on "$2" ;;
	cskill | csleave) service_release corosync "$2" ;;
	csstop) service_signal corosync "$2" CONT ;;
	restart | storm) ;;
	cable) cable_up "$2" ;;
	oneway) path_mend "${2%>*}" "${2#*>}" ;;
	pair) path_mend "${2%=*}" "${2#*=}"; path_mend "${2#*=}" "${2%=*}" ;;
	split) rig_heal ;;
	nofence) mark "fencing works again"; rm -f "$RIG_ST/power-broken" ;;
	lunhang | lunslow | luneio) lun_path "$2" ok ;;
	esac 2> /dev/null || :	# or to mend: a reboot has mended it
}

# faults_clear: end whatever lasts, everywhere.
faults_clear() {
	local n
	mark "all faults end"
	[ ! -e "$RIG_ST/power-broken" ] || fault_end nofence -
	! lun_faulty || lun_all ok
	rig_heal
	for n in $(seq "$RIG_N"); do
		[ ! -e "$RIG_ST/n$n/unplugged" ] || cable_up "$n"
		service_release corosync "$n"
		service_release qdiskd "$n"
		power_on "$n"
		node_exec "$n" ip route flush type blackhole 2> /dev/null
		node_thaw "$n"
		fault_end csstop "$n"
		fault_end stop "$n"
	done
}
