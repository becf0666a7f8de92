#!/bin/bash
# 135_fence_agents.sh: qdiskd drives an agent of Debian's fence-agents against a BMC, and an
# agent that lies is found out.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
# shellcheck source=tests/rig/bmc.sh
. "$RIG_DIR/bmc.sh"
cluster_enter "$@"
for tool in fence_ipmilan ipmitool ipmi_sim; do
	command -v $tool > /dev/null || rig_skip "$tool is not installed"
done

# conf_agents: node 2 has a BMC, as in the README but for the cipher (ipmi_sim knows no
# better one) and the pauses that a real chassis wants. Node 3 has an agent that says once
# that the node was fenced, and it was not. As node 3 has it, node 1 has an agent that hangs.
conf_agents() {
	local n
	for n in 1 2 3; do
		sed -i "s|<device name=\"power\" port=\"n2\"/>|<device name=\"bmc2\"/>|
			s|<device name=\"power\" port=\"n3\"/>|<device name=\"liar\" port=\"n3\"/>|
			s|<fencedevices>|&<fencedevice name=\"liar\" agent=\"fence_liar\" sock=\"$RIG_ST/power.sock\"/><fencedevice name=\"bmc2\" \
			agent=\"fence_ipmilan\" ip=\"$(bmc_address 2)\" username=\"fence\" password=\"secret\" lanplus=\"1\" \
			cipher=\"3\" power_wait=\"0\"/>|" "$RIG_ST/n$n/cluster.conf"
		cat > "$RIG_ST/n$n/usr.up/sbin/fence_liar" <<-END
			#!/bin/sh
			[ "\$1" != -o ] || exec fence_rig "\$@"
			[ -e $RIG_ST/lied ] || { : > $RIG_ST/lied; exit 0; }
			exec fence_rig
		END
		printf '#!/bin/sh\nexec sleep 600\n' > "$RIG_ST/n$n/usr.up/sbin/fence_hanging"
		chmod 755 "$RIG_ST/n$n/usr.up/sbin/"fence_{liar,hanging}
	done
	sed -i "s|<device name=\"power\" port=\"n1\"/>|<device name=\"hanging\"/>|
		s|<fencedevices>|&<fencedevice name=\"hanging\" agent=\"fence_hanging\"/>|" "$RIG_ST/n3/cluster.conf"
}

master_is() { [ "$(master_of "$1")" = "$2" ]; }

# What it says of them comes when it has long since voted.
agent_that_hangs_does_not_hold_up_the_start() {
	await 20 log_says 3 "device hanging: fence_hanging -o metadata has not ended within 10 s"
	[ "$(line_of 3 "vote cast")" -lt "$(line_of 3 "fence_hanging")" ]
}
line_of() { grep -nF -- "$2" "$RIG_ST/n$1/qdiskd.out" | head -n 1 | cut -d : -f 1; }

# The machine runs on, only its daemon stands still: nothing but the agent ends it.
agent_of_debian_cuts_the_power_over_ipmi() {
	local since
	since=$(rig_now)
	echo 1 > "$RIG_ST/power-slow"	# there is time to look
	qdiskd_freeze 2
	await $((RIG_MASTER_S + 10)) status_is 1 '.fencing[] | "\(.node) \(.by) \(.method) \(.device) \(.tries)"' "2 fence_ipmilan 0 0 1"
	await 20 node_died 2 "$since" power
	rm "$RIG_ST/power-slow"
	diag "power cut $(ms_between "$since" "$(died_at 2 "$since")") ms after its daemon stood still"
}

# Off, seen to be off, on, seen to be on: it takes its time, and what comes between it and
# the next scenario does not wait for it.
agent_of_debian_ends_well() {
	await 20 log_says 1 "fence n2 dev 0.0 agent fence_ipmilan result: success"
	await 10 node_on 2
	[ "$(fence_count 2 0)" = 1 ]
	await 2 status_is 1 '.fencing | length' 0	# as of the next cycle
	never_lost_quorum 1 0
}

agents_that_know_what_they_get_are_not_complained_about() {
	refute log_says 1 "fence agents: "
	refute log_says 1 secret
}

# Node 3 is to be fenced while it lives, and cannot read its poison pill: its path shows its
# own slot as it was. So it beats on although its fencing has reported success.
lie_of_an_agent_is_found_out_and_the_node_fenced_again() {
	local since
	since=$(rig_now)
	lun_path 3 stale r slot=3
	# done, or failed: as it asks before the lie is found out or after
	node_exec 1 timeout 20 "$RIG_BUILD/fence_qdisk" -o off -n n3 || diag "fence_qdisk has heard of the lie"
	[ -e "$RIG_ST/lied" ]
	await 10 log_says 1 "node 3 beats although its fencing reported success: it was not fenced, fencing it again"
	await 10 node_died 3 "$since" power
	diag "dead $(ms_between "$since" "$(died_at 3 "$since")") ms after the request that was lied about"
	await 5 log_grown 1 "fence n3 dev 0.0 agent fence_liar result: success" 1
	[ "$(fence_count 3 "$since")" = 1 ]
	refute log_grown 1 "although its fencing reported success" 1
}

cluster_start 3 transport=udpu lun=faulty
bmc_start 2 || { echo "Bail out! no BMC"; exit 99; }
conf_agents
corosync_start 1 2 3
qdiskd_start 1
await $((RIG_MASTER_S + RIG_Z_S)) master_is 1 1
qdiskd_start 2 3
await $((RIG_RING_S + RIG_MASTER_S + RIG_Z_S)) agree 1 2 3
scenario agents_that_know_what_they_get_are_not_complained_about
scenario_long agent_that_hangs_does_not_hold_up_the_start
scenario agent_of_debian_cuts_the_power_over_ipmi
scenario lie_of_an_agent_is_found_out_and_the_node_fenced_again
scenario agent_of_debian_ends_well
tap_done
