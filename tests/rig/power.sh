#!/bin/bash
# power.sh: the power controller outside the nodes. One request, "ACTION NODE", on
# stdin, one answer on stdout: ok, error, on, off or the list of nodes. Started by
# socat for each connection. Answers only when the fact is established.
# Each request is one line of $RIG_ST/fence.log: time, action, node, answer.
# While $RIG_ST/power-slow exists, to cut a node's power takes so many seconds more.
# While $RIG_ST/power-broken exists it refuses everything, like a BMC without a network.
set -u
read -r -t 10 action node || exit 1
n=${node#n}
D=$RIG_ST/n$n

exec 8<> <(:)
nap() { read -r -t "$1" <&8 || :; }
# Dead is what the chassis has seen dead.
alive() { [ -s "$D/pid" ]; }

# The cable goes in the same breath: a dying network stack must not say good-bye. The
# cable of a dead node is left alone, its next life may be plugging it just now; a node
# that is booting dies when it has booted.
cut() {
	local i
	[ "$1" = stay ] || : > "$D/power"
	for ((i = 0; i < 500; i++)); do
		[ -e "$D/booting" ] || break
		nap 0.02
	done
	if alive; then
		nsenter -t "$RIG_SWITCH" -n -- ip link set "sw$n" down 2> /dev/null
		[ ! -S "$RIG_ST/data.sock" ] || "$RIG_BIN/faultlun" ctl "$RIG_ST/data.sock" "$n" err rw
		kill -KILL "$(cat "$D/pid")" 2> /dev/null
	fi
	for ((i = 0; i < 200; i++)); do
		alive || return 0
		nap 0.02
	done
	return 1
}

switch_on() {
	local i
	echo on > "$D/power"
	for ((i = 0; i < 200; i++)); do
		[ -e "$D/booted" ] && alive && return 0
		nap 0.05
	done
	return 1
}

answer() {
	[ ! -e "$RIG_ST/power-broken" ] || { echo error; return; }
	case $action in
	list) for d in "$RIG_ST"/n[0-9]*; do echo "${d##*/}"; done; return ;;
	esac
	if [ -z "$n" ] || [ ! -d "$D" ]; then echo error; return; fi
	case $action in
	off | reboot) [ ! -s "$RIG_ST/power-slow" ] || nap "$(cat "$RIG_ST/power-slow")" ;;
	esac
	case $action in
	status) if alive; then echo on; else echo off; fi ;;
	off) if cut off; then echo ok; else echo error; fi ;;
	on) if switch_on; then echo ok; else echo error; fi ;;
	# Dead is what counts; the chassis boots the node again, if it does that at all.
	reboot) if cut stay; then echo ok; else echo error; fi ;;
	# Its own watchdog: the same, and nobody has fenced it.
	reset) if cut stay; then echo ok; else echo error; fi ;;
	*) echo error ;;
	esac
}

result=$(answer)
echo "$("$RIG_BIN/mono") $action ${node:--} ${result//$'\n'/,}" >> "$RIG_ST/fence.log"
echo "$result"

# The answer is complete. Socat misses the end of its child now and then (1 of 100 on a busy
# machine) and would keep the caller waiting: end this connection's socat ourselves.
exec < /dev/null > /dev/null
nap 0.2
kill "$PPID" 2> /dev/null
