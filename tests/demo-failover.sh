#!/bin/bash
# demo-failover.sh: a web server that moves, told live: two nodes with Pacemaker, a quorum
# disk as the third vote, and a client that fetches a page all the time. `make
# demo-failover` runs it. Exit status 0 only if all of it held.
# shellcheck source=tests/cluster/failover.inc
. "$(dirname "$0")/cluster/failover.inc"
# shellcheck source=tests/rig/faults.sh
. "$RIG_DIR/faults.sh"
export RIG_LIMIT=${RIG_LIMIT:-400}
failover_enter "$@"
# shellcheck source=tests/demo.inc
. "$(dirname "$0")/demo.inc"

seconds() { printf '%d.%d' $((($1 + 50) / 1000)) $((($1 + 50) % 1000 / 100)); }

# result NODE FENCED: wait for the page to come from there, and for the one fencing of
# pcmk-FENCED ("" for nobody); say what it cost.
result() {
	local away
	await 60 page_from "$1"
	[ -z "$2" ] || await 20 fenced_once "$2" "$since"
	steadily 1 page_from "$1"
	away=$(page_away_ms "$since")
	mounts_apart "$since"
	say "The page comes from pcmk-$1. It was away for $(seconds "$away") s.$(fencings "$2")"
	table+=("$(printf '%-44s pcmk-%s   %6s s   %s' "$story" "$1" "$(seconds "$away")" "${2:+pcmk-}${2:-nobody}")")
}
fencings() {
	local n
	for n in 1 2; do
		[ "$(fence_count "$n" "$since")" = "$([ "$n" = "$1" ] && echo 1 || echo 0)" ]
	done
	if [ -n "$1" ]; then echo " Fenced: pcmk-$1, once."; else echo " Nobody was fenced."; fi
}

# case_begin TEXT, case_end: what stands between is the fault.
case_begin() {
	story=$1
	title "$1"
}
case_end() {
	cable_up 1
	lun_release
	path_mend 1 2 || :	# a node that was fenced has forgotten it
	path_mend 2 1 || :
	cluster_whole
	mounts_apart "$since"
}

began=$(rig_now)
table=()
echo
echo "${bold}Failover beside a quorum disk: two nodes, Pacemaker, a web server${plain}"
say "" "Real corosync, Pacemaker and qdiskd on two nodes, in namespaces of this machine. A group of" \
	"three resources prefers pcmk-1: a file system (ext4 on a shared LUN), a virtual address and" \
	"a web server. A client outside asks for the page twenty times a second. The quorum disk has" \
	"the third vote; a node that cannot ping the gateway is unfit for it. Corosync's default" \
	"timings: its floor, from a node's silence to the new membership, is 6.6 s."

title "Both nodes start"
failover_boot token= native=1
client_start
cluster_whole
crm_mon_of 1 | sed -n '/^Node List/,$p' | grep . | excerpt
say "" "The page says: $(tail -n 1 "$RIG_ST/page.log" | cut -d ' ' -f 3-)"

case_begin "pcmk-1 loses its power"
node_power_cut 1
result 2 1
say "What Pacemaker on pcmk-2 says:" ""
crm_mon_of 2 | sed -n '/^Node List/,$p' | grep . | excerpt
stonith_history 2 1 | sed -n 1p | excerpt
case_end

case_begin "pcmk-1's network cable is cut"
cable_down 1
result 2 1
case_end

case_begin "pcmk-1's paths to the SAN hang"
lun_path 1 hang rw
data_path 1 hang rw
result 2 1
case_end

case_begin "pcmk-1 does not reach the gateway any more"
node_exec 1 ip route add blackhole "$GATEWAY/32"
result 2 1
case_end

case_begin "pcmk-1 is stopped cleanly"
pacemaker_stop 1
qdiskd_stop 1
corosync_stop 1
result 2 ""
case_end

master_moves_to 1
case_begin "They lose each other, pcmk-1 is master"
path_cut 1 2
path_cut 2 1
result 1 2
case_end

master_moves_to 2
case_begin "They lose each other, pcmk-2 is master"
path_cut 1 2
path_cut 2 1
result 2 1
case_end

title "In short"
printf '    %-44s %-8s %8s   %s\n' "" "page by" "away" "fenced"
say "${table[@]}"
samples_proven
mounts_apart
say "" "The file system was mounted $(mounts_count 0) times, never on both nodes at once: a process in each node" \
	"was woken by the kernel at every change of its mount table. And never were both nodes" \
	"quorate apart: $(sed 's/^S1 holds: //' "$RIG_ST/s1.out")." \
	"" "It took $(ms_between "$began" "$(rig_now)" | sed 's/...$//') s; nothing of it is left on this machine."
echo
