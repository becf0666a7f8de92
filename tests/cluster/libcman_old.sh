#!/bin/bash
# Programs that were written for cman from its documentation alone, built as they were (with
# the compiler of then, and as C++, through pkg-config) and run beside corosync 3.

# shellcheck source=tests/cluster/libcman.inc
. "$(dirname "$0")/libcman.inc"
sources=$(cd "$(dirname "$0")/../.." && pwd)
libcman_enter "$@"

programs="old_notifier.c old_device.c old_talker.c"
says() { grep -qx -- "$2" "$RIG_ST/$1.said"; }

# packaged: as an installation would tell it, of what lies in the build.
packaged() {
	sed "s|@prefix@|/usr|; s|@libdir@|$RIG_BUILD|; s|@includedir@|$sources/include|; s|@VERSION@|0|" \
		"$sources/cman-shim/libcman.pc.in" > "$RIG_BUILD/libcman.pc"
	ln -sf libcman.so.3 "$RIG_BUILD/libcman.so"
}
# build SUFFIX COMPILER OPTION...
build() {
	local suffix=$1 program
	shift
	for program in $programs; do
		# shellcheck disable=SC2046	# lists of words
		"$@" -Wall -Wextra -pedantic -Werror -o "$RIG_BUILD/${program%.c}$suffix" \
			$(PKG_CONFIG_LIBDIR=$RIG_BUILD pkg-config --cflags libcman) \
			"$sources/tests/cluster/$program" \
			$(PKG_CONFIG_LIBDIR=$RIG_BUILD pkg-config --libs libcman) || return
	done
}

# old NAME NODE PROGRAM ARGUMENT...: runs there, in the background; what it says is in NAME.said.
old() {
	local name=$1 node=$2
	shift 2
	# shellcheck disable=SC2086	# a list of words
	node_exec "$node" env LD_LIBRARY_PATH="$RIG_BUILD" ${LIBCMAN_UNDER:-} "$RIG_BUILD/$1" "${@:2}" \
		> "$RIG_ST/$name.said" 2>&1
}
# a_member NODE: its corosync runs, and the other's, too.
whole() {
	local n
	for n in 1 2; do service_pid corosync $n > /dev/null || corosync_start $n; done
	await 15 total_votes_are 1 2
}

notifier_tells_who_comes_and_goes() {
	corosync_start 1
	old follows 1 old_notifier &
	await 10 says follows "quorate 0 members 1"
	corosync_start 2
	await 10 says follows "quorate 0 members 1 2"
	node_exec 1 corosync-cmapctl -s totem.config_version u64 5
	await 10 says follows "configuration 5"
	service_signal corosync 1 KILL
	await 5 says follows "the cluster is down: EHOSTDOWN"
	wait $!
}
notifier_is_asked_before_a_shutdown() {
	whole
	old busy 1 old_notifier -n &
	await 10 says busy "quorate . members 1 2"
	refute node_exec 1 timeout 20 "$RIG_BUILD/cman_tool" leave
	says busy "shutdown refused"
}
device_casts_while_it_is_well() {
	local in
	whole
	mkfifo "$RIG_ST/device.in"
	exec {in}<> "$RIG_ST/device.in"
	old device 1 old_device /dev/old 2 < "$RIG_ST/device.in" &
	await 10 total_votes_are 1 4
	says device "device /dev/old not available votes 2"
	echo -n - >&"$in"
	await 5 total_votes_are 1 2
	echo -n + >&"$in"
	await 5 total_votes_are 1 4
	says device "device /dev/old available votes 2"
	echo -n . >&"$in"
	wait $!
	[ "$(tail -n 1 "$RIG_ST/device.said")" = "no device" ]
	refute says device "unregistered while it was available"
	await 5 total_votes_are 1 2
}
talkers_meet_and_hear_all_in_one_order() {
	local first
	whole
	old one 1 old_talker 177 &
	first=$!
	old two 2 old_talker 177
	wait $first
	says one "from 1 port 177: greetings of n1"
	says one "from 2 port 177: greetings of n2"
	cmp "$RIG_ST/one.said" "$RIG_ST/two.said"
}

rig_start 2 transport=udpu token=1000 v=3000 y=1000 fence=none
packaged
check old_programs_build_as_c89 build '' "${CC:-cc}" -std=gnu89
if command -v "${CXX:-c++}" > /dev/null; then
	check old_programs_build_as_c++ build .c++ "${CXX:-c++}" -x c++
else
	skip old_programs_build_as_c++ "there is no C++ compiler"
fi
for name in notifier_tells_who_comes_and_goes notifier_is_asked_before_a_shutdown device_casts_while_it_is_well \
	talkers_meet_and_hear_all_in_one_order; do
	scenario $name
done
libcman_done
