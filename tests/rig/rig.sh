# shellcheck shell=bash
# rig.sh: a cluster of real corosync nodes on one machine. Source it, then:
#
#	rig_enter "$@"                  # first thing; comes back inside the rig
#	rig_start 3 votes=2             # nodes n1..n3 are on, nothing runs in them yet
#					# (lun=faulty: their paths to the LUN can be broken)
#	corosync_start 1 2 3; qdiskd_start 1 2 3
#	...
#	rig_stop                        # or just end: nothing survives the script
#
# A node is a pid, mount, net, uts and ipc namespace with overlays over /etc /var /usr,
# its own /run, /dev and network cable. reboot(2) inside restarts that node only. The
# script itself runs in a pid and mount namespace, so that its end, however it ends,
# ends every process of the rig; loop devices are freed by their last close. No name
# is global: any number of rigs can run side by side.
#
# Environment: RIG_BUILD  the programs under test (default build/)
#              RIG_BIN    the rig's own helpers (default build/tests/rig/)
#              RIG_KEEP   keep the state folder and say where it is
#              RIG_LONG   run the scenarios too that are too long for every day
#              RIG_LIMIT  seconds that a script may take in all (default 420)
#
# Files in $RIG_ST: events (power and scenario log), fence.log (requests to the power
# controller), nN/samples (what the sampler saw), nN/{corosync,qdiskd}.log, nN/console,
# nN/power (on, off), nN/respawn (seconds; absent: a dead node stays off).
# All times are nanoseconds of CLOCK_MONOTONIC.

RIG_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
RIG_BUILD=$(readlink -m "${RIG_BUILD:-$RIG_DIR/../../build}")
RIG_BIN=$(readlink -m "${RIG_BIN:-$RIG_BUILD/tests/rig}")
RIG_NET=10.77.0
RIG_BRIDGES="br0 br1 br2 br3"
RIG_PROGRAMS="sampler s1check mono nodereboot faultlun lunprobe fakedog mountwatch fetch"
export RIG_DIR RIG_BUILD RIG_BIN RIG_NET
# shellcheck source=tests/rig/tap.sh
. "$RIG_DIR/tap.sh"
# shellcheck source=tests/rig/conf.sh
. "$RIG_DIR/conf.sh"
# shellcheck source=tests/rig/lun.sh
. "$RIG_DIR/lun.sh"
# shellcheck source=tests/rig/service.sh
. "$RIG_DIR/service.sh"
# shellcheck source=tests/rig/scenario.sh
. "$RIG_DIR/scenario.sh"
# shellcheck source=tests/rig/sample.sh
. "$RIG_DIR/sample.sh"

# --- time

# rig_now: print the time.
rig_now() { "$RIG_BIN/mono"; }

# nap SECONDS: a pause without a process.
exec 8<> <(:)
nap() { read -r -t "$1" <&8 || :; }

# await SECONDS COMMAND...: until the command succeeds; 1 when the deadline has passed.
# Looks again every 100 ms. The command is always run at least once after the deadline.
await() {
	local limit=$((${EPOCHREALTIME/./} + $1 * 1000000)) late
	shift
	while :; do
		late=$((${EPOCHREALTIME/./} > limit))
		"$@" && return 0
		[ "$late" = 0 ] || break
		nap 0.1
	done
	diag "deadline passed: $*"
	return 1
}

# steadily SECONDS COMMAND...: the command succeeds all the time for so long.
steadily() {
	local limit=$((${EPOCHREALTIME/./} + $1 * 1000000))
	shift
	while [ "${EPOCHREALTIME/./}" -lt "$limit" ]; do
		"$@" || { diag "did not last: $*"; return 1; }
		nap 0.1
	done
}

# refute COMMAND...: the opposite; visible to `set -e`, which a plain "!" is not.
refute() { if "$@"; then return 1; fi; }

# mark TEXT...: a line in the event log.
mark() { echo "$(rig_now) $*" >> "$RIG_ST/events"; }

# --- life and death of the rig

# Say why the rig cannot run here, in TAP, and end.
rig_skip() {
	echo "1..0 # SKIP $*"
	exit 0
}

# rig_enter "$@": run the calling script again in namespaces of its own. The outer
# process waits and ends with the script's status.
rig_enter() {
	local tool rc
	if [ -n "${RIG_TOP:-}" ]; then
		rig_inside
		return
	fi
	[ "$(id -u)" = 0 ] || rig_skip "the rig needs root"
	for tool in corosync corosync-quorumtool socat tini setpriv unshare nsenter losetup ip; do
		command -v $tool > /dev/null || rig_skip "$tool is not installed"
	done
	for tool in $RIG_PROGRAMS; do
		[ -x "$RIG_BIN/$tool" ] || { echo "Bail out! $RIG_BIN/$tool is not built"; exit 99; }
	done
	RIG_TOP=$(mktemp -d /tmp/qdisk-rig.XXXXXX) || exit 99
	export RIG_TOP
	trap 'cgroup_remove; rmdir "$RIG_TOP"' EXIT
	cgroup_make
	# pdeathsig: who is killed takes the next one along
	setpriv --pdeathsig KILL timeout --foreground -k 5 "${RIG_LIMIT:-420}" \
		setpriv --pdeathsig KILL unshare --pid --mount --fork --kill-child --mount-proc \
		tini -- bash "$0" "$@"
	rc=$?
	exit $rc
}

# The second pass: the state folder is a tmpfs of this mount namespace, so that it ends
# with the rig, and a machine's disk that is busy with other things is no part of it.
# In it stand copies of the programs: a build that goes on meanwhile changes nothing.
rig_inside() {
	local tool
	mount -t tmpfs -o mode=755 qdisk-rig "$RIG_TOP" || exit 99
	mkdir -p "$RIG_TOP/build/tests/rig"
	find "$RIG_BUILD" -maxdepth 1 ! -type d -exec cp -P -t "$RIG_TOP/build" {} +
	for tool in $RIG_PROGRAMS; do cp -L "$RIG_BIN/$tool" "$RIG_TOP/build/tests/rig/"; done
	RIG_BUILD=$RIG_TOP/build
	RIG_BIN=$RIG_BUILD/tests/rig
	[ -z "${RIG_KEEP:-}" ] || trap rig_keep EXIT
}

# A control group (v2) for each node, to freeze it; RIG_CGROUP stays empty where there is none.
cgroup_make() {
	RIG_CGROUP=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
	RIG_CGROUP=${RIG_CGROUP:+$RIG_CGROUP/${RIG_TOP##*/}}
	export RIG_CGROUP
	if [ -n "$RIG_CGROUP" ]; then mkdir "$RIG_CGROUP" 2> /dev/null || RIG_CGROUP=; fi
}
cgroup_remove() {
	[ -z "$RIG_CGROUP" ] || find "$RIG_CGROUP" -depth -type d -exec rmdir {} +
}

# With RIG_KEEP: the state of the rig outlives it.
rig_keep() {
	mkdir "$RIG_TOP.kept" && cp -r "$RIG_TOP"/[0-9]* "$RIG_TOP.kept" 2> /dev/null
	echo "# the rig's state is kept in $RIG_TOP.kept"
}

# rig_start NODES [key=value...]: a new rig, its nodes booted. Keys: see conf_defaults.
rig_start() {
	local n
	RIG_N=$1
	shift
	RIG_COUNT=$((${RIG_COUNT:-0} + 1))
	export RIG_ST=$RIG_TOP/$RIG_COUNT RIG_N
	mkdir -p "$RIG_ST"
	RIG_PIDS=
	: > "$RIG_ST/events"
	: > "$RIG_ST/fence.log"
	conf_defaults "$@"
	switch_start
	lun_start
	power_start
	for n in $(seq "$RIG_N"); do node_create "$n"; done
	conf_write
	node_boot $(seq "$RIG_N")
}

# rig_stop: power everything off and forget it. The logs stay until the script ends.
rig_stop() {
	local n pid
	[ -n "${RIG_PIDS:-}" ] || return 0
	lun_release
	for n in $(seq "$RIG_N"); do
		rm -f "$RIG_ST/n$n/respawn"
		echo off > "$RIG_ST/n$n/power"
	done
	for pid in $RIG_PIDS; do kill -KILL "$pid" 2> /dev/null; done
	for n in $(seq "$RIG_N"); do
		[ ! -s "$RIG_ST/n$n/pid" ] || kill -KILL "$(cat "$RIG_ST/n$n/pid")" 2> /dev/null
	done
	for pid in $RIG_PIDS; do await 10 pid_gone "$pid"; done
	for n in $(seq "$RIG_N"); do
		[ ! -s "$RIG_ST/n$n/pid" ] || await 10 pid_gone "$(cat "$RIG_ST/n$n/pid")"
	done
	for n in $(seq "$RIG_N"); do rm -f "$RIG_ST/n$n/pid"; done
	lun_stop
	RIG_PIDS=
}

pid_gone() { ! kill -0 "$1" 2> /dev/null; }

# Start COMMAND in the background, remember its pid for rig_stop. Prints nothing.
rig_spawn() {
	setsid "$@" < /dev/null >> "$RIG_ST/rig.out" 2>&1 &
	RIG_LAST=$!
	disown
	RIG_PIDS="$RIG_PIDS $RIG_LAST"
}

# --- the network

# A net namespace that holds the bridges; its name is the pid of its only process.
switch_start() {
	local bridge
	rig_spawn unshare --net sleep infinity
	export RIG_SWITCH=$RIG_LAST
	await 5 switch_ready
	in_switch ip link set lo up
	for bridge in $RIG_BRIDGES; do
		in_switch ip link add "$bridge" type bridge stp_state 0 forward_delay 0 mcast_snooping 0
		in_switch ip link set "$bridge" up
	done
}

switch_ready() {
	[ "$(readlink "/proc/$RIG_SWITCH/ns/net")" != "$(readlink /proc/self/ns/net)" ] &&
		[ "$(cat "/proc/$RIG_SWITCH/comm")" = sleep ]
}

in_switch() { nsenter -t "$RIG_SWITCH" -n -- "$@"; }

# cable_down NODE..., cable_up NODE...: pull and plug a node's network cable.
cable_down() {
	local n
	for n; do
		: > "$RIG_ST/n$n/unplugged"
		in_switch ip link set "sw$n" down
		mark "n$n cable down"
	done
}
cable_up() {
	local n
	for n; do
		rm -f "$RIG_ST/n$n/unplugged"
		node_off "$n" || in_switch ip link set "sw$n" up
		mark "n$n cable up"
	done
}

# rig_split "1 2" "3": each group of nodes gets a switch of its own; a node that is off
# joins it when it boots.
rig_split() {
	local group n i=0
	for group; do
		for n in $group; do
			echo "br$i" > "$RIG_ST/n$n/bridge"
			echo "link set sw$n master br$i"
		done
		i=$((i + 1))
	done > "$RIG_ST/batch"
	mark "split $(printf '{%s} ' "$@")"
	in_switch ip -force -batch "$RIG_ST/batch" 2> /dev/null || :	# not every node is on
}

# rig_heal: one switch for all again.
rig_heal() { rig_split "$(seq -s ' ' "$RIG_N")"; }

# --- nodes

# The power controller and its socket.
power_start() {
	rig_spawn socat -t 30 "UNIX-LISTEN:$RIG_ST/power.sock,fork" "EXEC:$RIG_DIR/power.sh"
	await 5 test -S "$RIG_ST/power.sock"
}

node_create() {
	local D=$RIG_ST/n$1
	mkdir -p "$D/usr.up/sbin" "$D/etc.up/corosync" "$D/etc.up/cluster" "$D/var.up"
	echo off > "$D/power"
	echo br0 > "$D/bridge"
	[ -z "$RIG_CGROUP" ] || mkdir -p "$RIG_CGROUP/n$1"
	cp "$RIG_DIR/fence_rig" "$D/usr.up/sbin/"
	ln -s "$D/corosync.conf" "$D/etc.up/corosync/corosync.conf"
	ln -s "$D/cluster.conf" "$D/etc.up/cluster/cluster.conf"
	rig_spawn "$RIG_DIR/chassis.sh" "$1"
}

# node_boot NODE...: power on, wait until booted.
node_boot() {
	local n
	for n; do echo on > "$RIG_ST/n$n/power"; done
	for n; do await 20 node_on "$n" || return 1; done
}

# node_on NODE: is it booted? node_off: is it dead?
node_on() { [ -s "$RIG_ST/n$1/pid" ] && [ -e "$RIG_ST/n$1/booted" ]; }
node_off() { [ ! -s "$RIG_ST/n$1/pid" ]; }

# node_power_cut NODE...: the cable and init go in the same breath; the node stays off.
node_power_cut() {
	local n
	for n; do
		mark "n$n power cut"
		echo off > "$RIG_ST/n$n/power"
		rm -f "$RIG_ST/n$n/respawn"
		in_switch ip link set "sw$n" down
		[ ! -S "$RIG_ST/data.sock" ] || data_path "$n" err rw
		kill -KILL "$(cat "$RIG_ST/n$n/pid")"
	done
	for n; do await 10 node_off "$n"; done
}

# node_respawn NODE SECONDS|off: does the chassis boot a dead node again? More than
# token + consensus, or a death passes unnoticed.
node_respawn() {
	if [ "$2" = off ]; then rm -f "$RIG_ST/n$1/respawn"; else echo "$2" > "$RIG_ST/n$1/respawn"; fi
}

# node_exec NODE COMMAND...: run a command inside the node. 125 when the node is off.
node_exec() {
	local pid
	pid=$(cat "$RIG_ST/n$1/pid" 2> /dev/null) && [ -n "$pid" ] || return 125
	shift
	env -u QDISK_REBOOT nsenter -a -t "$pid" -- "$@"
}

# node_deaths NODE SINCE: print why it died since then, one word per death: power,
# reboot, halt.
node_deaths() {
	awk -v n="n$1" -v since="$2" '$2 == n && $3 == "death" && $1 >= since { print $4 }' "$RIG_ST/events"
}

# node_died NODE SINCE WHY: exactly one death since then, of this kind.
node_died() { [ "$(node_deaths "$1" "$2")" = "$3" ]; }

# fence_count NODE SINCE: print how many requests that kill the node got "ok" since then.
fence_count() {
	awk -v n="n$1" -v since="$2" '$1 >= since && ($2 == "off" || $2 == "reboot") && $3 == n && $4 == "ok" { c++ }
		END { print c + 0 }' "$RIG_ST/fence.log"
}
