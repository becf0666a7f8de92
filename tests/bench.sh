#!/bin/bash
# bench.sh: what qdiskd costs in steady state, and how fast it is. `make bench` runs it.
#
# Three real nodes with native timings, no heuristics, no status_file; per cycle of one
# daemon, all its threads. Counts are exact and hold on any machine; CPU time depends on
# the machine and its load: read it beside the floor, measured in the same seconds. Events
# are told by what stands on the LUN and by what each node's own corosync says.
# Published, not asserted: exit status 0 unless the measuring itself failed.
#
# Environment: RIG_BUILD      the programs under test (default build/)
#              BENCH_CYCLES   cycles of each window (default 60)
#              BENCH_ROUNDS   how often each event is tried (default 1; 0: no events)
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster/cluster.sh"
export RIG_LIMIT=${RIG_LIMIT:-900}
# inside the rig RIG_BUILD is a copy that does not hold these
export BENCH_BIN=${BENCH_BIN:-$RIG_BUILD/tests/bench}
export BENCH_SIM=${BENCH_SIM:-$RIG_BUILD/tests/sim}
bin=$BENCH_BIN
cycles=${BENCH_CYCLES:-60}
rounds=${BENCH_ROUNDS:-1}

die() {
	echo "bench.sh: $*" >&2
	exit 1
}

# The measuring programs, from the sources beside this script.
build() {
	local here flags="-std=gnu11 -O2 -g -D_GNU_SOURCE -I$RIG_DIR/../../include"
	here=$(dirname "$RIG_DIR")
	mkdir -p "$bin"
	# shellcheck disable=SC2086	# lists of words
	{
		${CC:-cc} $flags -o "$bin/steps" "$here/bench_steps.c" &&
			${CC:-cc} $flags -o "$bin/lun" "$here/bench_lun.c" &&
			${CC:-cc} $flags -o "$bin/floor" "$here/bench_floor.c" -laio -lpthread &&
			${CC:-cc} $flags -o "$bin/engine" "$here/bench_engine.c" "$RIG_BUILD/libqdcore.a" -lz &&
			${CC:-cc} $flags -fPIC -shared -fno-builtin -o "$bin/malloc.so" "$here/bench_malloc.c"
	} || die "the measuring programs do not build"
}

[ -n "${RIG_TOP:-}" ] || {
	command -v strace > /dev/null || die "strace is not installed"
	build
}
cluster_enter "$@"

# --- windows

read_bytes() { echo $(((RIG_N + 1) * 4096)); }

# counters NODE: print "BYTES SWITCHES NS": read from the LUN, context switches and CPU
# time of all threads.
counters() {
	local pid
	pid=$(service_pid qdiskd "$1") || die "n$1 has no qdiskd"
	# shellcheck disable=SC2016	# for the shell and the awk in the node
	node_exec "$1" sh -c 'cd /proc/$1 && exec awk '\''
		FILENAME == "io" && $1 == "read_bytes:" { bytes = $2 }
		/ctxt_switches/ { switches += $2 }
		FILENAME ~ /schedstat/ { ns += $1 }
		END { printf "%.0f %.0f %.0f\n", bytes, switches, ns }'\'' io task/*/status task/*/schedstat' - "$pid"
}

# per VALUE CYCLES: with two decimals.
per() { awk -v v="$1" -v c="$2" 'BEGIN { printf "%.2f", v / c }'; }

# window_cycles BYTES BYTES: how many cycles lie between these readings.
window_cycles() {
	local bytes=$(($2 - $1))
	if [ $bytes -le 0 ] || [ $((bytes % $(read_bytes))) != 0 ]; then die "a window without whole cycles"; fi
	echo $((bytes / $(read_bytes)))
}

window() { nap "$((CONF_I * cycles / 1000)).$(printf '%03d' $((CONF_I * cycles % 1000)))"; }

# roles: who is measured, as things stand now.
roles() {
	node[m]=$(a_master)
	node[f]=$(a_follower 1)
	node[other]=$(a_follower 2)
	case "${node[m]}${node[f]}${node[other]}" in
	[1-3][1-3][1-3]) ;;
	*) die "no master" ;;
	esac
}

# Nothing but cycles: no news from corosync, no questions, no elections.
settle() { nap $((2 * CONF_tko * CONF_I / 1000 + 2)); }

# file_u64 FILE: its first number, as the process that maps it left it.
file_u64() { od -An -tu8 -N 8 "$1" | tr -d ' '; }

# Daemons with the counting library, for one window.
allocations_measure() {
	local n r a
	local -A before bytes
	for n in $(all_nodes); do
		service_start qdiskd "$n" env BENCH_MALLOC_FILE="$RIG_ST/n$n/malloc" LD_PRELOAD="$bin/malloc.so" \
			"$RIG_BUILD/qdiskd" -f -c /etc/cluster/cluster.conf || die "qdiskd does not start"
	done
	cluster_whole || die "no cluster"
	roles
	settle
	for r in m f; do
		before[$r]=$(file_u64 "$RIG_ST/n${node[$r]}/malloc")
		a=$(counters "${node[$r]}") || exit 1
		bytes[$r]=${a%% *}
	done
	window
	for r in m f; do
		a=$(counters "${node[$r]}") || exit 1
		a=$(window_cycles "${bytes[$r]}" "${a%% *}") || exit 1
		[ "${before[$r]}" -gt 0 ] || die "allocations are not counted"
		allocations[$r]=$(per $(($(file_u64 "$RIG_ST/n${node[$r]}/malloc") - before[$r])) "$a")
	done
}

# Context switches, CPU time and memory of a daemon that nobody watches.
counters_measure() {
	local r b s t b2 s2 t2 c floor_ns
	local -A first
	for r in m f; do first[$r]=$(counters "${node[$r]}") || exit 1; done
	# on the node that is not measured; slot 60 is nobody's
	floor_ns=$(node_exec "${node[other]}" timeout 120 "$bin/floor" /dev/qlun "$(read_bytes)" $((60 * 4096)) "$CONF_I" "$cycles") ||
		die "the floor cannot be measured"
	floor=$(per "$floor_ns" 1000000)
	for r in m f; do
		read -r b s t <<< "${first[$r]}"
		read -r b2 s2 t2 <<< "$(counters "${node[$r]}")"
		c=$(window_cycles "$b" "$b2") || exit 1
		switches[$r]=$(per $((s2 - s)) "$c")
		cpu[$r]=$(per $((t2 - t)) $((c * 1000000)))
		memory_read "$r" "${node[$r]}"
	done
}

# Resident memory now, and once libqb's rings to votequorum have gone round: each request
# and answer lies behind the one before, so their 1 MB each (mapped twice) is touched in time.
# memory_read ROLE NODE
memory_read() {
	local pid rss
	pid=$(service_pid qdiskd "$2")
	rss=$(node_exec "$2" sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status")
	resident[$1]=$(per "$rss" 1024)
	resident_full[$1]=$(per $((rss + $(node_exec "$2" cat "/proc/$pid/smaps" | awk '
		/^[0-9a-f]+-[0-9a-f]+ / { ring = $6 ~ /qb-(request|response)-votequorum-data$/ }
		ring && $1 == "Size:" { size += $2 }
		ring && $1 == "Rss:" { rss += $2 }
		END { print (size / 2 > rss) ? int(size / 2 - rss) : 0 }'))) 1024)
}

# System calls: strace, cut to whole cycles (from one submitted read to another).
calls_measure() {
	local r n pid running="" seconds=$((CONF_I * (cycles + 4) / 1000 + 2))
	for n in "${node[m]}" "${node[f]}"; do
		pid=$(service_pid qdiskd "$n")
		node_exec "$n" timeout -s INT "$seconds" strace -f -q -p "$pid" -o "$RIG_ST/n$n/strace" 2> /dev/null &
		running="$running $!"
	done
	# shellcheck disable=SC2086	# a list of words
	wait $running
	for r in m f; do
		n=${node[$r]}
		calls_count "$RIG_ST/n$n/strace" > "$RIG_ST/n$n/calls" || die "n$n: no calls traced"
		calls[$r]=$(awk '$1 == "calls" { print $2 }' "$RIG_ST/n$n/calls")
		ios[$r]=$(awk '$1 == "ios" { print $2 }' "$RIG_ST/n$n/calls")
	done
}

# calls_count TRACE: per cycle: "calls N", "ios N", "of THREAD NAME N".
calls_count() {
	awk '
	$2 == "<..." || $2 == "+++" || $2 == "---" { next }
	{
		name = $2; sub(/\(.*/, "", name)
		if (name == "io_submit" && /IOCB_CMD_PREAD/) {
			if (begun) for (k in now) sum[k] += now[k]
			if (begun) cycles++
			ios_sum += ios; ios = 0; begun = 1; loop = $1
			for (k in now) delete now[k]
		}
		if (!begun) next
		now[$1 " " name]++
		if (name == "io_submit") { n = $3; sub(/,.*/, "", n); ios += n }
	}
	END {
		if (!cycles) exit 1
		for (k in sum) {
			all += sum[k]
			split(k, w, " ")
			printf "of %s %s %.2f\n", w[1] == loop ? "loop" : "helper", w[2], sum[k] / cycles
		}
		printf "calls %.2f\nios %.2f\n", all / cycles, ios_sum / cycles
	}' "$1"
}

# calls_of THREAD NODE: "3.2 epoll_wait, 3.2 read, ..."
calls_of() {
	awk -v t="$1" '$1 == "of" && $2 == t { print $4, $3 }' "$RIG_ST/n$2/calls" | sort -k 1,1rn -k 2 |
		awk '{ printf "%s%s %s", (NR > 1 ? ", " : ""), $1, $2 } END { print "" }'
}

# User instructions. The daemon, by single steps, in a slow cluster: a cycle takes up to a
# second so. And the engine alone, for more nodes than fit here.
instructions_measure() {
	local r result
	for r in m f; do
		result=$(node_exec "${node[$r]}" timeout 100 "$bin/steps" "$(service_pid qdiskd "${node[$r]}")" 6 "$(read_bytes)")
		case $? in
		0) instructions[$r]=$((${result#* } / ${result% *})) ;;
		77) instructions[$r]=- ;;
		*) die "instructions cannot be counted" ;;
		esac
		agree 1 2 3 || die "counting instructions broke the cluster"
	done
}

# engine_instructions NODES NODE
engine_instructions() {
	local n
	n=$(GLIBC_TUNABLES=glibc.cpu.x86_rep_stosb_threshold=1000000:glibc.cpu.x86_rep_movsb_threshold=1000000 \
		valgrind --tool=callgrind --toggle-collect=counted --callgrind-out-file=/dev/null \
		"$bin/engine" "$1" "$2" 20 2>&1 | awk '/Collected :/ { printf "%.0f", $4 / 20 }')
	echo "${n:--}"
}

# --- events

# state_first SINCE STATE [NODE]: when the LUN first showed a node in this state.
state_first() {
	awk -v since="$1" -v s="$2" -v n="${3:+n$3}" '$1 >= since && $3 == s && (n == "" || $2 == n) { print $1; f = 1; exit }
		END { exit !f }' "$RIG_ST/states"
}

# event NAME MS LAW: a line of the table of events.
event() { printf '  %-46s %7s ms  = %5s I   law: %s\n' "$1" "$2" "$(per "$2" "$CONF_I")" "$3"; }

event_stop() {
	local since old at
	old=$(a_master)
	since=$(rig_now)
	qdiskd_stop "$old" || die "no clean stop"
	await 20 state_first "$since" 6 > /dev/null || die "no new master"
	at=$(state_first "$since" 6)
	event "master stopped cleanly -> new master" "$(ms_between "$since" "$at")" "2 I = $((2 * CONF_I)) ms"
}

event_follower() {
	local since victim
	victim=$(a_follower 2)
	since=$(rig_now)
	node_power_cut "$victim"
	await 20 state_first "$since" 1 "$victim" > /dev/null || die "no eviction"
	event "node killed -> evicted" "$(ms_between "$since" "$(state_first "$since" 1 "$victim")")" \
		"K+1..K+2 I after its last beat = $(((CONF_tko + 1) * CONF_I))..$(((CONF_tko + 2) * CONF_I)) ms"
	corosync_told "$(others "$victim")" "$since"
}

event_master() {
	local since victim
	victim=$(a_master)
	since=$(rig_now)
	node_power_cut "$victim"
	await 20 state_first "$since" 6 > /dev/null || die "no new master"
	event "master killed -> new master" "$(ms_between "$since" "$(state_first "$since" 6)")" \
		"K+M+4 I = $(((CONF_tko + CONF_master_wait + 4) * CONF_I)) ms"
	corosync_told "$(others "$victim")" "$since"
}

# What corosync alone takes for the same news.
corosync_told() {
	# shellcheck disable=SC2086	# a list of words
	await $((RIG_RING_S + RIG_MASTER_S)) agree $1 || die "the rest does not agree"
	event "  corosync's new ring" "$(ms_between "$2" "$(ring_first "${1%% *}" "$2" "$(comma "$1")")")" "token + consensus"
}

# Totem holds an idle token: where our answer to the new ring comes later than some 30
# rounds of the token (a few ms), corosync takes note of it only when the hold is over.
event_split() {
	local since winners loser w ring hold
	hold=$(node_exec 1 corosync-cmapctl -g runtime.config.totem.hold | sed 's/.*= //')
	winners=$(printf '%s\n' "$(a_master)" "$(a_follower 1)" | sort -n | tr '\n' ' ')
	winners=${winners% }
	loser=$(a_follower 2)
	w=$(a_master)
	since=$(rig_now)
	rig_split "$winners" "$loser"
	# shellcheck disable=SC2086	# a list of words
	await $((RIG_RING_S + RIG_MASTER_S)) agree $winners || die "no winner"
	await "$RIG_RING_S" node_blocked "$loser" "$loser" || die "the loser is quorate"
	ring=$(ring_first "$w" "$since" "$(comma "$winners")")
	event "split: winner's ring -> quorate with it" "$(ms_between "$ring" "$(sample_first "$w" "$since" 1 "$(comma "$winners")")")" "tens of ms, or totem's hold of $hold ms"
	ring=$(ring_first "$loser" "$since" "$loser")
	event "split: loser's ring -> not quorate" "$(ms_between "$ring" "$(sample_first "$loser" "$since" 0)")" "tens of ms"
	event "split: both sides say quorate" "$(both_yes_ms "$w" "$(comma "$winners")" "$loser" "$since")" "under 100 ms"
	rig_heal
}

# --- the tables

# over MEASURED BUDGET: a mark for what is over its budget.
over() { awk -v m="$1" -v b="$2" 'BEGIN { if (m != "-" && m + 0 > b + 0) printf " over" }'; }

# row NAME BUDGET MASTER FOLLOWER
row() { printf '  %-46s %9s %12s%-5s %9s%-5s\n' "$1" "<= $2" "$3" "$(over "$3" "$2")" "$4" "$(over "$4" "$2")"; }

cycle_table() {
	printf '%-48s %9s %12s %14s\n' "per cycle, steady state, $RIG_N nodes, I $CONF_I ms" budget master follower
	row "LUN I/O operations" 2 "${ios[m]}" "${ios[f]}"
	row "system calls, all threads" 14 "${calls[m]}" "${calls[f]}"
	row "context switches" 6 "${switches[m]}" "${switches[f]}"
	row "heap allocations" 0 "${allocations[m]}" "${allocations[f]}"
	row "user instructions" 25000 "${instructions[m]}" "${instructions[f]}"
	row "CPU time, ms (floor here and now: $floor)" 0.15 "${cpu[m]}" "${cpu[f]}"
	row "resident memory, MB" 8 "${resident[m]}" "${resident[f]}"
	row "  once corosync's IPC rings have gone round" 8 "${resident_full[m]}" "${resident_full[f]}"
	echo
	echo "  system calls of the master's loop:   $(calls_of loop "${node[m]}")"
	echo "  of its corosync helper:              $(calls_of helper "${node[m]}")"
}

engine_table() {
	local n master follower
	command -v valgrind > /dev/null || { echo "  engine, mind and codec alone: not measured, valgrind is not installed"; return; }
	for n in 3 16 64; do
		master=$(engine_instructions $n 1) follower=$(engine_instructions $n 2)
		printf '  user instructions of engine, mind and codec alone, %2d nodes: %8s %14s\n' $n "$master" "$follower"
	done
}

# Three nodes, I 1 s, nothing goes wrong: CPU time, so that the load does not matter.
simulator_row() {
	printf '  simulated hours per second of one core, 3 nodes, I 1000 ms (>= 20): %6s\n' \
		"$("$BENCH_SIM" --seeds 1-300 --kind calm --nodes 3 --timing 1 | sed -n 's/.*: \([0-9.]*\) hours a second.*/\1/p')"
}

load() { cut -d ' ' -f 1-3 /proc/loadavg; }

declare -A node allocations switches cpu resident resident_full calls ios instructions
echo "qdiskd $("$RIG_BUILD/qdiskd" -V | sed 's/.* //'), corosync $(corosync -v | sed -n 's/.*version .\([0-9.]*\).*/\1/p'), Linux $(uname -r), $(nproc) cores, load $(load)"
echo

cluster_start 3 token=30000 interval=2000 tko=5 label=bench
corosync_start 1 2 3 || die "no corosync"
qdiskd_start 1 2 3 || die "qdiskd does not start"
await 90 agree 1 2 3 || die "no cluster"
roles
nap 6
instructions_measure
rig_stop

cluster_start 3 token= native=1 label=bench
corosync_start 1 2 3 || die "no corosync"
allocations_measure
qdiskd_stop 3 2 1 || die "no clean stop"
cluster_whole || die "no cluster"
roles
settle
counters_measure
calls_measure
cycle_table
engine_table
simulator_row
echo "  load $(load)"
[ "$rounds" -gt 0 ] || exit 0

echo
echo "events (I $CONF_I ms, K $CONF_tko, M $CONF_master_wait, token $CONF_T ms, consensus $CONF_consensus ms)"
"$bin/lun" "$RIG_LUN" "$RIG_N" > "$RIG_ST/states" &
for ((i = 0; i < rounds; i++)); do
	for e in event_stop event_split event_follower event_master; do
		cluster_whole || die "no cluster"
		settle
		$e
	done
done
samples_proven || die "two sides were quorate at once"
