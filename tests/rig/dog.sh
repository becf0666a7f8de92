# shellcheck shell=bash
# dog.sh: a hardware watchdog for each node, played by a file that answers its ioctls
# (fakedog.c): /run/dog/watchdog there, its events in nN/fakedog.out. When it expires the
# rig resets the node, as hardware would. Source it beside rig.sh.

dog_needed() { [ -c /dev/fuse ] || rig_skip "/dev/fuse is not there"; }

# dog_start NODE [OPTION...]: options of fakedog.
dog_start() {
	local n=$1
	shift
	: > "$RIG_ST/n$n/fakedog.out"
	node_exec "$n" sh -c 'mkdir -p /run/dog; [ -c /dev/fuse ] || mknod /dev/fuse c 10 229'
	service_start fakedog "$n" "$RIG_BIN/fakedog" /run/dog \
		--reset "echo reset n$n | socat -t 5 - UNIX-CONNECT:$RIG_ST/power.sock > /dev/null &" "$@"
	await 5 dog_says "$n" ready
}
dog_end() {
	service_signal fakedog "$1" TERM
	await 5 service_ended fakedog "$1"
}
dog_says() { grep -q " $2\$" "$RIG_ST/n$1/fakedog.out"; }
dog_last() { [ "$(tail -n 1 "$RIG_ST/n$1/fakedog.out" | cut -d ' ' -f 2-)" = "$2" ]; }
dog_pets() { grep -c ' pet$' "$RIG_ST/n$1/fakedog.out"; }

# lun_fences MASTER VICTIM WHY: fence_qdisk(8) has the master fence it over the LUN. It has
# died of WHY (reboot: it swallowed its poison pill; power: its watchdog) when that says so.
lun_fences() {
	local since answered died
	since=$(rig_now)
	node_exec "$1" timeout 20 "$RIG_BUILD/fence_qdisk" -m lun -o off -n "$2"
	answered=$(rig_now)
	node_died "$2" "$since" "$3"
	died=$(died_at "$2" "$since")
	[ "$died" -lt "$answered" ]
	diag "fenced over the LUN: dead ($3) $(ms_between "$since" "$died") ms after the request, answered after \
$(ms_between "$since" "$answered") ms"
}
