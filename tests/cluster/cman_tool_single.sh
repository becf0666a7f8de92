#!/bin/sh
# libcman and `cman_tool status`, `cman_tool nodes` on a real corosync.
#
#	tests/cluster/cman_tool_single.sh
#
# Runs one corosync in name spaces of its own (network, processes, host name,
# /dev/shm, /run, /var, /etc/corosync); the host sees nothing of it, and all
# of it dies with the first process. Needs root. Takes a few seconds.
#
# libcman and its clients are built from the tree, cman_tool is that of build/, unless
# these name them:
#   CMAN_TOOL CMAN_TOOL_PROBE CMAN_TOOL_QDEV   programs
#   LIBCMAN_DIR                                where libcman.so.3 is
set -u

tree=$(cd "$(dirname "$0")/../.." && pwd)
self=$tree/tests/cluster/cman_tool_single.sh
limit=150	# seconds for everything

skip()
{
	echo "1..0 # SKIP $*"
	exit 0
}

build()	# what the environment does not name
{
	cc=${CC:-cc}
	flags="-std=gnu11 -O2 -g -D_GNU_SOURCE -I$tree/include ${CFLAGS:-}"
	libs="-lcmap -lvotequorum -lquorum -lcfg -lcpg -lpthread"
	if [ -z "${LIBCMAN_DIR:-}" ]; then
		LIBCMAN_DIR=$work
		# shellcheck disable=SC2086	# lists of words
		$cc $flags -fPIC -fvisibility=hidden -shared -Wl,-soname,libcman.so.3 \
			-o "$work/libcman.so.3" "$tree"/cman-shim/libcman*.c $libs || return 1
	fi
	lib=$LIBCMAN_DIR/libcman.so.3
	CMAN_TOOL=${CMAN_TOOL:-$tree/build/cman_tool}
	[ -x "$CMAN_TOOL" ] || return 1
	if [ -z "${CMAN_TOOL_PROBE:-}" ]; then
		CMAN_TOOL_PROBE=$work/cman_tool_probe
		# shellcheck disable=SC2086
		$cc $flags -o "$CMAN_TOOL_PROBE" "$tree/tests/cluster/cman_tool_probe.c" \
			"$lib" || return 1
	fi
	if [ -z "${CMAN_TOOL_QDEV:-}" ]; then
		CMAN_TOOL_QDEV=$work/cman_tool_qdev
		# shellcheck disable=SC2086
		$cc $flags -o "$CMAN_TOOL_QDEV" "$tree/tests/cluster/cman_tool_qdev.c" \
			-lvotequorum || return 1
	fi
}

# ---- a second node: its own name spaces, inside the first one's ----

case ${1:-} in
inside | peer)
	# What follows mounts over /run and /var: never outside of a name space.
	[ $$ = 1 ] || { echo "cman_tool_single.sh: $1 is not for you" >&2; exit 2; }
esac

if [ "${1:-}" = peer ]; then
	set -e
	mount --make-rprivate /
	for dir in /run /var /dev/shm /etc/corosync; do
		mount -t tmpfs -o mode=755 none $dir
	done
	mkdir -p /var/lib/corosync /var/log
	ln -s /run /var/run
	hostname n2.example.com
	ip link set lo up
	tries=100	# 10 s each for the cable and the configuration
	until [ -e "$work/peer.conf" ] && ip link show eth0 >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ]
		sleep 0.1
	done
	ip address add 192.0.2.2/24 dev eth0
	ip link set eth0 up
	cp "$work/peer.conf" /etc/corosync/corosync.conf
	corosync -f &
	until [ -e "$work/peer.stop" ]; do
		sleep 0.1
	done
	kill -9 $!
	exec sleep $limit	# its end of the cable stays
fi

# ---- outside: build, enter the name spaces, clean up ----

if [ "${1:-}" != inside ]; then
	[ "$(id -u)" = 0 ] || skip "needs root"
	command -v corosync >/dev/null || skip "needs corosync"
	unshare --net --mount --uts --ipc --pid --fork true 2>/dev/null ||
		skip "needs name spaces"
	work=$(mktemp -d "${TMPDIR:-/tmp}/cman_tool_single.XXXXXX") || exit 1
	chmod 755 "$work"	# one test runs as nobody
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' INT TERM HUP
	build || { echo "Bail out! cannot build"; exit 1; }
	# copies that nobody may run too: the tree may lie in root's home
	LIBCMAN_DIR=$work/bin
	mkdir -p "$LIBCMAN_DIR"
	cp -L "$lib" "$CMAN_TOOL" "$CMAN_TOOL_PROBE" "$CMAN_TOOL_QDEV" "$LIBCMAN_DIR" || exit 1
	chmod 755 "$LIBCMAN_DIR" "$LIBCMAN_DIR"/*
	CMAN_TOOL=$LIBCMAN_DIR/${CMAN_TOOL##*/} CMAN_TOOL_QDEV=$LIBCMAN_DIR/${CMAN_TOOL_QDEV##*/}
	CMAN_TOOL_PROBE=$LIBCMAN_DIR/${CMAN_TOOL_PROBE##*/}
	export CMAN_TOOL CMAN_TOOL_PROBE CMAN_TOOL_QDEV LIBCMAN_DIR work
	export QDISK_REBOOT=deny LC_ALL=C TZ=UTC
	timeout --kill-after=5 $limit unshare --net --mount --uts --ipc --pid --fork \
		--kill-child --mount-proc "$self" inside
	exit $?
fi

# ---- inside ----

count=0
failed=0

ok()	# NAME
{
	count=$((count + 1))
	echo "ok $count - $1"
}

not_ok()	# NAME TEXT...
{
	count=$((count + 1))
	failed=1
	echo "not ok $count - $1"
	shift
	printf '%s\n' "$@" | sed 's/^/# /'
}

# Compare to the last blank.
same()	# NAME GOT WANT
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "got:" "$2" "want:" "$3"
	fi
}

# Run cman_tool under its plain name; `code`, `out` and `err` are set. A dot
# keeps trailing newlines.
tool()
{
	timeout 20 cman_tool "$@" > "$work/out" 2> "$work/err"
	code=$?
	out=$(cat "$work/out"; echo .)
	err=$(cat "$work/err"; echo .)
}

# Number the checks of the probe.
probe()	# WHAT [PREFIX...]
{
	what=$1
	shift
	timeout 60 "$@" "$CMAN_TOOL_PROBE" "$what" > "$work/probe"
	code=$?
	take_probe "$what"
}

take_probe()	# WHAT
{
	while read -r word name; do
		case $word in
		ok) ok "libcman_$name" ;;
		not) not_ok "libcman_${name#ok }" ;;
		esac
	done < "$work/probe"
	same "libcman_probe_${1}_ends_well" "$code" 0
}

# Wait until a command succeeds.
until_true()	# SECONDS COMMAND...
{
	tries=$(($1 * 10))
	shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { echo "# timed out: $*"; return 1; }
		sleep 0.1
	done
}

# shellcheck disable=SC2317	# until_true calls it
joined()
{
	corosync-cmapctl -g runtime.members.1.status | grep -q joined
}

# shellcheck disable=SC2317	# until_true calls it
peer_is()	# joined or left
{
	corosync-cmapctl -g runtime.members.2.status | grep -q "$1"
}

# shellcheck disable=SC2317	# until_true calls it
members_are()	# COUNT, as votequorum sees it
{
	timeout 5 corosync-quorumtool -s 2>/dev/null | grep -q "^Total votes: *$1$"
}

# shellcheck disable=SC2317	# until_true calls it
device_shows()	# WORD: A,V or A,NV or NR
{
	timeout 5 corosync-quorumtool -s > "$work/quorum" 2>/dev/null
	grep -q "^ *1 .* $1" "$work/quorum"
}

bail()
{
	echo "Bail out! $*"
	tail -n 15 /var/log/corosync.log /var/log/peer.out 2>&1 | sed "s/^/# /"
	exit 1
}

start_corosync()
{
	corosync -f > /var/log/corosync.out 2>&1 &
	corosync=$!
	until_true 20 joined || bail "corosync does not start"
}

stop_corosync()
{
	kill -9 "$corosync"
	wait "$corosync" 2>/dev/null
	rm -rf /dev/shm/* /var/lib/corosync/*
}

# shellcheck disable=SC2317	# until_true calls it
nodelist_has_one()
{
	! corosync-cmapctl -g nodelist.node.1.nodeid
}

# Start the second node and plug the cable in; it waits for its configuration.
start_peer()
{
	unshare --net --mount --uts --ipc --pid --fork --kill-child --mount-proc \
		"$self" peer > /var/log/peer.out 2>&1 &
	peer=$!
	until_true 10 peer_has_network || bail "no second name space"
	ip address flush dev lo to 192.0.2.1
	ip link add eth0 type veth peer name eth0 netns $peer
	ip address add 192.0.2.1/24 dev eth0
	ip link set eth0 up
}

# shellcheck disable=SC2317	# until_true calls it
peer_has_network()
{
	[ "$(readlink "/proc/$peer/ns/net")" != "$(readlink /proc/$$/ns/net)" ]
}

stop_peer()
{
	: > "$work/peer.stop"
}

# Node 1 is this one and has 1 vote; node 2 never comes.
configure()	# TOTEM_LINES QUORUM_LINES LINKS VOTES_OF_NODE_2
{
	second=
	[ "$3" = 1 ] || second="ring1_addr: 198.51.100"
	cat > /etc/corosync/corosync.conf <<-END
	totem {
	version: 2
	cluster_name: cluster66
	config_version: 23
	token: 1000
	$1
	}
	logging {
	to_stderr: no
	to_syslog: no
	to_logfile: yes
	logfile: /var/log/corosync.log
	}
	quorum {
	$2
	}
	nodelist {
	node {
	nodeid: 1
	name: n1.example.com
	ring0_addr: 192.0.2.1
	${second:+$second.1}
	}
	node {
	nodeid: 2
	name: n2.example.com
	quorum_votes: $4
	ring0_addr: 192.0.2.2
	${second:+$second.2}
	}
	}
	END
}

knet="transport: knet
crypto_cipher: none
crypto_hash: none"
device="provider: corosync_votequorum
expected_votes: 5
device {
model: qdisk
votes: 2
timeout: 5000
sync_timeout: 7000
}"

# Blank the ring sequence, which corosync chooses: "Generation: N" and the
# column Inc of members.
masked()
{
	sed -E 's/^(Cluster Generation: )[1-9][0-9]*$/\1N/
		s/^( +[1-9]+   M  )( +[1-9][0-9]*)(   )/\1    N\3/' "$work/out"
	echo .
}

set -e
mount --make-rprivate /
for dir in /run /var /dev/shm /etc/corosync; do
	mount -t tmpfs -o mode=755 none $dir
done
mkdir -p /var/lib/corosync /var/log
ln -s /run /var/run
printf '127.0.0.1 localhost\n192.0.2.1 n1.example.com n1\n192.0.2.2 n2.example.com\n' \
	> /run/hosts
mount --bind /run/hosts /etc/hosts
hostname n1.example.com
ip link set lo up
ip address add 192.0.2.1/32 dev lo
ip address add 198.51.100.1/32 dev lo
mkdir /run/bin
ln -s "$CMAN_TOOL" /run/bin/cman_tool
set +e
PATH=/run/bin:$PATH
[ -z "${LIBCMAN_DIR:-}" ] || export LD_LIBRARY_PATH="$LIBCMAN_DIR"

# -- no corosync --

not_running="cman_tool: Cannot open connection to cman, is it running ?
."
tool status
same status_without_corosync_says_cannot_open "$err" "$not_running"
same status_without_corosync_exits_1 "$code" 1
same status_without_corosync_prints_nothing "$out" .
tool nodes -F id,type,votes,name
same nodes_without_corosync_says_cannot_open "$err" "$not_running"
same nodes_without_corosync_exits_1 "$code" 1

cman_tool status > /dev/null 2> "$work/err"
same parser_pcs_knows_a_node_that_is_off "$(sed 's/^[^:]*: *//; s/ *$//' "$work/err")" \
	"Cannot open connection to cman, is it running ?"

# -- not quorate, no device --

configure "$knet" "$device" 2 2
start_corosync
tool status
same status_not_quorate_is_byte_exact "$(masked)" "Version: 6.2.0
Config Version: 23
Cluster Name: cluster66
Cluster Id: 22265
Cluster Member: Yes
Cluster Generation: N
Membership state: Cluster-Member
Nodes: 1
Expected votes: 5
Total votes: 1
Node votes: 1
Quorum: 3 Activity blocked
Active subsystems: 1
Flags: 
Ports Bound: 0  
Node name: n1.example.com
Node ID: 1
Multicast addresses: 
Node addresses: 192.0.2.1 198.51.100.1 
."
same status_exits_0 "$code" 0
same status_says_nothing_on_stderr "$err" .
tool nodes
same nodes_without_device_is_byte_exact "$(masked)" "Node  Sts   Inc   Joined               Name
   1   M      N                        n1.example.com
   2   X      0                        n2.example.com
."
probe nodevice

# -- a device that casts --

mkfifo /run/commands
"$CMAN_TOOL_QDEV" /dev/mapper/qdisk < /run/commands &
qdev=$!
exec 3> /run/commands
until_true 15 device_shows A,V || bail "the device does not vote"
tool status
same status_with_device_is_byte_exact "$(masked)" "Version: 6.2.0
Config Version: 23
Cluster Name: cluster66
Cluster Id: 22265
Cluster Member: Yes
Cluster Generation: N
Membership state: Cluster-Member
Nodes: 1
Expected votes: 5
Quorum device votes: 2
Total votes: 3
Node votes: 1
Quorum: 3  
Active subsystems: 1
Flags: 
Ports Bound: 0  
Node name: n1.example.com
Node ID: 1
Multicast addresses: 
Node addresses: 192.0.2.1 198.51.100.1 
."
ring=$(sed -n 's/^Ring ID: *[0-9a-f]*\.//p' "$work/quorum")
same status_generation_is_the_ring_sequence \
	"$(sed -n 's/^Cluster Generation: //p' "$work/out")" "$(printf %d "0x$ring")"
tool nodes
same nodes_with_device_is_byte_exact "$(masked)" "Node  Sts   Inc   Joined               Name
   0   M      0                        /dev/mapper/qdisk
   1   M      N                        n1.example.com
   2   X      0                        n2.example.com
."
same nodes_incarnation_is_the_ring_sequence \
	"$(awk '$1 == 1 { print $3 }' "$work/out")" "$(printf %d "0x$ring")"
tool nodes -a
same nodes_with_addresses_is_byte_exact "$(masked)" "Node  Sts   Inc   Joined               Name
   0   M      0                        /dev/mapper/qdisk
   1   M      N                        n1.example.com
       Addresses: 192.0.2.1 198.51.100.1 
   2   X      0                        n2.example.com
."
tool nodes -F id,type,votes,name
same nodes_columns_of_pcs_are_byte_exact "$out" "0 M 2 /dev/mapper/qdisk 
1 M 1 n1.example.com 
2 X 2 n2.example.com 
."
tool -F addr,exp,state,nonsense nodes
same nodes_other_columns_are_byte_exact "$out" " 5 Member 
192.0.2.1,198.51.100.1 5 Member 
 5 Dead 
."
tool nodes -F type,name -n n2.example.com -n n1.example.com
same nodes_by_two_names_keeps_the_order_of_ids "$out" "M n1.example.com 
X n2.example.com 
."
tool nodes -n n1.example.com -F id
same nodes_by_name_is_one_row "$out" "1 
."
tool nodes -n n1 -F type
same nodes_by_unknown_name_is_empty_and_exits_0 "$code $out" "0 ."
tool nodes -n n1
same nodes_by_unknown_name_keeps_the_header "$out" "Node  Sts   Inc   Joined               Name
."
timeout 20 cman_tool status > /dev/full 2> "$work/err"
same status_to_a_full_disk_exits_1 $? 1

probe api
probe stranger setpriv --reuid 65534 --regid 65534 --clear-groups
timeout 20 setpriv --reuid 65534 --regid 65534 --clear-groups cman_tool status \
	> "$work/out" 2> "$work/err"
same status_by_a_stranger_is_denied "$? $(cat "$work/err")" \
	"1 cman_tool: Cannot open connection to cman, permission denied."

# -- parsers in the field, word for word --

cman_tool status | grep -q 'Quorum device'
same parser_service_script_finds_the_device $? 0
same parser_rgmanager_finds_the_node_name \
	"$(cman_tool status | grep -i 'Node name: n1.example.com' | awk '{print $3}')" \
	n1.example.com
same parser_fence_scsi_finds_the_cluster_id \
	"$(cman_tool status | sed -nE 's/^cluster[[:space:]]+id[: ]+//Ip')" 22265
same parser_proxmox_cuts_the_address \
	"$(cman_tool nodes -a | grep Addresses | cut -d: -f2 | cut -d' ' -f2)" 192.0.2.1
same parser_rhcs_fence_lists_the_nodes \
	"$(cman_tool nodes | awk '!/^Node/ && $1 != 0 { print $1, $NF }' | tr '\n' ' ')" \
	'1 n1.example.com 2 n2.example.com '
same parser_rhcs_fence_finds_its_own_id \
	"$(cman_tool status | awk '/^Node ID:/ { print $3 }')" 1
same parser_hp_oat_takes_state_and_name \
	"$(cman_tool nodes | awk '$2 ~ /^[MXd]$/ { print $2, $NF }' | tr '\n' ' ')" \
	'M /dev/mapper/qdisk M n1.example.com X n2.example.com '
same parser_preupgrade_takes_the_cluster_name \
	"$(cman_tool status | awk '/^Cluster Name:/ { print $3 }')" cluster66
same parser_pcs_takes_the_quorum \
	"$(cman_tool status | awk -F: '$1 == "Quorum" { print $2 + 0, /Activity blocked/ }')" \
	'3 0'
same parser_pcs_takes_the_columns "$(cman_tool nodes -F id,type,votes,name | awk \
	'NF != 4 || $2 !~ /^[MXd]$/ || $3 !~ /^[0-9]+$/ { bad = 1 } { sum += $3 } END { print bad + 0, sum }')" '0 5'
same parser_pcs_takes_the_active_nodes \
	"$(cman_tool nodes -F type,name | sed -nE 's/^(.)[[:space:]]+([^[:space:]]+)[[:space:]]*$/\1:\2/p' | tr '\n' ' ')" \
	'M:/dev/mapper/qdisk M:n1.example.com X:n2.example.com '
same parser_fence_scsi_finds_the_id_of_a_name "$(cman_tool nodes -n n1.example.com -F id | tr -d '[:space:]')" 1
same parser_collectd_takes_the_first_character \
	"$(cman_tool nodes -n n1.example.com -F type | cut -c 1)$(cman_tool nodes -n nobody -F type | cut -c 1)" M
same parser_comoonics_takes_version_and_name \
	"$(cman_tool status | awk '/^Config Version/ { print substr($0, 16) + 0 } /^Node name/ { print $3 }' | tr '\n' ' ')" \
	'23 n1.example.com '
same parser_ricci_takes_quorum_and_votes \
	"$(cman_tool status | sed -nE 's/^(Quorum|Total votes): ([0-9]+).*/\2/p' | tr '\n' ' ')" '3 3 '
same parser_check_mk_splits_keys_and_values "$(cman_tool status | awk -F ': ' '
	{ v[tolower($1)] = $2 }
	END { print v["cluster name"], v["nodes"], v["expected votes"], v["total votes"], v["quorum"] ~ /blocked/ }')" \
	'cluster66 1 5 3 0'
same parser_supporters_see_the_disk_as_node_0 "$(cman_tool nodes | awk '$1 == "0" { print $2, $NF }')" \
	'M /dev/mapper/qdisk'
same parser_of_the_version_takes_two_numbers \
	"$(cman_tool version | sed -nE 's/^([0-9]+\.[0-9]+\.[0-9]+) config ([0-9]+)$/\1 \2/p')" '6.2.0 23'

# -- the vote withdrawn, the device gone --

printf 0 >&3
until_true 15 device_shows A,NV || bail "the device does not withdraw"
tool status
same status_with_vote_withdrawn_has_no_device_line \
	"$(sed -n '/^Expected/,/^Quorum/p' "$work/out"; echo .)" "Expected votes: 5
Total votes: 1
Node votes: 1
Quorum: 3 Activity blocked
."
tool nodes -F id,type,votes,state,name
same nodes_with_vote_withdrawn_shows_the_device_as_dead "$out" "0 X 2 Dead /dev/mapper/qdisk 
1 M 1 Member n1.example.com 
2 X 2 Dead n2.example.com 
."
printf u >&3
wait $qdev
exec 3>&-
tool nodes -F id
same nodes_after_unregistering_has_no_device "$out" "1 
2 
."

# -- corosync dies under an open handle --

mkfifo /run/go
timeout 60 "$CMAN_TOOL_PROBE" death < /run/go > "$work/probe" &
pid=$!
exec 3> /run/go
until_true 15 grep -q ready "$work/probe" || bail "the probe does not start"
stop_corosync
echo go >&3
wait $pid
code=$?
exec 3>&-
take_probe death
tool status
same status_after_corosync_died_says_cannot_open "$code $err" "1 $not_running"

# -- two nodes, multicast --

configure "transport: udp" "provider: corosync_votequorum
two_node: 1
wait_for_all: 0" 1 1
start_corosync
tool status
same status_of_two_node_mode_on_udp_is_byte_exact "$(masked)" "Version: 6.2.0
Config Version: 23
Cluster Name: cluster66
Cluster Id: 22265
Cluster Member: Yes
Cluster Generation: N
Membership state: Cluster-Member
Nodes: 1
Expected votes: 2
Total votes: 1
Node votes: 1
Quorum: 1  
Active subsystems: 1
Flags: 2node 
Ports Bound: 0  
Node name: n1.example.com
Node ID: 1
Multicast addresses: 239.192.209.68 
Node addresses: 192.0.2.1 
."
stop_corosync

start_corosync
cman_tool status | grep Flags | grep -q 2node
same parser_service_script_finds_two_node_mode $? 0
stop_corosync

# -- corosync without votequorum --

configure "$knet" "" 1 1
start_corosync
tool status
same status_without_votequorum_says_what_is_missing "$code $err" \
	"1 cman_tool: Cannot open connection to cman, is it running ?
cman_tool: corosync runs without votequorum; its configuration needs \
\"provider: corosync_votequorum\" in the quorum section
."
stop_corosync

# -- a second node, which is then taken out of the configuration --

start_peer
configure "transport: udp" "provider: corosync_votequorum
expected_votes: 3" 1 2
cp /etc/corosync/corosync.conf "$work/peer.conf"
start_corosync
until_true 20 peer_is joined || bail "the second node does not join"
until_true 20 members_are 3 || bail "the second node does not vote"
tool nodes -F id,type,votes,state,name,addr
same nodes_of_two_members_shows_both "$out" "1 M 1 Member n1.example.com 192.0.2.1 
2 M 2 Member n2.example.com 192.0.2.2 
."
tool status
same status_of_two_members_counts_both \
	"$(sed -n '/^Nodes/,/^Quorum/p' "$work/out"; echo .)" "Nodes: 2
Expected votes: 3
Total votes: 3
Node votes: 1
Quorum: 2  
."
# corosync goes on with a member that its own nodelist no longer has.
awk '/^node \{/ { n++ } n != 2 { print } n == 2 && /^}/ { n = 3 }' \
	"$work/peer.conf" > /etc/corosync/corosync.conf
corosync-cfgtool -R >/dev/null || bail "cannot reload"
until_true 10 nodelist_has_one || bail "the second node is still configured"
tool nodes -F id,type,votes,state,name
same nodes_not_configured_shows_the_name_of_its_address "$code $err$out" \
	"0 .1 M 1 Member n1.example.com 
2 M 2 Member n2.example.com 
."
tool nodes -n Node2 -F name,addr
same nodes_not_configured_is_found_by_its_given_name "$out" "n2.example.com 192.0.2.2 
."
printf '127.0.0.1 localhost\n' > /etc/hosts
tool nodes
same nodes_not_configured_without_host_name_is_node_and_id "$(masked)" \
	"Node  Sts   Inc   Joined               Name
   1   M      N                        n1.example.com
   2   M      N                        Node2
."
# Without it in the nodelist corosync would not get over its death.
cp "$work/peer.conf" /etc/corosync/corosync.conf
corosync-cfgtool -R >/dev/null || bail "cannot reload"
until_true 10 corosync-cmapctl -g nodelist.node.1.nodeid || bail "not configured again"
stop_peer
until_true 20 peer_is left || bail "the second node does not leave"
until_true 20 members_are 1 || bail "the second node's vote does not go"
tool nodes -F id,type,votes,state,name,addr
same nodes_of_a_node_that_died_shows_it_as_dead "$out" \
	"1 M 1 Member n1.example.com 192.0.2.1 
2 X 2 Dead n2.example.com  
."
stop_corosync

echo "1..$count"
exit $failed
