#!/bin/bash
# docs.sh: do man pages, README, --help, unit file and Makefile say what the code does? TAP.
# Environment: BUILD  where the programs lie (default build/)
set -u
shopt -s lastpipe	# "... | none NAME" counts here, not in a subshell
export LC_ALL=C QDISK_REBOOT=deny
cd "$(dirname "$0")/.." || exit 99
# shellcheck source=tests/rig/tap.sh
. tests/rig/tap.sh
build=$(readlink -f "${BUILD:-build}")
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT

# same NAME WHAT_A FILE_A WHAT_B FILE_B: two lists of words, compared as sets.
same() {
	sort -u "$3" >"$dir/a"
	sort -u "$5" >"$dir/b"
	check "$1" test -s "$dir/a" -a -s "$dir/b" -a -z "$(comm -3 "$dir/a" "$dir/b")"
	comm -23 "$dir/a" "$dir/b" | sed "s|^|# only in $2: |"
	comm -13 "$dir/a" "$dir/b" | sed "s|^|# only in $4: |"
	[ -s "$dir/a" ] || diag "nothing was found in $2"
	[ -s "$dir/b" ] || diag "nothing was found in $4"
}

# none NAME: standard input tells what is wrong, a line for each; no line passes.
none() {
	cat >"$dir/wrong"
	check "$1" test ! -s "$dir/wrong"
	sed 's/^/# /' "$dir/wrong"
}

# ---- Options: what the code takes, what --help says, what the man page says ----
# One word each: "h", "c+" (takes an argument), "--json", "--socket+".

from_getopt() { sed 's/^://; s/::*/+/g; s/-+//' | grep -o '[A-Za-z0-9]+\?'; }

options_code() {
	case $1 in
	qdiskd)
		grep -o 'getopt(argc, argv, "[^"]*"' qdiskd/main.c | cut -d '"' -f 2 | from_getopt
		;;
	mkqdisk)
		grep -o 'getopt(argc, argv, "[^"]*"' mkqdisk/mkqdisk.c | cut -d '"' -f 2 | from_getopt
		sed -n 's/.*strcmp(name, "\([a-z]*\)").*/--\1/p' mkqdisk/mkqdisk.c
		;;
	qdisk-tool)
		grep -o 'getopt_long(argc, argv, "[^"]*"' qdiskd/qdisk_tool.c | cut -d '"' -f 2 | from_getopt
		sed -n 's/.*{ "\([a-z]*\)", no_argument, .*/--\1/p
			s/.*{ "\([a-z]*\)", required_argument, .*/--\1+/p' qdiskd/qdisk_tool.c
		;;
	cman_tool)
		sed -n 's/^#define OPTIONS "\(.*\)"/\1/p' cman-shim/cman_tool_options.c | from_getopt
		;;
	*)	# a script; --long=*) in a case means that it takes an argument
		sed -n 's/^while getopts \([^ ]*\) .*/\1/p' "heuristics/$1" | from_getopt
		grep -oE '(^\s|!= )--[a-z]+(=\*)?' "heuristics/$1" | sed 's/[^-]*--/--/; s/=\*/+/' |
			awk '{ o[$0] } END { for (k in o) if (!(k "+" in o)) print k }'
		;;
	esac
}

# What stands before two blanks, in lines that begin with blanks and a dash; without "+".
options_help() {
	"$build/$1" -h 2>/dev/null || "heuristics/$1" -h
}
options_in_help() {
	options_help "$1" | awk -F '   *' '/^ +-/ { for (i = 2; i <= NF; i++) if ($i ~ /^-/) print $i }' |
		tr ',' '\n' | sed -n 's/^ *-\(-*[A-Za-z0-9]*\).*/\1/p' | sed 's/^-/--/'
}

# .It Fl c Ar FILE; .It Fl d Ns Op Ar mask; .It Fl h , \-help; .It Fl S Ar DIR , Fl -sysfs Ar DIR
options_man() {
	awk '$1 == ".It" && $2 == "Fl" {
		mode = name = ""
		for (i = 2; i <= NF; i++) {
			word = $i
			gsub(/\\/, "", word)
			if (word == "Ns" || word == "Op") continue
			if (word == "Fl" || word == "Ar") mode = word
			else if (word == ",") { print name; name = ""; if (mode == "Ar") mode = "" }
			else if (mode == "Fl") name = word ~ /^-/ ? "-" word : word
			else if (mode == "Ar" && name !~ /\+$/) name = name "+"
		}
		print name
	}' "man/$1.8"
}

for program in qdiskd qdisk-tool qdisk-ping qdisk-link qdisk-san qdisk-owner; do
	options_code $program >"$dir/code"
	options_man $program >"$dir/man"
	options_in_help $program >"$dir/help"
	same "${program}_options_in_the_man_page_are_those_of_the_code" man "$dir/man" code "$dir/code"
	sed -i 's/+$//' "$dir/code"
	same "${program}_options_in_its_help_are_those_of_the_code" help "$dir/help" code "$dir/code"
done

# mkqdisk -h is legacy's line, to the byte: it has not got what is ours.
options_code mkqdisk >"$dir/code"
options_man mkqdisk >"$dir/man"
same mkqdisk_options_in_the_man_page_are_those_of_the_code man "$dir/man" code "$dir/code"
"$build/mkqdisk" -h | grep -o '[ [|]-[A-Za-z]' | sed 's/.*-//' >"$dir/help"
grep -vE '^(h|y|--.*)$' "$dir/code" | sed 's/+$//' >"$dir/legacy"
same mkqdisk_options_in_its_help_are_legacys help "$dir/help" code "$dir/legacy"

# cman_tool takes all letters of its ancestor; two that it only refuses go unnamed.
echo 'i:f' | from_getopt >"$dir/unnamed"
options_man cman_tool >"$dir/man"
options_in_help cman_tool >"$dir/help"
sort -u "$dir/man" "$dir/unnamed" >"$dir/all"
options_code cman_tool >"$dir/code"
same cman_tool_options_in_the_man_page_and_unnamed_ones_are_those_of_the_code man "$dir/all" code "$dir/code"
sed -i 's/+$//' "$dir/man"
same cman_tool_options_in_its_help_are_those_of_the_man_page help "$dir/help" man "$dir/man"

# ---- cluster.conf: attributes in the schema, in the reader, in qdisk(5) ----

# attributes_schema PARENT ELEMENT
attributes_schema() {
	tr '\n' ' ' <cman-shim/clusterconf_schema.c | grep -o "{ \"$1\", \"$2\",[^}]*}" |
		grep -o '"[^"]*"' | tail -n +3 | tr -d '"' | tr ' ' '\n' | grep .
}
# attributes_man SECTION: items of its outermost lists
attributes_man() {
	awk -v section="$1" '
		$1 == ".Sh" { in_section = $2 == section }
		!in_section { next }
		$1 == ".Bl" { depth++ }
		$1 == ".El" { depth-- }
		$1 == ".It" && depth == 1 && $2 == "Cm" {
			for (i = 3; i <= NF && $i != "Ns" && $i != "Pq"; i++) if ($i != ",") print $i
		}' man/qdisk.5
}
for element in quorumd heuristic; do
	if [ $element = quorumd ]; then parent=cluster; else parent=quorumd; fi
	attributes_schema $parent $element >"$dir/schema"
	attributes_man ${element^^} >"$dir/man"
	same ${element}_attributes_in_qdisk_5_are_those_of_the_schema man "$dir/man" schema "$dir/schema"
	while read -r a; do
		grep -q "\"$a\"" cman-shim/clusterconf_quorumd.c || echo "$a: known to the schema, read by nobody"
	done <"$dir/schema" | none ${element}_attributes_of_the_schema_are_read
done

# ---- Exit codes, environment, messages ----

# codes_man PAGE
codes_man() {
	awk '$1 == ".Sh" { in_section = $2 == "EXIT" } in_section && $1 == ".It" { print $2 }' "man/$1"
}
sed -n 's/^\tEXIT_[A-Z]* = \([0-9]*\),.*/\1/p' qdiskd/daemon.h >"$dir/code"
sed -n 's/.*exit_with(s, out, \([0-9]*\)).*/\1/p' qdiskd/*.c >>"$dir/code"
codes_man qdiskd.8 >"$dir/man"
same qdiskd_exit_codes_in_the_man_page_are_those_of_the_code man "$dir/man" code "$dir/code"
sed -n 's/^\tTOOL_[A-Z]* = \([0-9]*\),.*/\1/p' qdiskd/tool_status.h >"$dir/code"
codes_man qdisk-tool.8 >"$dir/man"
same qdisk_tool_exit_codes_in_the_man_page_are_those_of_the_code man "$dir/man" code "$dir/code"

grep -oh 'getenv("[A-Z_]*")' qdiskd/*.c mkqdisk/*.c cman-shim/*.c | cut -d '"' -f 2 >"$dir/code"
awk '$1 == ".Sh" { in_section = $2 == "ENVIRONMENT" } in_section && $1 == ".It" && $2 == "Ev" { print $3 }' \
	man/*.8 >"$dir/man"
same environment_in_the_man_pages_is_what_the_code_reads man "$dir/man" code "$dir/code"

# The fixed words of each message in qdiskd(8) stand in the code; numbers, NAMES and what
# a colon or a comma separates are variable.
awk '$1 == ".Sh" { in_section = $2 == "DIAGNOSTICS" } in_section && $1 == ".It"' man/qdiskd.8 |
	sed 's/^.It Li "\(.*\)"/\1/' >"$dir/messages"
while read -r message; do
	echo "$message" | sed -E 's/^vote [a-z]+//; s/[A-Za-z]*[0-9]+|[A-Z_]{2,}|[:,]/\n/g' | sed 's/^ *//; s/ *$//' |
		grep -E '.{5}' | while read -r words; do
		grep -qF -- "$words" qdiskd/*.c || echo "\"$words\" is nowhere in the code ($message)"
	done
done <"$dir/messages" | none messages_in_qdiskd_8_stand_in_the_code
check messages_in_qdiskd_8_are_found test -s "$dir/messages"

# ---- Examples and numbers, judged by qdiskd -t ----

# judge FILE: qdiskd -t of it, where no corosync can answer. Its output in $dir/judged.
judge() {
	timeout 20 unshare --net "$build/qdiskd" -t -c "$1" >"$dir/judged" 2>"$dir/refused" ||
		{ sed 's/^/# /' "$dir/refused"; return 1; }
}
example() { sed -n "/^ *<cluster /,/^ *<\/cluster>/p" "$1"; }
# Word by word: indentation is free.
words() { tr -s ' \t\n' '\n' | grep .; }

examples() {
	example man/qdisk.5 >"$dir/qdisk.conf"
	check qdisk_5_example_is_valid judge "$dir/qdisk.conf"
	example README >"$dir/readme.conf"
	check readme_example_is_valid judge "$dir/readme.conf"
	sed -n '/^quorum/,$p' "$dir/judged" | words >"$dir/lines"
	sed -n '/^    quorum {/,/^    }/p' README | words >"$dir/lines.readme"
	check readme_lines_for_corosync_are_those_of_its_example cmp -s "$dir/lines" "$dir/lines.readme"
}

# table_conf NODES TOKEN: a cluster.conf with default timings.
table_conf() {
	local n
	echo "<cluster name=\"t\" config_version=\"1\"><totem token=\"$2\"/><clusternodes>"
	for ((n = 1; n <= $1; n++)); do echo "<clusternode name=\"n$n\" nodeid=\"$n\"/>"; done
	echo "</clusternodes><quorumd label=\"t\"/></cluster>"
}
# tenths MS: seconds with one decimal, rounded.
tenths() { echo "$((($1 + 50) / 1000)).$((($1 + 50) / 100 % 10))"; }
# README's table: nodes token interval from - to master timeout sync_timeout
table_row() {
	local i k m
	table_conf "$1" "$2" >"$dir/table.conf"
	judge "$dir/table.conf" || return 1
	i=$(sed -n 's/^# interval \([0-9]*\) ms.*/\1/p' "$dir/judged")
	k=$(sed -n 's/.* tko \([0-9]*\),.*/\1/p' "$dir/judged")
	m=$(sed -n 's/.*replaced within \([0-9]*\) ms/\1/p' "$dir/judged")
	echo "$1 $2 $i $(tenths $(((k + 1) * i))) - $(tenths $(((k + 2) * i))) $(tenths "$m")" \
		"$(sed -n 's/^\t\ttimeout: //p' "$dir/judged") $(sed -n 's/^\t\tsync_timeout: //p' "$dir/judged")"
}
table() {
	sed -n '/nodes  *token/,/^$/p' README | grep -E '^ +[0-9]' | tr -s ' ' | sed 's/^ //' >"$dir/table"
	while read -r nodes token rest; do
		table_row "$nodes" "$token" >"$dir/row" && grep -qxF "$nodes $token $rest" "$dir/row" ||
			echo "README: $nodes $token $rest; qdiskd -t: $(cat "$dir/row")"
	done <"$dir/table" | none readme_timings_are_those_of_qdiskd
	check readme_timings_are_found test -s "$dir/table"
}

if [ "$(id -u)" = 0 ] && unshare --net true 2>/dev/null; then
	examples
	table
else
	skip examples_are_valid "qdiskd -t needs root, and a network namespace without a corosync"
fi

# ---- Makefile ----

# make's own idea of its lists
env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -f - docs-words >"$dir/words" 2>"$dir/make.err" <<'END'
include Makefile
.PHONY: docs-words
docs-words:
	@printf '%s\n' $(sort $(foreach v,$(filter %_src,$(.VARIABLES)),$($v)) $(unit:%=tests/unit/test_%.c) \
		$(rig_programs:%=tests/rig/%.c) $(cluster_programs:%=tests/cluster/%.c) \
		$(device_programs:%=tests/device/%.c) \
		$(filter tests/%,$(check_unit) $(check_device) $(check_cluster)))
END
check makefile_lists_are_read test "$(grep -c '\.c$' "$dir/words")" -gt 50
cat Makefile tests/tests.mk tests/fuzz/fuzz.mk | tr -s ' \t(),' '\n' | grep -v '[*%]' |
	grep -E '^(heuristics|qdiskd|mkqdisk|cman-shim|include|man|tests)/' >>"$dir/words"
while read -r f; do [ -e "$f" ] || echo "$f is not there"; done <"$dir/words" | none makefile_files_exist
find qdiskd mkqdisk cman-shim tests -name '*.c' | while read -r f; do
	grep -qxF "$f" "$dir/words" || grep -rqwF --include='*.sh' -- "${f##*/}" tests ||
		echo "$f is built by nobody"
done | none sources_are_in_the_makefile_or_a_script

# ---- Man pages ----

for page in man/*; do
	name=${page##*/}
	if command -v mandoc >/dev/null; then
		mandoc -T lint -W warning "$page" | none "man_page_${name}_is_clean"
	else
		skip "man_page_${name}_is_clean" "mandoc is not installed"
	fi
done
ours=" $(cd man && echo *) "
awk '$1 == ".Xr" { print FILENAME, $2, $3 }' man/* | while read -r file name section; do
	case $ours in
	*" $name.$section "*) ;;
	*" $name."[0-9]" "*) echo "$file: $name($section): it is in another section" ;;
	*) case $name in qd* | mkqd* | cman* | libcman*) echo "$file: $name($section): no such page" ;; esac ;;
	esac
done | none man_pages_refer_to_pages_that_exist
for page in man/*; do
	name=${page##*/}
	others=$(find man -type f ! -name "$name")
	# shellcheck disable=SC2086	# a list of names
	awk -v n="${name%.*}" '$1 == ".Xr" && $2 == n { found = 1 } END { exit !found }' $others ||
		echo "no page refers to $name"
	grep -qF "man/$name" README || echo "README does not name man/$name"
done | none man_pages_are_referred_to

# ---- Tests that qdisk-safety(7) names ----

{	# unit tests, stories of the simulator, scenarios on real nodes, mutants
	grep -ohE '^(static )?void [a-z0-9_]+\(void \*\*' tests/unit/*.c | sed 's/.*void \([a-z0-9_]*\)(.*/\1/'
	grep -ohE '^	\{ "[A-Za-z0-9_]+"' tests/sim_*.c | cut -d '"' -f 2
	grep -ohE '^[a-z0-9_]+\(\)' tests/cluster/*.sh | tr -d '()'
	find tests/mutants -name '*.patch' -printf 'mutant_%f\n' 2>/dev/null | sed 's/\.patch$//'
} >"$dir/tests"
sed -n 's/^\.Bq Li //p' man/qdisk-safety.7 | tr ',' '\n' | sed 's/^ *\(Li \)\?//; s/ *$//' | grep . | sort -u >"$dir/cited"
check safety_page_cites_tests test "$(wc -l <"$dir/cited")" -gt 60
grep -vxFf "$dir/tests" "$dir/cited" | none safety_page_cites_tests_that_exist

sed -n 's/^\.It Li \(mutant_[a-z0-9_]*\) :.*/\1/p' man/qdisk-safety.7 >"$dir/told"
grep '^mutant_' "$dir/tests" >"$dir/mutants"
same safety_page_lists_the_mutants "the page" "$dir/told" "the patches" "$dir/mutants"

# ---- Scripts, paths, README ----

find . -path ./build -prune -o -path ./.git -prune -o -type f -print >"$dir/files"
while read -r f; do
	IFS= read -r -d '' -n 20 head <"$f"
	case $head in
	'#!/'*) [ -x "$f" ] || echo "$f: begins with #! and is not executable" ;;
	'# shellcheck shell='*) [ ! -x "$f" ] || echo "$f: meant to be sourced and executable" ;;
	*) case $f in *.sh) echo "$f: neither #! nor '# shellcheck shell=' in its first line" ;; esac ;;
	esac
done <"$dir/files" 2>/dev/null | none scripts_are_executable_or_meant_to_be_sourced

# In pieces, or this file would name them.
w='/w''ork' b='/tmp/''brief' s='\.\./''shared'
tr '\n' '\0' <"$dir/files" |
	xargs -0 grep -nIE "(^|[^[:alnum:]_./-])$w(/|[^[:alnum:]_-]|\$)|$b|$s" | cut -c 1-120 |
	none files_name_no_path_outside

get_make='sudo apt-get update && sudo apt-get install -y make'
n=0
for command in "$get_make" "sudo make demo" "sudo make check"; do
	at=$(grep -nxF "    $command" README | head -n 1 | cut -d : -f 1)
	[ "${at:-0}" -gt "$n" ] || echo "README: '$command' does not stand alone on a line, after the one before it"
	n=${at:-$n}
done | none readme_has_its_commands_in_order
for target in demo check install; do
	grep -q "^$target:" Makefile tests/tests.mk || echo "README's 'make $target' is no target"
done | none readme_commands_are_targets
grep -oE '\b(qdiskd|include|man|tests|heuristics|mkqdisk|cman-shim)/[A-Za-z0-9_*.-]+[A-Za-z0-9_*]' README |
	while read -r f; do compgen -G "$f" >/dev/null || echo "README: $f is not there"; done |
	none readme_files_exist

# ---- Tests: what tables say of them ----

sed -n 's/^\t\([a-z][a-z]*\)\t.*/\1/p' tests/fuzz/README >"$dir/table"
find tests/fuzz -name 'fuzz_*.c' ! -name fuzz_params.c | sed 's|.*/fuzz_||; s|\.c$||' >"$dir/targets"
same fuzz_targets_are_in_the_table tests/fuzz/README "$dir/table" tests/fuzz "$dir/targets"
awk -F '\t+' 'NF > 2 { print $NF }' tests/cluster/lun.txt | grep -oE '[a-z0-9_]{20,}' | sort -u >"$dir/table"
[ -s "$dir/table" ] || echo none >"$dir/table"
grep -rohwFf "$dir/table" --include='*.sh' --include='*.c' tests | sort -u | comm -23 "$dir/table" - |
	sed 's/^/tests\/cluster\/lun.txt: there is no test /' | none tests_of_the_lun_table_are_there

# ---- The systemd unit ----

unit=qdiskd/qdiskd.service
unit_value() { sed -n "s/^$1=//p" $unit; }
check unit_pid_file_is_the_daemons grep -qF "#define PID_FILE \"$(unit_value PIDFile)\"" qdiskd/process.c
codes_man qdiskd.8 >"$dir/man"
unit_value RestartPreventExitStatus | tr ' ' '\n' | grep -vxFf "$dir/man" | none unit_exit_codes_are_documented
for f in $(unit_value EnvironmentFile); do
	grep -qF "${f#-}" man/qdiskd.8 || echo "$f is not in qdiskd.8"
done | none unit_files_are_in_the_man_page
if command -v systemd-analyze >/dev/null; then
	mkdir "$dir/unit"
	sed 's,^\(ExecStart=\)[^ ]*,\1/bin/true,' $unit >"$dir/unit/qdiskd.service"
	printf '[Service]\nExecStart=/bin/true\n' >"$dir/unit/corosync.service"
	SYSTEMD_UNIT_PATH="$dir/unit:" timeout 30 systemd-analyze verify --man=no "$dir/unit/qdiskd.service" 2>&1 |
		grep -F qdiskd.service | none unit_is_accepted_by_systemd
	# out of 100: 87 without what the unit takes away, 80 with it
	exposure=$(timeout 30 systemd-analyze security --offline=true --threshold=80 --no-pager $unit 2>&1) && exposure=
	printf '%s' "$exposure" | none unit_exposure_is_bounded
else
	skip unit_is_accepted_by_systemd "systemd-analyze is not installed"
	skip unit_exposure_is_bounded "systemd-analyze is not installed"
fi

# ---- Capabilities ----

grep -ohE '\bBIT\(CAP_[A-Z_]+' qdiskd/privileges.c | cut -d '(' -f 2 | sort -u > "$dir/kept"
sed -n '/^\.Sh PRIVILEGES/,/^\.Sh ENV/p' man/qdiskd.8 | grep -oE 'CAP_[A-Z_]+' | sort -u > "$dir/told"
same capabilities_are_in_the_man_page privileges.c "$dir/kept" "qdiskd(8)" "$dir/told"

tap_done
