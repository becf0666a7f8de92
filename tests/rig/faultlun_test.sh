#!/bin/bash
# faultlun_test.sh: does the faulty LUN do what its commands say? Two nodes without
# daemons look at it through their own paths, with O_DIRECT and libaio.
# shellcheck source=tests/rig/rig.sh
. "$(dirname "$0")/rig.sh"

# This script again, as a rig that is killed in the middle of something: prints its
# loop devices, then hangs on its LUN.
if [ "${1:-}" = victim ]; then
	rig_enter "$@"
	rig_start 1 model=none lun=faulty
	lun_path 1 hang
	cat "$RIG_ST/lun.loops"
	node_exec 1 "$RIG_BIN/lunprobe" /dev/qlun read 0 4096 60000
	exit 1
fi
[ -c /dev/fuse ] || rig_skip "no /dev/fuse"
rig_enter "$@"
set -u

# put NODE OFFSET BYTES BYTE, get NODE OFFSET BYTES: one request; the result is in $saw,
# without its time.
probe() {
	local n=$1
	shift
	saw=$(lun_limited 10 node_exec "$n" "$RIG_BIN/lunprobe" /dev/qlun "$@")
}
put() { probe "$1" write "$2" "$3" 2000 "$4"; }
get() {
	probe "$1" read "$2" "$3" 2000
	saw=${saw#ok * ms }
}
saw_is() { [ "$saw" = "$1" ] || { diag "saw '$saw', wanted '$1'"; return 1; }; }
put_ok() {
	put "$@"
	[[ $saw = "ok "* ]] || { diag "saw '$saw'"; return 1; }
}
got() {
	get "$1" "$2" "$3"
	saw_is "$4"
}
# took MIN MAX: of the last put, in ms.
took() {
	local ms=${saw#ok }
	ms=${ms%% *}
	if [ "$ms" -lt "$1" ] || [ "$ms" -gt "$2" ]; then
		diag "took $ms ms, not $1 to $2"
		return 1
	fi
}
# A probe in the background, its lines in $RIG_ST/probe.NAME.
probe_start() {
	local name=$1 n=$2
	shift 2
	rig_spawn_probe "$n" "$@" > "$RIG_ST/probe.$name"
}
rig_spawn_probe() {
	local pid
	pid=$(cat "$RIG_ST/n$1/pid")
	shift
	setsid nsenter -a -t "$pid" -- "$RIG_BIN/lunprobe" /dev/qlun "$@" < /dev/null 2>> "$RIG_ST/rig.out" &
	disown
}
# probe_says NAME PATTERN
# shellcheck disable=SC2053	# a pattern it is
probe_says() { [[ $(tail -n 1 "$RIG_ST/probe.$1") = $2 ]]; }

what_one_node_writes_the_other_reads() {
	put_ok 1 4096 4096 aa
	got 2 0 12288 "00*4096 aa*4096 00*4096"
}

delay_is_waited_for() {
	lun_path 1 delay=200 w
	put_ok 1 4096 4096 ab
	took 200 900
	lun_path 1 delay=100-150
	put_ok 1 4096 4096 ac
	took 100 800
	lun_path 1 tail=50
	put_ok 1 4096 4096 ac
	took 50 5000
	put_ok 2 8192 4096 ad
	took 0 45
}

hung_write_lands_when_released_and_not_before() {
	lun_path 1 hang w
	probe_start late 1 write 4096 4096 100 b1
	await 5 probe_says late hung
	[ "$(lun_count 1 w hung)" = 1 ]
	got 1 4096 4096 "ac*4096"	# reads still work
	lun_path 1 ok
	await 5 probe_says late "late ok*"
	got 2 4096 4096 "b1*4096"
	[ "$(lun_count 1 w hung)" = 0 ]
}

hung_write_purged_never_lands() {
	lun_path 1 hang w
	probe_start lost 1 write 4096 4096 100 b2
	await 5 probe_says lost hung
	lun_do purge 1
	await 5 probe_says lost "late EIO"
	lun_path 1 ok
	got 1 4096 4096 "b1*4096"
}

hang_ends_by_itself_after_maxhang() {
	lun_do maxhang 1
	lun_path 1 hang r
	probe_start bound 1 read 4096 4096 100
	await 5 probe_says bound hung
	await 5 probe_says bound "late EIO"
}

twenty_hung_writes_on_one_path_leave_the_other_alone() {
	lun_path 1 hang
	probe_start many 1 write 65536 4096 100 c1 20
	await 5 lun_hung_are 1 20
	put_ok 2 4096 4096 c2
	took 0 500
	got 2 4096 4096 "c2*4096"
	got 2 65536 4096 "00*4096"
	lun_path 1 ok
	await 5 probe_says many "late ok*"
	got 2 65536 12288 "c1*4096 00*4096 c1*4096"
}
lun_hung_are() { [ "$(lun_count "$1" w hung)" = "$2" ]; }

errors_come_by_direction() {
	local before
	before=$(lun_count 2 w failed)
	lun_path 2 err r
	get 2 4096 4096
	saw_is EIO
	put_ok 2 4096 4096 d1
	lun_path 2 ok r
	lun_path 2 err=110 w
	put 2 4096 4096 d2
	saw_is ETIMEDOUT
	[ "$(lun_count 2 w failed)" = $((before + 1)) ]
	lun_path 2 ro
	put 2 4096 4096 d2
	saw_is EIO
	lun_path 2 ok
	got 2 4096 4096 "d1*4096"
}

dropped_write_says_ok_and_is_lost() {
	lun_path 2 drop
	put_ok 2 4096 4096 e1
	lun_path 2 ok
	got 2 4096 4096 "d1*4096"
}

torn_write_leaves_the_rest_old() {
	lun_path 2 tear=256
	put_ok 2 4096 "$CONF_sector" e2
	got 1 4096 4096 "e2*256 d1*3840"
	lun_path 2 tear=1024
	put_ok 2 4096 4096 e3
	got 1 4096 4096 "e3*1024 d1*3072"
	lun_path 2 tearerr=2048
	put 2 4096 4096 e4
	saw_is EIO
	got 1 4096 4096 "e4*2048 d1*2048"
}

stale_reads_show_the_time_of_the_command() {
	put_ok 1 4096 8192 11
	lun_path 2 stale slot=1
	put_ok 1 4096 8192 12
	put_ok 1 4096 8192 13
	got 2 4096 8192 "11*4096 13*4096"
	got 1 4096 4096 "13*4096"
}

lagging_reads_show_the_last_write_but_one() {
	lun_path 2 lag
	put_ok 1 4096 4096 21
	put_ok 1 4096 4096 22
	got 2 4096 4096 "21*4096"
	put_ok 1 4096 4096 23
	got 2 4096 4096 "22*4096"
	got 1 4096 4096 "23*4096"
}

spoiled_reads_are_of_one_path_only() {
	put_ok 1 4096 4096 30
	lun_path 2 flip slot=1
	got 2 4096 4096 "30*2048 31*1 30*2047"
	lun_path 2 zero at=4096+512
	got 2 4096 4096 "00*512 30*3584"
	lun_path 2 noise slot=1
	get 2 4096 4096
	[[ $saw = *... ]]
	got 1 4096 4096 "30*4096"
}

spoiled_store_is_wrong_for_all() {
	put_ok 1 4096 8192 40
	lun_corrupt 1 flip
	got 1 4096 8192 "40*64 41*1 40*8127"
	got 2 4096 8192 "40*64 41*1 40*8127"
	lun_corrupt 2 noise
	get 2 8192 4096
	[[ $saw = *... ]]
	put_ok 1 4096 8192 40
}

newest_rule_that_is_touched_acts() {
	lun_path 1 err w
	lun_path 1 ok w slot=3
	put_ok 1 12288 4096 51
	put 1 8192 4096 52
	saw_is EIO
	lun_path 1 ok
	lun_path 1 err every=2 w
	put_ok 1 8192 4096 53
	put 1 8192 4096 54
	saw_is EIO
}

shrunk_lun_ends_where_it_was_told() {
	lun_resize 16384
	[ "$(node_exec 1 blockdev --getsize64 /dev/qlun)" = 16384 ]
	put_ok 1 12288 4096 61
	lun_resize $((2 * RIG_LUN_BYTES))
	put_ok 1 $((2 * RIG_LUN_BYTES - 4096)) 4096 62
	lun_do size 16384	# without a word to anybody
	put 2 16384 4096 63
	saw_is EIO
	get 2 16384 4096
	saw_is EIO
}

wrong_commands_are_refused() {
	local words
	for words in "" "3 hang" "0 hang" "1" "1 explode" "1 stale w" "1 drop r" "1 delay" "1 delay=9-3" "1 tear" \
		"1 err=x" "1 hang slot=x" "1 hang at=5" "1,3 hang" "corrupt" "corrupt flip slot=9999" "purge" "size 1" "maxhang 0"; do
		# shellcheck disable=SC2086	# words
		refute lun_do $words > /dev/null 2>&1 || { diag "accepted: $words"; return 1; }
	done
	lun_status | grep -q "path 2 .* rule=ok .* rule=ok"
}

after_each_scenario_all_works() { put_ok 1 4096 4096 70 && put_ok 2 4096 4096 71; }

node_with_hung_io_can_lose_its_power() {
	local since
	since=$(rig_now)
	lun_path 1 hang
	probe_start dead 1 write 4096 4096 100 81
	await 5 probe_says dead hung
	node_power_cut 1
	[ "$(node_deaths 1 "$since")" = power ]
	node_boot 1
	lun_path 1 ok
	got 2 4096 4096 "71*4096"
}

node_with_hung_io_can_reboot() {
	local since
	since=$(rig_now)
	lun_path 1 hang
	probe_start reboot 1 write 4096 4096 100 82
	await 5 probe_says reboot hung
	node_respawn 1 0.2
	node_exec 1 "$RIG_BIN/nodereboot" restart || :
	await 5 node_died 1 "$since" reboot
	await 5 node_on 1
	node_respawn 1 off
	put 1 4096 4096 83 &	# the path is what it was
	await 5 lun_hangs 1 w
	lun_path 1 ok
	wait
	got 2 4096 4096 "83*4096"
}

rig_stopped_with_hung_io_leaves_nothing_behind() {
	local loops
	loops=$(cat "$RIG_ST/lun.loops")
	lun_path 1 hang
	probe_start stop 1 read 4096 4096 100
	await 5 probe_says stop hung
	lun_release() { :; }	# so that it is the end that ends it
	rig_stop
	await 5 loops_free "$RIG_ST" "$loops"
	refute grep -q "$RIG_ST/lun.mnt" /proc/mounts
}
# loops_free FOLDER LOOPS: none of them has a file of that folder any more.
loops_free() {
	local loop
	for loop in $2; do
		refute grep -qs "$1" "/sys/block/${loop#/dev/}/loop/backing_file" || return 1
	done
}

# The two ways to die that nobody can prepare for: the shell that started faultlun, and
# the whole rig.
controller_killed_faultlun_fails_all_and_unmounts() {
	local at=$RIG_TOP/controlled pid child
	mkdir "$at"
	RIG_N=1 CONF_lun=faulty CONF_sector=512 RIG_ST=$at RIG_PIDS='' bash -c ". '$RIG_DIR/rig.sh'; lun_start; lun_path 1 hang; : > '$at/ready'; nap 60" > "$at/out" 2>&1 &
	pid=$!
	await 10 test -e "$at/ready"
	"$RIG_BIN/lunprobe" "$(cat "$at/lun.loops")" read 0 4096 100 > "$at/probe" &
	child=$!
	await 5 grep -qs hung "$at/probe"
	kill -KILL $pid
	await 5 pid_gone $child
	grep -qx "late EIO" "$at/probe"
	await 5 loops_free "$at" "$(cat "$at/lun.loops")"
	refute grep -q "$at/lun.mnt" /proc/mounts
}

rig_killed_leaves_no_loop_and_no_mount() {
	local at=$RIG_TOP/victim pid loop top
	mkdir "$at"
	env -u RIG_TOP RIG_BIN="$RIG_BIN" RIG_BUILD="$RIG_BUILD" bash "$RIG_DIR/faultlun_test.sh" victim > "$at/out" 2> "$at/err" &
	pid=$!
	await 10 grep -q /dev/loop "$at/out"
	loop=$(cat "$at/out")
	top=$(cat "/sys/block/${loop#/dev/}/loop/backing_file")
	kill -KILL $pid
	await 5 loops_free "$top" "$loop"
}

four_kilobyte_sectors_are_whole() {
	put 1 4096 512 91
	saw_is EINVAL
	put_ok 1 4096 4096 92
	lun_path 1 tear=2048
	put_ok 1 4096 4096 93
	got 2 4096 4096 "93*2048 92*2048"
}

rig_start 2 model=none lun=faulty sector=4096
scenario four_kilobyte_sectors_are_whole
rig_stop
rig_start 2 model=none lun=faulty
scenario what_one_node_writes_the_other_reads
scenario delay_is_waited_for
scenario hung_write_lands_when_released_and_not_before
scenario hung_write_purged_never_lands
scenario hang_ends_by_itself_after_maxhang
scenario twenty_hung_writes_on_one_path_leave_the_other_alone
scenario errors_come_by_direction
scenario dropped_write_says_ok_and_is_lost
scenario torn_write_leaves_the_rest_old
scenario stale_reads_show_the_time_of_the_command
scenario lagging_reads_show_the_last_write_but_one
scenario spoiled_reads_are_of_one_path_only
scenario spoiled_store_is_wrong_for_all
scenario newest_rule_that_is_touched_acts
scenario shrunk_lun_ends_where_it_was_told
scenario wrong_commands_are_refused
scenario after_each_scenario_all_works
scenario node_with_hung_io_can_lose_its_power
scenario node_with_hung_io_can_reboot
scenario rig_stopped_with_hung_io_leaves_nothing_behind
scenario controller_killed_faultlun_fails_all_and_unmounts
scenario rig_killed_leaves_no_loop_and_no_mount
tap_done
