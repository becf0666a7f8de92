#!/bin/bash
# 85_model.sh: the simulator's model of corosync against corosync itself. Each script of
# tests/model/ is played on real nodes; what they were shown, in which order and how long
# after what, must be what they are shown in the simulator. The language: tests/model/README.
#
#	MODEL_ONLY="FILE..."	only these scripts
#	MODEL_RECORDS=DIR	keep the records there
# shellcheck source=tests/rig/rig.sh
. "$(dirname "$0")/../rig/rig.sh"
MODEL_DIR=$(cd "$(dirname "$0")/../model" && pwd)
MODEL_BIN=$(readlink -m "${MODEL_BIN:-$RIG_BUILD/tests}")
export MODEL_BIN
rig_enter "$@"
set -u

# --- clients of the quorum device: one in each node, its commands come through a fifo

client_start() {
	local D=$RIG_ST/n$1
	[ -p "$D/probe.in" ] || mkfifo "$D/probe.in"
	node_exec "$1" setsid "$RIG_BUILD/model_probe" "$1" "$D/probe" <> "$D/probe.in" >> "$D/probe.out" 2>&1 &
	disown
	await 5 client_lives "$1"
}
client_lives() { node_exec "$1" pidof model_probe > /dev/null; }
# shellcheck disable=SC2016	# for the shell in the node
client_kill() { node_exec "$1" sh -c 'kill -KILL $(pidof model_probe)'; }

# tell COMMAND VALUE NODE...
tell() {
	local n
	for n in "${@:3}"; do echo "$1 $2" > "$RIG_ST/n$n/probe.in"; done
}

registered() {
	local n
	for n; do grep -q " register " "$RIG_ST/n$n/probe" || return 1; done
}

# --- the words of the language

word_device() {
	conf_set token=1000 transport=udpu expected='' votes=2 v='' y='' "$@"
	conf_write
}
word_start() {
	corosync_start "$@"
	await 15 views_are "$(tr ' ' , <<< "$*")" shown "$(tr ' ' , <<< "$*")"
}
word_register() {
	tell register "" "$@"
	[ -n "$BEGUN" ] || await 5 registered "$@"
}
word_unregister() { tell unregister "" "$@"; }
word_cast() { tell cast "$@"; }
word_once() { tell once "$@"; }
word_stale() { tell stale "$@"; }
word_wins() { tell wins "$@"; }
word_mute() { tell mute "" "$@"; }
word_client() {
	local n
	for n in "${@:2}"; do "client_$1" "$n"; done
}
word_cut() {
	local side sides=()
	for side; do sides+=("${side//,/ }"); done
	rig_split "${sides[@]}"
}
# Knet drops a link that works one way only; udpu goes on with what it hears.
word_unlink() { node_exec "$1" ip route add blackhole "$RIG_NET.$2/32"; }
word_deaf() { word_unlink "$@"; }
word_heal() {
	local n
	rig_heal
	for n in $(seq "$RIG_N"); do node_exec "$n" ip route flush type blackhole; done
}
word_corosync() {
	local n
	for n in "${@:2}"; do
		case $1 in
		start) service_start corosync "$n" corosync -f ;;
		kill) service_signal corosync "$n" KILL ;;
		stop) service_signal corosync "$n" TERM ;;
		freeze) service_signal corosync "$n" STOP ;;
		thaw) service_signal corosync "$n" CONT ;;
		esac
	done
}
word_killnode() { node_exec "$1" corosync-cfgtool -k "$2" > /dev/null; }
word_begin() { :; }
word_pause() { nap "$(conf_seconds "$1")"; }
word_await() { await $(($1 / 1000 + 2)) views_are "${@:2}"; }
word_expect() { views_are "$@"; }

# views_are NODES yes|no|shown|gone MEMBERS
views_are() {
	local n v
	for n in ${1//,/ }; do
		v=$(node_view "$n")
		case $2 in
		yes) [ "$v" = "1 $3" ] ;;
		no) [ "$v" = "0 $3" ] ;;
		shown) [ "${v#* }" = "$3" ] ;;
		gone) [ "$v" = "- -" ] ;;
		esac || return 1
	done
}

# --- one script

# play FILE: step by step; a mark in the record before each. False: one did not hold.
play() {
	local number=0 line step BEGUN=
	while read -r line; do
		number=$((number + 1))
		line=${line%%#*}
		read -r -a step <<< "$line"
		[ ${#step[@]} -gt 0 ] || continue
		if [ "${step[0]}" = begin ]; then
			nap 0.3	# what came before has come to rest
			BEGUN=yes
		fi
		echo "$(rig_now) step $number ${step[0]}" >> "$RIG_ST/steps"
		"word_${step[0]}" "${step[@]:1}" || { diag "line $number does not hold: $line"; return 1; }
	done < "$1"
	echo "$(rig_now) step $((number + 1)) end" >> "$RIG_ST/steps"
}

# clear: corosync runs nowhere, nothing is cut, nothing was seen.
clear() {
	local n
	word_heal
	for n in $(seq "$RIG_N"); do
		if service_pid corosync "$n" > /dev/null; then
			service_signal corosync "$n" KILL
			await 10 service_ended corosync "$n"
		fi
		client_lives "$n" || client_start "$n"
	done
	await 5 views_are "$(seq -s , "$RIG_N")" gone
	for n in $(seq "$RIG_N"); do
		: > "$RIG_ST/n$n/samples"
		: > "$RIG_ST/n$n/probe"
		: > "$RIG_ST/n$n/corosync.log"
	done
	: > "$RIG_ST/steps"
}

# compared FILE: played here, it agrees with the simulator.
compared() {
	clear
	play "$1" || { record "$1"; return 1; }
	record "$1"
	"$RIG_BUILD/model" --compare "$1" "$(record_of "$1")"
}

# record FILE: all that was seen, in order.
record() {
	sort -n "$RIG_ST/steps" "$RIG_ST"/n?/samples "$RIG_ST"/n?/probe > "$(record_of "$1")"
	[ -z "${MODEL_RECORDS:-}" ] || cp "$(record_of "$1")" "$MODEL_RECORDS"
}
record_of() { echo "$RIG_TOP/records/$(basename "$1" .txt)"; }

name_of() {
	local name=${1##*/}
	name=${name%.txt}
	echo "corosync_and_its_model_agree_on_${name#*_}"
}

# lane NUMBER FILE...: a cluster of its own plays these; results go to a file, "ok|not_ok NAME"
# and what there is to say about it.
lane() {
	local file name began
	RIG_COUNT=$1
	shift
	rig_start 4 token=1000 transport=udpu
	for file; do
		began=${EPOCHREALTIME/./}
		name=$(name_of "$file")
		if compared "$file"; then echo "ok $name"; else echo "not_ok $name"; fi
		diag "took $(((${EPOCHREALTIME/./} - began) / 1000)) ms"
	done
	rig_stop
}

# The comparison can fail: V that expires is not taken for V that expires while the token is
# lost, and a ring that comes in half of its time is too early.
wrong_records_are_refused() {
	local lost=$MODEL_DIR/04_v_expires_while_the_token_is_lost.txt seen
	seen=$(record_of "$lost")
	"$RIG_BUILD/model" --compare "$lost" "$seen" > /dev/null || return 1
	awk '$3 == "end" { at = $1 } at && /n[12] (ring|quorum|poll)/ { $1 = sprintf("%.0f", at + ($1 - at) / 2) } { print }' \
		"$seen" | sort -n > "$seen.early"
	refute "$RIG_BUILD/model" --compare "$lost" "$seen.early" > /dev/null || return 1
	grep -v " n1 quorum 0 .* 1,2$" "$seen" > "$seen.without"
	refute "$RIG_BUILD/model" --compare "$lost" "$seen.without" > /dev/null
}

cp "$MODEL_BIN/model" "$MODEL_BIN/cluster/model_probe" "$RIG_BUILD/"
mkdir "$RIG_TOP/records"
read -r -a files <<< "${MODEL_ONLY:-$(printf '%s ' "$MODEL_DIR"/*.txt)}"
lanes=(10 20 30)
for i in "${!lanes[@]}"; do
	of_lane=()
	for ((k = i; k < ${#files[@]}; k += ${#lanes[@]})); do of_lane+=("${files[k]}"); done
	lane "${lanes[i]}" "${of_lane[@]}" > "$RIG_TOP/lane.$i" 2>&1 &
done
wait
for i in "${!lanes[@]}"; do
	while read -r verdict name; do
		case $verdict in
		ok | not_ok) "$verdict" "$name" ;;
		*) diag "${verdict###}" "$name" ;;
		esac
	done < "$RIG_TOP/lane.$i"
done
[ -n "${MODEL_ONLY:-}" ] || check wrong_records_are_refused wrong_records_are_refused
tap_done
