#!/bin/bash
# demo.sh: the quorum disk at work, told live: three corosync nodes and one shared LUN
# on this machine. `make demo` runs it. Exit status 0 only if all of it held.
# All times are those of the samplers: the moment at which a node's own corosync said so.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster/cluster.sh"
export RIG_LIMIT=${RIG_LIMIT:-175}
cluster_enter "$@"
# shellcheck source=tests/demo.inc
. "$(dirname "$0")/demo.inc"

# story: what the samplers saw since the chapter began, equal news of several nodes as one line.
story() {
	"$RIG_BIN/s1check" -v -f "$since" "$RIG_ST"/n[0-9]*/samples | awk '
		function flush() { if (text != "") printf "    %7.2f s  %-10s %s\n", at, nodes, text; text = "" }
		function news(t) {
			if (t == text && $1 - at < 0.5 && index(nodes, $2) == 0) { nodes = nodes " " $2; return }
			flush(); at = $1; nodes = $2; text = t
		}
		/^S1/ { next }
		$3 == "ring"   { news("sees {" $5 "}") }
		$3 == "quorum" { news(($4 ? "quorate with {" : "NOT quorate, blocked with {") $6 "}") }
		$3 == "dead"   { news($4 == "power" ? "is without power" : "reboots") }
		$3 == "up"     { news("is switched on") }
		$3 == "end"    { news("has lost its corosync") }
		END { flush() }' | story_brief
}
# A quorum callback follows each ring callback; leave out the rings that say no more than that.
story_brief() { grep -v ' sees {' || :; }

# votes NODE...: who holds which votes, in each node's own words.
votes() {
	local n view total
	printf '    %-6s %-9s %-12s %-18s %s\n' node disk members votes quorate
	for n in $(all_nodes); do
		if node_off "$n"; then
			printf '    %-6s %s\n' "n$n" "off"
			continue
		fi
		view=$(node_view "$n")
		total=$(quorumtool_value "$n" "Total votes")
		printf '    %-6s %-9s %-12s %-18s %s\n' "n$n" "$(qdisk_status "$n" .state)" "{${view#* }}" \
			"$total of $(quorumtool_value "$n" "Expected votes")$(disk_votes "$n")" \
			"$(case $view in 1*) echo yes ;; *) echo NO ;; esac)"
	done
}
disk_votes() {
	case $(qdisk_status "$1" .vote.state) in
	cast | stands | held) echo " (disk $CONF_votes)" ;;
	*) echo " (disk 0)" ;;
	esac
}

# fenced NODE: what the power controller was told, once.
fenced() {
	await 15 fenced_once "$1" "$since"
	say "n$1 was evicted on the LUN and fenced, once, by its <fence> method from cluster.conf."
}

began=$(rig_now)
echo
echo "${bold}A quorum disk for corosync: three nodes, one shared LUN, no other host${plain}"
say "" "Three real corosync $(corosync -v | sed -n 's/.*version .\([0-9.]*\).*/\1/p') nodes live in namespaces on this machine, each with its own network" \
	"cable, power switch and view of one block device. Every node has 1 vote, the quorum disk" \
	"has 2: 5 votes are expected, 3 make a quorum. No network or disk of yours is touched." \
	"Times are what each node's own corosync told a sampler in it, on one clock."

title "A LUN gets its label"
rig_start 3 token= native=1 label=demo
say "# mkqdisk -c /dev/qlun -l demo"
mkqdisk_in 1 -y -c /dev/qlun -l demo 2>&1 | grep -E "^(mkqdisk|Writing)" | excerpt
say "" "Corosync's own default timings: token $CONF_T ms. So qdiskd beats every $CONF_I ms; a node that is" \
	"silent for $(((CONF_tko + 1) * CONF_I)) ms is dead, and a dead master is replaced before corosync knows."

title "Three nodes start corosync and qdiskd"
corosync_start 1 2 3
qdiskd_start 1 2 3
await 30 agree 1 2 3
story
say "" "They have elected n$(a_master) on the LUN; as long as it lists them, all three have the disk's votes:" ""
votes
say "" "# corosync-quorumtool -s       (on n2)"
quorumtool 2 | sed -n '/^Votequorum/,$p' | grep . | excerpt
say "" "# mkqdisk -L -d -d -d -d -d    (on n1, what stands on the LUN)"
mkqdisk_in 1 -L -d -d -d -d -d 2>&1 | grep -E '^/dev|Label:|Status block|Last updated on|State:' | excerpt

first=$(a_master)
title "n$first, the master, loses its power"
node_power_cut "$first"
# shellcheck disable=SC2046	# lists of words
await 40 agree $(others "$first")
story
fenced "$first"
# shellcheck disable=SC2046
never_lost_quorum $(others "$first") "$since"
say "The two others never lost quorum. They have elected n$(master_of "$(others "$first" | cut -d ' ' -f 1)"):" ""
votes

second=$(master_of "$(others "$first" | cut -d ' ' -f 1)")
last=$(others "$first" | tr ' ' '\n' | grep -vx "$second")
title "n$second, the new master, loses its power too: one of three is left"
node_power_cut "$second"
await 40 agree "$last"
story
fenced "$second"
never_lost_quorum "$last" "$since"
say "Last man standing: n$last goes on with its own vote and the disk's, 3 of 5:" ""
votes

title "Power is back"
cluster_join 1 2 3
await 40 agree 1 2 3
story
nobody_fenced "$since"
never_lost_quorum "$last" "$since"
say "All three are in again; n$last never lost quorum meanwhile:" ""
votes

master=$(a_master)
cut=$(a_follower 1)
with=$(a_follower 2)
winners=$(printf '%s\n' "$master" "$with" | sort -n | tr '\n' ' ' | sed 's/ $//')
title "The network breaks: {$(comma "$winners")} here, {$cut} there; both sides still reach the LUN"
rig_split "$winners" "$cut"
# shellcheck disable=SC2086	# a list of words
await 40 agree $winners
await 40 node_blocked "$cut" "$cut"
story
# shellcheck disable=SC2086
never_lost_quorum $winners "$since"
nobody_fenced "$since"
say "Exactly one side is quorate: the one with the master. The other has blocked itself." \
	"Both sides at once said \"quorate\" for $(both_yes_ms "$master" "$(comma "$winners")" "$cut" "$since") ms, counted from the winner's first word on its new" \
	"membership to the loser's last on the old one." ""
votes

title "The cable is mended"
rig_heal
await 40 agree 1 2 3
story

title "Was there ever a moment with two quorate sides?"
samples_proven
[ "$(grep -c ' ok$' "$RIG_ST/fence.log")" = 2 ]
say "No: $(sed 's/^S1 holds: //' "$RIG_ST/s1.out") from three nodes, and never two disjoint quorate memberships." \
	"Fencings in all: $(grep -c ' ok$' "$RIG_ST/fence.log"), one for each node that died." \
	"" "It took $(ms_between "$began" "$(rig_now)" | sed 's/...$//') s; nothing of it is left on this machine."
echo
