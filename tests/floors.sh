#!/bin/bash
# The house: who may include whom, which hand holds which foreign library, and how
# pure the archive of floors 0 to 2 is. TAP.
#
#   tests/floors.sh	needs a release build: $BUILD/libqdcore.a ($BUILD: build)
#
# A new file gets its place in the table below, or fails; so does a new library.
set -u -f	# -f: a pattern in the table is a pattern, not a list of files
export LC_ALL=C
here=$(cd "$(dirname "$0")/.." && pwd)
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$here/$BUILD ;; esac

# ---- The table ----

# floor room files. A file may include what stands on a lower floor, and its own room.
table='
0 words		include/qd_format.h include/qd_box.h include/qd_config.h include/qd_latency.h
0 words		qdiskd/format*.[ch] qdiskd/latency.c
1 mind		include/qd_core.h include/qd_laws.h include/qd_note.h include/qd_score.h qdiskd/mind.h qdiskd/laws.h
1 mind		qdiskd/core.c qdiskd/own.c qdiskd/member.c qdiskd/elect.c qdiskd/vote.c qdiskd/evict.c qdiskd/evict_fence.c
1 mind		qdiskd/putoff.c qdiskd/stop.c qdiskd/instep.c qdiskd/score.c qdiskd/laws.c qdiskd/laws_corosync.c qdiskd/note.c
2 cycle		include/qd_ports.h qdiskd/engine.c qdiskd/engine_*.[ch]
2 corosync_conf	cman-shim/corosync_conf.[ch]
2 check		qdiskd/check.[ch] qdiskd/check_*.c
3 aio		qdiskd/aio.[ch]
3 corosync	qdiskd/cs.h qdiskd/cs_*.[ch]
3 device	qdiskd/device.[ch]
3 discover	qdiskd/discover.[ch] qdiskd/discover_*.[ch]
3 privileges	qdiskd/privileges.[ch]
3 runner	qdiskd/runner.[ch] qdiskd/runner_*.[ch]
3 fence		qdiskd/fence.[ch] qdiskd/fence_*.[ch]
3 watchdog	qdiskd/watchdog.[ch]
3 log		qdiskd/log.[ch] qdiskd/log_*.[ch]
3 status	qdiskd/status.[ch] qdiskd/status_*.[ch]
3 config	qdiskd/config.[ch] qdiskd/config_*.[ch]
3 clusterconf	cman-shim/clusterconf.[ch] cman-shim/clusterconf_*.[ch]
4 qdiskd	qdiskd/daemon.h qdiskd/main.c qdiskd/process.c qdiskd/start.c qdiskd/agree.c qdiskd/moved.c qdiskd/restart.c qdiskd/ports.c qdiskd/ports_*.c
4 qdiskd	qdiskd/reload.c qdiskd/reload_*.c qdiskd/snapshot.c qdiskd/selffence.c qdiskd/instance.c
4 qdisk-tool	qdiskd/qdisk_tool.c qdiskd/tool_*.[ch] qdiskd/fence_qdisk.c
4 mkqdisk	mkqdisk/*.[ch]
4 readconf	cman-shim/readconf.c
4 agents	cman-shim/agents.c
4 validate	cman-shim/ccs_config_validate.c
4 libcman	include/libcman.h cman-shim/libcman*.[ch]
4 cman_tool	cman-shim/cman_tool*.[ch]
4 fence_node	cman-shim/fence_node*.[ch]
'

# Headers that other rooms may include; every other header is its room's own.
public='
include/qd_format.h include/qd_box.h include/qd_config.h include/qd_latency.h include/qd_core.h include/qd_laws.h
include/qd_note.h include/qd_ports.h include/qd_score.h include/libcman.h
qdiskd/aio.h qdiskd/cs.h qdiskd/device.h qdiskd/discover.h qdiskd/runner.h qdiskd/fence.h
qdiskd/privileges.h
qdiskd/tool_ask.h qdiskd/watchdog.h qdiskd/log.h qdiskd/status.h qdiskd/config.h cman-shim/clusterconf.h
cman-shim/corosync_conf.h qdiskd/check.h cman-shim/clusterconf_native.h cman-shim/clusterconf_rng.h cman-shim/clusterconf_agent.h
'

# room header: a hand does not include another hand, nor a program a program, but
exceptions='
fence		qdiskd/runner.h		an agent is a child as a heuristic is: one way to run them
discover	qdiskd/privileges.h	a child that reads what a stranger wrote needs none of them
discover	qdiskd/device.h		a candidate is looked at as the device that it would be
cman_tool	include/libcman.h	the tool speaks to the cluster as every cman client does
fence_node	include/libcman.h	as cman_tool
fence_node	qdiskd/tool_ask.h	it tells qdiskd of a success: one way to ask the daemon
'

# header files: one foreign library is one hand. Tests may hold what they test.
foreign='
libaio.h	qdiskd/aio.c tests/*
fuse_lowlevel.h	tests/*
corosync/*	qdiskd/cs_*.c cman-shim/libcman*.[ch] tests/*
libxml/*	cman-shim/clusterconf.c cman-shim/clusterconf_rng.c cman-shim/clusterconf_agent.c tests/*
blkid/*		qdiskd/device.c qdiskd/discover.c qdiskd/discover_*.c tests/*
qb/*		qdiskd/main.c qdiskd/daemon.h qdiskd/log.c tests/*
zlib.h		qdiskd/format_envelope.c qdiskd/format_box.c tests/quick_crc.c tests/sim_self.c tests/fuzz/fuzz_box.c
libdeflate.h	tests/quick_crc.c
json-c/*	qdiskd/tool_status.c tests/*
cmocka.h	tests/*
sanitizer/*	tests/*
valgrind/*	tests/*
'

# What floors 0 to 2 may include of the system: no syscall, clock, random, malloc.
pure_headers=' assert.h endian.h stdarg.h stdbool.h stddef.h stdint.h stdio.h string.h syslog.h zlib.h '

# libc and the kernel; what is neither here nor above is an unknown library
system_headers=' assert.h ctype.h dirent.h endian.h errno.h fcntl.h getopt.h glob.h grp.h ifaddrs.h inttypes.h
 libgen.h limits.h locale.h malloc.h math.h netdb.h poll.h pthread.h pwd.h regex.h sched.h setjmp.h
 signal.h spawn.h
 stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h strings.h syslog.h time.h
 unistd.h '
system_dirs='sys|linux|net|netinet|arpa|asm'

# the objects below the programs that may hold state of the file, and why
stateful=' log '	# log.c: libqb logs into a sink that it is told of once

top_level='.ci .clang-format .editorconfig .git .gitignore LICENSE Makefile README build cman-shim
heuristics include man mkqdisk qdiskd tests'

# ---- Includes; each check prints what is wrong, nothing when all is well ----

sources() {
	find qdiskd mkqdisk cman-shim include -name '*.[ch]' 2>/dev/null | sort
}

# FILE PATTERN...: one of them fits.
fits() {
	local file=$1 p
	shift
	for p; do
		# shellcheck disable=SC2254 # a pattern is meant
		case $file in $p) return 0 ;; esac
	done
	return 1
}

# FILE: sets floor and room; fails when it has no place.
declare -A placed=()
place() {
	local f r patterns
	if [ -z "${placed[$1]:-}" ]; then
		placed[$1]='- -'
		while read -r f r patterns; do
			# shellcheck disable=SC2086 # a list is meant
			fits "$1" $patterns && placed[$1]="$f $r"
		done <<<"$table"
	fi
	read -r floor room <<<"${placed[$1]}"
	[ "$floor" != - ]
}

# < or ", from FILE...: lines `file header` of what they include that way.
includes() {
	local kind=$1
	shift
	[ $# -gt 0 ] || return
	awk -v kind="$kind" '
		$0 ~ "^[ \t]*#[ \t]*include[ \t]*" kind {
			sub("^[ \t]*#[ \t]*include[ \t]*" kind, "")
			sub(/[>"].*/, "")
			print FILENAME, $0
		}' "$@"
}

# FILE NAME: sets header to the path from the top, if it exists.
resolve() {
	local dir=${1%/*} name=$2
	while [[ $name == ../* ]]; do
		name=${name#../}
		case $dir in */*) dir=${dir%/*} ;; *) dir=. ;; esac
	done
	header=$dir/$name
	header=${header#./}
	[ -f "$header" ] && return 0
	header=include/$2
	[ -f "$header" ]
}

word_in() {	# WORD LIST
	# shellcheck disable=SC2086 # a list is meant
	fits "$1" $2
}

excepted() {	# ROOM HEADER
	local r h
	while read -r r h _; do
		[ "$r" = "$1" ] && [ "$h" = "$2" ] && return 0
	done <<<"$exceptions"
	return 1
}

check_places() {
	local file floor room
	for file in $(sources); do
		place "$file" || echo "$file stands on no floor: give it a place in the table"
	done
}

check_include() {	# FILE HEADER, both with a place
	local floor room file_floor file_room
	place "$1" || return
	file_floor=$floor file_room=$room
	place "$2" || return
	[ "$room" = "$file_room" ] && return
	if ! word_in "$2" "$public"; then
		echo "$1 (room $file_room) includes $2, which is private to $room"
	elif excepted "$file_room" "$2"; then
		return
	elif [ "$floor" -ge "$file_floor" ]; then
		echo "$1 (floor $file_floor, $file_room) includes $2 (floor $floor, $room)"
	elif [ "$file_floor" = 3 ] && [ "$floor" != 0 ]; then
		echo "$1 (a hand) includes $2 (floor $floor, $room): hands decide nothing"
	fi
}

check_includes() {
	local file name header
	# shellcheck disable=SC2046 # a list is meant
	includes '"' $(sources) | while read -r file name; do
		if resolve "$file" "$name"; then
			check_include "$file" "$header"
		else
			echo "$file includes \"$name\", which does not exist"
		fi
	done
}

# FILE <NAME>: sets owners to the files that may include it; fails: no foreign library.
foreign_owners() {
	local h
	while read -r h owners; do
		[ -n "$h" ] && fits "$1" "$h" && return 0
	done <<<"$foreign"
	return 1
}

check_foreign() {
	local file name owners
	# shellcheck disable=SC2046 # a list is meant
	includes '<' $(sources) $(find tests -name '*.[ch]' | sort) | while read -r file name; do
		if foreign_owners "$name"; then
			word_in "$file" "$owners" ||
				echo "$file includes <$name>, which belongs to $owners"
		elif ! word_in "$name" "$system_headers" && ! [[ $name =~ ^($system_dirs)/ ]]; then
			echo "$file includes <$name>, a library that the table does not know"
		fi
	done
}

check_pure_headers() {
	local file name floor room
	# shellcheck disable=SC2046 # a list is meant
	includes '<' $(sources) | while read -r file name; do
		if ! place "$file" || ! [ "$floor" -le 2 ]; then continue; fi
		word_in "$name" "$pure_headers" || echo "$file (floor $floor) includes <$name>"
	done
}

check_top_level() {
	local name
	find . -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | while read -r name; do
		word_in "$name" "$top_level" || echo "$name has no place at the top level"
	done
	for name in $top_level; do
		word_in "$name" '.git build' || [ -e "$name" ] || echo "$name is missing"
	done
}

# ---- The archive ----

# FILE...: writable sections that are not empty. .data.rel.ro is read-only at run time.
check_data() {
	size -A "$@" | awk '
		/ *:$|:$/ { object = $1 }
		$1 ~ /^\.(data|bss|tdata|tbss)(\.|$)/ && $1 !~ /^\.data\.rel\.ro/ && $2 > 0 {
			print object " has " $2 " bytes of " $1
		}
		/\(ex / { object = $1 }'
}

# What floors 0 to 2 may ask of the outside, exactly.
check_calls() {	# ARCHIVE
	nm "$1" 2>/dev/null | awk '
		function allowed(s) {
			if (s ~ /^__(mem|str)[a-z]*_chk$/ || s == "__snprintf_chk" || s == "__vsnprintf_chk")
				return 1
			if (s ~ /^(snprintf|crc32|__stack_chk_fail|__assert_fail|_GLOBAL_OFFSET_TABLE_)$/)
				return 1
			if (s ~ /^mem/)		# not those that allocate or call the kernel
				return s !~ /^mem(align|fd_create|frob)/
			return s ~ /^str/ && s !~ /^str(n?dup|tok|error|signal|fry)/
		}
		NF == 2 && $1 == "U" { wanted[$2] = 1 }
		NF == 3 && $2 ~ /^[TRDBVW]$/ { defined[$3] = 1 }
		END { for (s in wanted) if (!(s in defined) && !allowed(s)) print s " is called" }' | sort
}

# ARCHIVE: no object is missing, none is there that has no place on floors 0 to 2.
check_members() {
	local object floor room file
	for object in $(ar t "$1"); do
		{ place "qdiskd/${object%.o}.c" || place "cman-shim/${object%.o}.c"; } && [ "$floor" -le 2 ] ||
			echo "$object is in the archive and not of floors 0 to 2"
	done
	for file in $(sources | grep '\.c$'); do
		if ! place "$file" || ! [ "$floor" -le 2 ]; then continue; fi
		file=${file##*/}
		ar t "$1" | grep -qx "${file%.c}.o" || echo "${file%.c}.o is not in the archive"
	done
}

# Hands keep their state in what they are given.
check_hands() {	# OBJECT-DIRECTORY
	local file floor room
	for file in $(sources | grep '\.c$'); do
		if ! place "$file" || ! [ "$floor" = 3 ]; then continue; fi
		[ -f "$1/${file%.c}.o" ] || continue
		file=${file%.c}
		word_in "${file##*/}" "$stateful" || check_data "$1/$file.o"
	done
}

# ---- TAP ----

tests=0 failed=0
result() {	# NAME OFFENCES: fails when there are any
	tests=$((tests + 1))
	if [ -z "$2" ]; then
		echo "ok $tests - $1"
	else
		echo "not ok $tests - $1"
		printf '%s\n' "$2" | sed 's/^/# /'
		failed=1
	fi
}

skip() {	# NAME WHY
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}

cd "$here" || exit 1
result floors_every_file_has_a_place "$(check_places)"
result floors_a_file_includes_only_what_stands_below_it "$(check_includes)"
result floors_a_foreign_library_has_one_hand "$(check_foreign)"
result floors_pure_floors_include_pure_headers_only "$(check_pure_headers)"
result floors_top_level_is_as_prescribed "$(check_top_level)"

archive=$BUILD/libqdcore.a
if [ ! -f "$archive" ]; then
	result floors_archive_is_there "$archive does not exist: run make first"
elif nm "$archive" 2>/dev/null | grep -qE ' U __(asan|ubsan|msan|tsan|gcov|llvm)_'; then
	for name in is_there has_no_mutable_data calls_nothing_of_the_world has_the_pure_floors_and_no_more; do
		skip "floors_archive_$name" "this is no release build: it is instrumented"
	done
	skip floors_hands_have_no_mutable_data "this is no release build: it is instrumented"
else
	result floors_archive_is_there ""
	result floors_archive_has_no_mutable_data "$(check_data "$archive")"
	result floors_archive_calls_nothing_of_the_world "$(check_calls "$archive")"
	result floors_archive_has_the_pure_floors_and_no_more "$(check_members "$archive")"
	result floors_hands_have_no_mutable_data "$(check_hands "$BUILD/obj")"
fi

# shellcheck source=tests/floors_offences.inc
. tests/floors_offences.inc

echo "1..$tests"
exit $failed
