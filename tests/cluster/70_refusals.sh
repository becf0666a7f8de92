#!/bin/bash
# 70_refusals.sh: what qdiskd must refuse beside a running corosync: the exit status,
# one line that says why, and nothing written to the LUN.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
cluster_enter "$@"

# corosync_with key=value...: corosync with these settings on all nodes.
corosync_with() {
	local n began
	began=$(rig_now)
	for n in $(all_nodes); do
		if service_pid corosync "$n" > /dev/null; then corosync_stop "$n"; fi
	done
	conf_defaults transport=udpu "$@"	# a ring a second sooner than over knet
	conf_write
	# shellcheck disable=SC2046	# a list of words
	corosync_start $(all_nodes)
	await 15 joined
}
joined() { ring_first 1 "$began" "$(all_members)" > /dev/null; }

# With n1 running: n2's daemon is refused, and n1 goes on.
second_refused() {
	local rc=0
	node_exec 2 timeout 10 "$RIG_BUILD/qdiskd" -f -c /etc/cluster/cluster.conf > "$RIG_ST/refusal" 2>&1 || rc=$?
	sed 's/^/# /' "$RIG_ST/refusal"
	[ $rc = "$1" ] || { diag "status $rc, wanted $1"; return 1; }
	grep -qi -- "$2" "$RIG_ST/refusal" || { diag "does not say: $2"; return 1; }
	casts 1 1
	block_state 2 None
}

timings_other_than_the_clusters_are_refused_with_3() {
	qdiskd_stop 2
	await 5 casts 1 1
	conf_set upgrade_wait=1
	conf_derive
	conf_cluster > "$RIG_ST/n2/cluster.conf"
	second_refused 3 upgrade_wait
}

# The label remembers whose LUN it is.
lun_of_another_cluster_is_refused() {
	local n
	qdiskd_stop 1
	corosync_stop 1 2
	conf_write
	for n in 1 2; do
		sed -i "s/cluster_name: rig/cluster_name: other/" "$RIG_ST/n$n/corosync.conf"
		sed -i "s/<cluster name=\"rig\"/<cluster name=\"other\"/" "$RIG_ST/n$n/cluster.conf"
	done
	corosync_start 1 2
	refused 4 "rig"
}

not_root_is_refused() {
	node_exec 2 setpriv --reuid 65534 --regid 65534 --clear-groups timeout 10 "$RIG_BUILD/qdiskd" -f \
		-c /etc/cluster/cluster.conf > "$RIG_ST/refusal" 2>&1 && return 1
	sed 's/^/# /' "$RIG_ST/refusal"
	grep -qi root "$RIG_ST/refusal"
}

# Nothing runs that a failure could leave behind, but for a qdiskd that was accepted.
scenario_reset() {
	local n
	for n in $(all_nodes); do
		if qdiskd_running "$n"; then qdiskd_kill "$n"; fi
	done
}

# refused STATUS TEXT: qdiskd on n1 ends so within 10 s, says TEXT, and writes nothing.
refused() {
	local before rc=0
	before=$(cksum < "$RIG_LUN")
	node_exec 1 timeout 10 "$RIG_BUILD/qdiskd" -f -c /etc/cluster/cluster.conf > "$RIG_ST/refusal" 2>&1 || rc=$?
	sed 's/^/# /' "$RIG_ST/refusal"
	[ $rc = "$1" ] || { diag "status $rc, wanted $1"; return 1; }
	grep -qi -- "$2" "$RIG_ST/refusal" || { diag "does not say: $2"; return 1; }
	[ "$(cksum < "$RIG_LUN")" = "$before" ] || { diag "the LUN was written"; return 1; }
}

no_corosync_is_refused_with_5() { refused 5 corosync; }

two_node_in_corosync_is_refused_with_3() {
	corosync_with model=none expected=2 quorum_extra="two_node: 1"
	refused 3 two_node
}

device_of_another_model_is_refused_with_3() {
	corosync_with model=net
	refused 3 'quorum.device.model'
}

no_device_section_is_refused_with_3() {
	corosync_with model=none
	refused 3 'quorum.device'
}

no_expected_votes_is_refused_with_3() {
	corosync_with expected=none
	refused 3 expected_votes
}

no_votequorum_is_refused_with_3() {
	corosync_with provider= model=none expected=none
	refused 3 votequorum
}

device_timeout_beyond_l3_is_refused_with_3() {
	corosync_with v=10000
	refused 3 'at most 700'
}

sync_timeout_below_l5_is_refused_with_3() {
	corosync_with y=1000
	refused 3 'sync_timeout'
}

token_that_differs_from_corosyncs_is_refused_with_3() {
	corosync_with
	sed -i 's/<totem token="1500"/<totem token="1600"/' "$RIG_ST/n1/cluster.conf"
	refused 3 1600
	grep -q 1500 "$RIG_ST/refusal"
}

timings_beyond_the_token_are_refused_with_3() {
	corosync_with interval=200
	refused 3 token
}

label_that_is_nowhere_is_refused_with_4() {
	corosync_with label=elsewhere
	refused 4 elsewhere
}

lun_without_a_label_is_refused_with_4() {
	corosync_with
	cp "$RIG_LUN" "$RIG_ST/lun.copy"
	node_exec 1 dd if=/dev/zero of=/dev/qlun bs=4096 count=1 oflag=direct status=none
	refused 4 rig
	node_exec 1 dd if="$RIG_ST/lun.copy" of=/dev/qlun bs=4096 count=1 oflag=direct status=none
}

good_settings_are_accepted_after_all_that() {
	corosync_with
	qdiskd_start 1 2
	await $((RIG_MASTER_S + RIG_Z_S)) agree 1 2
}

cluster_start 2
scenario no_corosync_is_refused_with_5
scenario two_node_in_corosync_is_refused_with_3
scenario device_of_another_model_is_refused_with_3
scenario no_device_section_is_refused_with_3
scenario no_expected_votes_is_refused_with_3
scenario device_timeout_beyond_l3_is_refused_with_3
scenario sync_timeout_below_l5_is_refused_with_3
scenario token_that_differs_from_corosyncs_is_refused_with_3
scenario timings_beyond_the_token_are_refused_with_3
scenario label_that_is_nowhere_is_refused_with_4
scenario lun_without_a_label_is_refused_with_4
scenario good_settings_are_accepted_after_all_that
scenario timings_other_than_the_clusters_are_refused_with_3
scenario lun_of_another_cluster_is_refused
scenario not_root_is_refused
rig_stop

# Without a quorum provider every corosync calls itself quorate: a rig of its own.
cluster_start 1
scenario no_votequorum_is_refused_with_3
tap_done
