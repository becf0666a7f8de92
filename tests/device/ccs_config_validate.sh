#!/bin/bash
# ccs_config_validate: options, words and exit codes, and over tests/clusterconf the same
# verdict as the reader that qdiskd runs.
# shellcheck source-path=SCRIPTDIR
set -u
cd "$(dirname "$0")" || exit 1
BUILD=$(cd ../.. && realpath -m "${BUILD:-build}")
# shellcheck source=common.inc
. ./common.inc
tmp=$(mktemp -d "${TMPDIR:-/tmp}/qdisk-validate.XXXXXX") || exit 1
trap clean_up EXIT
: > "$tmp/why"
good=$PWD/../corosync_conf/guide.xml

# says STATUS TEXT ARG...: exit status, and TEXT as one whole line of what it prints
says() {
	local want=$1 text=$2 rc=0
	shift 2
	# shellcheck disable=SC2086	# a list of words
	timeout 20 ${LIBCMAN_UNDER:-} "$BUILD/ccs_config_validate" "$@" > "$tmp/out" 2>&1 || rc=$?
	cat "$tmp/out"
	[ $rc = "$want" ] || because "exit status $rc, wanted $want" || return 1
	[ -z "$text" ] || grep -qxF -- "$text" "$tmp/out" || because "does not say: $text"
}
silent_when_valid() { says 0 '' -q -f "$good" && [ ! -s "$tmp/out" ]; }

# What qdiskd's reader says: 0, or its error as a number.
reader_status() { "$BUILD/qdisk-readconf" "$(realpath "$1")" | od -An -td4 -j8 -N4 | tr -d ' '; }
one_verdict() {
	local file rc status count=0
	for file in ../clusterconf/*.xml; do
		rc=0
		# shellcheck disable=SC2086
		timeout 20 ${LIBCMAN_UNDER:-} "$BUILD/ccs_config_validate" -f "$file" > "$tmp/out" 2>&1 || rc=$?
		status=$(reader_status "$file")
		case $rc:$status in
		0:0 | 3:-22 | 1:-22) ;;
		*) because "$file: exit status $rc, the reader says $status" || return 1 ;;
		esac
		[ $rc = 0 ] || grep -q Relax-NG "$tmp/out" || because "$file: no line says Relax-NG" || return 1
		count=$((count + 1))
	done
	[ $count -gt 50 ] || because "only $count files"
}
# every attribute given, and wrong at the end: a schema must not take for ever
worst_case_ends() {
	sed 's/timeout="1"/timeout="x"/' ../clusterconf/good-all-of-quorumd.xml > "$tmp/worst.conf"
	says 3 'Configuration fails to validate' -f "$tmp/worst.conf"
}
version_0() { sed 's/config_version="5"/config_version="0"/' "$good" > "$tmp/0.conf"; says 253 '' -R 1 -f "$tmp/0.conf"; }

plan 19
check valid_file_is_valid says 0 'Configuration validates' -f "$good"
check valid_file_loaded_is_valid says 0 'Configuration validates' -l "$good"
check quiet_says_nothing_of_a_valid_file silent_when_valid
check verbose_says_what_is_passed_over says 0 \
	"../clusterconf/good-others-are-passed-over.xml:3: <clusternodes> note=\"x\" is not known and passed over" \
	-v -f ../clusterconf/good-others-are-passed-over.xml
check missing_file_is_1 says 1 'Configuration fails to validate' -f /nonexistent
check torn_file_is_1 says 1 'Configuration fails to validate' -f ../clusterconf/torn-end.xml
check bad_value_is_3_with_its_line says 3 \
	'tempfile:2: Relax-NG validity error : <totem> token="10" is refused; allowed: a whole number, 30 .. 3600000' \
	-f ../clusterconf/bad-token.xml
check id_twice_is_3_with_its_line says 3 \
	'tempfile:3: Relax-NG validity error : <clusternode> nodeid="1" is refused: a in line 2 has it too; allowed: an id of its own' \
	-f ../clusterconf/worse-nodeid-twice.xml
check document_type_is_3 says 3 'Configuration fails to validate' -f ../clusterconf/worse-entity.xml
check newer_version_is_0 says 0 'Configuration validates' -R 4 -f "$good"
check same_version_is_254 says 254 'Error: Configuration version is older than running config!' -R 5 -f "$good"
check version_0_is_253 version_0
check verbose_and_quiet_are_255 says 255 '' -v -q -f "$good"
check two_sources_are_255 says 255 '' -f "$good" -l "$good"
check running_configuration_is_255 says 255 '' -r
check unknown_option_is_255 says 255 '' -x
check version_is_shown says 0 '' -V
check reader_of_qdiskd_gives_the_same_verdict one_verdict
check worst_case_ends worst_case_ends
