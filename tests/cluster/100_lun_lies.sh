#!/bin/bash
# 100_lun_lies.sh: a LUN that answers, but not with what was written: torn, corrupt and
# old blocks, another label, random bytes, another size. Nodes, network and corosync are
# well. Nobody may be quorate twice (each scenario's end proves it), and a node is not
# taken for dead for what storage shows of it.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
[ -c /dev/fuse ] || rig_skip "no /dev/fuse"
cluster_enter "$@"

while_so() {	# SECONDS PATHS MODE...
	lun_path "${@:2}"
	nap "$1"
	lun_path "$2" ok
}

block_torn_now_and_then_costs_nothing() {
	costs_nothing while_so 1.5 "$(a_follower 1)" tear=64 w every=4
	costs_nothing while_so 1.5 "$(a_master)" tear=128 w every=4
}

foreign_slot_corrupted_once_costs_nothing() {
	costs_nothing lun_corrupt "$(a_follower 2)" flip
	costs_nothing lun_corrupt "$(a_master)" noise
}

# What is no block of this node is unreadable, whatever it says: one that claims to be
# longer than the slot, and one of another node.
legacy_07_length_from_the_lun_is_not_believed() {
	costs_nothing slot_written "$(a_follower 1)" 12 '\xff\xff\xff\x7f'
	costs_nothing slot_written "$(a_follower 1)" 12 '\x00\x10\x00\x00'
}
# slot_written NODE OFFSET BYTES: into the middle of what it has there, until it beats.
slot_written() {
	local bad
	bad=$(log_count 1 "Error reading node ID block")
	for _ in 1 2 3 4 5; do
		printf "%b" "$3" | dd of="$RIG_LUN" bs=1 seek=$(($1 * 4096 + $2)) conv=notrunc status=none
		nap "$(conf_seconds "$CONF_I")"
	done
	diag "node 1 found $(($(log_count 1 "Error reading node ID block") - bad)) bad blocks"
}

legacy_08_block_of_another_node_is_nobodys() {
	costs_nothing slots_copied "$(a_master)" "$(a_follower 2)"
	costs_nothing slots_copied "$(a_follower 1)" "$(a_master)"
}
slots_copied() {	# FROM TO: its block, good in every other way
	for _ in 1 2 3 4 5; do
		dd if="$RIG_LUN" of="$RIG_LUN" bs=4096 skip="$1" seek="$2" count=1 conv=notrunc status=none
		nap "$(conf_seconds "$CONF_I")"
	done
}

# only_its_vote_goes NODE SINCE: without the master's or its own belief in its block it
# loses the device's vote, by the second law, and nothing else happens to anybody.
only_its_vote_goes() {
	local n
	await 3 total_votes_are "$1" 3
	for n in $(others "$1"); do casts "$n" "$(a_master_of_others "$1")"; done
	steadily 1 total_votes_are "$1" 3
	nobody_fenced "$2"
	nobody_died "$2"
}
a_master_of_others() { master_of "$(others "$1" | cut -d ' ' -f 1)"; }
all_well_again() {
	lun_all ok
	await $((RIG_MASTER_S + RIG_Z_S)) agree 1 2 3
	never_lost_quorum 1 2 3 "$1"
	nobody_fenced "$1"
	nobody_died "$1"
}

# Torn within the part that the 2011 daemon knew, and within our extension of it.
follower_whose_writes_are_always_torn_loses_its_vote() {
	local since victim bytes
	victim=$(a_follower 2)
	for bytes in 64 128; do
		since=$(rig_now)
		lun_path "$victim" "tear=$bytes" w
		only_its_vote_goes "$victim" "$since"
		log_says "$victim" "own block has not read well for "
		all_well_again "$since"
	done
}

slot_that_the_others_cannot_read_loses_its_vote() {
	local since victim
	since=$(rig_now)
	victim=$(a_follower 1)
	lun_path "$(comma "$(others "$victim")")" noise r slot="$victim"
	only_its_vote_goes "$victim" "$since"
	all_well_again "$since"
}

follower_that_sees_an_old_lun_is_alone_in_it() {
	local since victim
	since=$(rig_now)
	victim=$(a_follower 2)
	lun_path "$victim" stale
	only_its_vote_goes "$victim" "$since"
	all_well_again "$since"
}

master_that_sees_an_old_lun_harms_nobody() {
	local since victim
	since=$(rig_now)
	victim=$(a_master)
	lun_path "$victim" stale
	await 3 total_votes_are "$victim" 3
	await "$RIG_MASTER_S" refute_master "$victim"
	all_well_again "$since"
}
refute_master() { [ "$(a_master_of_others "$1")" != "$1" ]; }

# Nothing is believed where the own block is not the one that has landed. Of the slots
# only: the label was last written before the nodes agreed on timings.
follower_that_sees_all_one_write_late_loses_its_vote() {
	local since victim
	since=$(rig_now)
	victim=$(a_follower 1)
	lun_path "$victim" lag at=4096+12288
	only_its_vote_goes "$victim" "$since"
	all_well_again "$since"
}

# all_wait_for_the_lun COMMAND...: what the command does to it takes the device's votes
# away from all, and nothing is written while it lasts.
all_wait_for_the_lun() {
	local n written
	"$@"
	for n in 1 2 3; do await 3 total_votes_are "$n" 3; done
	written=$(lun_count 1 w requests)
	steadily 1 nodes_quorate 1,2,3
	[ "$(lun_count 1 w requests)" = "$written" ]
}
block_copy() { dd if="$1" of="$2" bs=4096 count=1 conv=notrunc status=none; }

lun_of_random_bytes_is_not_written_to_until_its_label_is_back() {
	local since n
	since=$(rig_now)
	block_copy "$RIG_LUN" "$RIG_ST/label"
	all_wait_for_the_lun lun_noise
	for n in 1 2 3; do log_says "$n" "label of the quorum disk has changed under us, nothing is written any more"; done
	block_copy "$RIG_ST/label" "$RIG_LUN"
	all_well_again "$since"
}

# As mkqdisk does it on a machine that knows nothing of the cluster: label and slots.
lun_relabelled_is_not_written_to_until_its_label_is_back() {
	local since
	since=$(rig_now)
	block_copy "$RIG_LUN" "$RIG_ST/label"
	all_wait_for_the_lun dd if="$RIG_ST/other" of="$RIG_LUN" bs=64K count=1 conv=notrunc status=none
	block_copy "$RIG_ST/label" "$RIG_LUN"
	all_well_again "$since"
}

lun_shrunk_and_grown_again_takes_the_devices_votes_only() {
	local since n
	since=$(rig_now)
	all_wait_for_the_lun lun_resize 8192
	for n in 1 2 3; do log_says "$n" "fails: read: ended after 8192 bytes, it has become smaller"; done
	lun_resize "$RIG_LUN_BYTES"
	all_well_again "$since"
}

cluster_start 3 lun=faulty sector=4096
mkqdisk_in 1 -y -c /dev/qlun -l other > /dev/null 2>&1 && cp "$RIG_LUN" "$RIG_ST/other"
mkqdisk_in 1 -y -c /dev/qlun -l "$CONF_label" > /dev/null 2>&1
scenario cluster_starts
scenario block_torn_now_and_then_costs_nothing
scenario foreign_slot_corrupted_once_costs_nothing
scenario legacy_07_length_from_the_lun_is_not_believed
scenario legacy_08_block_of_another_node_is_nobodys
scenario follower_whose_writes_are_always_torn_loses_its_vote
scenario slot_that_the_others_cannot_read_loses_its_vote
scenario follower_that_sees_an_old_lun_is_alone_in_it
scenario master_that_sees_an_old_lun_harms_nobody
scenario follower_that_sees_all_one_write_late_loses_its_vote
scenario lun_of_random_bytes_is_not_written_to_until_its_label_is_back
scenario lun_relabelled_is_not_written_to_until_its_label_is_back
scenario lun_shrunk_and_grown_again_takes_the_devices_votes_only
tap_done
