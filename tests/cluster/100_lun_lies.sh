#!/bin/bash
# 100_lun_lies.sh: a LUN that answers, but not with what was written: torn, corrupt and
# old blocks, another label, random bytes, another size. Nodes, network and corosync are
# well. Nobody may be quorate twice (each scenario's end proves it), and a node is not
# taken for dead for what storage shows of it.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
[ -c /dev/fuse ] || rig_skip "no /dev/fuse"
cluster_enter "$@"

cluster_starts() {
	corosync_start 1 2 3
	qdiskd_start 1 2 3
	cluster_whole
}

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
	local since
	since=$(rig_now)
	all_wait_for_the_lun lun_resize 8192
	lun_resize "$RIG_LUN_BYTES"
	all_well_again "$since"
}

cluster_start 3 lun=faulty sector=4096
mkqdisk_in 1 -y -c /dev/qlun -l other > /dev/null 2>&1 && cp "$RIG_LUN" "$RIG_ST/other"
mkqdisk_in 1 -y -c /dev/qlun -l "$CONF_label" > /dev/null 2>&1
scenario cluster_starts
scenario block_torn_now_and_then_costs_nothing
scenario foreign_slot_corrupted_once_costs_nothing
scenario follower_whose_writes_are_always_torn_loses_its_vote
scenario slot_that_the_others_cannot_read_loses_its_vote
scenario follower_that_sees_an_old_lun_is_alone_in_it
scenario master_that_sees_an_old_lun_harms_nobody
scenario follower_that_sees_all_one_write_late_loses_its_vote
scenario lun_of_random_bytes_is_not_written_to_until_its_label_is_back
scenario lun_relabelled_is_not_written_to_until_its_label_is_back
scenario lun_shrunk_and_grown_again_takes_the_devices_votes_only
tap_done
