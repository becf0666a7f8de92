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

# Agents as of /usr/sbin. Parameters NAME:REQUIRED.
metadata() {
	local p
	echo '<resource-agent name="x"><parameters>'
	for p; do echo "<parameter name=\"${p%:*}\" required=\"${p#*:}\"><getopt mixed=\"--${p%:*}\"/></parameter>"; done
	echo '</parameters></resource-agent>'
}
agent_make() {
	local name=$1
	shift
	printf '#!/bin/sh\n%s\n' "$*" > "$tmp/sbin/fence_$name"
	chmod 755 "$tmp/sbin/fence_$name"
}
agents_make() {
	mkdir "$tmp/sbin"
	metadata passwd:0 > "$tmp/good.xml"
	metadata passwd:0 ip:1 > "$tmp/needy.xml"
	# what a child of it says, or holds open, is not waited for
	agent_make good "echo noise >&2; [ \"\$*\" = '-o metadata' ] && cat '$tmp/good.xml'"
	agent_make needy "cat '$tmp/needy.xml'"
	agent_make ignorant "echo '<resource-agent/>'"
	agent_make silent 'exit 0'
	agent_make loud 'yes "<parameter/>" | head -c 50000000'
	agent_make torn "head -c 60 '$tmp/good.xml'"
	agent_make hanging 'echo $$ > /run/hanging; sleep 600'
	agent_make plain 'exit 0'
	chmod 644 "$tmp/sbin/fence_plain"
}

# conf DEVICE [ATTRIBUTES]: a cluster.conf, in $tmp/conf
conf() {
	cat > "$tmp/conf" <<-END
		<cluster name="c" config_version="1">
		  <totem token="21000"/>
		  <clusternodes>
		    <clusternode name="n1" nodeid="1"><fence><method name="1"><device name="d"/></method></fence></clusternode>
		    <clusternode name="n2" nodeid="2"><fence><method name="1"><device name="d"/></method></fence></clusternode>
		  </clusternodes>
		  <fencedevices><fencedevice name="d" agent="${agent:-fence_good}" passwd="s3cret"/></fencedevices>
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
		mount -t overlay agents -o "lowerdir=$0/sbin:/usr/sbin" /usr/sbin
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
# circle METHOD NAMES...: fence_qdisk is Pacemaker's device, qdiskd has Pacemaker fence
circle() {
	local method=$1 rc
	shift
	conf "$dev" 'fence="pacemaker"'
	printf '<cib><primitive id="f" class="stonith" type="fence_qdisk"><nvpair name="method" value="%s"/></primitive></cib>' \
		"$method" > "$tmp/cib"
	finds "$@"
	rc=$?
	rm "$tmp/cib"
	return $rc
}

# agent_finds STATUS NAME TEXT AGENT: this finding, which says so, and no password anywhere.
agent_finds() {
	local agent=$4
	conf "$dev"
	if [ "$2" = none ]; then finds "$1" no-watchdog; else finds "$1" "$2" no-watchdog; fi || return 1
	! grep -q s3cret "$tmp/out" "$tmp/err" || because "a password is shown"
	[ "$2" = none ] || jq -r '.findings[].text' "$tmp/out" | grep -qF -- "$3" || because "it does not say $3"
}
device_and_method() { agent_finds 0 agent-attribute "$tmp/conf:4: node n1, method 1, device d: fence_ignorant does not know the attribute passwd of <fencedevice>" fence_ignorant && told_once; }
told_once() { [ "$(jq '[.findings[] | select(.name == "agent-attribute")] | length' "$tmp/out")" = 1 ]; }
needy() { agent_finds 1 agent-required "fence_needy needs the attribute ip" fence_needy && [ "$(jq .errors "$tmp/out")" = 2 ]; }
missing() { agent_finds 1 agent-missing "agent fence_nobody is not in /usr/sbin" fence_nobody; }
not_executable() { agent_finds 1 agent-missing "agent fence_plain cannot be executed" fence_plain; }
silent() { agent_finds 0 agent-metadata "fence_silent -o metadata writes nothing" fence_silent; }
loud() { agent_finds 0 agent-metadata "fence_loud -o metadata writes 262144 bytes or more" fence_loud; }
torn() { agent_finds 0 agent-metadata "what fence_torn -o metadata writes is not the XML of an agent" fence_torn; }
# by itself, where the time that it is given can be set
hanging() {
	local agent=fence_hanging
	conf "$dev"
	# shellcheck disable=SC2016 # expanded inside
	timeout 20 unshare --mount --pid --fork --mount-proc bash -ec 'mount -t tmpfs none /run
		mount -t overlay agents -o "lowerdir=$0/sbin:/usr/sbin" /usr/sbin
		"$1" -t 1 "$0/conf"
		[ -s /run/hanging ]
		! kill -0 "$(cat /run/hanging)" 2> /dev/null' "$tmp" "$BUILD/qdisk-agents" > "$tmp/out" ||
		because "exit status $?, or it lives on"
	grep -qF "fence_hanging -o metadata has not ended within 1 s" "$tmp/out"
}

plan 21
agents_make
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
check pacemaker_and_qdiskd_that_ask_each_other_are_told circle configured 1 fence-circle no-watchdog
check fence_qdisk_over_the_lun_asks_nobody circle lun 0 no-watchdog
check agent_that_knows_what_it_gets_is_fine agent_finds 0 none "" fence_good
check agent_attribute_that_is_not_known_is_told device_and_method
check agent_that_is_missing_is_told missing
check agent_that_cannot_be_executed_is_told not_executable
check agent_without_what_it_needs_is_told_for_each_node needy
check agent_that_says_nothing_is_told silent
check agent_that_says_megabytes_is_told loud
check agent_that_says_no_xml_is_told torn
check agent_that_hangs_is_told_and_ended hanging
