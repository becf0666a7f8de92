#!/bin/sh
# qdisk-ping over a real veth pair between two network namespaces.
# shellcheck disable=SC2086,SC2317	# commands are kept as lists of words; cleanup is called by a trap
# shellcheck source=tests/heuristics/tap.inc
. "$(dirname "$0")/tap.inc"
need_root

ns=qdping$$ peer=qdpeer$$
cleanup() {
	ip netns del $ns 2>/dev/null
	ip netns del $peer 2>/dev/null
}
# No process is left in the namespace; fails after 2 s.
ns_is_empty() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ -n "$(ip netns pids $ns)" ] || return 0
		sleep 0.2
	done
	return 1
}

ip netns add $ns && ip netns add $peer || exit 1
ip -n $ns link add qa type veth peer name qb netns $peer
for address in 192.0.2.1/24 192.0.2.101/24 2001:db8::1/64; do
	case $address in *::*) nodad=nodad ;; *) nodad="" ;; esac
	ip -n $ns address add $address dev qa $nodad
done
for address in 192.0.2.2/24 192.0.2.3/24 2001:db8::2/64; do
	case $address in *::*) nodad=nodad ;; *) nodad="" ;; esac
	ip -n $peer address add $address dev qb $nodad
done
ip -n $ns link set lo up
ip -n $ns link set qa up
ip -n $peer link set qb up
# The peer swallows what goes to 198.51.100.0/24 and its answers to 192.0.2.101.
ip -n $ns route add 198.51.100.0/24 via 192.0.2.2
ip -n $peer route add blackhole 198.51.100.0/24
ip -n $peer route add blackhole 192.0.2.101/32

# IPv6 needs the link-local addresses too, which are not there at once.
tries=0
until ip netns exec $ns ping -q -c 1 -W 1 2001:db8::2 >"$dir/out" 2>&1; do
	tries=$((tries + 1))
	[ $tries -lt 50 ] || { echo "Bail out! no IPv6 between the namespaces" && exit 1; }
	sleep 0.2
done

# Names: one in both families that only IPv4 answers; any other name is asked
# of a name server in the black hole. The mounts are in a mount namespace of
# their own, made by ip netns exec.
hole=198.51.100.9
name=nobody$$.test
echo "192.0.2.2 both.test
2001:db8::dead both.test
127.0.0.1 localhost" >"$dir/hosts"
echo "nameserver 198.51.100.53" >"$dir/resolv.conf"
printf '#!/bin/sh\nmount --bind %s /etc/hosts && mount --bind %s /etc/resolv.conf && exec "$@"\n' \
	"$dir/hosts" "$dir/resolv.conf" >"$dir/with-names"
real="ip netns exec $ns $clean"
named="ip netns exec $ns sh $dir/with-names $clean"

check target_that_answers_is_up 0 '' $real qdisk-ping 192.0.2.2
took_between target_that_answers_is_up_at_once 0 700
check target_by_ipv6_is_up 0 '' $real qdisk-ping 2001:db8::2
check all_of_two_families_up_is_up 0 '' $real qdisk-ping -a 192.0.2.2 2001:db8::2
check name_by_ipv4_is_up 0 '' $named qdisk-ping -4 both.test
check name_by_ipv6_is_down 1 '*; no answer: both.test*' $named qdisk-ping -6 both.test
timeout 10 $real qdisk-ping 192.0.2.2 </dev/null >/dev/null 2>&1
verdict stdio_on_null_is_up $? "status not 0"
timeout 10 $real qdisk-ping 192.0.2.2 <&- >&- 2>&-
verdict stdio_closed_is_up $? "status not 0"
check parent_that_ignores_sigchld_is_up 0 '' env --ignore-signal=CHLD,PIPE $real qdisk-ping 192.0.2.2

check black_hole_is_down 1 "*: down: 0 of 1 targets answered, 1 needed within 1 s; no answer: $hole" \
	$real qdisk-ping $hole
took_between black_hole_keeps_default_deadline 900 1700
check black_hole_with_short_deadline_is_down 1 "*within 0.3 s*" $real qdisk-ping -w 0.3 $hole
took_between black_hole_keeps_short_deadline 250 1000
check address_that_nobody_has_is_down 1 '*; no answer: 192.0.2.99' $real qdisk-ping 192.0.2.99
check address_without_route_is_down 1 '*; no answer: 203.0.113.1; *unreachable*' $real qdisk-ping 203.0.113.1
took_between address_without_route_is_down_at_once 0 700

check any_with_one_silent_is_up 0 '' $real qdisk-ping -w 5 $hole 192.0.2.2
took_between any_with_one_silent_is_up_at_once 0 2000
ns_is_empty
verdict any_with_one_silent_leaves_no_ping $? "still in the namespace: $(ip netns pids $ns | tr "\n" " ")"
# Decided while the pings of the many are still being started: they must end too.
many=""
for _ in 1 2 3 4 5 6 7 8 9 10; do
	for _ in 1 2 3 4 5 6 7 8 9 10; do many="$many $hole $hole $hole"; done
done
check any_with_many_silent_is_up 0 '' $real qdisk-ping -w 60 192.0.2.2 $many
ns_is_empty
verdict any_with_many_silent_leaves_no_ping $? "still in the namespace: $(ip netns pids $ns | tr "\n" " ")"
check all_with_one_silent_is_down 1 "*1 of 2 targets answered, 2 needed*; no answer: $hole" \
	$real qdisk-ping -a $hole 192.0.2.2
check two_of_three_with_n_2_is_up 0 '' $real qdisk-ping -n 2 192.0.2.2 $hole 192.0.2.3
check one_of_three_with_n_2_is_down 1 '*1 of 3 targets answered, 2 needed*; no answer: 192.0.2.98 192.0.2.99' \
	$real qdisk-ping -n2 192.0.2.98 192.0.2.2 192.0.2.99

check three_answers_wanted_is_up 0 '' $real qdisk-ping -c 3 192.0.2.2
took_between three_answers_wanted_takes_three_pings 380 990
check more_answers_than_time_is_down 1 '*; no answer: 192.0.2.2' $real qdisk-ping -c 50 192.0.2.2

check source_address_that_is_answered_is_up 0 '' $real qdisk-ping -I 192.0.2.1 192.0.2.2
check source_address_that_is_not_answered_is_down 1 '*; no answer: 192.0.2.2' $real qdisk-ping -I 192.0.2.101 192.0.2.2
check source_interface_is_up 0 '' $real qdisk-ping -I qa 192.0.2.2
check source_interface_that_is_another_is_down 1 '*; no answer: 192.0.2.2*' $real qdisk-ping -I lo 192.0.2.2
check source_interface_missing_is_down 1 '*; no answer: 192.0.2.2; ping: *nosuch0*' $real qdisk-ping -I nosuch0 192.0.2.2

check resolver_that_hangs_is_down 1 "*; no answer: $name" $named qdisk-ping $name
took_between resolver_that_hangs_keeps_deadline 900 1700
ns_is_empty
verdict resolver_that_hangs_leaves_no_ping $? "still in the namespace: $(ip netns pids $ns | tr "\n" " ")"
check resolver_that_hangs_beside_a_target_up_is_up 0 '' $named qdisk-ping $name 192.0.2.2
ip -n $ns link set qa down
check interface_down_is_down 1 '*; no answer: 192.0.2.2; *' $real qdisk-ping 192.0.2.2

check no_target_is_refused 2 '*: no target given, at least one *' $clean qdisk-ping
check option_unknown_is_refused 2 "*: unknown option '-z', accepted are -4 *" $clean qdisk-ping -z ::1
check option_without_value_is_refused 2 '*: option -w needs a value*' $clean qdisk-ping -w
check number_zero_is_refused 2 "*: option -n: '0' is no number from 1 to 999*" $clean qdisk-ping -n 0 ::1
check count_not_a_number_is_refused 2 "*: option -c: '1x' is no number from 1 to 999*" $clean qdisk-ping -c 1x ::1
check number_above_targets_is_refused 2 '*: option -n: 2 of 1 targets can never answer, at most 1 *' \
	$clean qdisk-ping -n 2 ::1
for seconds in '' 0 0.0 0.05 .5 1. 1.2.3 1e9 -1 61 60.5 100 x; do
	check "deadline_'${seconds}'_is_refused" 2 "*: option -w: '$seconds' is no time from 0.1 to 60 seconds*" \
		$clean qdisk-ping -w "$seconds" ::1
done
check source_empty_is_refused 2 "*: option -I: '' is no address or interface*" $clean qdisk-ping -I '' ::1
check target_empty_is_refused 2 "*: '' is no host name or address*" $clean qdisk-ping ::1 ''
check target_with_blank_is_refused 2 "*: '::1 ::2' is no host name or address*" $clean qdisk-ping '::1 ::2'
check_help qdisk-ping
finish
