#!/bin/bash
# chassis.sh NODE_ID: the server that a rig node runs on, for the life of the rig.
#
# Boots the node whenever $RIG_ST/nN/power says "on", notices its death, tells the
# samples and the event log about it, and, when nN/respawn holds a number, boots it
# again after that many seconds, as a server does after a reset. Without that file a
# dead node stays off. How init died tells who killed it: reboot(2) in a pid namespace
# ends the init by SIGHUP (restart) or SIGINT (halt), a power cut by SIGKILL.
set -u
n=$1
D=$RIG_ST/n$n

# A pause without a process.
exec 8<> <(:)
nap() { read -r -t "$1" <&8 || :; }
log() { echo "$("$RIG_BIN/mono") n$n $*" >> "$RIG_ST/events"; }
in_switch() { nsenter -t "$RIG_SWITCH" -n -- "$@"; }

plug() {
	in_switch ip link set "sw$n" master "$(cat "$D/bridge")"
	if [ -e "$D/unplugged" ]; then in_switch ip link set "sw$n" down; else in_switch ip link set "sw$n" up; fi
}

boot() {
	local i
	: > "$D/booting"
	rm -f "$D/fs-ready" "$D/booted" "$D/pid"
	in_switch ip link del "sw$n" 2> /dev/null
	lun_do data "$n" ok
	# It may have died frozen.
	[ -z "$RIG_CGROUP" ] || echo 0 > "$RIG_CGROUP/n$n/cgroup.freeze"
	unshare --fork --pid --mount-proc --mount --uts --ipc --net \
		"$RIG_DIR/node-init.sh" "$n" < /dev/null >> "$D/console" 2>&1 &
	outer=$!
	for ((i = 0; i < 500; i++)); do
		[ -e "$D/fs-ready" ] && break
		nap 0.02
	done
	init=$(cat "/proc/$outer/task/$outer/children")
	init=${init%% *}
	[ -n "$init" ] || return 1
	# Fixed addresses: a node that comes back must not be cut off by stale ARP entries.
	in_switch ip link add "sw$n" address "02:51:44:00:01:0$n" type veth \
		peer name eth0 address "02:51:44:00:00:0$n" netns "$init"
	plug
	for ((i = 0; i < 500; i++)); do
		[ -e "$D/booted" ] && break
		nap 0.02
	done
	plug	# somebody may have moved the cable since, and not have seen this end of it yet
	echo "$init" > "$D/pid"
	rm -f "$D/booting"
	log "boot"
}

# lun_do NAME COMMAND...: a command to a faulty LUN, if the rig has it.
lun_do() {
	local sock=$RIG_ST/$1.sock
	shift
	[ ! -S "$sock" ] || "$RIG_BIN/faultlun" ctl "$sock" "$@"
}

# Init cannot end while a process of the node waits for the LUN, though all is dead by
# then. So as soon as init has begun to end, its cable is cut and what it has out on its
# path is lost, as in a power cut, until it is gone. A file system that it had mounted must
# not be brought in order by the kernel that all nodes share: its path fails.
mortician() {
	local line
	[ -S "$RIG_ST/lun.sock" ] || [ -S "$RIG_ST/data.sock" ] || return 0
	while read -r line < "/proc/$init/stat"; do
		# shellcheck disable=SC2086	# a list of words
		set -- ${line##*) }
		if [ "$1" = Z ] || [ $(($7 & 4)) != 0 ]; then	# PF_EXITING
			in_switch ip link set "sw$n" down
			lun_do data "$n" err rw
			lun_do data purge "$n"
			lun_do lun purge "$n"
		fi
		nap 0.05
	done 2> /dev/null
}

# Wait for init's death and say why it died.
bury() {
	local rc helper file
	mortician &
	helper=$!
	wait "$outer"
	rc=$?
	kill "$helper" 2> /dev/null
	wait "$helper"
	case $rc in
	129) why="reboot" ;;	# SIGHUP: reboot(RESTART)
	130) why="halt" ;;	# SIGINT: reboot(HALT or POWER_OFF)
	1 | 137) why="power" ;;	# SIGKILL, which unshare(1) reports as 1
	*) why="init-exit-$rc" ;;
	esac
	for file in samples mounts; do
		[ ! -e "$D/$file" ] || echo "$("$RIG_BIN/mono") n$n dead $why" >> "$D/$file"
	done
	log "death $why"
	[ "$why" != halt ] && [ -s "$D/respawn" ] || echo off > "$D/power"
	rm -f "$D/pid" "$D/booted"	# the last act: from now on the node counts as dead
}

while :; do
	until [ "$(cat "$D/power" 2> /dev/null)" = on ]; do nap 0.05; done
	boot
	bury
	[ "$(cat "$D/power")" = off ] || nap "$(cat "$D/respawn")"
done
