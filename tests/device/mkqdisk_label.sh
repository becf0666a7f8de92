#!/bin/bash
# What mkqdisk writes, on real block devices with 512- and 4096-byte sectors.
# shellcheck source-path=SCRIPTDIR disable=SC2015
set -u
cd "$(dirname "$0")" || exit 1
[ "${BUILD:-build}" != "${BUILD#/}" ] || BUILD=$(cd ../.. && realpath -m "${BUILD:-build}")
# shellcheck source=common.inc
. ./common.inc
start
plan 14
rounds=${ROUNDS:-100}

bytes() {	# OFFSET COUNT: hex of the image
	od -An -v -tx1 -j "$1" -N "$2" "$image" | tr -d ' \n'
}

# Is the device a fresh quorum disk with this label, to every block?
fresh() {	# LABEL SECTOR CAPACITY
	local got want i
	"$LUN_TOOL" decode "$dev" > "$tmp/decoded" || return 1
	got=$(sed -e 's/created=[0-9]*/created=T/' -e 's/ts=[0-9]*/ts=T/' "$tmp/decoded")
	want="label: name=$1 host=$(uname -n) created=T sector=$2 ext=1 capacity=$3 interval=0"
	for ((i = 1; i <= $3; i++)); do
		want="$want
node $i: upd=0 ts=T state=None fl=0 score=0/0 ca=0 lc=0 inc=0000000000000000 msg=0 seq=0 arg=0 mask=0 mm=0 ext=0 beat=0"
	done
	[ "$got" = "$want" ] || because "decoded: $got"
}

alike() {	# SECTOR
	local i good=0
	partitions_none
	loop 1M "$1"
	for ((i = 1; i <= rounds; i++)); do
		label "$dev" "round-$i" || because "round $i: not labelled" || break
		run "$MKQDISK" -f "round-$i"
		want_rc 0 || break
		grep -qx "	Recorded Sector Size: $1" "$tmp/stdout" || because "round $i: not listed" || break
		fresh "round-$i" "$1" 64 || because "round $i" || break
		good=$((good + 1))
	done
	echo "$good of $rounds"
	[ "$good" = "$rounds" ]
}
check legacy_06_512_and_4096_alike_512 alike 512
check legacy_06_512_and_4096_alike_4096 alike 4096

# magic, length, label magic and version, by the tables; UUID and 0 elsewhere
label_bytes() {
	loop 1M 512
	label "$dev" san-1 || return 1
	[ "$(bytes 0 4)" = 1ebbde00 ] && [ "$(bytes 12 4)" = 10010000 ] &&
		[ "$(bytes 32 8)" = eb7a62c2389fabc4 ] &&
		[ "$(bytes 176 6)" = 73616e2d3100 ] && [ "$(bytes 296 8)" = 0000020000000000 ] &&
		[ "$(bytes 304 4)" = 51445831 ] && [ "$(bytes 312 4)" = 000100d0 ] &&
		[ "$(bytes 400 24)" = 000000400000000000000000000000000000000000000000 ] &&
		[ "$(bytes 4096 4)" = 1ebbde00 ] && [ "$(bytes 4108 4)" = 50000000 ] &&
		[ "$(bytes 4128 4)" = 47bacef8 ] && [ "$(bytes 4144 4)" = 00000001 ] &&
		[ "$(bytes $((64 * 4096 + 48)) 4)" = 00000040 ]
}
check label_and_blocks_lie_where_the_tables_say label_bytes

uuids() {
	local a b
	a=$(bytes 320 16)
	label "$dev" san-1 || return 1
	b=$(bytes 320 16)
	[ "$a" != "$b" ] && [ "${#a}" = 32 ] && [ "$a" != 00000000000000000000000000000000 ] &&
		[ "${a:12:1}" = 4 ]
}
check label_gets_a_new_uuid_each_time uuids

every_byte() {	# SECTOR
	local i
	loop 1M "$1"
	tr '\0' '\252' < /dev/zero | dd of="$dev" bs=64k count=16 iflag=fullblock oflag=direct status=none
	label "$dev" san-1 || return 1
	for ((i = 0; i <= 64; i++)); do
		bytes $((i * 4096 + 512)) 3584 | grep -q '[^0]' && because "slot $i has a rest" && return 1
		[ $i -eq 0 ] || ! bytes $((i * 4096 + 112)) 400 | grep -q '[^0]' ||
			because "slot $i has garbage behind its payload" || return 1
	done
	# and nothing behind the last slot is touched
	[ "$(bytes $((65 * 4096)) 8)" = aaaaaaaaaaaaaaaa ] || because "written behind the last slot"
}
check legacy_12_every_byte_is_defined_512 every_byte 512
check legacy_12_every_byte_is_defined_4096 every_byte 4096

valgrind_clean() {
	loop 1M 512
	run valgrind -q --error-exitcode=99 --leak-check=full "$MKQDISK" -y -c "$dev" -l san-1
	want_rc 0 && want_stderr_empty || return 1
	run valgrind -q --error-exitcode=99 --leak-check=full "$MKQDISK" -L -dddd
	want_rc 0
}
if command -v valgrind > /dev/null && ! grep -qa __asan_init "$MKQDISK"; then
	check legacy_12_valgrind_sees_no_undefined_byte_written valgrind_clean
else
	skip legacy_12_valgrind_sees_no_undefined_byte_written "no valgrind, or a sanitizer build"
fi

exact() {
	local sector
	for sector in 512 4096; do
		loop 72K $sector
		run "$MKQDISK" -y -c "$dev" -l foo
		want_rc 0 && want_stderr_empty && fresh foo $sector 16 || return 1
	done
}
check device_of_exactly_72_kib_takes_16_nodes exact

too_small() {
	local sector
	for sector in 512 4096; do
		loop 68K $sector
		run "$MKQDISK" -y -c "$dev" -l foo
		want_rc 255 && want_stderr_has "$dev is too small: it has 69632 bytes, a quorum disk needs at least 73728" &&
			cmp -s -n 69632 "$image" /dev/zero || return 1
		tail -c 20 "$tmp/stdout" | grep -q 'proceed \[N/y\] ? $' || because "more on stdout" || return 1
	done
}
check device_too_small_is_refused_unwritten too_small

capacity() {
	loop 160K 512
	label "$dev" foo && fresh foo 512 38
}
check capacity_is_what_the_device_has_room_for capacity

content() {
	loop 4M 512
	mkfs.ext4 -q -L precious "$dev" || return 1
	printf 'n' | "$MKQDISK" -c "$dev" -l foo > "$tmp/stdout" 2> "$tmp/stderr"
	rc=$?
	want_rc 0 && want_stderr_has "$dev holds ext4 filesystem, label 'precious', UUID " || return 1
	[ "$(blkid -p -o value -s TYPE "$dev")" = ext4 ] || because "ext4 is gone though the answer was n" || return 1
	run "$MKQDISK" -y -c "$dev" -l foo
	want_rc 0 && want_stderr_has "$dev holds ext4 filesystem, label 'precious', UUID " || return 1
	! blkid -p "$dev" || because "something of ext4 is left"
}
check content_is_named_before_it_is_destroyed content

# One primary partition of type 83 at sector 2048.
write_dos_table() {
	printf '\0\0\0\0\203\0\0\0\0\10\0\0\0\10\0\0' |
		dd of="$dev" bs=1 seek=446 conv=notrunc status=none
	printf '\125\252' | dd of="$dev" bs=1 seek=510 conv=notrunc status=none
}

partition_table() {
	loop 4M 512
	write_dos_table
	run "$MKQDISK" -y -c "$dev" -l foo
	want_rc 0 && want_stderr_has "$dev holds dos partition table" || return 1
	! blkid -p "$dev" || because "a partition table is left"
}
check partition_table_is_named_before_it_is_destroyed partition_table

# A superblock of an md array lies at the end of the device: left there, a scan
# would take the new quorum disk for a member of that array.
at_the_end() {
	loop 4M 512
	write_md_superblock "$dev" 4194304
	blkid -p -o value -s TYPE "$dev" | grep -qx linux_raid_member || because "the test's superblock is none" || return 1
	run "$MKQDISK" -y -c "$dev" -l foo
	want_rc 0 && want_stderr_has "$dev holds linux_raid_member (member of a RAID or volume group)" || return 1
	! blkid -p "$dev" || because "a superblock is left"
}
check content_at_the_end_of_the_device_is_erased_too at_the_end

# Refused before anything is written.
read_only() {
	loop 1M 512
	label "$dev" old || return 1
	blockdev --setro "$dev"
	run "$MKQDISK" -y -c "$dev" -l new
	blockdev --setrw "$dev"
	want_rc 255 && want_stderr_has "nothing was written" || return 1
	run "$LUN_TOOL" decode "$dev"
	grep -q '^label: name=old ' "$tmp/stdout" || because "the old label is gone: $(head -n 1 "$tmp/stdout")"
}
check device_that_is_read_only_is_refused_and_keeps_its_label read_only
