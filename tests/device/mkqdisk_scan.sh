#!/bin/bash
# Finding quorum disks among devices that are dead, doubled, or not ours.
# shellcheck source-path=SCRIPTDIR disable=SC2015
set -u
cd "$(dirname "$0")" || exit 1
[ "${BUILD:-build}" != "${BUILD#/}" ] || BUILD=$(cd ../.. && realpath -m "${BUILD:-build}")
# shellcheck source=common.inc
. ./common.inc
start
plan 15

two_luns() {
	partitions_none
	loop 1M 512
	a=$dev
	loop 1M 4096
	b=$dev
	label "$a" twin && label "$b" twin || return 1
	run "$LUN_TOOL" scan "$QDISK_PARTITIONS" - - twin
	want_rc 1 && grep -q "^label 'twin' is on 2 devices: $a (UUID [0-9a-f-]*, made by '$(uname -n)'), $b (UUID [0-9a-f-]*, made by '$(uname -n)'); give one of them another label" "$tmp/stdout" ||
		because "$(cat "$tmp/stdout")"
}
check legacy_23_two_luns_with_one_label_are_refused_with_both_listed two_luns

two_luns_listed() {
	run "$MKQDISK" -f twin
	want_rc 0 && grep -qx "$a:" "$tmp/stdout" && grep -qx "$b:" "$tmp/stdout" &&
		want_stderr_has "label 'twin' is on 2 devices"
}
check legacy_23_two_luns_with_one_label_are_both_printed two_luns_listed

two_paths() {
	partitions_none
	loop 1M 512
	a=$dev
	label "$a" path || return 1
	b=$(losetup --find --show --direct-io=on "$image") || return 1
	at_end "losetup -d $b"
	partitions_add "$b"
	run "$LUN_TOOL" scan "$QDISK_PARTITIONS" - - path
	want_rc 1 && grep -qxF "label 'path' is on 2 paths of one LUN: $a, $b; use the multipath device" "$tmp/stdout" ||
		because "$(cat "$tmp/stdout")"
}
check legacy_23_two_paths_of_one_lun_are_refused_without_multipath two_paths

# the kernel's view with a multipath device over both paths, as a recorded tree
multipath() {
	local dm=$tmp/dm/dev sys=$tmp/dm/sys rdev
	mkdir -p "$dm/mapper" "$sys"
	rdev=$(rdev_of "$a")
	mknod "$dm/dm-0" b "${rdev%:*}" "${rdev#*:}"
	mknod "$dm/mapper/mpatha" b "${rdev%:*}" "${rdev#*:}"
	mkdir -p "$sys/dev/block/$rdev/dm" "$sys/dev/block/$rdev/holders"
	echo mpatha > "$sys/dev/block/$rdev/dm/name"
	rdev=$(rdev_of "$b")
	mknod "$dm/sda" b "${rdev%:*}" "${rdev#*:}"
	mkdir -p "$sys/dev/block/$rdev/holders/dm-0"
	sed -e "s/ ${a#/dev/}$/ dm-0/" -e "s/ ${b#/dev/}$/ sda/" "$QDISK_PARTITIONS" > "$tmp/dm/partitions"
	run "$LUN_TOOL" scan "$tmp/dm/partitions" "$dm" "$sys" path
	want_rc 0 && want_stdout "$dm/mapper/mpatha path
label 'path' is on $dm/mapper/mpatha
"
}
check legacy_23_multipath_device_and_its_paths_are_one_lun multipath

another_device_by_that_name() {
	loop 1M 512
	label "$dev" path || return 1
	local rdev
	rdev=$(rdev_of "$dev")
	rm "$tmp/dm/dev/mapper/mpatha" "$tmp/dm/dev/dm-0"
	mknod "$tmp/dm/dev/dm-0" b "${rdev%:*}" "${rdev#*:}"
	run "$LUN_TOOL" scan "$tmp/dm/partitions" "$tmp/dm/dev" "$tmp/dm/sys"
	want_rc 0 && want_stdout ""
}
check node_of_another_device_is_not_taken another_device_by_that_name

no_block_device_by_that_name() {
	rm "$tmp/dm/dev/dm-0"
	mkfifo "$tmp/dm/dev/dm-0"
	local from=$SECONDS
	run "$LUN_TOOL" scan "$tmp/dm/partitions" "$tmp/dm/dev" "$tmp/dm/sys"
	want_rc 0 && want_stdout "" && [ $((SECONDS - from)) -lt 2 ]
}
check fifo_in_place_of_a_device_is_not_opened no_block_device_by_that_name

all_paths() {
	local rdev
	partitions_none
	loop 1M 512
	label "$dev" named || return 1
	rdev=$(rdev_of "$dev")
	mkdir -p "$tmp/names"
	cat > "$tmp/inside" <<-END
		mount -t tmpfs none /mnt && mkdir -p /mnt/disk/by-id /mnt/mapper &&
		mknod /mnt/${dev#/dev/} b ${rdev%:*} ${rdev#*:} &&
		mknod /mnt/null c 1 3 &&
		for n in 4 1 3 5 2; do ln -s ../../${dev#/dev/} /mnt/disk/by-id/wwn-\$n; done &&
		ln -s /nowhere /mnt/disk/by-id/broken &&
		ln -s . /mnt/disk/self &&
		mount --move /mnt /dev && exec "$MKQDISK" -L
	END
	run unshare -m --propagation private bash "$tmp/inside"
	want_rc 0 && head -n 8 "$tmp/stdout" | tail -n 6 |
		cmp - <(printf '%s\n' /dev/disk/by-id/wwn-{1,2,3,4,5}: "$dev:") || show_run
}
check listing_shows_every_path_of_a_device all_paths

wrong_sector() {	# the image of a 512-byte LUN behind 4096-byte sectors
	local image512=$image
	partitions_none
	dev=$(losetup --find --show --direct-io=on --sector-size 4096 "$image512") || return 1
	at_end "losetup -d $dev"
	partitions_add "$dev"
	run "$MKQDISK" -L
	want_rc 255 && want_stderr_has "$dev has 4096-byte sectors but its label says 512; not listed"
}
check lun_of_another_sector_size_is_passed_over_and_named wrong_sector

md_member() {
	partitions_none
	loop 4M 512
	label "$dev" raided || return 1
	write_md_superblock "$dev" 4194304
	run "$MKQDISK" -L
	want_rc 255 && want_stderr_has "$dev is a member of an md array; not listed"
}
check member_of_an_md_array_is_passed_over_and_named md_member

not_labels() {
	local what
	partitions_none
	loop 1M 512
	run "$MKQDISK" -L
	want_rc 255 && ! grep -q "$dev" "$tmp/stderr" || because "a blank device is named" || return 1
	for what in 8:data 13:length 33:rhcm; do
		label "$dev" victim || return 1
		case $what in
		*rhcm) printf '\71\21\237\315' | dd of="$image" bs=1 seek=32 conv=notrunc status=none ;;
		*) printf '\377' | dd of="$image" bs=1 seek="${what%:*}" conv=notrunc status=none ;;
		esac
		run "$MKQDISK" -L
		want_rc 255 && grep -q "^mkqdisk: $dev: .*; not listed$" "$tmp/stderr" || return 1
	done
	want_stderr_has "Red Hat Cluster Manager 1.2"
}
check damaged_label_is_passed_over_with_the_reason not_labels

rhcm() {
	run "$MKQDISK" -y -c "$dev" -l new
	want_rc 0 && grep -q 'proceed \[N/y\] ? Warning: Red Hat Cluster Manager 1.2.x header found$' "$tmp/stdout"
}
check label_of_rhcm_12_is_warned_about_when_overwritten rhcm

hostile_label() {
	label "$dev" "$(printf 'a\033[2Jb\tc')" || return 1
	run "$MKQDISK" -L
	want_rc 0 && grep -qx "	Label:                a?\[2Jb?c" "$tmp/stdout" || show_run
}
check label_with_control_characters_moves_no_terminal hostile_label

partitions_missing() {
	QDISK_PARTITIONS=$tmp/nosuch run "$MKQDISK" -L
	want_rc 255 && want_stderr_has "devices cannot be listed from $tmp/nosuch: No such file or directory"
}
check partitions_file_missing_is_told partitions_missing

# ---- Dead devices: reads of them hang, uninterruptibly, for this test's group ----

group=
group_make() {
	if [ -e /sys/fs/cgroup/blkio/blkio.throttle.read_bps_device ]; then
		group=/sys/fs/cgroup/blkio/qdisk-device.$$
		mkdir "$group" && version=1
	elif grep -qw io /sys/fs/cgroup/cgroup.controllers; then
		echo +io > /sys/fs/cgroup/cgroup.subtree_control
		group=/sys/fs/cgroup/qdisk-device.$$
		mkdir "$group" && [ -e "$group/io.max" ] && version=2
	else
		return 1
	fi
}

hang() {	# MAJOR:MINOR
	case $version in
	1) echo "$1 1" > "$group/blkio.throttle.read_bps_device" ;;
	2) echo "$1 rbps=1" > "$group/io.max" ;;
	esac
}

heal() {
	case $version in
	1) echo "$1 0" > "$group/blkio.throttle.read_bps_device" ;;
	2) echo "$1 rbps=max" > "$group/io.max" ;;
	esac
}

group_empty() {
	[ -z "$(cat "$group/cgroup.procs")" ]
}

group_remove() {
	wait_for 10 group_empty
	rmdir "$group"
}

in_group() {	# COMMAND...
	run bash -c 'echo $$ > "$0/cgroup.procs" && exec "$@"' "$group" "$@"
}

dead_devices() {
	local i from took
	partitions_none
	at_end group_remove
	for i in 1 2 3 4 5 6 7 8; do
		loop 1M 512
		hang "$(rdev_of "$dev")" || return 1
		at_end "heal $(rdev_of "$dev")"
	done
	dead=$dev
	loop 1M 512
	label "$dev" alive || return 1
	from=$(date +%s%N)
	in_group "$MKQDISK" -f alive
	took=$((($(date +%s%N) - from) / 1000000))
	want_rc 0 && grep -qx "$dev:" "$tmp/stdout" &&
		want_stderr_has "$dead did not answer within 2000 ms; not listed" || return 1
	[ "$(grep -c 'did not answer' "$tmp/stderr")" = 8 ] || because "not all eight hung" || return 1
	[ "$took" -lt 4000 ] || because "the scan took $took ms"
}

dead_device_labelled() {
	in_group "$MKQDISK" -y -c "$dead" -l new
	want_rc 255 && want_stderr_has "$dead did not answer within 2000 ms"
}

if group_make 2> /dev/null; then
	check legacy_25_eight_dead_devices_cost_a_scan_two_seconds dead_devices
	check legacy_25_dead_device_is_refused_not_waited_for dead_device_labelled
else
	skip legacy_25_eight_dead_devices_cost_a_scan_two_seconds "no blkio or io control group"
	skip legacy_25_dead_device_is_refused_not_waited_for "no blkio or io control group"
fi
