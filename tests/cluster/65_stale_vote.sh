#!/bin/bash
# 65_stale_vote.sh: a vote that was polled while the token was lost is counted in the next
# ring, after the 0 that was polled there: the corosync hand takes it back at once.
# shellcheck source=tests/rig/rig.sh
. "$(dirname "$0")/../rig/rig.sh"
export CS_PROBE=$RIG_BUILD/tests/cluster/cs_probe
[ -x "$CS_PROBE" ] || { echo "Bail out! no $CS_PROBE"; exit 99; }
rig_enter "$@"
set -u

# ask COMMAND...: one command to n1's hand, one reply, in $reply.
ask() {
	echo "$*" >&"$ASK"
	read -r -t 20 -u "$ANSWER" reply || reply="no reply"
}
says() {
	local pattern=$1
	shift
	ask "$@"
	# shellcheck disable=SC2053	# a pattern is wanted
	[[ $reply == $pattern ]] || { diag "$*: $reply"; return 1; }
}

# Two nodes, one device vote, quorum 2: n1 is quorate alone if its device's vote counts.
stale_vote_is_taken_back_at_once() {
	local since
	says 'ok *' wait 5000 conn=1 reg=1 members=3
	ask vote 0
	says 'ok *' wait 5000 acc=1 cast=0 sync=0 view=3
	since=$(rig_now)
	cable_down 2
	nap 0.5
	ask vote 1
	says 'ok *' wait "$((2 * (CONF_T + CONF_consensus)))" members=1 sync=1
	ask vote 0
	says 'ok *' wait 1000 members=1 sync=0 acc=1 cast=0
	await 2 sample_first 1 "$since" 1 1 > "$RIG_ST/stale"
	await 1 node_blocked 1 1
	steadily 1 node_blocked 1 1
	diag "quorate by the stale vote for $(ms_between "$(cat "$RIG_ST/stale")" "$(sample_first 1 "$(cat "$RIG_ST/stale")" 0 1)") ms"
	says '* quorate=0 * cast=0 * pq=0 *' look
}

rig_start 2 token=1000 votes=1 v=20000 y=20000
corosync_start 1 2
await 15 nodes_quorate 1,2 || { echo "Bail out! no ring"; exit 99; }
mkfifo "$RIG_ST/in" "$RIG_ST/out"
node_exec 1 "$CS_PROBE" rig 200 < "$RIG_ST/in" > "$RIG_ST/out" 2> "$RIG_ST/probe.err" &
exec {ASK}> "$RIG_ST/in" {ANSWER}< "$RIG_ST/out"
scenario stale_vote_is_taken_back_at_once
tap_done
