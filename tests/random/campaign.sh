# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154	# variables from and for the files sourced beside this one
# campaign.sh: play a plan on a fresh rig. Needs cluster.sh, faults.sh, judge.sh.
#
# A storm begins in a whole cluster, plays its faults, clears them all, waits until the
# cluster is whole again, and is judged.
#
# The safety argument assumes a watchdog: a node that stands still, or whose daemon does or
# is dead, for K*I is reset. The player is this watchdog, unless NO_GUARD is set.

declare -A SILENT_SINCE=()	# by node: when a fault silenced its daemon, us
declare -A SILENT_BEAT=()	# by node: its last beat when that fault had ended

now_us() { NOW=${EPOCHREALTIME/./}; }

# campaign_play PLAN: true when nothing was violated; else $CAMPAIGN_WHY says what.
campaign_play() {
	local storm=0 line word rest plan
	CAMPAIGN_WHY=
	STORM_FAULTS=()
	STORM_SINCE=0
	STORM_DOOMED=' '
	mapfile -t plan < "$1"
	for line in "${plan[@]}"; do
		read -r word rest <<< "$line"
		case $word in
		rig) campaign_begin "$rest" || return 1 ;;
		storm)
			storm_finish "$storm" || return 1
			storm=$((storm + 1))
			;;
		[0-9]*) STORM_FAULTS+=("$word $rest") ;;
		esac
	done
	storm_finish "$storm" && campaign_end
}

# campaign_begin "NODES KEY=VALUE...": boot, label the LUN, start everything.
campaign_begin() {
	local word nodes='' respawn=1 settings=()
	for word in $1; do
		case $word in
		respawn=*) respawn=${word#*=} ;;
		*=*) settings+=("$word") ;;
		*) nodes=$word ;;
		esac
	done
	cluster_start "$nodes" "${settings[@]}"
	CAMPAIGN_BOUND=$((RIG_RING_S + RIG_MASTER_S + RIG_Z_S + ${respawn%.*}))
	CAMPAIGN_GUARD_US=$((CONF_tko * CONF_I * 1000))
	for word in $(all_nodes); do node_respawn "$word" "$respawn"; done
	# shellcheck disable=SC2046	# a list of words
	keeper_start $(all_nodes)
	STORM_SINCE=$(rig_now)
	campaign_whole || campaign_fails "the cluster does not start within $CAMPAIGN_BOUND s"
}

# The first violation is the one that is told.
campaign_fails() {
	: "${CAMPAIGN_WHY:=$*}"
	mark "violated: $*"
	return 1
}

# All daemons stop cleanly, and say so.
campaign_end() {
	local n
	STORM_SINCE=$(rig_now)
	STORM_DOOMED=' '
	mark "clean stop of all"
	for n in $(all_nodes); do fault_begin leave "$n"; done
	for n in $(all_nodes); do
		await 10 daemon_stopped "$n" || campaign_fails "the daemon of n$n does not stop" || return 1
	done
	storm_judge
}
daemon_stopped() { ! node_exec "$1" test -e /run/rig-qdiskd.pid; }

# --- whole

campaign_whole() {
	local limit
	now_us
	limit=$((NOW + CAMPAIGN_BOUND * 1000000))
	until cluster_agrees; do
		now_us
		[ "$NOW" -lt "$limit" ] || return 1
		nap 0.2
	done
	MASTER=$(master_of 1)
}

cluster_agrees() {
	# shellcheck disable=SC2046	# a list of words
	if [ -n "$CONF_votes_unset" ]; then two_agree; else agree $(all_nodes); fi
}

# --- storms

# storm_finish NUMBER: play the storm that has been read; the next one begins empty.
storm_finish() {
	[ "$1" != 0 ] || return 0
	storm_play "$1"
	storm_judge && storm_ends_whole "$1"
}

storm_ends_whole() {
	[ -n "$STORM_WHOLE_MS" ] || campaign_fails "not whole again $CAMPAIGN_BOUND s after storm $1"
}

storm_play() {
	local began at what kind target action order
	STORM_SINCE=$(rig_now)
	mark "storm $1, master n$MASTER"
	storm_doom
	now_us
	began=$NOW
	mapfile -t order < <(storm_order)
	for action in "${order[@]}"; do
		read -r at what kind target <<< "$action"
		storm_wait $((began + at * 1000))
		guard_note "$what" "$kind" "$target"
		"fault_$what" "$kind" "$target"
	done
	STORM_FAULTS=()
	SILENT_SINCE=() SILENT_BEAT=()
	faults_clear
	now_us
	began=$NOW
	STORM_WHOLE_MS=
	campaign_whole || return 0
	now_us
	STORM_WHOLE_MS=$(((NOW - began) / 1000))
	mark "whole again after $STORM_WHOLE_MS ms"
}

# Begins and ends in the order of time: "AT begin|end KIND TARGET".
storm_order() {
	local fault at kind target lasts
	for fault in "${STORM_FAULTS[@]}"; do
		read -r at kind target lasts <<< "$fault"
		[ "$target" != m ] || target=$MASTER
		echo "$at begin $kind $target"
		echo "$((at + lasts)) end $kind $target"
	done | sort -s -n -k 1,1
}

# Whom the faults of this storm may cost its life: for the judge.
storm_doom() {
	local what kind target
	STORM_DOOMED=' '
	while read -r _ what kind target; do
		[ "$target" != all ] || target=$(all_nodes)
		case $what-$kind in
		begin-kill | begin-stop | begin-freeze | begin-power | begin-lun*) STORM_DOOMED="$STORM_DOOMED$target " ;;
		esac
		[ "$what" = end ] || count_add "$kind" 1
	done < <(storm_order)
}

# Until the time has come, be the watchdog.
storm_wait() {
	while now_us; [ "$NOW" -lt "$1" ]; do
		guard_look
		if [ $(($1 - NOW)) -gt 20000 ]; then nap 0.02; else nap 0.002; fi
	done
	[ $((NOW - $1)) -lt 50000 ] || mark "the next comes $(((NOW - $1) / 1000)) ms late"
}

# --- the watchdog

# guard_note begin|end KIND TARGET: who is silent by a fault, and whose fault has ended. A
# daemon is silent until a beat of it has landed after that.
guard_note() {
	case $2 in
	kill | stop | freeze) ;;
	*) return 0 ;;
	esac
	if [ "$1" = begin ]; then
		! node_off "$3" || return 0
		: "${SILENT_SINCE[$3]:=$NOW}"
		SILENT_BEAT[$3]=
	else
		SILENT_BEAT[$3]=$(beat_of "$3")
	fi
}

# The beat counter in the node's block, which an eviction leaves as it is.
beat_of() { od -A n -t x8 -j $(($1 * 4096 + 128)) -N 8 "$RIG_LUN"; }

guard_look() {
	local n
	[ -z "${NO_GUARD:-}" ] || return 0
	for n in "${!SILENT_SINCE[@]}"; do
		if node_off "$n" || { [ -n "${SILENT_BEAT[$n]}" ] && [ "$(beat_of "$n")" != "${SILENT_BEAT[$n]}" ]; }; then
			unset "SILENT_SINCE[$n]"
		elif [ $((NOW - SILENT_SINCE[$n])) -ge "$CAMPAIGN_GUARD_US" ]; then
			mark "n$n watchdog resets"
			count_add watchdog 1
			node_reset "$n"
			unset "SILENT_SINCE[$n]"
		fi
	done
}
