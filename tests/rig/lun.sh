# shellcheck shell=bash
# lun.sh: the shared LUN of a rig. Part of rig.sh.
#
# Plain, as rig_start makes it by default: one loop device that all nodes have. It is
# fast, and it never fails.
#
# Faulty (rig_start 3 lun=faulty): each node has a loop device, its "path", over one
# faultlun, and paths can be broken one by one:
#
#	lun_path 2 hang rw		# what node 2 asks for is not answered any more
#	lun_path 2 ok			# what hung is carried out now, late
#	lun_path 1,3 delay=50-300 w	# slow writes
#	lun_all err			# EIO for everybody
#	lun_path 2 tear=256 w slot=2	# half a sector of its own block lands
#	lun_corrupt 3 flip		# one bit of the block of node 3, for all to see
#
# With data=BYTES there is a second LUN of that size, for a file system: paths of its own
# as of the faulty one, /dev/qdata in the nodes, the bytes in $RIG_ST/data.img, and
# data_path 2 MODE... to break them. Where the nodes have it mounted is watched, see
# mountwatch.c: it is to be $RIG_DATA.
#
# `faultlun help` lists what there is. Nodes see their path, or the plain loop device,
# as /dev/qlun and under its own name. The bytes are in the file $RIG_LUN.
#
# A process that waits for a LUN cannot be killed. So each scenario's end lets go of
# everything, a node that dies loses what it had out (chassis.sh), nothing hangs for
# more than faultlun's `maxhang`, and the end of the rig, however it comes, ends
# faultlun, at which the kernel fails what is left. What may meet a path that hangs,
# mkqdisk for example, is run by lun_limited.

# shellcheck disable=SC2154	# CONF_...: conf.sh

RIG_LUN_BYTES=$((4 * 1024 * 1024))
RIG_DATA=/var/rig-data

lun_start() {
	local n
	RIG_LUN=$RIG_ST/lun.img
	dd if=/dev/zero of="$RIG_LUN" bs="$RIG_LUN_BYTES" count=1 status=none
	case $CONF_lun in
	plain) lun_start_plain ;;
	faulty) lun_start_faulty lun qlun ;;
	*) echo "Bail out! lun=$CONF_lun is neither plain nor faulty"; exit 99 ;;
	esac
	[ -n "$CONF_data" ] || return 0
	dd if=/dev/zero of="$RIG_ST/data.img" bs="$CONF_data" count=1 status=none
	lun_start_faulty data qdata
	for n in $(seq "$RIG_N"); do echo "$RIG_DATA" > "$RIG_ST/n$n/watched"; done
}

# A loop device over a file of zeros. A holder keeps it; when the holder dies, the
# kernel frees the device. Direct I/O to the file where its file system can (an older
# kernel's tmpfs cannot); the nodes' own I/O is direct in any case.
lun_start_plain() {
	local n
	RIG_LOOP=$(losetup --find --show --direct-io=on --sector-size "$CONF_sector" "$RIG_LUN" 2> "$RIG_ST/losetup.err" ||
		losetup --find --show --sector-size "$CONF_sector" "$RIG_LUN" 2>> "$RIG_ST/losetup.err") ||
		{ cat "$RIG_ST/losetup.err"; echo "Bail out! no loop device"; exit 99; }
	rig_spawn sh -c "exec 9<>$RIG_LOOP; : > $RIG_ST/lun.held; exec sleep infinity"
	await 5 test -e "$RIG_ST/lun.held"
	losetup -d "$RIG_LOOP"	# from now on: freed at the last close
	for n in $(seq "$RIG_N"); do lun_give "$n" "$RIG_LOOP" qlun; done
}

# lun_start_faulty NAME DEVICE: the files are $RIG_ST/NAME.*; DEVICE is its name in the nodes.
lun_start_faulty() {
	local n=0 loop at=$RIG_ST/$1
	[ -c /dev/fuse ] || rig_skip "no /dev/fuse"
	mkdir "$at.mnt"
	rig_spawn "$RIG_BIN/faultlun" "$at.img" "$at.mnt" "$at.sock" "$RIG_N" "$CONF_sector" "$at.loops"
	await 10 test -e "$at.loops" || { cat "$RIG_ST/rig.out"; echo "Bail out! no faulty LUN"; exit 99; }
	while read -r loop; do
		n=$((n + 1))
		lun_give "$n" "$loop" "$2"
	done < "$at.loops"
}

# lun_give NODE LOOP DEVICE: what node-init.sh puts into the node's /dev.
lun_give() {
	mkdir -p "$RIG_ST/n$1"
	printf '%s 7 %s\n' "$3" "${2#/dev/loop}" "${2#/dev/}" "${2#/dev/loop}" >> "$RIG_ST/n$1/luns"
}

lun_faulty() { [ -S "$RIG_ST/lun.sock" ]; }

# lun_do COMMAND...: one command of faultlun's.
lun_do() { "$RIG_BIN/faultlun" ctl "$RIG_ST/lun.sock" "$@"; }

# lun_path NODE[,NODE] MODE [r|w|rw] [slot=N|at=OFFSET+BYTES] [every=N]: break or mend paths.
lun_path() {
	mark "lun $*"
	lun_do "$@"
}
lun_all() { lun_path all "$@"; }

# data_path NODE[,NODE] MODE...: the same for the second LUN.
data_path() {
	mark "data $*"
	"$RIG_BIN/faultlun" ctl "$RIG_ST/data.sock" "$@"
}

# lun_corrupt SLOT noise|flip, lun_noise: spoil one slot, or all there is, for all to see.
lun_corrupt() {
	mark "lun slot $1 $2"
	lun_do corrupt "$2" "slot=$1"
}
lun_noise() {
	mark "lun noise"
	lun_do corrupt noise "at=0+$RIG_LUN_BYTES"
}

# lun_resize BYTES: the LUN shrinks or grows, and every node's kernel has seen it.
lun_resize() {
	local n=0 loop
	mark "lun resize $1"
	: > "$RIG_ST/lun.resized"
	lun_do size "$1"
	while read -r loop; do
		n=$((n + 1))
		stat "$RIG_ST/lun.mnt/p$n" > /dev/null	# or the file system believes the old size
		losetup -c "$loop"
	done < "$RIG_ST/lun.loops"
}

# lun_status: counters and rules of all paths. lun_count NODE r|w COUNTER: one of them:
# requests, failed, faulty or hung.
lun_status() { lun_do status; }
lun_count() {
	lun_status | awk -v node="$1" -v first="$([ "$2" = r ] && echo reads || echo writes)" \
		-v counter="$3" '
		$1 == "path" && $2 == node {
			for (i = 3; i <= NF; i++) {
				split($i, part, "=")
				if (part[1] == "reads" || part[1] == "writes") {
					here = part[1] == first
					part[1] = "requests"
				}
				if (here && part[1] == counter) print part[2]
			}
		}'
}

# lun_hangs NODE r|w: does something hang there?
lun_hangs() { [ "$(lun_count "$1" "$2" hung)" -gt 0 ]; }

# lun_release: everything works again, late requests are carried out.
lun_release() {
	[ ! -S "$RIG_ST/data.sock" ] || "$RIG_BIN/faultlun" ctl "$RIG_ST/data.sock" all ok
	lun_faulty || return 0
	lun_status > "$RIG_ST/lun.status"
	lun_do all ok
	lun_do maxhang 120
	[ ! -e "$RIG_ST/lun.resized" ] || { lun_resize "$RIG_LUN_BYTES"; rm "$RIG_ST/lun.resized"; }
}

# lun_stop: after the nodes and faultlun have been killed. (A mount whose server has
# been killed is there, and nothing that can be looked at.)
lun_stop() {
	local name
	for name in lun data; do
		rm -f "$RIG_ST/$name.sock"
		! grep -q " $RIG_ST/$name.mnt " /proc/mounts || umount -l "$RIG_ST/$name.mnt"
	done
}

# lun_limited SECONDS COMMAND...: run it for so long at most; 124 when it had to be left
# behind. timeout(1) would wait for it.
lun_limited() {
	local limit=$((${EPOCHREALTIME/./} + $1 * 1000000)) pid
	shift
	"$@" &
	pid=$!
	while kill -0 "$pid" 2> /dev/null; do
		if [ "${EPOCHREALTIME/./}" -gt "$limit" ]; then
			kill -KILL "$pid"
			disown "$pid"
			diag "left behind: $*"
			return 124
		fi
		nap 0.05
	done
	wait "$pid"
}
