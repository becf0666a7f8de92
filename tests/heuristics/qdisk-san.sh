#!/bin/sh
# qdisk-san against loop devices, one of them hung for real by the kernel's I/O
# throttle, and against a recorded tree of multipath devices.
# shellcheck disable=SC2086,SC2317	# commands are kept as lists of words; cleanup is called by a trap
# shellcheck source=tests/heuristics/tap.inc
. "$(dirname "$0")/tap.inc"
need_root

group=''
loops=''
cleanup() {
	[ -z "$group" ] || { throttle_off && group_remove; }
	for loop in $loops; do losetup -d "$loop"; done
}

# OPTION...: a loop device on a file of 1 MiB, in $loop.
loop_new() {
	image=$(mktemp "$dir/image.XXXXXX")
	truncate -s 1M "$image"
	loop=$(losetup -f --show "$@" "$image") || { echo "Bail out! no loop device" && exit 1; }
	loops="$loops $loop"
}

# A control group in which a read of $hung takes more than an hour. Fails where
# the kernel has no throttle.
throttle_on() {
	number=$(cat /sys/class/block/${hung#/dev/}/dev)
	for root in /sys/fs/cgroup/blkio /sys/fs/cgroup; do
		group=$root/qdsan$$
		mkdir $group 2>/dev/null || continue
		if [ -e $group/blkio.throttle.read_bps_device ]; then
			limit=$group/blkio.throttle.read_bps_device on="$number 1" off="$number 0"
		else
			limit=$group/io.max on="$number rbps=1" off="$number rbps=max"
		fi
		[ -e $limit ] && echo "$on" >$limit && return
		rmdir $group
	done
	group=''
	return 1
}

throttle_off() { echo "$off" >$limit; }

group_remove() {
	tries=0
	until rmdir $group 2>/dev/null || [ $tries = 25 ]; do
		tries=$((tries + 1))
		sleep 0.2
	done
	group=''
}

readers_in_group() {
	count=0
	while read -r pid; do
		read -r _ command _ <"/proc/$pid/stat"
		[ "$command" = "(dd)" ] && count=$((count + 1))
	done <$group/cgroup.procs
	echo $count
}

loop_new
lun=$loop
check lun_with_512_bytes_sectors_is_up 0 '' $clean qdisk-san $lun
took_between lun_is_up_at_once 0 700
timeout 10 $clean qdisk-san $lun </dev/null >/dev/null 2>&1
verdict stdio_on_null_is_up $? "status not 0"
timeout 10 $clean qdisk-san $lun <&- >&- 2>&-
verdict stdio_closed_is_up $? "status not 0"
check parent_that_ignores_sigchld_is_up 0 '' env --ignore-signal=CHLD,PIPE $clean qdisk-san $lun
ln -s $lun "$dir/link"
check lun_named_by_a_link_is_up 0 '' $clean qdisk-san "$dir/link"
check lun_without_multipath_is_one_path 0 '' $clean qdisk-san -r -p 1 $lun
check lun_without_multipath_is_not_two_paths 1 "*: $lun: 1 of 2 paths needed are running" $clean qdisk-san -p 2 $lun
loop_new -b 4096
check lun_with_4096_bytes_sectors_is_up 0 '' $clean qdisk-san $loop
loop_new --sizelimit 512
check lun_that_is_too_short_is_down 1 "*: $loop: read less than 4096 bytes" $clean qdisk-san $loop

check device_missing_is_down 1 '*: /dev/nosuch: no such block device' $clean qdisk-san /dev/nosuch
check directory_missing_is_down 1 '*: /nosuch/x: no such block device' $clean qdisk-san /nosuch/x
check character_device_is_down 1 '*: /dev/null: no such block device' $clean qdisk-san /dev/null
check file_is_down 1 '*/image*: no such block device' $clean qdisk-san "$image"
check file_with_the_name_of_a_device_is_down 1 "*: ${lun#/dev/}: no block device" \
	sh -c "cd $dir && touch ${lun#/dev/} && exec $clean qdisk-san ${lun#/dev/}"

# The label: golden output of mkqdisk -f, with the devices of this test in it.
mkdir "$dir/bin"
cat >"$dir/bin/mkqdisk" <<END
#!/bin/sh
echo "mkqdisk v3.1.7"
case \$1-\$2 in
-f-good) printf '\n$lun:\n\tMagic:                eb7a62c2\n\tLabel:                good\n' ;;
-f-gone) printf '\n/dev/nosuch:\n\tMagic:                eb7a62c2\n' ;;
-f-slow) exec sleep 33 ;;
*) exit 255 ;;
esac
END
chmod 755 "$dir/bin/mkqdisk"
labelled="$clean PATH=$dir/bin:/usr/sbin:/usr/bin:/sbin:/bin:$top/heuristics qdisk-san"
check label_of_lun_is_up 0 '' $labelled -l good
check label_of_nobody_is_down 1 "*: no device carries the label 'other'" $labelled -l other
check label_of_device_missing_is_down 1 '*: /dev/nosuch: no such block device' $labelled -l gone
check label_with_paths_is_counted 1 "*: $lun: 1 of 2 paths *" $labelled -l good -p 2
check label_search_that_hangs_is_down 1 '*: label slow: no answer within 0.5 s' $labelled -w 0.5 -l slow
took_between label_search_that_hangs_keeps_deadline 450 1300
check label_without_mkqdisk_is_down 1 '*: mkqdisk is not on the PATH*' $clean PATH=/usr/bin:/bin $top/heuristics/qdisk-san -l good

# The real mkqdisk, which sees our loop device only: in a mount namespace the
# list of block devices is ours.
mkqdisk=${MKQDISK:-$top/build/mkqdisk/mkqdisk}
if [ -x "$mkqdisk" ]; then
	awk -v name=${lun#/dev/} 'NR <= 2 || $4 == name' /proc/partitions >"$dir/partitions"
	mkdir "$dir/real" && cp "$mkqdisk" "$dir/real/mkqdisk"
	echo y | QDISK_REBOOT=deny timeout 20 "$mkqdisk" -c $lun -l "heur$$" >"$dir/out" 2>&1 ||
		echo "# mkqdisk -c: $(tail -n 1 "$dir/out")"
	check label_found_by_real_mkqdisk_is_up 0 '' unshare -m sh -c "mount --bind $dir/partitions /proc/partitions &&
		exec $clean PATH=$dir/real:/usr/sbin:/usr/bin:/sbin:/bin $top/heuristics/qdisk-san -w 5 -l heur$$"
else
	skip label_found_by_real_mkqdisk_is_up "$mkqdisk is not built"
fi

# A LUN that hangs: its reads stay in the kernel, where no signal ends them.
loop_new
hung=$loop
# In the page cache, and kept there by the open descriptor: only a direct read hangs.
exec 8<$hung
head -c 8192 <&8 >/dev/null
if throttle_on; then
	printf '#!/bin/sh\necho 0 >%s/cgroup.procs && exec "$@"\n' $group >"$dir/enter"
	hanging="sh $dir/enter $clean qdisk-san"
	check lun_that_hangs_is_down 1 "*: $hung: no answer within 1 s" $hanging $hung
	took_between lun_that_hangs_keeps_default_deadline 900 1700
	[ "$(readers_in_group)" = 1 ]
	verdict lun_that_hangs_leaves_its_read_behind $? "$(readers_in_group) reads hang, the throttle does not work"
	check second_read_of_lun_that_hangs_is_down 1 "*within 0.4 s, an earlier read still hangs" $hanging -w 0.4 $hung
	took_between second_read_of_lun_that_hangs_keeps_deadline 350 1200
	sleep 0.3
	[ "$(readers_in_group)" = 1 ]
	verdict second_read_of_lun_that_hangs_is_not_started $? "$(readers_in_group) reads hang"
	check paths_of_lun_that_hangs_are_counted_without_a_read 0 "" $hanging -p 1 $hung
	check other_lun_beside_one_that_hangs_is_up 0 '' $clean qdisk-san $lun
	throttle_off
	check lun_that_answers_again_is_up 0 "" $hanging -w 10 $hung
	group_remove
else
	for name in lun_that_hangs_is_down second_read_of_lun_that_hangs_is_not_started \
		lun_that_answers_again_is_up; do
		skip $name "no control group with an I/O throttle"
	done
fi

exec 8<&-

recorded="$clean qdisk-san --sysfs $dir/sysfs"
block=$dir/sysfs/class/block
sysfs_from multipath.tree
check map_with_two_paths_is_up 0 '' $recorded -p 2 /dev/dm-0
check map_with_three_paths_asked_is_down 1 '*: /dev/dm-0: 2 of 3 paths needed are running' $recorded -p 3 /dev/dm-0
check map_by_name_is_found 0 '' $recorded -p 2 /dev/mapper/qdisk
check map_by_bare_name_is_found 0 '' $recorded -p 2 qdisk
check map_by_partition_is_found 0 '' $recorded -p 2 /dev/mapper/qdisk-part1
check map_by_logical_volume_is_found 0 '' $recorded -p 2 /dev/mapper/vg0-lv0
check map_by_path_is_found 0 '' $recorded -p 2 /dev/sda
check map_by_partition_of_path_is_found 0 '' $recorded -p 2 /dev/sda1
check map_of_nvme_is_up 0 '' $recorded -p 1 nqdisk
check map_missing_is_down 1 '*: /dev/mapper/nosuch: no such block device' $recorded -p 1 /dev/mapper/nosuch
check local_disk_is_one_path 0 '' $recorded -p 1 /dev/sdc
check volume_on_local_disk_is_one_path 1 '*: vg1-root: 1 of 2 paths needed *' $recorded -p 2 vg1-root

echo offline >$block/sdb/device/state
check map_with_path_offline_is_one_path 1 '*: qdisk: 1 of 2 paths needed are running; sdb: offline' $recorded -p 2 qdisk
check map_with_one_path_left_is_up 0 '' $recorded -p 1 qdisk
echo blocked >$block/sda/device/state
check map_with_no_path_left_is_down 1 '*: qdisk: 0 of 1 paths needed are running; sda: blocked; sdb: offline' $recorded -p 1 qdisk
echo transport-offline >$block/sdc/device/state
check local_disk_offline_is_down 1 '*: /dev/sdc: 0 of 1 paths needed are running; transport-offline' $recorded -p 1 /dev/sdc
sysfs_from multipath.tree
rm -r "$(readlink -f "$block/sda")"
check map_with_path_removed_is_one_path 1 '*: qdisk: 1 of 2 paths needed are running; sda: gone' $recorded -p 2 qdisk
rm "$block"/dm-0/slaves/*
check map_without_paths_is_down 1 '*: qdisk: 0 of 1 paths needed are running*' $recorded -p 1 qdisk

# A node in /dev that no driver stands behind, known to the recorded tree.
sysfs_from multipath.tree
mkdir "$block/dead"
mknod "$dir/dead" b 259 99999
check device_that_cannot_be_opened_is_down 1 "*: down: dd: *$dir/dead*" $recorded "$dir/dead"
check paths_enough_but_read_fails_is_down 1 "*: down: dd: *$dir/dead*" $recorded -p 1 -r "$dir/dead"

check nothing_named_is_refused 2 '*: 0 devices given, exactly one DEVICE or -l LABEL is needed*' $clean qdisk-san
check two_devices_are_refused 2 '*: 2 devices given, exactly one *' $clean qdisk-san /dev/a /dev/b
check device_beside_label_is_refused 2 "*: '/dev/a' given beside -l x, *" $clean qdisk-san -l x /dev/a
check device_empty_is_refused 2 "*: '' is no device, *" $clean qdisk-san ''
check label_empty_is_refused 2 "*: option -l: '' is no label*" $clean qdisk-san -l ''
check option_unknown_is_refused 2 "*: unknown option '-z', accepted are -h *" $clean qdisk-san -z /dev/a
check option_long_unknown_is_refused 2 "*: unknown option '--path', accepted are *" $clean qdisk-san --path /dev/a
check option_without_value_is_refused 2 '*: option -p needs a value*' $clean qdisk-san -p
check paths_zero_is_refused 2 "*: option -p: '0' is no number from 1 to 999*" $clean qdisk-san -p 0 /dev/a
check deadline_not_a_number_is_refused 2 "*: option -w: 'x' is no time from 0.1 to 60 seconds*" $clean qdisk-san -w x /dev/a
check deadline_too_long_is_refused 2 "*: option -w: '61' is no time*" $clean qdisk-san -w 61 /dev/a
check sysfs_missing_is_refused 2 "*: option --sysfs: '/nosuch' is no sysfs tree*" $clean qdisk-san --sysfs=/nosuch /dev/a
check_help qdisk-san
finish
