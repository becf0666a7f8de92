#!/bin/bash
# qdisk-tool check on a real LUN: what it gathers from this machine, exit codes, JSON.
# What it makes of that is judged in tests/unit/test_check.c.
# shellcheck source-path=SCRIPTDIR
set -u
cd "$(dirname "$0")" || exit 1
BUILD=$(cd ../.. && realpath -m "${BUILD:-build}")
# shellcheck source=common.inc
. ./common.inc
start
command -v jq > /dev/null || skip_all "jq is not installed"
unshare --net --mount true 2> /dev/null || skip_all "needs namespaces of its own"

# conf DEVICE [ATTRIBUTES]: a cluster.conf, in $tmp/conf
conf() {
	cat > "$tmp/conf" <<-END
		<cluster name="c" config_version="1">
		  <totem token="21000"/>
		  <clusternodes>
		    <clusternode name="n1" nodeid="1"><fence><method name="1"><device name="d"/></method></fence></clusternode>
		    <clusternode name="n2" nodeid="2"><fence><method name="1"><device name="d"/></method></fence></clusternode>
		  </clusternodes>
		  <fencedevices><fencedevice name="d" agent="fence_x"/></fencedevices>
		  <quorumd device="$1" interval="1" tko="10" votes="1" ${2:-}><heuristic program="true"/></quorumd>
		</cluster>
	END
}

# checked STATUS ARG...: in a world without corosync; stdout in $tmp/out
checked() {
	local want=$1 rc=0
	shift
	# its own /var/lib: no CIB of this machine is seen, and none is left here
	# shellcheck disable=SC2016 # expanded inside
	timeout 30 unshare --net --mount bash -ec 'mount -t tmpfs none /var/lib
		[ ! -e "$0/cib" ] || { mkdir -p /var/lib/pacemaker/cib; cp "$0/cib" /var/lib/pacemaker/cib/cib.xml; }
		exec "$@"' "$tmp" "$BUILD/qdisk-tool" check "$@" > "$tmp/out" 2> "$tmp/err" || rc=$?
	cat "$tmp/out" "$tmp/err"
	[ $rc = "$want" ] || because "exit status $rc, wanted $want"
}
names() { jq -r '.findings[].name' "$tmp/out" | sort -u | tr '\n' ' '; }
finds() {	# STATUS NAMES...: exactly these findings
	local want=$1
	shift
	checked "$want" --json -c "$tmp/conf" || return 1
	[ "$(names)" = "$* " ] || because "finds $(names), wanted $*"
}
label_lun() { "$MKQDISK" -y -c "$dev" -l check > /dev/null; }

good_lun() {
	label_lun && conf "$dev" && finds 0 no-watchdog && [ "$(jq .ok "$tmp/out")" = true ] &&
		checked 0 -c "$tmp/conf" && grep -q '^worst cases' "$tmp/out" && grep -q '^0 errors' "$tmp/out"
}
by_label() { conf "$dev" && sed -i 's/device="[^"]*" interval/label="check" interval/' "$tmp/conf" && finds 0 no-watchdog; }
without_label() { dd if=/dev/zero of="$dev" bs=4096 count=1 oflag=direct status=none && finds 1 lun no-watchdog; }
no_device() { conf /dev/nonexistent && finds 1 lun no-watchdog; }
fifo() { mkfifo "$tmp/fifo" && conf "$dev" "status_file=\"$tmp/fifo\"" && label_lun && finds 1 no-watchdog status-fifo; }
not_well_formed() { echo '<cluster' > "$tmp/conf"; checked 3 -c "$tmp/conf" && grep -q 'not well-formed' "$tmp/err"; }
nothing() { checked 3 && grep -q corosync "$tmp/err"; }
law_broken() {
	conf "$dev" && sed -i 's/21000/9000/' "$tmp/conf" && checked 1 --json -c "$tmp/conf" &&
		jq -e '.findings[] | select(.severity == "error" and .name == "law")' "$tmp/out" > /dev/null
}
usage() { checked 2 --watch && checked 2 extra; }
pacemaker() {
	conf "$dev" && label_lun
	echo '<cib><nvpair id="a" name="stonith-enabled" value="false"/><nvpair name="no-quorum-policy" id="b" value="ignore"/></cib>' > "$tmp/cib"
	finds 1 no-watchdog quorum-ignored stonith-off
	local rc=$?
	rm "$tmp/cib"
	return $rc
}

plan 10
loop 1M 512
check good_lun_passes good_lun
check lun_is_found_by_its_label by_label
check lun_without_a_label_fails without_label
check missing_device_fails no_device
check status_file_on_a_fifo_fails fifo
check broken_law_fails law_broken
check torn_file_is_3 not_well_formed
check no_configuration_is_3 nothing
check usage_is_2 usage
check pacemakers_cib_is_read pacemaker
