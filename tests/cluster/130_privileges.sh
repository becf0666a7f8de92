#!/bin/bash
# 130_privileges.sh: what the daemon may do once it runs, and what its scripts may.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
cluster_enter "$@"

# DAC_OVERRIDE, KILL, IPC_LOCK, SYS_BOOT, SYS_NICE: qdiskd(8), "Privileges"
KEPT=0000000000c04022
HEURISTICS=$(cd "$(dirname "$0")/../../heuristics" && pwd)

# probe: what a script is and has. sleeper: from its second run on overdue, and no longer root's.
scripts_write() {
	local n
	for n in 1 2; do
		node_exec "$n" sh -c 'cat > /var/lib/probe && chmod 755 /var/lib/probe' <<- 'END'
			#!/bin/sh
			tr '\0' '\n' < /proc/$$/environ > /run/probe.env
			ls -l /proc/self/fd > /run/probe.fd
			cat /proc/self/status > /run/probe.new && mv /run/probe.new /run/probe.status
		END
		node_exec "$n" sh -c 'cat > /var/lib/sleeper && chmod 755 /var/lib/sleeper' <<- 'END'
			#!/bin/sh
			[ -e /run/slept ] || exec touch /run/slept
			exec setpriv --reuid 65534 --clear-groups sleep 600
		END
	done
}

# log_file_add: a log file in a directory that is not root's.
log_file_add() {
	local n
	for n in 1 2; do
		sed -i 's|</cluster>|<logging to_logfile="yes" logfile="/var/lib/qlog/q.log"/>&|' "$RIG_ST/n$n/cluster.conf"
		node_exec "$n" install -d -o nobody -m 700 /var/lib/qlog
	done
}
log_file_says() { node_exec "$1" grep -qF -- "$2" /var/lib/qlog/q.log; }

daemon() { service_pid qdiskd "$1"; }

# threads_have NODE FIELD VALUE: each thread of its daemon, and there are two.
threads_have() {
	local found
	found=$(node_exec "$1" sh -c "grep -h '^$2:' /proc/$(daemon "$1")/task/*/status" | awk '{ print $2 }')
	[ "$found" = "$3"$'\n'"$3" ] || { diag "$2: $found"; return 1; }
}

# status_value NODE FILE FIELD: of a file as /proc/self/status is.
status_value() { node_exec "$1" sed -n "s/^$3:[[:space:]]*//p" "$2"; }
probe_value() { status_value 1 /run/probe.status "$1"; }

cluster_starts() {
	corosync_start 1 2
	qdiskd_start 1 2
	await $((RIG_RING_S + RIG_MASTER_S)) two_agree
	await 5 status_is 1 '"\(.score)/\(.score_max)"' 10/11	# all but the sleeper
}

the_daemon_keeps_five_capabilities_in_each_thread() {
	threads_have 1 CapEff $KEPT
	threads_have 1 CapPrm $KEPT
	threads_have 1 CapInh 0000000000000000
	threads_have 1 CapAmb 0000000000000000
}

# O_CLOEXEC is 02000000 in fdinfo.
the_daemon_keeps_its_descriptors_to_itself() {
	local left
	left=$(node_exec 1 sh -c "cd /proc/$(daemon 1)/fdinfo && for f in *; do
		[ \$f -le 2 ] || grep -qs '^flags:.*[2367]......\$' \$f || readlink ../fd/\$f; done")
	[ -z "$left" ] || { diag "without O_CLOEXEC: $left"; return 1; }
}

scripts_have_what_root_has() {
	await 5 node_exec 1 test -e /run/probe.status
	[ "$(probe_value CapEff)" = "$(status_value 1 /proc/1/status CapBnd)" ]
	[ "$(probe_value NoNewPrivs)" = 0 ]
	[ "$(probe_value SigBlk)" = 0000000000000000 ]
	[[ $(probe_value SigIgn) =~ ^0000000[01][08]0000000$ ]]	# glibc ignores its own two, 32 and 33
}

# 1 is the file it is printed into, 3 the directory that ls reads.
scripts_have_three_descriptors_and_a_path() {
	[ "$(node_exec 1 grep -c ' -> ' /run/probe.fd)" = 4 ]
	[ "$(node_exec 1 grep -c ' [02] -> /dev/null$' /run/probe.fd)" = 2 ]
	[ "$(node_exec 1 cut -d = -f 1 /run/probe.env | sort | xargs)" = "PATH PWD" ] ||
		{ node_exec 1 sed 's/^/# /' /run/probe.env; return 1; }
}

sleeper_found() { node_exec 1 pgrep -n -u 65534 -x sleep > "$RIG_ST/sleeper"; }
sleeper_gone() { node_exec 1 test ! -e "/proc/$(cat "$RIG_ST/sleeper")"; }

# CAP_KILL
an_overdue_script_of_another_user_is_killed() {
	await 10 log_says 1 "sleeper' DOWN - Exceeded timeout"
	await 5 sleeper_found
	await 4 sleeper_gone
}

files_are_writable_by_root_alone() {
	[ "$(node_exec 1 stat -c %a%U /run/qdiskd)" = 755root ]
	[ "$(node_exec 1 stat -c %a%U /run/qdiskd/status.sock)" = 660root ]
	[ "$(node_exec 1 stat -c %a%U /run/qdiskd.pid)" = 644root ]
	service_signal qdiskd 1 USR2
	await 5 node_exec 1 test -s /run/qdiskd/blackbox
	[ -z "$(node_exec 1 find /run/qdiskd /run/qdiskd.pid /var/lib/qlog -type f -perm /022)" ]
}

# CAP_DAC_OVERRIDE and CAP_SYS_NICE, and the reader of the file becomes nobody.
a_reload_opens_a_log_of_another_user_and_sets_the_scheduler() {
	node_exec 1 sh -c 'mv /var/lib/qlog/q.log /var/lib/qlog/old; install -o nobody -m 600 /dev/null /var/lib/qlog/q.log'
	sed -i 's/<quorumd /&priority="7" /' "$RIG_ST/n1/cluster.conf"
	service_signal qdiskd 1 HUP
	await 5 log_file_says 1 "configuration loaded again"
	node_exec 1 chrt -p "$(daemon 1)" | grep -q 'priority: 7$'
	refute log_says 1 "memory cannot be locked"
	refute log_says 1 "scheduler r"
	two_agree
}

corosync_comes_back_and_is_connected_again() {
	corosync_kill 2
	await 5 status_is 2 .corosync.connected false
	corosync_start 2
	await $((RIG_RING_S + RIG_MASTER_S + RIG_Z_S)) two_agree
	threads_have 2 CapEff $KEPT
}

# CAP_SYS_BOOT
an_unfit_node_still_reboots_itself() {
	local since
	since=$(rig_now)
	node_exec 2 touch /run/unfit
	await 10 node_died 2 "$since" reboot
}

cluster_start 2 votes=1 heuristics="
	<heuristic program=\"test ! -e /run/unfit\" score=\"6\" interval=\"1\" tko=\"1\"/>
	<heuristic program=\"/var/lib/probe\" score=\"2\" interval=\"1\"/>
	<heuristic program=\"$HEURISTICS/qdisk-ping 10.77.0.1\" score=\"2\" interval=\"1\"/>
	<heuristic program=\"/var/lib/sleeper\" score=\"1\" interval=\"2\" tko=\"1\"/>"
scripts_write
log_file_add
scenario cluster_starts
scenario the_daemon_keeps_five_capabilities_in_each_thread
scenario the_daemon_keeps_its_descriptors_to_itself
scenario scripts_have_what_root_has
scenario scripts_have_three_descriptors_and_a_path
scenario an_overdue_script_of_another_user_is_killed
scenario files_are_writable_by_root_alone
scenario a_reload_opens_a_log_of_another_user_and_sets_the_scheduler
scenario corosync_comes_back_and_is_connected_again
scenario an_unfit_node_still_reboots_itself
tap_done
