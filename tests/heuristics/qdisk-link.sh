#!/bin/sh
# qdisk-link against real veth interfaces and a recorded tree of bonds and InfiniBand.
# shellcheck disable=SC2086,SC2317	# commands are kept as lists of words; cleanup is called by a trap
# shellcheck source=tests/heuristics/tap.inc
. "$(dirname "$0")/tap.inc"
need_root

ns=qdlink$$
cleanup() { ip netns del $ns 2>/dev/null; }
ip netns add $ns || exit 1
ip -n $ns link add qa type veth peer name qb
ip -n $ns link add qc type veth peer name qd
for i in qa qb qc; do ip -n $ns link set $i up; done
real="ip netns exec $ns $clean"

# qa and qb have carrier; qc is up without carrier, qd is down.
check veth_with_carrier_is_up 0 '' $real qdisk-link qa
check veth_peer_down_is_down 1 '*0 of 1 links up, 1 needed; qc: no carrier' $real qdisk-link qc
check interface_administratively_down_is_down 1 '*; qd: no carrier' $real qdisk-link qd
check interface_missing_is_down 1 '*; nosuch0: no such interface' $real qdisk-link nosuch0
check any_of_two_with_one_up_is_up 0 '' $real qdisk-link qc qa
check any_of_two_with_none_up_is_down 1 '*0 of 2 links up*; qc: *; qd: *' $real qdisk-link qc qd
check all_of_two_with_both_up_is_up 0 '' $real qdisk-link -a qa qb
check all_of_two_with_one_up_is_down 1 '*1 of 2 links up, 2 needed; qc: no carrier' $real qdisk-link -a qa qc
check two_of_three_up_with_n_2_is_up 0 '' $real qdisk-link -n 2 qa qc qb
check one_of_three_up_with_n_2_is_down 1 '*1 of 3 links up, 2 needed*' $real qdisk-link -n2 qa qc qd
ip -n $ns link set qb down
check veth_that_loses_carrier_goes_down 1 '*; qa: no carrier' $real qdisk-link qa
ip -n $ns link set qb up
check slaves_asked_of_plain_interface_is_down 1 '*; qa: is no bond, *' $real qdisk-link -s 1 qa
timeout 10 $real qdisk-link qa </dev/null >/dev/null 2>&1
verdict stdio_on_null_is_up $? "status not 0"

recorded="$clean qdisk-link --sysfs $dir/sysfs"
net=$dir/sysfs/class/net
sysfs_from links.tree
check bond_whole_is_up 0 '' $recorded bond0
check bond_with_two_slaves_of_two_is_up 0 '' $recorded -s 2 bond0
check bond_with_two_slaves_of_three_asked_is_down 1 '*; bond0: 2 of 2 slaves up, 3 needed' $recorded -s 3 bond0
check bond_without_active_slave_by_mode_is_up 0 '' $recorded bond1
check port_active_is_up 0 '' $recorded mlx5_0/1
check port_down_is_down 1 "*; mlx5_0/2: port state '1: DOWN'" $recorded mlx5_0/2
check port_missing_is_down 1 '*; mlx5_0/3: no such InfiniBand port' $recorded mlx5_0/3
check card_missing_is_down 1 '*; mlx5_9/1: no such InfiniBand port' $recorded mlx5_9/1
check mixed_links_all_up_is_up 0 '' $recorded -a bond0 eth4 mlx5_0/1
check sysfs_with_equals_sign_is_taken 0 '' $clean qdisk-link --sysfs=$dir/sysfs eth4

echo "2: INIT" >"$dir/sysfs/class/infiniband/mlx5_0/ports/1/state"
check port_initialising_is_down 1 "*port state '2: INIT'" $recorded mlx5_0/1
echo 0 >"$net/eth4/carrier"
check recorded_carrier_0_is_down 1 '*; eth4: no carrier' $recorded eth4

echo down >"$net/eth1/bonding_slave/mii_status"
check bond_with_backup_slave_down_is_up 0 '' $recorded bond0
check bond_with_fewer_slaves_than_asked_is_down 1 '*; bond0: 1 of 2 slaves up, 2 needed' $recorded -s 2 bond0
echo >"$net/bond0/bonding/active_slave"
check bond_without_active_slave_is_down 1 '*; bond0: no active slave' $recorded bond0
echo eth1 >"$net/bond0/bonding/active_slave"
check bond_with_active_slave_down_is_down 1 '*; bond0: active slave eth1 is down' $recorded bond0
echo down >"$net/eth0/bonding_slave/mii_status"
check bond_with_all_slaves_down_is_down 1 '*; bond0: 0 of 2 slaves up, 1 needed' $recorded bond0
rm "$net"/bond1/lower_eth[23]
check bond_without_slaves_is_down 1 '*; bond1: 0 of 0 slaves up, 1 needed' $recorded bond1
sysfs_from links.tree
echo 0 >"$net/bond0/carrier"
check bond_without_carrier_is_down 1 '*; bond0: no carrier' $recorded bond0

check no_link_is_refused 2 '*: no link given, at least one *' $clean qdisk-link
check option_unknown_is_refused 2 "*: unknown option '-z', accepted are -a *" $clean qdisk-link -z eth0
check option_long_unknown_is_refused 2 "*: unknown option '--sys', accepted are *" $clean qdisk-link --sys eth0
check option_without_value_is_refused 2 '*: option -n needs a value*' $clean qdisk-link -n
check number_zero_is_refused 2 "*: option -n: '0' is no number from 1 to 999*" $clean qdisk-link -n 0 lo
check number_of_slaves_not_a_number_is_refused 2 "*: option -s: 'x' is no number*" $clean qdisk-link -s x lo
check number_above_links_is_refused 2 '*: option -n: 2 of 1 links can never be up, at most 1*' $clean qdisk-link -n 2 lo
check sysfs_missing_is_refused 2 "*: option --sysfs: '/nosuch' is no sysfs tree*" $clean qdisk-link --sysfs /nosuch lo
check link_with_two_slashes_is_refused 2 "*: 'a/b/c' is no interface *" $clean qdisk-link a/b/c
check link_empty_is_refused 2 "*: '' is no interface *" $clean qdisk-link ''
check link_that_climbs_is_refused 2 "*: '../x' is no interface *" $clean qdisk-link ../x
check_help qdisk-link
finish
