#!/bin/bash
# bench-failover.sh: from a power cut to the service running on the other node, with a
# power switch that takes eight seconds, as a BMC does, and corosync's default timings. Side by
# side: two_node, qnetd on a third machine, and the quorum disk. `make bench-failover` runs it.
#
#	bench-failover.sh [ROUNDS [CASE...]]
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster/cluster.sh"
# shellcheck source=tests/rig/pacemaker.sh
. "$RIG_DIR/pacemaker.sh"
export RIG_LIMIT=${RIG_LIMIT:-1800}
pacemaker_needed stonith_admin
cluster_enter "$@"
set -eE

rounds=${1:-3}
cases=(two_node qnetd pacemaker_fences fence_qdisk)
[ $# -lt 2 ] || cases=("${@:2}")
BMC_S=8
ARBITER=$RIG_NET.254
name=pcmk-

# service_configure [DEVICE...]: a service that prefers pcmk-1, and the fence devices.
service_configure() {
	{
		"$@"
		primitive service ocf:heartbeat:Dummy state=/run/service.state monitor=2
		prefers service 1
	} | pacemaker_configure stonith-timeout=60s
}

# Pacemaker joins the fencing that qdiskd has begun.
qdisk_device() {
	for n in 1 2; do node_exec "$n" install -m 755 "$RIG_BUILD/fence_qdisk" /usr/sbin/fence_qdisk; done
	primitive fence stonith:fence_qdisk
}

# --- the cases: each makes a rig and starts what gives quorum

two_node() {
	rig_start 2 token=3000 name=$name model=none expected=2 fence=none quorum_extra="two_node: 1"
	service_configure fence_device
	corosync_start 1 2
}

# An arbiter outside, reached over the same switch; its timings are the defaults.
qnetd() {
	rig_start 2 token=3000 name=$name model=none expected=2 fence=none
	in_switch ip addr add "$ARBITER/24" dev br0
	rig_spawn nsenter -t "$RIG_SWITCH" -n -- corosync-qnetd -f -s off
	service_configure fence_device
	for n in 1 2; do
		sed -i "s/^quorum {/&\n\tdevice {\n\t\tmodel: net\n\t\tvotes: 1\n\t\tnet {\n\t\t\ttls: off\n\t\t\thost: $ARBITER\n\t\t\talgorithm: ffsplit\n\t\t}\n\t}/; /expected_votes/d" \
			"$RIG_ST/n$n/corosync.conf"
	done
	corosync_start 1 2
	for n in 1 2; do service_start qdevice "$n" corosync-qdevice -f; done
	await 60 total_votes_are 1 3
}

# The quorum disk, but Pacemaker alone fences, when corosync has its new membership.
pacemaker_fences() {
	cluster_start 2 token= native=1 name=$name votes=1 fence=none quorumd='fence="none"'
	service_configure fence_device
	corosync_start 1 2
	qdiskd_start 1 2
	await 40 agree 1 2
}

# qdiskd fences, and Pacemaker joins it.
fence_qdisk() {
	cluster_start 2 token= native=1 name=$name votes=1
	service_configure qdisk_device
	corosync_start 1 2
	qdiskd_start 1 2
	await 40 agree 1 2
}

# --- one round

# seen NODE: does the service run there? It keeps a file while it does.
seen() { [ -e "/proc/$(cat "$RIG_ST/n$1/pid")/root/run/service.state" ]; }

# takeover_ms: cut the power of pcmk-1, wait for the service on pcmk-2.
takeover_ms() {
	local since limit=$((SECONDS + 60))
	since=$(rig_now)
	node_power_cut 1
	until seen 2; do
		[ $SECONDS -lt $limit ] || return 1
		nap 0.02
	done
	ms_between "$since" "$(rig_now)"
}

round() {
	"$1"	# in this shell: it sets the rig's variables
	pacemaker_start 1 2
	await 40 pacemaker_online 1 2
	await 30 seen 1
	echo $BMC_S > "$RIG_ST/power-slow"
	took=$(takeover_ms)
	nap $((BMC_S + 2))	# a second order would be carried out now
	printf '%-18s round %d: %6d ms, fenced %d times\n' "$1" "$2" "$took" "$(fence_count 1 0)"
	rig_stop
}

for case in "${cases[@]}"; do
	if [ "$case" = qnetd ] && ! { command -v corosync-qnetd && command -v corosync-qdevice; } > /dev/null; then
		echo "qnetd              skipped: corosync-qnetd and corosync-qdevice are not installed"
		continue
	fi
	for i in $(seq "$rounds"); do round "$case" "$i"; done
done
