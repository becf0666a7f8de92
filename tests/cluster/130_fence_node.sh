#!/bin/bash
# 130_fence_node.sh: fence_node with real agents: the texts, exit codes and order of cman's,
# agents of Debian's fence-agents, dual power supplies, unfencing, passwords.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
cluster_enter "$@"
[ -x /usr/sbin/fence_dummy ] || rig_skip "fence-agents is not installed"

# An agent that says what it got, one line a call; "do=fail" fails and tells a password.
agent_make() {
	node_exec 1 sh -c 'cat > /usr/sbin/fence_told && chmod 755 /usr/sbin/fence_told' << 'AGENT'
#!/bin/sh
args=$(cat | tr '\n' ' ')
echo "$args" >> /run/told
ps -ef >> /run/processes
case $args in *do=fail*) echo "cannot log in as root with s3cret"; exit 1 ;; *do=hang*) sleep 100 ;; esac
exit 0
AGENT
	node_exec 1 mkdir -p /run/dummy
}

# nodes_are XML...: cluster.conf with these clusternode contents, n1 first.
nodes_are() {
	local n=0 xml
	{
		echo '<cluster name="rig" config_version="1"><clusternodes>'
		for xml; do
			n=$((n + 1))
			echo "<clusternode name='n$n' nodeid='$n'>$xml</clusternode>"
		done
		echo '</clusternodes><fencedevices>
			<fencedevice name="told" agent="fence_told" passwd="s3cret" login="root"/>
			<fencedevice name="dummy" agent="fence_dummy" type="file" status_file="/run/dummy/n2"/>
			<fencedevice name="missing" agent="fence_nobody"/>
			<fencedevice name="plain" agent="fence_plain"/>
			</fencedevices></cluster>'
	} > "$RIG_ST/fence.conf"
	node_exec 1 sh -c 'rm -f /run/told /run/processes'
}

# fence_node OPTION...: its exit code in $code, what it said in $said.
fence_node() {
	code=0
	said=$(node_exec 1 env COROSYNC_CLUSTER_CONFIG_FILE="$RIG_ST/fence.conf" timeout 30 \
		"$RIG_BUILD/fence_node" "$@" 2>&1 > "$RIG_ST/fence_node.stdout") || code=$?
	[ ! -s "$RIG_ST/fence_node.stdout" ]
}
said_is() { [ "$said" = "$1" ] || { diag "said: $said"; return 1; }; }
said_has() { [[ "$said" == *"$1"* ]] || { diag "said: $said"; return 1; }; }
told() { node_exec 1 cat /run/told; }
method() { echo "<method name='$1'>${*:2}</method>"; }

cluster_is_needed() {
	nodes_are "" ""
	fence_node n2
	[ $code = 1 ] && said_is "cannot connect to cman"
	corosync_start 1
}

nothing_configured_is_undefined() {
	nodes_are "" ""
	fence_node -v n2
	[ $code = 2 ]
	said_is "fence n2 dev 0.0 agent none result: error no method
fence n2 undefined"
	fence_node n9
	[ $code = 2 ] && said_is "fence n9 undefined"
	fence_node -U
	[ $code = 2 ] && said_is "unfence n1 undefined"
}

method_works() {
	nodes_are "" "<fence>$(method a "<device name='told' port='7'/>")</fence>"
	fence_node n2
	[ $code = 0 ] && said_is "fence n2 success"
	[ "$(told)" = "port=7 nodename=n2 agent=fence_told passwd=s3cret login=root " ]
	fence_node -v n2
	said_is "fence n2 dev 0.0 agent fence_told result: success
fence n2 success"
}

# Both supplies are cut before one is switched on again.
dual_power_supplies_are_off_off_on_on() {
	local device='' action
	for action in off off on on; do device="$device<device name='told' action='$action'/>"; done
	nodes_are "" "<fence>$(method power "$device")</fence>"
	fence_node n2
	[ $code = 0 ]
	[ "$(told | sed 's/ .*//' | tr '\n' ' ')" = "action=off action=off action=on action=on " ]
}

second_method_after_the_first_has_failed() {
	nodes_are "" "<fence>$(method a "<device name='told' do='fail'/>")$(method b "<device name='told' port='8'/>")</fence>"
	fence_node -v n2
	[ $code = 0 ]
	said_has "fence n2 dev 0.0 agent fence_told result: error from agent"
	said_has "fence n2 dev 1.0 agent fence_told result: success"
}

bad_agents_and_methods_are_told() {
	local file
	nodes_are "" "<fence>$(method a)$(method b "<device name='missing'/>")$(method c "<device name='plain'/>")</fence>"
	node_exec 1 sh -c 'echo "#!/bin/sh" > /usr/sbin/fence_plain; chmod 644 /usr/sbin/fence_plain'
	fence_node -v n2
	[ $code = 1 ]
	said_has "fence n2 dev 0.0 agent none result: error no device"
	said_has "agent fence_nobody: exit status 127"
	said_has "agent fence_plain: exit status 126"
	said_has "fence n2 failed"
	said_has "error agent-missing: $RIG_ST/fence.conf:3: node n2, method b, device missing: agent fence_nobody is not in"
	said_has "error agent-missing: $RIG_ST/fence.conf:3: node n2, method c, device plain: agent fence_plain cannot be executed"
	file=$RIG_ST/fence.conf
	sed -i "s/name='missing'/name='unknown'/" "$file"
	fence_node n2
	[ $code = 1 ]
	said_has "no <fencedevice> has this name"
}

unfencing_tries_all_devices() {
	nodes_are "<unfence><device name='told' do='fail' action='on'/><device name='told' action='on'/></unfence>" \
		"<unfence><device name='told' action='on'/></unfence>"
	fence_node -U
	[ $code = 1 ] && said_is "unfence n1 failed"
	[ "$(told | wc -l)" = 2 ]
	fence_node -U n2
	[ $code = 0 ] && said_is "unfence n2 success"
}

passwords_are_masked_everywhere() {
	nodes_are "" "<fence>$(method a "<device name='told' do='fail'/>")</fence>"
	fence_node -vv n2
	[ $code = 1 ]
	said_has "agent args: do=fail nodename=n2 agent=fence_told passwd=*** login=root"
	said_has "said: cannot log in as root with ***"
	[[ "$said" != *s3cret* ]]
	[ "$(node_exec 1 grep -c s3cret /run/processes)" = 0 ]
}

# fence_dummy keeps its node's power in a file.
dummy_is_on() { [ "$(node_exec 1 cat /run/dummy/n2 2> /dev/null)" = on ]; }
agents_of_debian_are_driven() {
	nodes_are "" "<fence>$(method a "<device name='dummy' action='off'/>")</fence>
		<unfence><device name='dummy' action='on'/></unfence>"
	node_exec 1 sh -c 'printf on > /run/dummy/n2'
	fence_node -v n2
	diag "$said"
	[ $code = 0 ]
	refute dummy_is_on
	fence_node -U n2
	[ $code = 0 ]
	dummy_is_on
}

rig_start 2 || { echo "Bail out! the rig does not start"; exit 99; }
agent_make
scenario cluster_is_needed
scenario nothing_configured_is_undefined
scenario method_works
scenario dual_power_supplies_are_off_off_on_on
scenario second_method_after_the_first_has_failed
scenario bad_agents_and_methods_are_told
scenario unfencing_tries_all_devices
scenario passwords_are_masked_everywhere
scenario agents_of_debian_are_driven
tap_done
