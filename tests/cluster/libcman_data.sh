#!/bin/bash
# libcman: data messages, ports, barriers, between two programs and two nodes.

# shellcheck source=tests/cluster/libcman.inc
. "$(dirname "$0")/libcman.inc"
libcman_enter "$@"

fnv_of_rig=57019 sum_of_rig=769

# A program on each node, client handle 0.
both() {
	client a 1
	client b 2
	works a "0 init"
	works b "0 init"
}

# ---- data ----

data_reaches_all_nodes_and_the_sender() {
	both
	works a "0 bind 11 x"
	works b "0 bind 11 x"
	expect a "0 send 11 0 hello" "33 -"
	await_event a 0 "data 0 11 1 hello"
	await_event b 0 "data 0 11 1 hello"
}
data_for_one_node_reaches_it_only() {
	both
	works a "0 bind 11 x"
	works b "0 bind 11 x"
	expect a "0 send 11 2 one" "31 -"
	expect a "0 send 11 1 own" "31 -"
	expect a "0 send 0 0 all" "31 -"
	await_event b 0 "data 0 11 1 one"
	await_event a 0 "data 0 11 1 own"
	[[ $events != *one* ]]
}
data_from_a_handle_without_a_port_comes_from_port_0() {
	both
	works b "0 bind 11 x"
	expect a "0 send 11 0 guest" "33 -"
	expect a "0 send 11 2 again" "33 -"
	await_event b 0 "data 0 0 1 guest"
	[[ $events == *again* ]] || await_event b 0 "data 0 0 1 again"
}
data_from_another_port_names_it() {
	both
	works a "0 bind 177 x"
	works b "0 bind 178 x"
	expect a "0 send 178 2 over" "32 -"
	await_event b 0 "data 0 177 1 over"
	works a "0 dispatch 1"
	[ -z "$events" ]
}
data_from_another_handle_of_the_process_arrives() {
	client a 1
	works a "0 init"
	works a "1 init"
	works a "0 bind 11 x"
	expect a "1 send 11 0 inside" "34 -"
	await_event a 0 "data 0 0 1 inside"
}
data_keeps_its_order_and_stays_while_ignored() {
	local i
	both
	works b "0 bind 11 x"
	for i in 1 2 3 4 5; do expect a "0 send 11 2 $i" "29 -"; done
	works b "0 notify x"
	until say b "0 dispatch 8" && say b "0 ready 100" && [ "${reply%% *}" = 1 ]; do :; done
	await_event b 0 "data 0 0 1 5"
	[ "$(tr -d '\n' <<< "$events")" = "data 0 0 1 1data 0 0 1 2data 0 0 1 3data 0 0 1 4data 0 0 1 5" ]
}
data_of_1492_bytes_goes_and_one_more_does_not() {
	both
	works b "0 bind 11 x"
	expect a "0 send 11 2 bytes:1492" "1520 -"
	await_event b 0 "data 0 0 1 (1492 bytes)"
	refused a "0 send 11 2 bytes:1493" EMSGSIZE
	expect a "0 send 11 2 bytes:0" "28 -"
	refused a "0 send 0 2 x" EINVAL
	refused a "0 send 11 -1 x" EINVAL
	refused a "0 send 11 2 NULL" EINVAL
}
data_after_the_end_of_receiving_does_not_come() {
	both
	works b "0 bind 11 x"
	works b "0 unbind"
	expect a "0 is_listening 2 11" "1 -"
	expect a "0 send 11 2 lost" "32 -"
	# all messages come in one order: behind the mark the lost one is there
	works b "1 init"
	works b "1 bind 12 x"
	expect a "0 send 12 2 mark" "32 -"
	await_event b 1 "data 1 0 1 mark"
	works b "0 dispatch 1"
	works b "0 bind 11 x"
	expect a "0 send 11 2 found" "33 -"
	await_event b 0 "data 0 0 1 found"
	[[ $events != *lost* ]]
}
data_beyond_128_messages_stays_with_corosync() {
	local i seen=0
	both
	works a "0 bind 11 x"
	works b "0 bind 11 x"
	works b "0 notify x"
	for i in $(seq 150); do tell a "0 send 11 2 m$i"; done
	for i in $(seq 150); do hear a; done
	until say b "0 dispatch 8" && [ "${reply%% *}" = 0 ]; do :; done
	refused b "0 dispatch 10" ENOBUFS
	while [ $seen -lt 150 ]; do
		expect b "0 ready 5000" "1 -"
		say b "0 dispatch 1"
		seen=$((seen + $(grep -c '^data' <<< "$events")))
	done
	[ "$seen" = 150 ]
}

# ---- ports ----

port_has_one_owner_on_a_node() {
	both
	client c 1
	works c "0 init"
	works c "1 init"
	works a "0 bind 11 x"
	works b "0 bind 11 x"
	refused c "0 bind 11 x" EADDRINUSE
	works c "0 bind 12 x"
	refused c "0 bind 13 x" EADDRINUSE
	refused c "1 bind 12 x" EADDRINUSE
	refused c "1 bind 0 x" EINVAL
	refused c "1 bind 14 NULL" EINVAL
	works a "0 finish"
	works c "1 bind 11 x"
}
port_that_two_bind_at_once_goes_to_one() {
	local name won=0
	client a 1
	client c 1
	works a "0 init"
	works c "0 init"
	tell a "0 bind 20 x"
	tell c "0 bind 20 x"
	for name in a c; do
		hear $name
		case $reply in
		'0 - '*) won=$((won + 1)) ;;
		'-1 EADDRINUSE '*) ;;
		*) return 1 ;;
		esac
	done
	[ $won = 1 ]
}
port_that_is_bound_is_listened_to() {
	both
	works b "0 bind 11 x"
	expect a "0 is_listening 2 11" "1 -"
	works a "0 is_listening 0 11"
	works a "0 is_listening 2 12"
	expect a "0 is_listening 1 0" "1 -"
	refused a "0 is_listening 77 11" ENOENT
	expect b "0 is_listening 0 11" "1 -"
	works b "0 extra"
	[[ $reply == *ports=0,11, ]]
	works a "0 extra"
	[[ $reply == *ports=0, ]]
}
port_events_come_to_who_is_bound_there() {
	both
	client c 1
	works c "0 init"
	works c "0 notify x"
	works a "0 notify x"
	works a "0 bind 11 x"
	works b "0 bind 11 x"
	await_event a 0 "event 0 PORTOPENED 2"
	works b "0 finish"
	await_event a 0 "event 0 PORTCLOSED 2"
	works c "0 dispatch 1"
	[ -z "$events" ]
}

# ---- barriers ----

barrier_opens_when_both_nodes_are_there() {
	both
	works a "0 barrier_register meet 0 2"
	works b "0 barrier_register meet 0 2"
	tell a "0 barrier_wait meet"
	refute hear a 0.3
	works b "0 barrier_wait meet"
	hear a
	[[ $reply == "0 - "* ]]
	works a "0 barrier_delete meet"
	works b "0 barrier_delete meet"
}
barrier_opens_again_and_again() {
	local i
	both
	works a "0 barrier_register again 0 0"
	works b "0 barrier_register again 0 0"
	for i in 1 2 3 4 5 6; do
		tell a "0 barrier_wait again"
		tell b "0 barrier_wait again"
		hear a
		[[ $reply == "0 - "* ]]
		hear b
		[[ $reply == "0 - "* ]]
	done
	# One alone is not let through by who was there before.
	works a "0 barrier_change again 6 1"
	refused a "0 barrier_wait again" ETIMEDOUT
	took_ms 900 6000
	works a "0 barrier_delete again"
	works b "0 barrier_delete again"
}
barrier_attributes_are_cmans() {
	client a 1
	client c 1
	works a "0 init"
	works c "0 init"
	refused a "0 barrier_wait none" ENOENT
	refused a "0 barrier_delete none" ENOENT
	refused a "0 barrier_change none 1 1" ENOENT
	refused a "0 barrier_register long:33 0 1" EINVAL
	refused a "0 barrier_register NULL 0 1" EINVAL
	refused a "0 barrier_register x 2 1" EINVAL
	refused a "0 barrier_register x 0 -1" EINVAL
	works a "0 barrier_register long:32 0 1"
	works c "0 barrier_wait long:32"
	works c "0 barrier_delete long:32"
	works a "0 barrier_register x 5 1"
	works a "0 barrier_register x 0 1"
	refused a "0 barrier_register x 0 2" EINVAL
	refused a "0 barrier_wait x" EINVAL
	refused a "0 barrier_change x 2 1" EINVAL
	refused a "0 barrier_change x 3 0" EINVAL
	works a "0 barrier_change x 3 1"
	works a "0 barrier_wait x"
	refused a "0 barrier_wait x" ENOENT
}
barrier_that_is_waited_at_stays_as_it_is() {
	both
	client c 1
	works c "0 init"
	works a "0 barrier_register held 0 2"
	works b "0 barrier_register held 0 2"
	tell a "0 barrier_wait held"
	await 5 is_held
	refused c "0 barrier_delete held" EINVAL
	works b "0 barrier_wait held"
	hear a
	works c "0 barrier_delete held"
}
is_held() { say c "0 barrier_change held 4 2" && [[ $reply == "-1 EINVAL "* ]]; }

# ---- what changes the cluster ----

votes_and_expected_votes_change() {
	client a 1
	works a "0 admin"
	refused a "0 set_votes 0 1" EINVAL
	refused a "0 set_votes 2 77" ENOENT
	refused a "0 set_expected 0" EINVAL
	refused a "0 set_expected 1" EINVAL
	refused a "0 set_votes 1 0" EINVAL # of 4 expected, 2 are here
	works a "0 set_votes 2 0"
	await 5 total_votes_are 1 3
	await 5 extra_says a "votes=2"
	refused a "0 set_expected 9" EINVAL
	works a "0 set_expected 3"
}
extra_says() { works "$1" "0 extra" && [[ $reply == *"$2"* ]]; }
fencing_is_on_record_since_the_last_down() {
	client a 1
	works a "0 admin"
	gives a "0 fenceinfo 2 x" "time=0 fenced=0 agent="
	refused a "0 fenceinfo 77 x" EINVAL
	refused a "0 fenceinfo 2 NULL" EINVAL
	refused a "0 fenced 77 1 x" EINVAL
	refused a "0 fenced 2 1 long:255" EINVAL
	refused a "0 fenced 2 1 NULL" EINVAL
	works a "0 fenced 2 1234 fence_rig"
	gives a "0 fenceinfo 2 x" "time=1234 fenced=1 agent=fence_rig"
	works a "0 fenceinfo 2 noagent"
}
dirty_and_debug_are_seen() {
	client a 1
	works a "0 admin"
	works a "0 extra"
	[[ $reply == *"flags=0 "* ]]
	works a "0 dirty"
	works a "0 extra"
	[[ $reply == *"flags=16 "* ]]
	works a "0 debuglog 2"
	node_exec 1 corosync-cmapctl -g logging.debug | grep -q 'on$'
	works a "0 debuglog 0"
	node_exec 1 corosync-cmapctl -g logging.debug | grep -q 'off$'
}
shutdown_asks_the_programs_of_the_node() {
	both
	client c 1
	works c "0 admin"
	works a "0 notify x"
	works a "0 answer 0"
	node_exec 1 corosync-cmapctl -s cfg.shutdown_timeout u32 700
	tell c "0 shutdown 0"
	await_event a 0 "event 0 TRY_SHUTDOWN 0"
	hear c
	[[ $reply == "-1 EBUSY "* ]]
	refused c "0 shutdown 0" EBUSY # nobody answers
	took_ms 600 4000
	works a "0 dispatch 1"
	set_cmap libcman.shutdown_timeout str 900 # as corosync.conf would say it
	refused c "0 shutdown 0" EBUSY
	took_ms 800 4200
	set_cmap libcman.shutdown_timeout str soon # no number: it stays
	refused c "0 shutdown 0" EBUSY
	took_ms 800 4200
}
set_cmap() { node_exec 1 corosync-cmapctl -s "$@"; }
cluster_id_is_the_configured_one_or_that_of_the_name() {
	client a 1
	works a "0 init"
	gives a "0 cluster" "rig $fnv_of_rig"
	set_cmap libcman.hash_cluster_id str no
	gives a "0 cluster" "rig $sum_of_rig"
	set_cmap libcman.cluster_id str 4711
	gives a "0 cluster" "rig 4711"
	set_cmap libcman.cluster_id str 65536 # too many bits
	gives a "0 cluster" "rig $sum_of_rig"
	set_cmap libcman.cluster_id u16 77
	gives a "0 cluster" "rig 77"
}
shutdown_that_is_asked_already_is_ealready() {
	client a 1
	client c 1
	client d 1
	works a "0 init"
	works a "0 notify x"
	works c "0 admin"
	works d "0 admin"
	tell c "0 shutdown 0"
	expect a "0 ready 5000" "1 -"
	refused d "0 shutdown 0" EALREADY
	works a "1 init"
	works a "1 notify x"
	works a "1 answer 0"
	await_event a 1 "event 1 TRY_SHUTDOWN 0"
	hear c
	[[ $reply == "-1 EBUSY "* ]]
}
kill_ends_corosync_on_the_other_node() {
	local since
	client a 1
	works a "0 admin"
	refused a "0 kill 0" EINVAL
	refused a "0 kill 77" EINVAL
	since=$(rig_now)
	works a "0 kill 2"
	await 10 service_ended corosync 2
	grep -q "we were killed by cman_tool" "$RIG_ST/n2/corosync.log"
	await 10 node_view_is 1 "0 1"
	refused a "0 kill 2" EINVAL
	refused a "0 set_votes 2 2" ENOTCONN
	refused a "0 is_listening 2 11" ENOTCONN
	gives a "0 fenceinfo 2 x" "time=1234 fenced=0 agent=fence_rig"
	works a "0 fenced 2 99 fence_rig"
	gives a "0 fenceinfo 2 x" "time=99 fenced=1 agent=fence_rig"
}
node_view_is() { [ "$(node_view "$1")" = "$2" ]; }
barrier_of_a_node_that_leaves_ends_with_esrch() {
	both
	works a "0 barrier_register left 0 3"
	tell a "0 barrier_wait left"
	await 5 barrier_is_held left
	service_signal corosync 2 KILL
	hear a
	[[ $reply == "3 - "* ]]
}
barrier_is_held() { works b "0 barrier_register $1 0 3" && node_exec 1 corosync-cpgtool -n | grep -q cman.barrier; }

rig_start 2 transport=udpu token=1000 v=3000 y=1000 fence=none
corosync_start 1 2
await 10 total_votes_are 1 2
for name in data_reaches_all_nodes_and_the_sender data_for_one_node_reaches_it_only \
	data_from_a_handle_without_a_port_comes_from_port_0 data_from_another_port_names_it \
	data_from_another_handle_of_the_process_arrives data_keeps_its_order_and_stays_while_ignored \
	data_of_1492_bytes_goes_and_one_more_does_not data_after_the_end_of_receiving_does_not_come \
	data_beyond_128_messages_stays_with_corosync \
	port_has_one_owner_on_a_node port_that_two_bind_at_once_goes_to_one port_that_is_bound_is_listened_to \
	port_events_come_to_who_is_bound_there \
	barrier_opens_when_both_nodes_are_there barrier_opens_again_and_again barrier_attributes_are_cmans \
	barrier_that_is_waited_at_stays_as_it_is \
	votes_and_expected_votes_change fencing_is_on_record_since_the_last_down dirty_and_debug_are_seen \
	cluster_id_is_the_configured_one_or_that_of_the_name \
	shutdown_asks_the_programs_of_the_node shutdown_that_is_asked_already_is_ealready \
	kill_ends_corosync_on_the_other_node; do
	scenario $name
done
corosync_start 2
await 10 total_votes_are 1 3
scenario barrier_of_a_node_that_leaves_ends_with_esrch
libcman_done
