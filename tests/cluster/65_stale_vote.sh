#!/bin/bash
# 65_stale_vote.sh: a vote that was polled while the token was lost is counted in the next
# ring, after the 0 that was polled there. The corosync hand does not poll it; and what
# corosync counts of an earlier ring all the same it takes back at once.
# shellcheck source=tests/rig/rig.sh
. "$(dirname "$0")/../rig/rig.sh"
export CS_PROBE=$RIG_BUILD/tests/cluster/cs_probe BARE_CLIENT=$RIG_BUILD/tests/cluster/model_probe
for probe in "$CS_PROBE" "$BARE_CLIENT"; do
	[ -x "$probe" ] || { echo "Bail out! no $probe"; exit 99; }
done
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
# cut_off: n1 has cast 0, and its cable goes; prints the time.
cut_off() {
	says 'ok *' wait 5000 conn=1 reg=1 members=3
	ask vote 0
	says 'ok *' wait 5000 acc=1 cast=0 sync=0 view=3
	rig_now
	cable_down 2
	nap 0.5
}
# alone_and_lost: n1 answers 0 in its new ring.
alone_and_lost() {
	says 'ok *' wait "$((2 * (CONF_T + CONF_consensus)))" members=1 sync=1
	ask vote 0
	says 'ok *' wait 1000 members=1 sync=0 acc=1 cast=0
}

vote_asked_for_while_the_token_is_lost_is_never_counted() {
	local since
	since=$(cut_off)
	ask vote 1
	alone_and_lost
	steadily 2 node_blocked 1 1
	[ -z "$(sample_first 1 "$since" 1 1)" ]
	cable_up 2
	says 'ok *' wait "$((2 * (CONF_T + CONF_consensus)))" members=3
	ask vote 0
	await "$RIG_RING_S" nodes_quorate 1,2
}

# Another client of the same device polls, as none of ours does.
stale_vote_is_taken_back_at_once() {
	local since
	since=$(cut_off)
	printf 'register\nonce 1\n' >&"$BARE"
	nap 0.5
	alone_and_lost
	await 2 sample_first 1 "$since" 1 1 > "$RIG_ST/stale"
	await 1 node_blocked 1 1
	steadily 1 node_blocked 1 1
	diag "quorate by the stale vote for $(ms_between "$(cat "$RIG_ST/stale")" "$(sample_first 1 "$(cat "$RIG_ST/stale")" 0 1)") ms"
	says '* quorate=0 * cast=0 * pq=0 *' look
}

# begins TOKEN...: another daemon's hand connects to n1's corosync, and is killed.
begins() {
	local reply
	reply=$({ echo "wait 800 $*" && nap 1; } | node_exec 1 timeout -s KILL 1 "$CS_PROBE" model 200) || :
	[[ $reply == "ok "* ]] || { diag "$*: $reply"; return 1; }
}

# n2 owes its answer, so sync does not end when n1 has given its own; during it corosync
# answers votequorum alone. The next ring must find n1's hand free. A daemon that starts then
# reckons with what the one before it may have polled.
vote_during_sync_leaves_the_hand_free() {
	cable_up 2
	says 'ok *' wait "$((2 * (CONF_T + CONF_consensus)))" members=3
	ask vote 0
	printf 'register\nonce 1\n' >&"$BARE2"
	says 'ok *' wait 5000 sync=0 view=3
	cable_down 2
	alone_and_lost
	cable_up 2
	says 'ok *' wait "$((2 * (CONF_T + CONF_consensus)))" members=3 sync=1
	ask vote 0
	says 'ok *' wait 1000 members=3 sync=1 acc=1 cast=0
	begins conn=1 sync=1 past=1
	cable_down 2
	alone_and_lost
	begins conn=1 sync=0 past=0
}

rig_start 2 transport=udpu token=1000 votes=1 v=20000 y=20000
corosync_start 1 2
await 15 nodes_quorate 1,2 || { echo "Bail out! no ring"; exit 99; }
mkfifo "$RIG_ST/in" "$RIG_ST/out" "$RIG_ST/bare" "$RIG_ST/bare2"
node_exec 1 "$CS_PROBE" model 200 < "$RIG_ST/in" > "$RIG_ST/out" 2> "$RIG_ST/probe.err" &
node_exec 1 "$BARE_CLIENT" 1 "$RIG_ST/n1/bare" < "$RIG_ST/bare" 2> "$RIG_ST/bare.err" &
node_exec 2 "$BARE_CLIENT" 2 "$RIG_ST/n2/bare" < "$RIG_ST/bare2" 2> "$RIG_ST/bare2.err" &
exec {ASK}> "$RIG_ST/in" {ANSWER}< "$RIG_ST/out" {BARE}> "$RIG_ST/bare" {BARE2}> "$RIG_ST/bare2"
scenario vote_asked_for_while_the_token_is_lost_is_never_counted
scenario stale_vote_is_taken_back_at_once
scenario vote_during_sync_leaves_the_hand_free
tap_done
