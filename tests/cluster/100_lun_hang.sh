#!/bin/bash
# 100_lun_hang.sh: paths to the LUN that do not answer, fail or are slow, while nodes,
# network and corosync are well. Nobody may be quorate twice (each scenario's end proves
# it), whoever has a path that works goes on, and whoever has not does what the laws say.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
[ -c /dev/fuse ] || rig_skip "no /dev/fuse"
cluster_enter "$@"

# A node without its path dies: it is fenced, once, and the others never lose quorum. How
# long it took stands beside the law, without what the agent needs: (K+2) I, and
# (K+M+4) I until there is another master to do it.
loses_its_path() {
	local since victim=$1 rest law=$((CONF_tko + 2))
	shift
	[ "$victim" != "$(a_master)" ] || law=$((CONF_tko + CONF_master_wait + 4))
	since=$(rig_now)
	rest=$(others "$victim")
	lun_path "$victim" "$@"
	await $((RIG_MASTER_S)) node_died "$victim" "$since" power
	diag "fenced $(ms_between "$since" "$(died_at "$victim" "$since")") ms after the fault, law $((law * CONF_I)) ms"
	# shellcheck disable=SC2086	# a list of words
	await $((RIG_RING_S + RIG_MASTER_S)) agree $rest
	fenced_once "$victim" "$since"
	block_state "$victim" Evicted "${rest%% *}"
	# shellcheck disable=SC2086
	never_lost_quorum $rest "$since"
}

# It stays off: the next scenario is about those who are left.
master_whose_path_hangs_is_fenced_and_replaced() { loses_its_path "$(a_master)" hang; }

# comes_back NODE SINCE: with its path; its death was one, and cost the others nothing.
comes_back() {
	lun_path "$1" ok
	cluster_whole
	fenced_once "$1" "$2"
	# shellcheck disable=SC2046	# a list of words
	never_lost_quorum $(others "$1") "$2"
}
follower_whose_path_hangs_is_fenced_and_comes_back() {
	local since victim
	since=$(rig_now)
	victim=$(a_follower 1)
	loses_its_path "$victim" hang
	log_says "$victim" "quorum disk does not answer: "
	comes_back "$victim" "$since"
}

follower_that_cannot_read_is_fenced_and_comes_back() {
	local since victim
	since=$(rig_now)
	victim=$(a_follower 1)
	loses_its_path "$victim" err r
	log_says "$victim" "fails: read: Input/output error"
	comes_back "$victim" "$since"
}

# 70 ms of 100: the cycle still fits, and a death is found as soon as ever. (The daemon
# of 2011 slept for an interval after each, and took twice as long.)
legacy_21_slow_reads_do_not_delay_a_death() {
	local since victim took law
	victim=$(a_follower 2)
	lun_path "$(comma "$(others "$victim")")" "delay=$((CONF_I * 7 / 10))" r
	# shellcheck disable=SC2046	# a list of words
	steadily 1 nodes_quorate 1,2,3
	since=$(rig_now)
	node_power_cut "$victim"
	await "$RIG_MASTER_S" fenced_once "$victim" "$since"
	took=$(ms_between "$since" "$(fenced_at "$victim" "$since")")
	law=$(((CONF_tko + 2) * CONF_I))
	diag "fenced $took ms after its death, law $law ms and the agent's time"
	[ "$took" -le $((law + 5 * CONF_I)) ]
	lun_all ok
	cluster_whole
}
fenced_at() { awk -v n="n$1" -v since="$2" '$1 >= since && $3 == n { print $1; exit }' "$RIG_ST/fence.log"; }

# What it reads and writes with stays open; only a start needs the name.
device_node_that_vanished_costs_nothing_until_a_start() {
	local victim rc=0
	victim=$(a_follower 1)
	costs_nothing without_device_node "$victim"
	device_nodes "$victim" rm -f
	qdiskd_stop "$victim"
	lun_limited 5 node_exec "$victim" "$RIG_BUILD/qdiskd" -f > "$RIG_ST/start" 2>&1 || rc=$?
	diag "$(tail -n 1 "$RIG_ST/start")"
	[ $rc = 4 ]
	grep -q "no device has the label '$CONF_label'" "$RIG_ST/start"
	device_nodes "$victim" mknod
	cluster_whole
}
without_device_node() {
	device_nodes "$1" rm -f
	nap 1.5
	device_nodes "$1" mknod
}
# device_nodes NODE rm -f|mknod: the names of its path, as node-init.sh makes them.
device_nodes() {
	local name major minor
	while read -r name major minor; do
		case $2 in
		rm) node_exec "$1" rm -f "/dev/$name" ;;
		*) node_exec "$1" mknod "/dev/$name" b "$major" "$minor" ;;
		esac
	done < "$RIG_ST/n$1/luns"
}

# Microseconds, of the last 64 reads; the warning comes before anything is lost.
legacy_34_latencies_are_told_and_a_slow_lun_is_warned_of() {
	local victim
	victim=$(a_follower 2)
	costs_nothing latencies_told "$victim"
}
latencies_told() {
	lun_path "$1" "delay=$((CONF_I / 5))" r
	await $((CONF_I * 64 / 1000 + 2)) latency_from "$1" read.median_us $((CONF_I * 200))
	[ "$(qdisk_status "$1" .latency.read.ever.max_us)" -ge "$(qdisk_status "$1" .latency.read.max_us)" ]
	node_exec "$1" "$RIG_BUILD/qdisk-tool" status | grep -q "^reads: *median [0-9]*\.[0-9]* *, p99 "
	lun_path "$1" ok
	lun_path "$1" "delay=$((CONF_I * 6 / 10))" w
	await 3 log_says "$1" "quorum disk is slow: writes, p99 of the last 64 is "
	lun_path "$1" ok
}
latency_from() {	# NODE FIELD US: so much, on a busy machine five times that
	local us
	us=$(qdisk_status "$1" ".latency.$2")
	[ "$us" -ge "$3" ] && [ "$us" -lt $((5 * $3)) ]
}

# Its fencing fails; once its path works again it reads its eviction before anything else.
follower_released_after_its_eviction_obeys() {
	local since victim rest
	since=$(rig_now)
	victim=$(a_follower 2)
	rest=$(others "$victim")
	: > "$RIG_ST/power-broken"
	lun_path "$victim" hang
	await "$RIG_MASTER_S" block_state "$victim" Evicted "${rest%% *}"
	# shellcheck disable=SC2086	# a list of words
	await $((RIG_RING_S + RIG_MASTER_S)) agree $rest
	node_on "$victim"
	[ -z "$(node_deaths "$victim" "$since")" ]
	lun_path "$victim" ok
	await 3 node_died "$victim" "$since" reboot
	# shellcheck disable=SC2086
	never_lost_quorum $rest "$since"
	cluster_whole_unfenced "$victim"
}

# It sees its own eviction, for it can still read.
follower_that_cannot_write_reboots_itself() {
	local since victim rest
	since=$(rig_now)
	victim=$(a_follower 2)
	rest=$(others "$victim")
	: > "$RIG_ST/power-broken"
	lun_path "$victim" err w
	await "$RIG_MASTER_S" node_died "$victim" "$since" reboot
	# shellcheck disable=SC2086	# a list of words
	await $((RIG_RING_S + RIG_MASTER_S)) agree $rest
	# shellcheck disable=SC2086
	never_lost_quorum $rest "$since"
	lun_path "$victim" ok
	cluster_whole_unfenced "$victim"
}

# Success is answered, and nothing is written: it finds that out, and so do the others. It
# is evicted at the time at which it begins a new life: it may obey or be fenced.
legacy_32_write_that_is_dropped_is_no_beat() {
	local since victim rest
	since=$(rig_now)
	victim=$(a_follower 1)
	rest=$(others "$victim")
	lun_path "$victim" drop w
	await "$RIG_MASTER_S" node_off "$victim"
	log_says "$victim" "quorum disk shows an old block of mine"
	log_says "$victim" "vote withdrawn: own writes do not land"
	# shellcheck disable=SC2086	# a list of words
	await $((RIG_RING_S + RIG_MASTER_S)) agree $rest
	comes_back "$victim" "$since"
}

hang_of() {
	lun_path "$1" hang
	nap "$(conf_seconds "$2")"
	lun_path "$1" ok
}

hang_below_the_first_law_costs_nothing() {
	costs_nothing hang_of "$(a_master)" $((4 * CONF_I))
	costs_nothing hang_of "$(a_follower 1)" $((4 * CONF_I))
	costs_nothing hang_of all $((4 * CONF_I))
}

# Whether it is still in time or just too late is left to chance; both end well.
hang_of_exactly_the_second_law_ends_well() {
	local since victim n
	since=$(rig_now)
	victim=$(a_follower 2)
	node_respawn "$victim" "$(conf_seconds $((CONF_T + CONF_consensus + 1000)))"
	autostart "$victim"
	hang_of "$victim" $((CONF_tko * CONF_I))
	await $((RIG_RING_S + RIG_MASTER_S)) agree 1 2 3
	diag "n$victim died $(node_deaths "$victim" "$since" | wc -l) times"
	for n in $(others "$victim"); do [ -z "$(node_deaths "$n" "$since")" ]; done
	# shellcheck disable=SC2046	# a list of words
	never_lost_quorum $(others "$victim") "$since"
}

# More than two times V, and the votes are counted all the time.
slow_for_long() {
	lun_all "delay=$1"
	steadily 2 agree 1 2 3
	lun_all ok
}

# From half an interval on a cycle takes longer than one: it casts when its write has
# landed, and the last vote stands meanwhile.
lun_slow_at_half_an_interval_costs_nothing() {
	costs_nothing slow_for_long $((CONF_I / 2))
	log_says "$(a_follower 1)" "quorum disk is slow: "
}
lun_slow_at_nine_tenths_of_an_interval_costs_nothing() { costs_nothing slow_for_long $((CONF_I * 9 / 10)); }

# A cycle lasts three intervals, and what a follower reads of its master is older than the
# first law when its own write has landed. It stands, V runs out, and it says so; nobody
# is taken for dead, and the node votes carry the cluster.
lun_slow_at_one_and_a_half_intervals_costs_followers_the_devices_votes() {
	local since master follower
	since=$(rig_now)
	master=$(a_master)
	follower=$(a_follower 1)
	lun_all "delay=$((CONF_I * 3 / 2))"
	await 5 status_is "$follower" .vote.expired true
	await 2 log_says "$follower" "corosync counts it for $CONF_V ms"
	steadily 1 nodes_quorate 1,2,3
	casts "$master" "$master"
	lun_all ok
	await "$RIG_MASTER_S" agree 1 2 3
	[ "$(a_master)" = "$master" ]
	never_lost_quorum 1 2 3 "$since"
	nobody_fenced "$since"
	nobody_died "$since"
}

# All nodes are here: their own votes make a quorum, and it stays. The device's votes go,
# by the first law, and come back with the LUN.
lun_dead_for_all_takes_the_devices_votes_only() {
	local since n
	since=$(rig_now)
	lun_all hang
	for n in 1 2 3; do await 3 total_votes_are "$n" 3; done
	steadily 2 nodes_quorate 1,2,3
	lun_all ok
	await $((RIG_MASTER_S)) agree 1 2 3
	never_lost_quorum 1 2 3 "$since"
	nobody_fenced "$since"
	nobody_died "$since"
}

# One is missing: without the device there is no quorum, so with the LUN it ends, for
# all, and comes back; nobody takes the others for dead meanwhile.
lun_dead_for_all_and_back_blocks_two_of_three_and_frees_them() {
	local since absent rest n
	for absent in 1 2 3; do node_on "$absent" || break; done
	rest=$(others "$absent")
	# shellcheck disable=SC2086	# a list of words
	agree $rest
	since=$(rig_now)
	lun_all err
	for n in $rest; do
		await 3 node_blocked "$n" "$(comma "$rest")"
		diag "n$n blocked $(ms_between "$since" "$(sample_first "$n" "$since" 0)") ms after the fault, law $(((CONF_tko - 1) * CONF_I)) ms"
	done
	nap 1
	lun_all ok
	# shellcheck disable=SC2086
	await "$RIG_MASTER_S" agree $rest
	nobody_fenced "$since"
	nobody_died "$since"
	cluster_whole
}

# The daemon leaves while its write hangs: what it owes to others is done by hand, and
# the next one starts beside the corpse that the kernel keeps. The late write of the old
# life then lands over what has been written since, which is what "undead" means; the
# new life outlives it. (Its corosync was ended with the old life, by its eviction.)
daemon_whose_write_hangs_leaves_and_another_starts_beside_it() {
	local since victim halts corpse
	since=$(rig_now)
	victim=$(a_follower 1)
	write_hangs "$victim"
	corpse=$(service_pid qdiskd "$victim")
	halts=$(log_count "$victim" "Halting qdisk operations")
	service_signal qdiskd "$victim" TERM
	await 5 log_grown "$victim" "Halting qdisk operations" "$halts"
	refute has_device "$victim"
	refute node_exec "$victim" test -e /run/qdiskd.pid
	refute status_is "$victim" .node_id "$victim"
	another_starts_beside "$victim" "$corpse"
	all_comes_back "$victim" "$corpse" "$since"
}

# Killed, it has done nothing by hand: it still holds its lock.
daemon_killed_while_its_write_hangs_is_in_nobodys_way() {
	local since victim corpse
	since=$(rig_now)
	victim=$(a_follower 2)
	write_hangs "$victim"
	corpse=$(service_pid qdiskd "$victim")
	service_signal qdiskd "$victim" KILL
	another_starts_beside "$victim" "$corpse"
	all_comes_back "$victim" "$corpse" "$since"
}

write_hangs() {
	: > "$RIG_ST/power-broken"
	lun_path "$1" hang w
	await 2 lun_hangs "$1" w
}
another_starts_beside() {
	node_exec "$1" kill -0 "$2"
	await 10 service_ended corosync "$1"
	corosync_start "$1"
	qdiskd_start "$1"
	await 5 status_is "$1" .node_id "$1"
	node_exec "$1" kill -0 "$2"
	refute casts "$1" "$(master_of "$1")"
}
all_comes_back() {
	lun_path "$1" ok
	await 3 corpse_gone "$1" "$2"
	await $((RIG_RING_S + RIG_MASTER_S + RIG_Z_S)) back "$1"
	rm "$RIG_ST/power-broken"
	[ -z "$(node_deaths "$1" "$3")" ]
	# shellcheck disable=SC2046	# a list of words
	never_lost_quorum $(others "$1") "$3"
}
back() {
	service_pid corosync "$1" > /dev/null || corosync_start "$1"
	agree 1 2 3
}
corpse_gone() { ! node_exec "$1" kill -0 "$2" 2> /dev/null; }

# Who wants to look at a LUN that does not answer, or fails, is told so, in time.
start_on_a_path_that_is_broken_is_refused_in_time() {
	local victim
	victim=$(a_follower 1)
	qdiskd_stop "$victim"
	lun_path "$victim" hang
	refused "$victim" "did not answer within 2000 ms"
	lun_path "$victim" err
	refused "$victim" "cannot be read: Input/output error"
	lun_path "$victim" ok
	cluster_whole
}
refused() {
	local rc=0
	lun_limited 5 mkqdisk_in "$1" -L > "$RIG_ST/list" 2>&1 || rc=$?
	[ $rc = 255 ]
	grep -q "$2" "$RIG_ST/list"
	rc=0
	lun_limited 5 node_exec "$1" "$RIG_BUILD/qdiskd" -f > "$RIG_ST/start" 2>&1 || rc=$?
	[ $rc = 4 ]
	grep -q "no device has the label '$CONF_label'; .* $2" "$RIG_ST/start"
}

cluster_start 3 transport=udpu lun=faulty
scenario cluster_starts
scenario hang_below_the_first_law_costs_nothing
scenario legacy_34_latencies_are_told_and_a_slow_lun_is_warned_of
scenario_long lun_slow_at_half_an_interval_costs_nothing
scenario lun_slow_at_nine_tenths_of_an_interval_costs_nothing
scenario lun_slow_at_one_and_a_half_intervals_costs_followers_the_devices_votes
scenario hang_of_exactly_the_second_law_ends_well
scenario_long lun_dead_for_all_takes_the_devices_votes_only
scenario master_whose_path_hangs_is_fenced_and_replaced
scenario lun_dead_for_all_and_back_blocks_two_of_three_and_frees_them
scenario follower_whose_path_hangs_is_fenced_and_comes_back
scenario_long follower_that_cannot_read_is_fenced_and_comes_back
scenario_long legacy_32_write_that_is_dropped_is_no_beat
scenario_long legacy_21_slow_reads_do_not_delay_a_death
scenario follower_released_after_its_eviction_obeys
scenario follower_that_cannot_write_reboots_itself
scenario daemon_whose_write_hangs_leaves_and_another_starts_beside_it
scenario daemon_killed_while_its_write_hangs_is_in_nobodys_way
scenario start_on_a_path_that_is_broken_is_refused_in_time
scenario device_node_that_vanished_costs_nothing_until_a_start
tap_done
