#!/bin/bash
# cs_hand.sh: the corosync hand against real corosync, two nodes in name spaces.
#
# The script runs in pid and mount namespaces of its own: whatever way it ends, all
# its processes end with it. The nodes have no names outside; any number of these
# scripts can run side by side. Needs root. CS_PROBE: the driver under test.
set -u
DIR=$(cd "$(dirname "$0")" && pwd)
BUILD=${RIG_BUILD:-$DIR/../../build}
CS_PROBE=$(readlink -m "${CS_PROBE:-$BUILD/tests/cluster/cs_probe}")
export CS_PROBE
# shellcheck source=tests/rig/tap.sh
. "$DIR/../rig/tap.sh"

plan_skip() { echo "1..0 # SKIP $*"; exit 0; }
[ "$(id -u)" = 0 ] || plan_skip "needs root for namespaces"
command -v corosync > /dev/null || plan_skip "corosync is not installed"
[ -x "$CS_PROBE" ] || { echo "Bail out! no $CS_PROBE"; exit 1; }
if [ -z "${CS_HAND_INSIDE:-}" ]; then
	CS_HAND_INSIDE=$(mktemp -d /tmp/cs_hand.XXXXXX) || exit 1
	export CS_HAND_INSIDE
	timeout -k 5 300 unshare --pid --mount --fork --kill-child --mount-proc "$0" "$@"
	rc=$?
	if [ $rc = 0 ] && [ -z "${CS_KEEP:-}" ]; then rm -rf "$CS_HAND_INSIDE"; else echo "# logs: $CS_HAND_INSIDE"; fi
	exit $rc
fi
ST=$CS_HAND_INSIDE

# --- nodes

# node_up N: boot an empty node; its init is ${INIT[N]}.
declare -a INIT PROBE_IN PROBE_OUT PROBE_PID
node_up() {
	local d=$ST/n$1 i child
	mkdir -p "$d"
	# shellcheck disable=SC2016	# expands inside the node
	unshare --fork --pid --mount --mount-proc --uts --ipc --net --kill-child bash -c '
		set -e
		mkdir -p /var/lib/corosync
		for t in /run /dev/shm /etc/corosync /etc/default /var/lib/corosync; do
			mount -t tmpfs -o mode=1777 tmpfs "$t"
		done
		hostname "$2"
		ip link set lo up
		: > "$1/up"
		exec sleep infinity' - "$d" "n$1" < /dev/null &
	i=$!
	until [ -e "$d/up" ]; do sleep 0.02; done
	read -r child _ < "/proc/$i/task/$i/children"
	INIT[$1]=$child
}

# on N COMMAND...: run it in node N, without our ends of the probes' pipes: who holds
# one keeps a probe from ending.
on() (
	n=$1
	shift
	for fd in "${PROBE_IN[@]}" "${PROBE_OUT[@]}"; do eval "exec $fd>&-"; done
	exec nsenter -t "${INIT[$n]}" -p -m -u -i -n -- "$@"
)

# conf N [KEY=VALUE...]: write N's corosync.conf. Keys: provider, model ("" no device),
# expected, two_node, v, y, nodes.
conf() {
	local n=$1 a
	local provider=corosync_votequorum model=qdisk expected=3 two_node='' v=700 y=6000 nodes=2
	shift
	for a in "$@"; do local "${a%%=*}"="${a#*=}"; done
	{
		echo "totem { version: 2
cluster_name: hand
transport: udpu
token: 1000
}
logging { to_syslog: no
to_stderr: yes
timestamp: hires
}
quorum {"
		[ -z "$provider" ] || echo "provider: $provider"
		[ -z "$expected" ] || echo "expected_votes: $expected"
		[ -z "$two_node" ] || echo "two_node: $two_node"
		[ -z "$model" ] || echo "device { model: $model
votes: 1
timeout: $v
sync_timeout: $y
}"
		echo "}
nodelist {"
		for ((a = 1; a <= nodes; a++)); do
			echo "node { ring0_addr: 10.88.0.$a
name: n$a
nodeid: $a
}"
		done
		echo "}"
	} | sed "s/{ /{\n/" | on "$n" tee /etc/corosync/corosync.conf > "$ST/n$n/corosync.conf"
}

# A child of the node's init: nsenter(1) would stop itself with a stopped child.
corosync_start() { on "$1" sh -c 'corosync -f &' < /dev/null >> "$ST/n$1/corosync.log" 2>&1; }
# corosync_signal N SIG
# shellcheck disable=SC2016	# expands inside the node
corosync_signal() { on "$1" bash -c 'kill -'"$2"' "$(cat /run/corosync.pid)"'; }
corosync_gone() { ! on "$1" corosync-cmapctl -g totem.version > /dev/null 2>&1; }
corosync_up() { on "$1" corosync-cmapctl -g runtime.votequorum.this_node_id > /dev/null 2>&1; }
cable() { on "$1" ip link set eth0 "$2"; }

# await SECONDS COMMAND...
await() {
	local limit=$((SECONDS + $1 + 1))
	shift
	until "$@" > "$ST/await"; do
		[ $SECONDS -lt $limit ] || { cat "$ST/await"; return 1; }
		sleep 0.05
	done
}

# --- probes

# probe N [NAME [INTERVAL]]: start a driver in node N.
probe() {
	local n=$1 in out
	[ -p "$ST/n$n/in" ] || mkfifo "$ST/n$n/in" "$ST/n$n/out"
	on "$n" "$CS_PROBE" "${2:-hand}" "${3:-200}" < "$ST/n$n/in" > "$ST/n$n/out" 2>> "$ST/n$n/probe.log" &
	PROBE_PID[n]=$!
	exec {in}> "$ST/n$n/in" {out}< "$ST/n$n/out"
	PROBE_IN[n]=$in
	PROBE_OUT[n]=$out
}

# ask N COMMAND...: one command, one reply, in $reply.
ask() {
	local n=$1
	shift
	echo "$*" >&"${PROBE_IN[$n]}"
	IFS= read -r -t 30 -u "${PROBE_OUT[$n]}" reply || reply="no reply"
}

# says N COMMAND... -- PATTERN: the reply matches the glob.
says() {
	local n=$1 cmd=()
	shift
	while [ "$1" != -- ]; do cmd+=("$1"); shift; done
	ask "$n" "${cmd[*]}"
	# shellcheck disable=SC2053	# a pattern is wanted
	[[ $reply == $2 ]] && return 0
	diag "n$n: ${cmd[*]}: $reply"
	return 1
}

# within N MS TOKEN...: the snapshot has all tokens within so long.
within() {
	local n=$1
	shift
	says "$n" wait "$@" -- 'ok *'
}

probe_end() {
	local in=${PROBE_IN[$1]} out=${PROBE_OUT[$1]}
	exec {in}>&- {out}<&-
	wait "${PROBE_PID[$1]}"
}

# field KEY: its value in $reply.
field() { local v=${reply#*" $1="}; echo "${v%% *}"; }

# --- tests, in the order of one story

test_without_corosync() {
	check facts_without_corosync_are_refused_in_words once_says 1 2000 'rc=-107 error=\[corosync is not running on this node*'
	probe 1
	check hand_without_corosync_says_so within 1 3000 conn=0 errors=1
	check hand_without_corosync_names_the_reason says 1 look -- '*error=\[corosync is not running on this node (quorum_initialize*'
	check hand_without_corosync_does_not_spin says 1 cpu 4000 -- 'percent=[01]'
	check hand_without_corosync_says_it_once within 1 10 conn=0 errors=1
}

# once_says N DEADLINE PATTERN
once_says() {
	reply=$(on "$1" timeout 20 "$CS_PROBE" --facts "$2")
	# shellcheck disable=SC2053	# a pattern is wanted
	[[ $reply == $3 ]] && return 0
	diag "$reply"
	return 1
}

test_connect() {
	conf 1
	corosync_start 1
	check hand_starting_corosync_is_found_and_registered within 1 8000 conn=1 reg=1 sync=0 quorate=0 quorum=2 total=1 expected=3 device=1 members=1
	check facts_of_a_device_are_read says 1 facts -- 'me=1 cluster=hand nodes=2 1:n1:1 2:n2:1 token=1000 consensus=1200 provider=corosync_votequorum model=qdisk dvotes=1 v=700 y=6000 expected=3 two_node=0 lms=0 atb=0 ads=0 wfa=0 sbd=0'
	check facts_read_at_start_are_the_same once_says 1 2000 "$reply"
}

test_vote() {
	ask 1 vote 1
	check vote_one_makes_the_lone_node_quorate within 1 2000 seq=1 acc=1 cast=1 quorate=1 total=2 view=1
	check vote_one_has_come_round_the_ring within 1 2000 unheard=0
	ask 1 steady 20 20
	echo "# 20 votes of 1: $reply"
	check vote_one_repeated_wakes_nobody [ "$reply" = "wakes=0 accepted=20" ]
	ask 1 vote 1 250
	check vote_one_that_is_no_longer_good_is_cast_as_zero within 1 2000 acc=1 cast=0
	check vote_zero_is_confirmed_once_recomputed within 1 2000 cast=0 quorate=0 pq=0 total=1
	ask 1 vote 1
	check vote_one_again_makes_it_quorate_again within 1 2000 acc=1 cast=1 quorate=1 pq=1
	ask 1 vote 1 0 4
	check vote_in_another_ring_is_refused within 1 2000 acc=0 quorate=1
	ask 1 vote 1
	check vote_in_this_ring_is_accepted_after_that within 1 2000 acc=1 quorate=1
	check vote_withheld_expires_after_v within 1 2500 quorate=0
}

# A node joins: its ring is in sync until this node's device has voted. Only an ALIVE
# device is waited for, so V must outlast the start of the other corosync.
test_sync() {
	local old ring
	on 1 corosync-cmapctl -s quorum.device.timeout u32 20000
	ask 1 vote 1
	within 1 2000 acc=1 quorate=1
	old=$(field ring)
	conf 2 v=20000 y=20000
	corosync_start 2
	check sync_begins_with_the_new_ring_and_the_old_view within 1 5000 sync=1 members=3 quorate=1 view=1
	ring=$(field ring)
	sleep 2
	check sync_lasts_while_the_answer_is_owed within 1 10 sync=1 "ring=$ring" quorate=1 view=1 "vseq=${old#*.}"
	ask 1 vote 1
	check sync_ends_after_the_answer within 1 3000 sync=0 "ring=$ring" view=3 "vseq=${ring#*.}"
}

test_second_node() {
	probe 2 other
	check register_under_another_name_is_refused within 2 8000 conn=1 reg=0 errors=1
	check register_refusal_names_both says 2 look -- '*"other" refused by corosync: the name registered in this cluster is "hand"*'
	probe_end 2
	probe 2
	check register_under_the_same_name_is_taken within 2 8000 conn=1 reg=1 members=3
	ask 1 vote 0
	ask 2 vote 0
	check zero_on_both_leaves_them_quorate_by_node_votes within 1 2000 acc=1 cast=0 total=2 quorate=1 pq=1
	cable 2 down
	check cut_node_shows_the_old_view_while_it_owes_an_answer within 1 8000 members=1 sync=1 quorate=1 view=3 pq=1
	ask 1 vote 0
	check cut_node_that_casts_zero_is_not_quorate within 1 3000 members=1 sync=0 acc=1 cast=0 quorate=0 view=1 pq=0
	cable 2 up
	within 1 8000 members=3 sync=1
	within 2 8000 members=3 sync=1
	ask 1 vote 0
	check healed_ring_waits_for_the_other_answer within 1 3000 members=3 acc=1 cast=0 sync=1
	ask 2 vote 0
	check healed_ring_is_in_sync_after_both_answers within 1 3000 members=3 sync=0 view=3 quorate=1
	ask 1 kill 2
	check kill_ends_the_other_corosync within 2 5000 conn=0 ended=1
	check kill_is_seen_as_a_smaller_ring within 1 8000 members=1
	ask 1 vote 0
	within 1 3000 sync=0 # during sync cfg answers "try again"
	check kill_of_a_stranger_says_so stranger_killed
	probe_end 2
}

stranger_killed() {
	ask 1 kill 9
	await 3 says 1 look -- '*kill of node 9 refused by corosync: not a member*'
}

test_changed_facts() {
	ask 1 look
	local before=$(($(field facts)))
	on 1 corosync-cmapctl -s quorum.device.timeout u32 900
	check facts_changed_by_cmapctl_are_read_again within 1 3000 "facts=$((before + 1))"
	check facts_changed_have_the_new_value says 1 facts -- '* v=900 y=6000 *'
	conf 1 v=800 y=5000
	on 1 corosync-cfgtool -R > /dev/null
	check facts_reloaded_have_the_new_values await 5 says 1 facts -- '* v=800 y=5000 *'
	on 1 sh -c 'echo 4242 > /run/sbd.pid; echo "SBD_WATCHDOG_TIMEOUT=9" > /etc/default/sbd'
	check facts_with_sbd_have_its_timeout once_says 1 2000 '* sbd=9000'
	on 1 rm /run/sbd.pid
}

test_stopped_corosync() {
	local last
	ask 1 vote 1
	within 1 2000 acc=1 cast=1
	corosync_signal 1 STOP
	ask 1 vote 1
	check stopped_corosync_is_stalled within 1 2000 stalled=1 conn=1
	check stopped_corosync_blocks_no_caller says 1 block -- 'worst_us=* short'
	check stopped_corosync_fails_a_reading_by_its_deadline once_says 1 700 'rc=-110 error=\[corosync does not answer (within 700 ms)\]'
	ask 1 vote 0
	last=$reply
	corosync_signal 1 CONT
	# Accepted or, where totem has made a new ring meanwhile, refused: but asked.
	check continued_corosync_is_asked_the_newest_vote within 1 5000 stalled=0 conn=1 "seq=${last#* }" cast=0
	corosync_signal 1 STOP
	ask 1 vote 1
	within 1 2000 stalled=1
	check stopped_corosync_cannot_hold_the_end says 1 stop 300 -- 'stop=-110 ms=3[0-9][0-9]'
	corosync_signal 1 CONT
	probe_end 1
}

test_killed_corosync() {
	probe 1
	check restarted_hand_takes_its_name_over within 1 5000 conn=1 reg=1
	ask 1 look
	local before=$(($(field facts)))
	corosync_signal 1 KILL
	check killed_corosync_is_noticed within 1 3000 conn=0 ended=1 reg=0 ring=0.0 quorate=0
	check killed_corosync_does_not_make_it_spin says 1 cpu 3000 -- 'percent=[01]'
	ask 1 vote 1
	corosync_start 1
	check new_corosync_is_found_and_registered within 1 8000 conn=1 reg=1 ended=0 acc=0 "facts=$((before + 1))"
	ask 1 vote 1
	check new_corosync_takes_votes within 1 2000 acc=1 cast=1 quorate=1
	ask 1 vote 0
	ask 1 unregister
	check unregister_is_done_behind_the_vote within 1 2000 reg=0 acc=1 cast=0 quorate=0 pq=0
	ask 1 vote 1
	check unregistered_device_has_no_vote within 1 2000 acc=0 reg=0 total=1
	corosync_signal 1 STOP
	check end_kills_a_stopped_corosync says 1 end -- end=0
	check end_is_seen within 1 5000 conn=0 ended=1
	probe_end 1
}

test_other_configurations() {
	conf 1 two_node=1 model= expected=
	corosync_start 1
	await 8 corosync_up 1
	check facts_without_device_have_corosyncs_defaults once_says 1 2000 '* model= dvotes=-1 v=10000 y=30000 expected=-1 two_node=1 lms=0 atb=0 ads=0 wfa=0 sbd=0'
	probe 1
	check hand_without_device_section_registers_for_no_votes within 1 5000 conn=1 reg=1 device=0
	ask 1 leave
	check leave_shuts_corosync_down within 1 8000 conn=0 ended=1
	check leave_leaves_no_corosync await 5 corosync_gone 1
	probe_end 1
	conf 1 provider= model= expected=
	corosync_start 1
	probe 1
	check hand_without_votequorum_names_the_line await 8 says 1 look -- '*conn=0 *error=\[corosync runs without votequorum: corosync.conf needs "provider: corosync_votequorum"*'
	corosync_signal 1 KILL
	probe_end 1
}

# traced PID: strace has all threads of a process of node 1.
# shellcheck disable=SC2016	# expands inside the node
traced() { on 1 sh -c '! grep -hqs "TracerPid:.0$" /proc/'"$1"'/task/*/status'; }

# between LOW N HIGH
between() { [ "$1" -le "$2" ] && [ "$2" -le "$3" ]; }

# What one accepted poll costs, all threads: write, epoll_wait, sendto, and a futex where
# corosync does not answer at once. The driver's own pause and poll are not counted.
test_budget() {
	local calls pid
	if ! command -v strace > /dev/null; then
		skip poll_accepted_costs_at_most_four_system_calls "strace is not installed"
		return
	fi
	conf 1 v=5000
	corosync_start 1
	probe 1
	within 1 8000 reg=1
	ask 1 vote 1
	within 1 2000 acc=1 quorate=1
	pid=$(on 1 pgrep -o cs_probe)
	on 1 timeout 20 strace -f -o "$ST/strace" -p "$pid" 2> /dev/null &
	await 5 traced "$pid" || :
	ask 1 steady 100 5
	sleep 0.2
	[ -s "$ST/strace" ] || { not_ok poll_accepted_costs_at_most_four_system_calls; return; }
	calls=$(grep -vc 'resumed>\|clock_nanosleep\|events=POLLIN}\], 1, 0)' "$ST/strace")
	diag "system calls of 100 accepted polls, all threads: $calls"
	check poll_accepted_costs_at_most_four_system_calls between 300 "$calls" 415
	probe_end 1
}

# RESET_ON_FORK, which the daemon needs, would leave the helper without its priority.
test_scheduling() {
	# shellcheck disable=SC2016	# expands inside the node
	on 1 sh -c 'sleep 3 | chrt -R -r 10 "$CS_PROBE" hand 200 > /dev/null & sleep 0.5
		chrt -a -p "$(pgrep -n cs_probe)"' > "$ST/chrt" 2>&1
	check helper_of_a_realtime_caller_is_realtime [ "$(grep -c 'priority: 10' "$ST/chrt")" = 2 ]
}

node_up 1
node_up 2
ip link add eth0 netns "${INIT[1]}" type veth peer name eth0 netns "${INIT[2]}"
for n in 1 2; do
	on $n ip addr add 10.88.0.$n/24 dev eth0
	on $n ip link set eth0 up
done
test_without_corosync
test_connect
test_vote
test_sync
test_second_node
test_changed_facts
test_stopped_corosync
test_killed_corosync
test_other_configurations
test_budget
test_scheduling
tap_done
