# shellcheck shell=bash
# cluster.sh: what the cluster tests share: a rig with corosync and qdiskd on every
# node, and the way back to a whole cluster after each scenario.

# shellcheck source=tests/rig/rig.sh
. "$(dirname "${BASH_SOURCE[0]}")/../rig/rig.sh"

# cluster_enter "$@": like rig_enter; also needs the programs under test.
cluster_enter() {
	local program
	for program in qdiskd mkqdisk qdisk-tool; do
		[ -x "$RIG_BUILD/$program" ] || { echo "Bail out! $RIG_BUILD/$program is not built"; exit 99; }
	done
	command -v jq > /dev/null || rig_skip "jq is not installed"
	rig_enter "$@"
	set -u
}

# cluster_start NODES [key=value...]: boot, label the LUN; no daemon runs yet.
cluster_start() {
	rig_start "$@" || { echo "Bail out! the rig does not start"; exit 99; }
	mkqdisk_in 1 -y -c /dev/qlun -l "$CONF_label" > "$RIG_ST/mkqdisk.out" 2>&1 ||
		{ sed 's/^/# /' "$RIG_ST/mkqdisk.out"; echo "Bail out! the LUN cannot be labelled"; exit 99; }
}

# all_nodes: "1 2 3"; all_members: "1,2,3"; others NODE: "2 3"
all_nodes() { seq -s ' ' "$RIG_N"; }
all_members() { seq -s , "$RIG_N"; }
others() {
	local n
	for n in $(seq "$RIG_N"); do [ "$n" = "$1" ] || echo "$n"; done | tr '\n' ' ' | sed 's/ $//'
}
comma() { echo "${*// /,}" | tr ' ' ,; }

# has_device NODE: does its quorumtool show a quorum device that is registered?
has_device() { quorumtool "$1" 2> /dev/null | grep -q "^Flags:.*Qdevice"; }

# casts NODE MASTER: its vote counts (cast, or it stands for a cycle with slow I/O) and it
# sees this master.
casts() {
	local s
	s=$(qdisk_status "$1" '"\(.vote.state) \(.master)"')
	[ "$s" = "cast $2" ] || [ "$s" = "stands $2" ]
}

# agree NODE...: these nodes, and only they, are a membership that is quorate by
# itself, all cast, and all see the same master, who is one of them.
agree() {
	local n m
	nodes_quorate "$(comma "$@")" || return 1
	m=$(master_of "$1")
	[[ " $* " == *" $m "* ]] || return 1
	for n; do casts "$n" "$m" || return 1; done
	total_votes_are "$1" $(($# + CONF_votes))
}

# two_agree: two nodes with master_wins: only the master casts; it has all three votes, the
# other node two of three.
two_agree() {
	local m
	nodes_quorate 1,2 || return 1
	m=$(master_of 1)
	[ "$m" != 0 ] && [ "$(master_of 2)" = "$m" ] && casts "$m" "$m" && total_votes_are "$m" 3
}

# cluster_join NODE...: bring these nodes in, whatever state they are in, until all agree.
cluster_join() {
	local n
	for n; do
		node_respawn "$n" off
		autostart off "$n"
		if ! node_on "$n"; then node_boot "$n" || return 1; fi
		if ! service_pid corosync "$n" > /dev/null; then corosync_start "$n" || return 1; fi
		if ! qdiskd_running "$n"; then qdiskd_start "$n" || return 1; fi
	done
}

# cluster_whole: all nodes are in; brings back whom a scenario left outside.
cluster_whole() {
	rm -f "$RIG_ST/power-broken"
	# shellcheck disable=SC2046	# a list of words
	cluster_join $(all_nodes) && await $((RIG_RING_S + RIG_MASTER_S + RIG_Z_S)) agree $(all_nodes)
}

# The first scenario of most scripts: nothing runs yet, and all come.
cluster_starts() {
	# shellcheck disable=SC2046	# a list of words
	corosync_start $(all_nodes)
	# shellcheck disable=SC2046
	qdiskd_start $(all_nodes)
	cluster_whole
}

# cluster_whole_unfenced NODE: it comes back while the power controller is broken, which
# works again only when all agree: a fencing that is still tried would hit its new life.
cluster_whole_unfenced() {
	# shellcheck disable=SC2046	# a list of words
	cluster_join "$1" && await $((RIG_RING_S + RIG_MASTER_S + RIG_Z_S)) agree $(all_nodes) &&
		rm -f "$RIG_ST/power-broken"
}

# After a failed scenario: new power for everybody, the files as the script set them.
scenario_reset() {
	local n
	rig_heal
	for n in $(all_nodes); do
		rm -f "$RIG_ST/n$n/unplugged" "$RIG_ST/n$n/respawn"
		node_off "$n" || node_power_cut "$n"
	done
	conf_write
	cluster_whole || diag "the cluster does not come back"
}

# a_master, a_follower: print one, in a whole cluster.
a_master() { master_of 1; }
a_follower() { others "$(a_master)" | cut -d ' ' -f "${1:-1}"; }

# nobody_fenced SINCE, fenced_once NODE SINCE
nobody_fenced() {
	local n
	for n in $(all_nodes); do
		[ "$(fence_count "$n" "$1")" = 0 ] || { diag "n$n was fenced"; return 1; }
	done
}
fenced_once() { [ "$(fence_count "$1" "$2")" = 1 ]; }

# block_state NODE STATE: what the node's block on the LUN says (None, Evicted,
# Initializing, Running, Master), as mkqdisk shows it.
block_state() {
	local state
	state=$(mkqdisk_in "${3:-1}" -L -d -d -d -d -d 2>&1 | awk -v n="$1" '
		/^Status block for node/ { at = $5 }
		at == n && /State:/ { s = $2 }
		END { print s == "" ? "None" : s }')
	[ "$state" = "$2" ]
}

# both_yes_ms WINNER MEMBERS LOSER SINCE: for how long both sides of a split said "quorate",
# from the winner's first quorate callback with its new view to the loser's loss.
both_yes_ms() {
	local won lost
	won=$(sample_first "$1" "$4" 1 "$2") && lost=$(sample_first "$3" "$4" 0) || return 1
	if [ "$lost" -gt "$won" ]; then ms_between "$won" "$lost"; else echo 0; fi
}

# answer_ms NODE MEMBERS SINCE: from corosync's new ring to its first quorum callback there.
answer_ms() {
	local ring answer
	ring=$(ring_first "$1" "$3" "$2") && answer=$(awk -v since="$ring" -v m="$2" \
		'$1 >= since && $3 == "quorum" && $6 == m { print $1; exit }' "$RIG_ST/n$1/samples") || return 1
	ms_between "$ring" "$answer"
}

# died_at NODE SINCE: when it died first since then.
died_at() { awk -v n="n$1" -v since="$2" '$2 == n && $3 == "death" && $1 >= since { print $1; exit }' "$RIG_ST/events"; }

# log_count NODE TEXT: how many lines of its qdiskd's log contain it. log_grown NODE TEXT
# COUNT: more than that.
log_count() { grep -cF -- "$2" "$RIG_ST/n$1/qdiskd.out" || :; }
log_grown() { [ "$(log_count "$1" "$2")" -gt "$3" ]; }

# nobody_died SINCE
nobody_died() {
	local n
	for n in $(all_nodes); do
		[ -z "$(node_deaths "$n" "$1")" ] || { diag "n$n died"; return 1; }
	done
}

# costs_nothing COMMAND...: no vote, no quorum, no life, no mastership.
costs_nothing() {
	local since master votes
	since=$(rig_now)
	master=$(a_master)
	votes=$(votes_withdrawn)
	"$@"
	# shellcheck disable=SC2046	# lists of words
	await 3 agree $(all_nodes)
	# shellcheck disable=SC2046
	never_lost_quorum $(all_nodes) "$since"
	nobody_fenced "$since"
	nobody_died "$since"
	[ "$(a_master)" = "$master" ] || { diag "the master has changed"; return 1; }
	[ "$(votes_withdrawn)" = "$votes" ] || { diag "a vote was withdrawn"; return 1; }
}
votes_withdrawn() { cat "$RIG_ST"/n?/qdiskd.out | grep -cF "vote withdrawn" || :; }

# told NODE...: their cluster.conf as the settings say, and a SIGHUP each.
told() {
	local n
	conf_derive
	for n; do
		conf_cluster > "$RIG_ST/n$n/cluster.conf"
		service_signal qdiskd "$n" HUP
	done
}
