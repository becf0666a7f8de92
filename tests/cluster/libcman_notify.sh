#!/bin/bash
# libcman: handles, notifications, dispatch, the one descriptor, the quorum device.
# Two nodes with corosync, no qdiskd: the device is a program that uses libcman.

# shellcheck source=tests/cluster/libcman.inc
. "$(dirname "$0")/libcman.inc"
libcman_enter "$@"

device=/dev/mapper/qdisk

# ---- without corosync ----

init_without_corosync_is_econnrefused() {
	client a 1
	refused a "0 init" ECONNREFUSED
	refused a "0 admin" ECONNREFUSED
}
calls_without_a_handle_are_einval() {
	local call
	client a 1
	for call in "finish" "get_fd" "dispatch 0" "notify x" "stop_notify" "confchg x" "stop_confchg" \
		"replyto 1" "disallowed 1" "is_listening 1 11" "register d 2" "unregister" "poll 1" \
		"set_version 6.2.0 0" "leave" "shutdown 0" "kill 1" "set_votes 1 1" "set_expected 2" \
		"dirty" "debuglog 0" "fenceinfo 1 x" "fenced 1 1 a" "send 11 0 x" "bind 11 x" "unbind" \
		"barrier_register b 0 1" "barrier_change b 1 1" "barrier_wait b" "barrier_delete b"; do
		refused a "0 $call" EINVAL
	done
}

# ---- one node ----

handle_that_was_finished_is_einval_everywhere() {
	client a 1
	works a "0 init"
	works a "0 finish keep"
	refused a "0 is_active" EINVAL
	refused a "0 dispatch 0" EINVAL
	refused a "0 finish" EINVAL
}
handle_of_the_wrong_kind_is_refused() {
	local call
	client a 1
	works a "0 init"
	works a "1 admin"
	for call in "register d 2" "unregister" "poll 1" "set_version 6.2.0 0" "leave" "shutdown 0" "kill 1" \
		"set_votes 1 1" "set_expected 2" "dirty" "debuglog 0" "fenced 1 1 a"; do
		refused a "0 $call" EPERM
	done
	for call in "notify x" "bind 11 x" "send 11 0 x"; do refused a "1 $call" EINVAL; done
	refused a "0 notify NULL" EINVAL
	refused a "0 confchg NULL" EINVAL
	works a "1 confchg x"
	refused a "0 disallowed 0" EINVAL
	gives a "0 disallowed 1" count=0
}
handle_of_a_parent_works_in_a_child() {
	client a 1
	works a "0 init"
	expect a "0 is_active" "1 -"
	works a "0 in_child"
	expect a "0 is_active" "1 -"
}
fd_is_one_for_life_and_silent_without_events() {
	local fd
	client a 1
	works a "0 init"
	say a "0 get_fd"
	fd=${reply%% *}
	works a "0 ready 0"
	works a "0 dispatch 0"
	works a "0 dispatch 1"
	works a "0 notify x"
	works a "0 ready 300"
	expect a "0 get_fd" "$fd -"
}
statechange_is_delivered_when_votes_are_counted() {
	client a 1
	works a "0 init"
	works a "0 notify x"
	works a "1 admin"
	works a "1 register $device 2"
	works a "1 poll 1"
	expect a "0 ready 5000" "1 -"
	await_event a 0 "event 0 STATECHANGE 1"
	expect a "0 is_quorate" "1 -"
	works a "1 poll 0"
	await_event a 0 "event 0 STATECHANGE 0"
	works a "1 unregister"
}
dispatch_one_delivers_one_and_ignored_events_stay() {
	client a 1
	works a "0 init"
	works a "0 notify x"
	works a "1 admin"
	works a "1 register $device 2"
	works a "1 poll 1"
	works a "1 poll 0"
	expect a "0 ready 5000" "1 -"
	works a "0 dispatch 16"
	[ -z "$events" ]
	expect a "0 ready 0" "1 -"
	expect a "0 dispatch 0" "1 -"
	[ "$(wc -l <<< "${events%$'\n'}")" = 1 ]
	await_event a 0 "event 0 STATECHANGE 0"
	works a "1 unregister"
}
dispatch_blocking_waits_for_an_event() {
	client a 1
	client b 1
	works a "0 init"
	works a "0 notify x"
	tell a "0 dispatch 2"
	works b "1 admin"
	works b "1 register $device 2"
	works b "1 poll 1"
	hear a
	[ "${reply%% *}" = 1 ]
	works b "1 poll 0"
	works b "1 unregister"
}
callback_may_ask_its_own_handle() {
	client a 1
	works a "0 init"
	works a "0 notify x"
	works a "0 ask_in_callback"
	works a "1 admin"
	works a "1 register $device 2"
	works a "1 poll 1"
	await_event a 0 "asked 1"
	works a "1 poll 0"
	works a "1 unregister"
}
signals_interrupt_no_call() {
	local i
	client a 1
	works a "0 alarm 1"
	for i in 1 2 3; do
		works a "0 init"
		works a "0 notify x"
		expect a "0 is_active" "1 -"
		expect a "0 count" "2 -"
		works a "0 finish"
	done
	works a "0 init"
	works a "0 notify x"
	tell a "0 dispatch 2"
	refute hear a 0.3
	works_elsewhere_changes_votes
	hear a
	[[ $reply == "1 - "* ]]
}
works_elsewhere_changes_votes() {
	client b 1
	works b "1 admin"
	works b "1 register $device 2"
	works b "1 poll 1"
	works b "1 poll 0"
	works b "1 unregister"
}
threads_use_handles_of_their_own() {
	client a 1
	works a "0 threads 4"
	works a "0 init"
	works a "0 finish"
}
callback_may_finish_its_handle() {
	client a 1
	works a "0 init"
	works a "0 notify x"
	works a "0 finish_in_callback"
	works a "1 admin"
	works a "1 register $device 2"
	works a "1 poll 1"
	expect a "0 ready 5000" "1 -"
	works a "0 dispatch 1"
	refused a "0 is_active" EINVAL
	works a "1 poll 0"
	works a "1 unregister"
}
stop_notification_forgets_what_was_queued() {
	client a 1
	works a "0 init"
	works a "0 notify x"
	works a "1 admin"
	works a "1 register $device 2"
	works a "1 poll 1"
	expect a "0 ready 5000" "1 -"
	works a "0 dispatch 16"
	works a "0 stop_notify"
	works a "0 dispatch 1"
	[ -z "$events" ]
	works a "0 ready 0"
	works a "0 notify x"
	works a "1 poll 0"
	await_event a 0 "event 0 STATECHANGE 0"
	works a "1 unregister"
}
config_update_is_delivered_with_the_version() {
	client a 1
	works a "0 init"
	works a "0 notify x"
	# node 2 comes later: a corosync with an older version than another's exits
	sed -i 's/config_version: .*/config_version: 7/; t; s/^totem {/&\n\tconfig_version: 7/' "$RIG_ST"/n[12]/corosync.conf
	works a "1 admin"
	works a "1 set_version 6.2.0 7"
	await_event a 0 "event 0 CONFIG_UPDATE 7"
	gives a "0 version" "6.2.0 7"
	works a "1 set_version 6.2.0 7"
	refused a "1 set_version 6.2.0 6" EPERM
	refused a "1 set_version 6.2.0 8" ENOENT
	refused a "1 set_version 6.1.0 7" EINVAL
	refused a "1 set_version NULL" EINVAL
}

# ---- the quorum device ----

device_lives_through_its_states() {
	client a 1
	works a "0 admin"
	refused a "0 poll 1" EINVAL
	refused a "0 unregister" EINVAL
	refused a "0 device" ENOENT
	works a "0 register $device 2"
	gives a "0 device" "$device state=3 votes=2"
	works a "0 register $device 2"
	refused a "0 register other 2" EBUSY
	works a "0 poll 1"
	gives a "0 device" "$device state=2 votes=2"
	total_votes_are 1 3
	refused a "0 unregister" EBUSY
	works a "0 poll 0"
	gives a "0 device" "$device state=3 votes=2"
	total_votes_are 1 1
	works a "0 poll 7"
	gives a "0 device" "$device state=2 votes=2"
	works a "0 poll 0"
	works a "0 unregister"
	refused a "0 device" ENOENT
}
device_that_falls_silent_is_lost() {
	client a 1
	works a "0 admin"
	works a "0 register $device 2"
	works a "0 poll 1"
	total_votes_are 1 3
	await 8 total_votes_are 1 1
	gives a "0 device" "$device state=3 votes=2"
	works a "0 unregister"
}
device_with_bad_arguments_is_refused() {
	client a 1
	works a "0 admin"
	refused a "0 register NULL 2" EINVAL
	refused a "0 register long:255 2" EINVAL
	refused a "0 register long:300 2" EINVAL
	refused a "0 register n2 2" EALREADY
	refused a "0 register $device 1" EINVAL
	refused a "0 register $device -1" EINVAL
	works a "0 register long:254 2"
	works a "0 poll 1"
	works a "0 poll 0"
	works a "0 unregister"
}

# ---- two nodes ----

node_two_casts() {
	client b 2
	works b "0 admin"
	works b "0 register $device 2"
	works b "0 poll 1"
}
confchg_tells_who_joins_and_who_leaves() {
	client a 1
	works a "0 init"
	works a "0 confchg x"
	works a "0 ready 0"
	corosync_start 2
	await_event a 0 "confchg 0 members=1,2 left= joined=2"
	corosync_stop 2
	await_event a 0 "confchg 0 members=1 left=2 joined="
	works a "0 stop_confchg"
	works a "0 ready 0"
	corosync_start 2
	await 10 total_votes_are 1 2
	works a "0 dispatch 1"
	[ -z "$events" ]
}
device_answers_for_the_new_ring() {
	client a 1
	works a "0 admin"
	works a "0 register $device 2"
	works a "0 poll 1"
	total_votes_are 1 4
	corosync_stop 2
	await 5 device_votes a
	total_votes_are 1 3
	corosync_start 2
	await 5 device_votes a
	await 10 total_votes_are 1 4
	works a "0 poll 0"
	works a "0 unregister"
}
# A sync waits for the answer.
device_votes() { works "$1" "0 poll 1" && node_view 1 | grep -q '^1 '; }

check init_without_corosync rig_start 2 transport=udpu token=1000 v=3000 y=1000 fence=none
for name in init_without_corosync_is_econnrefused calls_without_a_handle_are_einval; do scenario $name; done
corosync_start 1
for name in handle_that_was_finished_is_einval_everywhere handle_of_the_wrong_kind_is_refused \
	handle_of_a_parent_works_in_a_child fd_is_one_for_life_and_silent_without_events \
	statechange_is_delivered_when_votes_are_counted dispatch_one_delivers_one_and_ignored_events_stay \
	dispatch_blocking_waits_for_an_event callback_may_finish_its_handle callback_may_ask_its_own_handle \
	signals_interrupt_no_call threads_use_handles_of_their_own \
	stop_notification_forgets_what_was_queued config_update_is_delivered_with_the_version \
	device_lives_through_its_states device_that_falls_silent_is_lost device_with_bad_arguments_is_refused; do
	scenario $name
done
for name in confchg_tells_who_joins_and_who_leaves device_answers_for_the_new_ring; do scenario $name; done
libcman_done
