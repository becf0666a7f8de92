#!/bin/bash
# shellcheck disable=SC2317	# called by name
# fence_qdisk.sh: the fence agent's options, metadata and answers, and what fence-ack asks,
# against a daemon that answers from a script.
# shellcheck source=tests/device/common.inc
. "$(dirname "$0")/common.inc"
command -v socat > /dev/null || skip_all "socat is not installed"
AGENT=$(realpath "${BUILD:-build}/fence_qdisk")
TOOL=$(realpath "${BUILD:-build}/qdisk-tool")
tmp=$(mktemp -d)
trap 'kill $daemon 2> /dev/null; rm -rf "$tmp"' EXIT
sock=$tmp/sock

# One request a connection: it is noted; the answer is the first line of $tmp/answers, which
# goes unless it is the last one.
cat > "$tmp/daemon" << 'DAEMON'
#!/bin/sh
dd bs=512 count=1 2> /dev/null >> requests
echo >> requests
head -n 1 answers
[ "$(wc -l < answers)" = 1 ] || sed -i 1d answers
DAEMON
chmod 755 "$tmp/daemon"
(cd "$tmp" && exec socat "UNIX-LISTEN:$sock,type=5,fork" EXEC:./daemon) &
daemon=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do [ -S "$sock" ] || sleep 0.1; done

# agent EXIT REQUESTS SAID: with the answers on stdin; the parameters go to its stdin.
agent() {
	local want=$1 requests=$2 said=$3 code=0
	shift 3
	cat > "$tmp/answers"
	: > "$tmp/requests"
	printf '%s\n' "socket_path=$sock" "$@" | "$AGENT" > "$tmp/said" 2>&1 || code=$?
	{ echo "exit $code, said:"; cat "$tmp/said"; echo "asked:"; cat "$tmp/requests"; } > "$tmp/why"
	[ "$code" = "$want" ] && { [ "$requests" = any ] || [ "$(paste -sd, "$tmp/requests")" = "$requests" ]; } &&
		{ [ -z "$said" ] || grep -qF -- "$said" "$tmp/said"; }
}

plan 14
metadata_is_xml() { "$AGENT" -o metadata > "$tmp/xml" && { ! command -v xmllint > /dev/null || xmllint --noout "$tmp/xml"; } && grep -q '<action name="validate-all"' "$tmp/xml"; }
check metadata_is_xml metadata_is_xml
joins() { printf 'runs x\ndone x\n' | agent 0 "fence n2,fence-wait n2" "" action=reboot plug=n2; }
check fencing_that_runs_is_joined joins
over() { echo 'done x' | agent 0 "fence n2" "" nodename=n2; }
check fencing_that_is_over_is_success_at_once over
failed() { printf 'runs x\nmay x\n' | agent 1 "fence n2,fence-wait n2" "its fencing has failed" action=off port=n2; }
check fencing_that_fails_is_told failed
refused() { echo 'refused the master is n1' | agent 1 "fence n2" "n2: the master is n1" plug=n2; }
check refusal_is_told_at_once refused
later() { printf 'later no master\nruns x\ndone x\n' | agent 0 "fence n2,fence n2,fence-wait n2" "" plug=n2; }
check election_is_waited_for later
pill() { printf 'runs x\ndone x\n' | agent 0 "fence-lun n2,fence-wait n2" "" plug=n2 method=lun; }
check method_lun_asks_for_the_poison_pill pill
timed_out() { echo 'runs it is being fenced' | agent 1 any "fence_qdisk: n2: it is being fenced" plug=n2 timeout=1; }
check outcome_that_does_not_come_is_a_failure timed_out
power() { echo 'on x' | agent 0 "fence-power n2" "Status: ON" action=status plug=n2 &&
	echo 'off x' | agent 2 "fence-power n2" "Status: OFF" action=status plug=n2 &&
	echo 'unknown silent' | agent 1 "fence-power n2" "silent" action=status plug=n2; }
check status_is_that_of_fence_agents power
list() { echo 'n1,1' | agent 0 "fence-list" "n1,1" action=list && echo 'n1,1' | agent 0 "fence-list" "" action=monitor; }
check nodes_are_listed list
bad() { echo x | agent 1 "" "plug: the name of the node is missing" action=off &&
	echo x | agent 1 "" "method: expected: configured, lun" method=hammer plug=n2 &&
	echo x | agent 1 "" "timeout: expected" timeout=soon plug=n2 &&
	echo x | agent 1 "" "unknown action" action=dance &&
	echo 'done x' | agent 0 "fence n2" "colour: unknown parameter, ignored" colour=red plug=n2; }
check bad_parameters_are_refused_with_words bad
absent() { ! "$AGENT" -o monitor -S "$tmp/nobody" 2> "$tmp/why" && grep -q "qdiskd does not run on this node" "$tmp/why"; }
check daemon_that_is_not_there_is_told absent

# ack ANSWERS CODE: fence-ack, with these answers on stdin, asks the daemon or not.
ack() {
	local code=0
	: > "$tmp/requests"
	printf '%b' "$1" | "$TOOL" fence-ack n2 --socket "$sock" "${@:3}" > "$tmp/said" 2>&1 || code=$?
	[ "$code" = "$2" ]
}
ack_twice() {
	echo 'ok x' > "$tmp/answers"
	ack 'yes\nabsolutely\n' 0 && grep -q '^fence-ack n2$' "$tmp/requests" && ack '' 0 -y -y && ack 'absolutely\n' 0 -y &&
		ack 'yes\nyes\n' 1 && [ ! -s "$tmp/requests" ] && ack '' 1 -y && [ ! -s "$tmp/requests" ]
}
check fence_ack_asks_twice ack_twice
ack_refused() {
	echo 'refused it still beats' > "$tmp/answers"
	ack '' 1 -y -y && grep -q "it still beats" "$tmp/said"
}
check fence_ack_tells_a_refusal ack_refused
exit "$tap_failed"
