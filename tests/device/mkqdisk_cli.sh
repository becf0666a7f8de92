#!/bin/bash
# What mkqdisk prints, and its exit codes: those of the 2011 mkqdisk, to the byte.
# shellcheck source-path=SCRIPTDIR disable=SC2015
set -u
cd "$(dirname "$0")" || exit 1
[ "${BUILD:-build}" != "${BUILD#/}" ] || BUILD=$(cd ../.. && realpath -m "${BUILD:-build}")
# shellcheck source=common.inc
. ./common.inc
start
plan 17

version=$("$MKQDISK" -h | head -n 1)
head="$version

"
usage="usage: mkqdisk -L | -f <label> | -c <device> -l <label>"
initializing=
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	initializing="${initializing}Initializing status block for node $i...
"
done

asked() {	# DEVICE LABEL: what stands before the answer
	printf '%s' "${head}Writing new quorum disk label '$2' to $1.
WARNING: About to destroy all data on $1; proceed [N/y] ? "
}

listing() {	# DEVICE LABEL SECTOR CREATED
	printf '%s' "$1:
	Magic:                eb7a62c2
	Label:                $2
	Created:              $4
	Host:                 $(uname -n)
	Kernel Sector Size:   $3
	Recorded Sector Size: $3

"
}

answered() {	# ANSWER COMMAND...: run with that on stdin
	local answer=$1
	shift
	rc=0
	printf '%s' "$answer" | timeout -k 5 60 "$@" > "$tmp/stdout" 2> "$tmp/stderr" || rc=$?
}

version_line() {
	[[ $version =~ ^mkqdisk\ v[0-9]+\.[0-9]+ ]] || because "first line: $version"
}
check version_line_comes_first version_line

help() {
	run "$MKQDISK" -h && want_rc 0 && want_stdout "$head$usage [-d]
" && want_stderr_empty
}
check help_prints_usage_and_exits_0 help

noargs() {
	run "$MKQDISK" && want_rc 1 && want_stdout "$head$usage
" && want_stderr_empty
}
check nothing_prints_usage_and_exits_1 noargs

badopt() {
	run "$MKQDISK" -z && want_rc 1 && want_stdout "$head$usage
" || return 1
	printf "%s: invalid option -- 'z'\n%s: invalid option -- 'z'\n" "$MKQDISK" "$MKQDISK" |
		cmp -s - "$tmp/stderr" || because "stderr: $(cat "$tmp/stderr")"
}
check wrong_letter_is_complained_about_twice_and_exits_1 badopt

wrong_letter_beside_work() {
	loop 1M 512
	run "$MKQDISK" -y -c "$dev" -l foo -z
	want_rc 1 && cmp -s -n 1048576 "$image" /dev/zero
}
check wrong_letter_beside_work_writes_nothing wrong_letter_beside_work

missing() {
	run "$MKQDISK" -l foo && want_rc 1 && want_stdout "${head}Both a device and a label are required
" || return 1
	run "$MKQDISK" -c /dev/nosuch && want_rc 1 &&
		want_stdout "${head}Both a device and a label are required
"
}
check label_or_device_missing_exits_1 missing

answer_no() {
	local answer
	loop 1M 512
	for answer in n Y "" no " y"; do
		answered "$answer" "$MKQDISK" -c "$dev" -l foo
		want_rc 0 && want_stdout "$(asked "$dev" foo)Good thinking.
" && want_stderr_empty || return 1
	done
	cmp -s -n 1048576 "$image" /dev/zero || because "something was written"
}
check answer_other_than_y_writes_nothing_and_exits_0 answer_no

answer_yes() {
	loop 1M 512
	answered "yes
" "$MKQDISK" -c "$dev" -l foo
	want_rc 0 && want_stdout "$(asked "$dev" foo)$initializing" && want_stderr_empty
}
check answer_y_labels_and_prints_16_nodes answer_yes

option_y() {
	loop 1M 4096
	run "$MKQDISK" -y -c "$dev" -l foo
	want_rc 0 && want_stdout "$(asked "$dev" foo)$initializing" && want_stderr_empty
}
check option_y_answers_the_question option_y

again() {
	run "$MKQDISK" -y -c "$dev" -l bar
	want_rc 0 && want_stdout "$(asked "$dev" bar)Warning: Initializing previously initialized partition
$initializing" && want_stderr_has "$dev holds a quorum disk labelled 'foo', made by $(uname -n)"
}
check relabelling_warns_and_names_the_old_label again

nodev() {
	answered y "$MKQDISK" -c /dev/nosuch -l foo
	want_rc 255 && want_stdout "$(asked /dev/nosuch foo)" &&
		want_stderr_has "/dev/nosuch cannot be read: No such file or directory"
}
check device_that_is_not_there_is_refused nodev

not_block() {
	local f
	: > "$tmp/file"
	mkfifo "$tmp/fifo"
	for f in "$tmp/file" "$tmp" /dev/null "$tmp/fifo"; do
		run "$MKQDISK" -y -c "$f" -l foo
		want_rc 255 && want_stdout "$(asked "$f" foo)" &&
			want_stderr_has "$f is not a block device" || return 1
	done
}
check device_that_is_no_block_device_is_refused not_block

empty_label() {
	run "$MKQDISK" -y -c "$dev" -l ""
	want_rc 255 && want_stderr_has "label '' is empty; give 1 to 118 characters"
}
check empty_label_is_refused empty_label

list_one() {
	local created text
	partitions_none
	loop 1M 512
	label "$dev" rhel6-golden
	created=$("$LUN_TOOL" decode "$dev" | sed -n 's/^label: .*created=\([0-9]*\) .*/\1/p')
	created=$(date -u -d "@$created" '+%a %b %e %H:%M:%S %Y')
	run "$MKQDISK" -L
	text=$(listing "$dev" rhel6-golden 512 "$created" && echo .)
	want_rc 0 && want_stdout "$head${text%.}" && want_stderr_empty || return 1
	cp "$tmp/stdout" "$tmp/listed"
	run "$MKQDISK" -f rhel6-golden
	want_rc 0 && cmp "$tmp/listed" "$tmp/stdout" && want_stderr_empty
}
check listing_has_legacys_lines list_one

list_none() {
	run "$MKQDISK" -f nosuch
	want_rc 255 && want_stdout "$head" && want_stderr_has "no device has the label 'nosuch'" ||
		return 1
	partitions_none
	run "$MKQDISK" -L
	want_rc 255 && want_stdout "$head" && want_stderr_has "no quorum disk found"
}
check listing_nothing_exits_255 list_none

# a running legacy master, node 2, to the byte of its table
status_blocks() {
	partitions_add "$dev"
	"$LUN_TOOL" legacy "$dev" 2 || return 1
	run "$MKQDISK" -L -ddd
	want_rc 0 && want_stderr_empty || return 1
	cp "$tmp/stdout" "$tmp/listed"
	run "$MKQDISK" -L -dddd
	want_rc 0 && cmp "$tmp/listed" "$tmp/stdout" || return 1
	cp "$tmp/stderr" "$tmp/blocks"
	local when
	when=$(date -u -d "@$("$LUN_TOOL" decode "$dev" | sed -n 's/^node 2: upd=2 ts=\([0-9]*\) .*/\1/p')" \
		'+%a %b %e %H:%M:%S %Y')
	printf '%s\n' "Status block for node 2" "	Last updated by node 2" \
		"	Last updated on $when" "	State: Running" "	Flags: 0000" \
		"	Score: 0/0" "	Average Cycle speed: 0.000000 seconds" \
		"	Last Cycle speed: 0.000000 seconds" "	Incarnation: 8877665544332211" |
		diff - "$tmp/blocks" || return 1
	run "$MKQDISK" -f rhel6-golden -dddddddddd
	want_rc 0 && cmp "$tmp/listed" "$tmp/stdout" && cmp "$tmp/blocks" "$tmp/stderr"
}
check status_blocks_come_with_the_fourth_d_on_stderr status_blocks

long_label() {
	local name=
	name=$(printf 'x%.0s' $(seq 130))
	run "$MKQDISK" -y -c "$dev" -l "$name" --force
	want_rc 0 && want_stderr_has "is cut to its first 118 bytes" || return 1
	run "$MKQDISK" -f "$name"
	want_rc 0 && grep -qx "	Label:                ${name:0:118}" "$tmp/stdout" || return 1
	run "$MKQDISK" -f "${name:0:117}"
	want_rc 255
}
check label_keeps_118_bytes long_label
