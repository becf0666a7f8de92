# shellcheck shell=bash
# service.sh: corosync and qdiskd inside the nodes. Part of rig.sh.

# service_start NAME NODE COMMAND...: start a daemon inside a node; returns when its pid
# is known (or it has ended already).
service_start() {
	local name=$1 n=$2 pid
	shift 2
	pid=$(cat "$RIG_ST/n$n/pid") || return 1
	rm -f "$RIG_ST/n$n/$name.exit"
	env -u QDISK_REBOOT setsid nsenter -a -t "$pid" -- "$RIG_DIR/node-service.sh" "$name" "$@" \
		< /dev/null > /dev/null 2>&1 &
	disown
	await 10 test -s "$RIG_ST/n$n/$name.exit"
}

# service_pid NAME NODE: print its pid as the node sees it; 1 when it does not run.
service_pid() { node_exec "$2" cat "/run/rig-$1.pid" 2> /dev/null; }

# service_signal NAME NODE SIGNAL
service_signal() {
	mark "n$2 $1 SIG$3"
	node_exec "$2" sh -c "kill -$3 \$(cat /run/rig-$1.pid)"
}

# service_ended NAME NODE: true when it has ended; its status is in nN/NAME.exit.
service_ended() { [ -s "$RIG_ST/n$2/$1.exit" ] && [ "$(cat "$RIG_ST/n$2/$1.exit")" != started ]; }
service_status() { cat "$RIG_ST/n$2/$1.exit"; }

# --- corosync

corosync_start() {
	local n
	for n; do
		mark "n$n corosync start"
		service_start corosync "$n" corosync -f || return 1
	done
	for n; do await 15 node_exec "$n" sh -c 'corosync-cfgtool -s > /dev/null 2>&1' || return 1; done
}

# A clean leave, waited for.
corosync_stop() {
	local n
	for n; do service_signal corosync "$n" TERM; done
	for n; do await 15 service_ended corosync "$n" || return 1; done
}

corosync_kill() {
	local n
	for n; do service_signal corosync "$n" KILL; done
	for n; do await 10 service_ended corosync "$n" || return 1; done
}

# quorumtool NODE: what `corosync-quorumtool -s` says there (its status is 2 when blocked).
quorumtool() { node_exec "$1" timeout 10 corosync-quorumtool -s; }

# quorumtool_value NODE NAME: one value of it, "Total votes" for example.
quorumtool_value() { quorumtool "$1" 2> /dev/null | sed -n "s/^$2: *\([^ ]*\).*/\1/p" | head -n 1; }
total_votes_are() { [ "$(quorumtool_value "$1" "Total votes")" = "$2" ]; }

# --- qdiskd

# qdiskd_start NODE...: in the foreground of its keeper, log in nN/qdiskd.out.
qdiskd_start() {
	local n
	for n; do
		mark "n$n qdiskd start"
		service_start qdiskd "$n" "$RIG_BUILD/qdiskd" -f -c /etc/cluster/cluster.conf || return 1
	done
}

# qdiskd_stop NODE...: SIGTERM and wait; succeeds when each ended with status 0.
qdiskd_stop() {
	local n
	for n; do service_signal qdiskd "$n" TERM; done
	for n; do
		await 10 service_ended qdiskd "$n" || return 1
		[ "$(service_status qdiskd "$n")" = 0 ] || { diag "n$n: qdiskd ended with $(service_status qdiskd "$n")"; return 1; }
	done
}

qdiskd_kill() {
	local n
	for n; do service_signal qdiskd "$n" KILL; done
	for n; do await 10 service_ended qdiskd "$n" || return 1; done
}
qdiskd_freeze() { service_signal qdiskd "$1" STOP; }
# It may reboot its node before the signal has returned.
qdiskd_thaw() { service_signal qdiskd "$1" CONT || :; }
qdiskd_running() { service_pid qdiskd "$1" > /dev/null; }

# qdisk_status NODE FILTER: a value of `qdisk-tool status --json`, by jq.
qdisk_status() { node_exec "$1" timeout 5 "$RIG_BUILD/qdisk-tool" status --json 2> /dev/null | jq -r "$2" 2> /dev/null; }

# status_is NODE FILTER VALUE
status_is() { [ "$(qdisk_status "$1" "$2")" = "$3" ]; }

# master_of NODE: print whom the node sees as master, 0 for nobody.
master_of() { qdisk_status "$1" .master; }

# log_says NODE TEXT [COUNT]: does its qdiskd's log contain the text?
log_says() { grep -qF -- "$2" "$RIG_ST/n$1/qdiskd.out"; }

# mkqdisk_in NODE ARG...: run mkqdisk inside a node, where only the LUN is to be seen.
mkqdisk_in() {
	local n=$1
	shift
	node_exec "$n" timeout 20 "$RIG_BUILD/mkqdisk" "$@"
}

# autostart NODE... / autostart off NODE...: do the daemons start when the node boots?
autostart() {
	local n
	if [ "$1" = off ]; then
		shift
		for n; do rm -f "$RIG_ST/n$n/boot.local"; done
		return
	fi
	for n; do ln -sf "$RIG_DIR/node-boot.sh" "$RIG_ST/n$n/boot.local"; done
}
