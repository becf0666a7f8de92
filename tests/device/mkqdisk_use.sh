#!/bin/bash
# A device in use is not relabelled: mounted, held, or beating.
# shellcheck source-path=SCRIPTDIR disable=SC2015
set -u
cd "$(dirname "$0")" || exit 1
[ "${BUILD:-build}" != "${BUILD#/}" ] || BUILD=$(cd ../.. && realpath -m "${BUILD:-build}")
# shellcheck source=common.inc
. ./common.inc
start
plan 9

still() {	# LABEL: the device carries it
	"$LUN_TOOL" decode "$dev" | grep -q "^label: name=$1 " || because "the label is not '$1'"
}

refused() {	# WORDS: relabelling is, with these; nothing was written
	run "$MKQDISK" -y -c "$dev" -l new
	want_rc 255 && want_stderr_has "$dev is in use: $1" && want_stderr_has "--force" &&
		! grep -q Initializing "$tmp/stdout"
}

forced() {	# WORDS
	run "$MKQDISK" -y --force -c "$dev" -l new
	want_rc 0 && want_stderr_has "$dev: $1" &&
		want_stderr_has "--force: destroyed all the same" && still new
}

mounted() {
	loop 4M 512
	mkfs.ext4 -q "$dev" || return 1
	mkdir "$tmp/mnt"
	cat > "$tmp/inside" <<-END
		mount "$dev" "$tmp/mnt" || exit 9
		exec "$MKQDISK" -y -c "$dev" -l new
	END
	run unshare -m --propagation private bash "$tmp/inside"
	want_rc 255 && want_stderr_has "$dev is in use: it is mounted on $tmp/mnt" || return 1
	wait_for 5 quietly blockdev --rereadpt "$dev"	# the namespace is gone
	fsck.ext4 -fn "$dev" > /dev/null 2>&1 || because "the file system was damaged"
}
check legacy_24_mounted_device_is_refused mounted

mounted_elsewhere() {
	mkfifo "$tmp/go"
	unshare -m --propagation private bash -c "mount $dev $tmp/mnt && echo up > $tmp/up && read -r _ < $tmp/go" &
	local pid=$! rc2=0
	at_end "kill $pid"
	wait_for 10 test -s "$tmp/up" || because "not mounted" || return 1
	refused "it is opened exclusively: mounted in another mount namespace" || rc2=1
	echo > "$tmp/go"
	wait $pid
	return $rc2
}
check legacy_24_device_mounted_in_another_namespace_is_refused mounted_elsewhere

held() {
	local rc2=0
	loop 1M 512
	label "$dev" old || return 1
	"$LUN_TOOL" hold "$dev" > "$tmp/held" &
	local pid=$!
	at_end "kill $pid"
	wait_for 10 test -s "$tmp/held" || because "not held" || return 1
	refused "it is opened exclusively" && still old && forced "it is opened exclusively" || rc2=1
	kill $pid
	wait $pid 2> /dev/null
	return $rc2
}
check legacy_24_device_opened_exclusively_is_refused_and_forced held

beater() {	# INTERVAL_MS: starts it, $beater
	: > "$tmp/beating"
	"$LUN_TOOL" beat "$dev" 3 "$1" > "$tmp/beating" &
	beater=$!
	at_end "kill $beater"
	wait_for 10 test -s "$tmp/beating" || because "does not beat"
}

beater_end() {
	kill "$beater"
	wait "$beater" 2> /dev/null
}

beating() {	# SECTOR INTERVAL_MS
	local rc2=0
	loop 1M "$1"
	label "$dev" old && beater "$2" || return 1
	refused "node 3 beater beats on it (Running)" && still old || rc2=1
	beater_end
	return $rc2
}
check legacy_24_beating_lun_is_refused_512 beating 512 200
check legacy_24_beating_lun_is_refused_4096 beating 4096 200
# slower than 3 s: the interval in its block says how long to look
check legacy_24_slowly_beating_lun_is_refused beating 512 4000

beating_forced() {
	local rc2=0
	loop 1M 512
	label "$dev" old && beater 200 || return 1
	forced "node 3 beater beats on it (Running)" || rc2=1
	beater_end
	return $rc2
}
check beating_lun_is_relabelled_by_force beating_forced

# as a legacy daemon beats: only its time changes
legacy_beating() {
	local rc2=0
	loop 1M 512
	label "$dev" old && "$LUN_TOOL" legacy "$dev" 1 || return 1
	while sleep 1; do "$LUN_TOOL" legacy "$dev" 1; done &
	local pid=$!
	at_end "kill $pid"
	refused "node 1 beats on it (Running)" && still old || rc2=1
	kill $pid
	wait $pid 2> /dev/null
	return $rc2
}
check legacy_24_lun_with_a_beating_legacy_node_is_refused legacy_beating

silent() {
	loop 1M 512
	label "$dev" old && "$LUN_TOOL" legacy "$dev" 1 || return 1
	run "$MKQDISK" -y -c "$dev" -l new
	want_rc 0 && want_stderr_has "watching for beats for 3.0 s" && still new
}
check lun_that_nobody_beats_on_any_more_is_relabelled silent
