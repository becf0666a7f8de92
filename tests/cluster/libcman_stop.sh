#!/bin/bash
# libcman beside a corosync that stops: shut down, killed, or only silent.
#
# Node 2's corosync is stopped (SIGSTOP) first, and a program for each kind of call waits
# for it; meanwhile node 1 is shut down in all the ways that there are.

# shellcheck source=tests/cluster/libcman.inc
. "$(dirname "$0")/libcman.inc"
libcman_enter "$@"

# limits_ready MODE: libcman_limits on node 2, up to its calls. limits_go MODE: it makes
# them. limits_hold MODE: all 46 functions did as libcman(3) says.
declare -A limits_in
limits_ready() {
	local in
	mkfifo "$RIG_ST/limits.$1.in"
	exec {in}<> "$RIG_ST/limits.$1.in"
	# shellcheck disable=SC2086	# a list of words
	node_exec 2 env LD_LIBRARY_PATH="$RIG_BUILD" ${LIBCMAN_UNDER:-} "$RIG_BUILD/libcman_limits" "$1" ${LIBCMAN_UNDER:+10} \
		< "$RIG_ST/limits.$1.in" > "$RIG_ST/limits.$1" &
	limits_in[$1]=$in
	await 15 grep -qx ready "$RIG_ST/limits.$1"
}
limits_go() { echo go >&"${limits_in[$1]}"; }
limits_hold() {
	await 15 grep -qx end "$RIG_ST/limits.$1"
	sed 's/^/# /' "$RIG_ST/limits.$1"
	[ "$(grep -c '^good ' "$RIG_ST/limits.$1")" = 46 ]
}

stop_node_two() {
	local name
	for name in votes waits late; do
		client "$name" 2
		works "$name" "0 init"
	done
	works waits "0 notify x"
	works waits "0 barrier_register b 0 2"
	works late "0 barrier_register late 0 2"
	works late "0 barrier_change late 6 2"
	tell late "0 barrier_wait late"
	await 5 barrier_is_held
	limits_ready stopped
	service_signal corosync 2 STOP
	tell votes "0 device"
	limits_go stopped
}

# ---- node 1, shut down ----

shutdown_that_all_agree_to_ends_corosync() {
	client a 1
	client c 1
	works a "0 init"
	works a "0 notify x"
	works a "0 answer 1"
	works c "0 admin"
	tell c "0 shutdown 0"
	await_event a 0 "event 0 TRY_SHUTDOWN 0"
	hear c
	[[ $reply == "0 - "* ]]
	await 10 service_ended corosync 1
	expect a "0 ready 5000" "1 -"
	refused a "0 dispatch 1" EHOSTDOWN
	refused a "0 is_active" EHOSTDOWN
	works a "0 finish"
	refused a "0 init" ECONNREFUSED
}
shutdown_anyway_goes_whatever_they_say() {
	client a 1
	client c 1
	works a "0 init"
	works a "0 notify x"
	works a "0 answer 0"
	works c "0 admin"
	tell c "0 shutdown 3"
	await_event a 0 "event 0 TRY_SHUTDOWN 1"
	hear c
	[[ $reply == "0 - "* ]]
	await 10 service_ended corosync 1
}
finish_is_a_yes_to_a_shutdown() {
	client a 1
	client c 1
	works a "0 init"
	works a "0 notify x"
	works c "0 admin"
	tell c "0 shutdown 0"
	expect a "0 ready 5000" "1 -"
	works a "0 finish"
	hear c
	[[ $reply == "0 - "* ]]
	await 10 service_ended corosync 1
}
leave_asks_nobody() {
	client a 1
	client c 1
	works a "0 init"
	works a "0 notify x"
	works c "0 admin"
	works c "0 leave"
	took_ms 0 4000
	await 10 service_ended corosync 1
}

calls_of_all_kinds_leave_nothing_behind() {
	# shellcheck disable=SC2046	# a list of words
	client a 1 $([ -n "${LIBCMAN_FROM:-}" ] ||
		echo valgrind -q --leak-check=full --errors-for-leak-kinds=definite,possible --error-exitcode=99)
	works a "0 init"
	works a "1 admin"
	works a "0 notify x"
	works a "0 confchg x"
	works a "0 bind 11 x"
	works a "0 notify x"
	expect a "0 send 11 0 hello" "33 -"
	expect a "1 is_listening 0 11" "1 -"
	works a "1 register dev 2"
	works a "1 poll 1"
	works a "1 poll 0"
	works a "1 unregister"
	await_event a 0 "data 0 11 1 hello"
	works a "0 barrier_register b 1 1"
	works a "0 barrier_wait b"
	works a "0 extra"
	works a "0 nodes"
	works a "1 fenced 1 5 x"
	works a "1 fenceinfo 1 x"
	expect a "0 send 11 0 unread" "34 -"
	works a "0 finish"
	works a "1 finish"
	end a || { sed 's/^/# /' "$RIG_ST/a.err"; return 1; }
}

# ---- node 2, silent ----

stopped_corosync_ends_each_call_within_ten_seconds() {
	limits_hold stopped
	hear votes
	[[ $reply == "-1 EHOSTDOWN "* ]]
	took_ms 7400 10000
}
# It waited already, for 2 seconds, and then has to leave.
stopped_corosync_ends_a_wait_that_has_a_timeout() {
	hear late 15
	[[ $reply == "-1 ETIMEDOUT "* ]]
	took_ms 2000 12000
}
stopped_corosync_is_gone_for_the_handle() {
	refused votes "0 is_active" EHOSTDOWN
	took_ms 0 3000
	expect votes "0 ready 0" "1 -"
	refused votes "0 dispatch 1" EHOSTDOWN
	works votes "0 finish"
	took_ms 0 3000
}
corosync_that_goes_on_is_there_for_new_handles() {
	service_signal corosync 2 CONT
	await 10 init_works
	expect votes "1 is_active" "1 -"
	works votes "1 finish"
}
init_works() { say votes "1 init" && [[ $reply == "0 - "* ]]; }

# A dispatch that waited all the time, a barrier, and each call.
corosync_that_dies_ends_each_wait_and_call() {
	client barrier 2
	works barrier "0 init"
	works barrier "0 barrier_register c 0 9"
	tell waits "0 dispatch 2"
	tell barrier "0 barrier_wait c"
	await 5 barrier_is_held
	limits_ready killed
	limits_ready gone
	service_signal corosync 2 STOP
	limits_go killed
	sleep 0.3	# they are in their calls, in each as it may be
	service_signal corosync 2 KILL
	hear waits
	while [[ $reply == "1 - "* ]]; do say waits "0 dispatch 2"; done # what was said before
	[[ $reply == "-1 EHOSTDOWN "* ]]
	hear barrier 5
	[[ $reply == "-1 EHOSTDOWN "* ]]
	refused waits "0 version" EHOSTDOWN
	took_ms 0 1000
	works waits "0 finish"
	await 5 service_ended corosync 2
	limits_go gone
	limits_hold killed
	limits_hold gone
}
barrier_is_held() { node_exec 2 corosync-cpgtool -n | grep -q cman.barrier; }

rig_start 2 transport=udpu token=1000 v=3000 y=1000 fence=none
corosync_start 1 2
check programs_wait_for_a_stopped_corosync stop_node_two
for name in calls_of_all_kinds_leave_nothing_behind shutdown_that_all_agree_to_ends_corosync \
	shutdown_anyway_goes_whatever_they_say finish_is_a_yes_to_a_shutdown leave_asks_nobody; do
	if service_ended corosync 1; then corosync_start 1; fi
	scenario $name
done
for name in stopped_corosync_ends_each_call_within_ten_seconds stopped_corosync_ends_a_wait_that_has_a_timeout \
	stopped_corosync_is_gone_for_the_handle \
	corosync_that_goes_on_is_there_for_new_handles corosync_that_dies_ends_each_wait_and_call; do
	scenario $name
done
libcman_done
