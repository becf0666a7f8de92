# shellcheck shell=bash
# sample.sh: questions to the samplers' files. Part of rig.sh. All answers come from
# the quorum callbacks of libquorum on the node itself, never from a forked tool.

# node_view NODE: print "1 1,2,3" (quorate, members) as last said, "- -" when its
# corosync does not run.
node_view() {
	awk '$3 == "quorum" { v = $4 " " $6 } $3 == "end" || $3 == "dead" { v = "- -" } END { print v == "" ? "- -" : v }' \
		"$RIG_ST/n$1/samples" 2> /dev/null
}

# node_quorate NODE [MEMBERS], node_blocked NODE [MEMBERS]: does it say so now?
node_quorate() {
	local v
	v=$(node_view "$1")
	[ "${v%% *}" = 1 ] && { [ -z "${2:-}" ] || [ "${v#* }" = "$2" ]; }
}
node_blocked() {
	local v
	v=$(node_view "$1")
	[ "${v%% *}" = 0 ] && { [ -z "${2:-}" ] || [ "${v#* }" = "$2" ]; }
}

# node_silent NODE: its corosync does not run.
node_silent() { [ "$(node_view "$1")" = "- -" ]; }

# nodes_quorate MEMBERS: all of these (1,2,3) are quorate with exactly these members.
nodes_quorate() {
	local n
	for n in ${1//,/ }; do node_quorate "$n" "$1" || return 1; done
}

# sample_first NODE SINCE QUORATE [MEMBERS]: print the time of the first such callback.
sample_first() {
	awk -v since="$2" -v q="$3" -v m="${4:-}" '$1 >= since && $3 == "quorum" && $4 == q && (m == "" || $6 == m) { print $1; f = 1; exit }
		END { exit !f }' "$RIG_ST/n$1/samples"
}

# ring_first NODE SINCE MEMBERS: print the time of the first ring with these members.
ring_first() {
	awk -v since="$2" -v m="$3" '$1 >= since && $3 == "ring" && $5 == m { print $1; f = 1; exit } END { exit !f }' \
		"$RIG_ST/n$1/samples"
}

# quorum_losses NODE SINCE: print how often it went from quorate to anything else.
quorum_losses() {
	awk -v since="$2" '
		$3 == "quorum" { if (q && !$4 && $1 >= since) c++; q = $4 }
		$3 == "end" || $3 == "dead" { if (q && $1 >= since) c++; q = 0 }
		END { print c + 0 }' "$RIG_ST/n$1/samples"
}

# never_lost_quorum NODE... SINCE
never_lost_quorum() {
	local since=${*: -1} n
	for n in "${@:1:$#-1}"; do
		[ "$(quorum_losses "$n" "$since")" = 0 ] || { diag "n$n lost quorum"; return 1; }
	done
}

# ms_between NS NS: print the difference in whole ms.
ms_between() { echo $((($2 - $1) / 1000000)); }

# samples_proven [SINCE]: S1 holds over all that was sampled (since then), every node whose
# corosync ever ran delivered samples, and the sampler of every node that is on still lives.
samples_proven() {
	local n sampled=
	for n in $(seq "$RIG_N"); do
		[ ! -e "$RIG_ST/n$n/corosync.exit" ] || sampled=$sampled,$n
	done
	[ -n "$sampled" ] || return 0	# no corosync ran yet: nothing to prove
	s1_holds "${sampled#,}" "${1:-0}" || { sed 's/^/# /' "$RIG_ST/s1.out"; return 1; }
	samplers_live
}

# s1_holds NODES SINCE: these nodes (1,2,3) delivered samples, and S1 holds since then;
# the proof or its failure is in $RIG_ST/s1.out.
s1_holds() { "$RIG_BIN/s1check" -n "$1" -f "$2" "$RIG_ST"/n[0-9]*/samples > "$RIG_ST/s1.out" 2>&1; }

samplers_live() {
	local n
	# shellcheck disable=SC2016	# for the shell in the node
	for n in $(seq "$RIG_N"); do
		node_off "$n" || node_exec "$n" sh -c 'read -r p < /run/sampler.pid && kill -0 "$p"' ||
			{ node_off "$n" || { diag "the sampler of n$n died"; return 1; }; }
	done
}

# samples_since NS: what all samplers said since then, in order.
samples_since() { "$RIG_BIN/s1check" -v -f "$1" "$RIG_ST"/n[0-9]*/samples; }
