#!/bin/bash
# vm.sh [STORY...]: the daemon and a real watchdog, an i6300esb, in a virtual machine without hardware
# support. Needs qemu-system-x86 and cpio (tests/packages.sh --vm), and a network once for
# the kernel. Three to ten minutes; run by `make soak-vm`, never by `make check`.
#
# One node of two, quorate by the device's vote: interval 1 s, tko 10, so the watchdog's
# timeout is 10 s. When a machine ends, qemu says why: its watchdog, the guest, or a power off.
set -u
here=$(cd "$(dirname "$0")" && pwd)
export BUILD=${BUILD:-$here/../../build}
vm=$BUILD/vm
# shellcheck source=tests/rig/tap.sh
. "$here/../rig/tap.sh"
for program in qemu-system-x86_64 cpio; do
	command -v $program > /dev/null || { echo "1..0 # SKIP $program is not installed: tests/packages.sh --vm"; exit 0; }
done
"$here/image.sh" || exit 1

await() {	# SECONDS COMMAND...
	local limit=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $limit ] || { diag "deadline passed: $*"; return 1; }
		sleep 0.05
	done
}
now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

# --- The machine

# qemu's monitor is one connection: commands go in by a fifo, answers and events come out.
vm_begin() {	# STORY
	rm -f "$vm/qmp" "$vm/monitor" "$vm/lun.img"
	: > "$vm/console"
	truncate -s 16M "$vm/lun.img"
	mkfifo "$vm/monitor"
	exec 8<> "$vm/monitor"
	timeout -k 5 600 qemu-system-x86_64 -accel tcg -cpu max -M q35 -m 384 -smp 1 -display none -nodefaults \
		-no-reboot -kernel "$vm/vmlinuz" -initrd "$vm/initramfs.gz" \
		-append "console=ttyS0 panic=5 mitigations=off quiet qdisk.story=$1" \
		-serial "file:$vm/console" -qmp "unix:$vm/qmp,server=on,wait=off" \
		-drive "if=none,id=lun,file=$vm/lun.img,format=raw,cache=none" \
		-device virtio-scsi-pci,id=scsi0 -device scsi-hd,id=disk,drive=lun,bus=scsi0.0 \
		-device i6300esb -action watchdog=reset > "$vm/qemu.out" 2>&1 &
	qemu=$!
	await 10 test -S "$vm/qmp" || return 1
	socat -t 600 - "UNIX-CONNECT:$vm/qmp" < "$vm/monitor" > "$vm/events" 2> /dev/null &
	socat=$!
	monitor '{"execute": "qmp_capabilities"}'
}
monitor() { echo "$1" >&8; }
vm_end() {
	kill "$qemu" "$socat" 2> /dev/null
	wait "$qemu" "$socat" 2> /dev/null
	exec 8>&-
}

says() { grep -asqF "vm: $1" "$vm/console"; }
happened() { grep -q "\"event\": \"$1\"" "$vm/events"; }
ended() { ! kill -0 "$qemu" 2> /dev/null; }
# From $since to the event, by qemu's clock, ms.
took_ms() {
	local at
	at=$(sed -n "s/.*\"seconds\": \([0-9]*\), \"microseconds\": \([0-9]*\).*\"event\": \"$1\".*/\1 \2/p" "$vm/events" |
		awk '{ printf "%d%03d", $1, $2 / 1000; exit }')
	echo $((${at:-0} - since))
}
within() { diag "$1 after $2 ms, law: $3 to $4"; [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; }

# begins STORY WORDS: the machine is up, its node quorate, and has come to these words.
begins() {
	vm_begin "$1" && await 400 says "$2" && says "quorate: Yes" && says "watchdog /dev/watchdog armed, timeout 10 s"
	local rc=$?
	since=$(now_ms)
	return $rc
}

# One write to the LUN in a thousand years, from now on.
lun_hangs() {
	monitor '{"execute": "block_set_io_throttle", "arguments": {"id": "disk", "bps": 0, "bps_rd": 0, "bps_wr": 1,
		"iops": 0, "iops_rd": 0, "iops_wr": 0}}'
	since=$(now_ms)
}

# --- The stories. I 1000, K 10: the last pet is at most an interval before the freeze, and
# what the machine is late by under emulation comes on top.

a_daemon_that_stands_still_is_reset_by_the_watchdog() {
	begins freeze frozen && await 60 happened WATCHDOG && await 10 ended &&
		within WATCHDOG "$(took_ms WATCHDOG)" 8000 12000
}

a_clean_stop_disarms_it_and_nothing_is_reset() {
	begins stop "stopped 0 watchdog /dev/watchdog disarmed" && await 60 says "still there" && await 30 ended &&
		! happened WATCHDOG
}

# It pets when a write has landed, so its last pet is about as old as its last beat. Its vote
# goes at 9 s of silence; at 10 s it reboots, or the watchdog resets it: whichever is first.
a_hung_lun_ends_the_vote_then_the_node() {
	begins hang "hang now" && lun_hangs && await 60 ended && grep -q '"reason": "guest-reset"' "$vm/events" &&
		grep -aq "log: .*vote withdrawn" "$vm/console" && within reset "$(took_ms SHUTDOWN)" 8500 13000
}

# Where reboot(2) is denied the watchdog is all there is.
a_hung_lun_and_no_reboot_is_reset_by_the_watchdog() {
	begins deny "hang now" && lun_hangs && await 60 happened WATCHDOG && await 10 ended &&
		grep -aq "log: .*vote withdrawn" "$vm/console" && within WATCHDOG "$(took_ms WATCHDOG)" 8500 13000
}

[ $# -gt 0 ] || set -- a_daemon_that_stands_still_is_reset_by_the_watchdog a_clean_stop_disarms_it_and_nothing_is_reset \
	a_hung_lun_ends_the_vote_then_the_node a_hung_lun_and_no_reboot_is_reset_by_the_watchdog
for story; do
	began=$SECONDS
	check "$story" "$story"
	tail -n 3 "$vm/console" | tr -d '\r' | sed 's/^/# /'
	vm_end
	diag "took $((SECONDS - began)) s"
done
tap_done
