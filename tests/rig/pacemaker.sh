# shellcheck shell=bash
# pacemaker.sh: Pacemaker inside the nodes, beside corosync and qdiskd. Source it beside
# rig.sh:
#
#	{ fence_device; primitive vip ocf:heartbeat:IPaddr2 ip=10.77.0.100 monitor=2
#		prefers vip 1; } | pacemaker_configure stonith-timeout=20s
#	corosync_start 1 2; qdiskd_start 1 2; pacemaker_start 1 2
#	await 20 pacemaker_online 1 2
#	await 20 resource_runs vip 1
#
# The configuration is put into the nodes before Pacemaker starts: what it says of the
# start itself (dc-deadtime) counts from the first second, and both nodes begin alike.
# Log: nN/pacemaker.log, output of the tools: nN/pacemakerd.out.

# shellcheck disable=SC2154	# CONF_...: conf.sh

# pacemaker_needed PROGRAM...: skip the test where Pacemaker or these are not installed.
pacemaker_needed() {
	local tool
	for tool in pacemakerd crm_mon cibadmin "$@"; do
		command -v "$tool" > /dev/null || rig_skip "$tool is not installed"
	done
}

# node_name NODE: what the node is called in corosync.conf, and so by Pacemaker.
node_name() { echo "$CONF_name$1"; }

# --- what Pacemaker is to run: XML on stdout

# nvpairs ID name=value...: the inside of a set of attributes; of two of one name, the last.
nvpairs() {
	local id=$1 pair name
	local -A value=()
	shift
	for pair; do value[${pair%%=*}]=${pair#*=}; done
	for name in "${!value[@]}"; do echo "<nvpair id='$id-$name' name='$name' value='${value[$name]}'/>"; done
}

# primitive ID AGENT [name=value...]: one resource. AGENT: ocf:heartbeat:IPaddr2 or
# stonith:fence_rig. monitor=SECONDS is its recurring monitor, timeout=SECONDS that of all
# its operations, meta_NAME=VALUE a meta attribute, everything else a parameter.
primitive() {
	local id=$1 agent=$2 pair type class provider='' every=0 limit=20 params=() meta=()
	shift 2
	class=${agent%%:*}
	type=${agent##*:}
	[ "$agent" = "$class:$type" ] || { provider=${agent#*:}; provider="provider='${provider%:*}'"; }
	for pair; do
		case $pair in
		monitor=*) every=${pair#*=} ;;
		timeout=*) limit=${pair#*=} ;;
		meta_*) meta+=("${pair#meta_}") ;;
		*) params+=("$pair") ;;
		esac
	done
	echo "<primitive id='$id' class='$class' $provider type='$type'>
		<meta_attributes id='$id-meta'>$(nvpairs "$id-meta" "${meta[@]}")</meta_attributes>
		<instance_attributes id='$id-params'>$(nvpairs "$id-params" "${params[@]}")</instance_attributes>
		<operations>"
	for op in start stop; do echo "<op id='$id-$op' name='$op' interval='0' timeout='${limit}s'/>"; done
	echo "<op id='$id-monitor' name='monitor' interval='${every}s' timeout='${limit}s'/></operations>
	</primitive>"
}

# fence_device [name=value...]: the power switch of all nodes, as a device of Pacemaker's.
fence_device() {
	local n map=
	for n in $(seq "$RIG_N"); do map="$map$(node_name "$n"):n$n;"; done
	primitive fence stonith:fence_rig sock="$RIG_ST/power.sock" pcmk_host_map="$map" "$@"
}

# prefers RESOURCE NODE [SCORE]: a constraint.
prefers() { echo "<rsc_location id='$1-on-$2' rsc='$1' node='$(node_name "$2")' score='${3:-100}'/>"; }

# group ID, clone ID [name=value...]: the primitives on stdin as one; meta attributes.
group() { echo "<group id='$1'>$(cat)</group>"; }
clone() {
	local id=$1
	shift
	echo "<clone id='$id'><meta_attributes id='$id-meta'>$(nvpairs "$id-meta" "$@")</meta_attributes>$(cat)</clone>"
}

# pacemaker_configure [property=value...] < RESOURCES AND CONSTRAINTS: the configuration of
# every node; its Pacemaker must not run. A constraint is a line of its own.
pacemaker_configure() {
	local n
	cat > "$RIG_ST/resources"
	echo "<cib crm_feature_set='3.0.0' validate-with='pacemaker-3.0' epoch='1' num_updates='0' admin_epoch='1'>
	<configuration>
	<crm_config><cluster_property_set id='cib-bootstrap-options'>
	$(nvpairs opt stonith-enabled=true dc-deadtime=2s stonith-timeout=20s "$@")
	</cluster_property_set></crm_config>
	<nodes>" > "$RIG_ST/cib.xml"
	for n in $(seq "$RIG_N"); do echo "<node id='$n' uname='$(node_name "$n")'/>"; done >> "$RIG_ST/cib.xml"
	echo "</nodes><resources>$(grep -v '^<rsc_' "$RIG_ST/resources")</resources>
	<constraints>$(grep '^<rsc_' "$RIG_ST/resources")</constraints></configuration><status/></cib>" >> "$RIG_ST/cib.xml"
	for n in $(seq "$RIG_N"); do
		node_exec "$n" sh -c "rm -f /var/lib/pacemaker/cib/*"
		node_exec "$n" install -o hacluster -g haclient -m 600 "$RIG_ST/cib.xml" /var/lib/pacemaker/cib/cib.xml || return 1
	done
}

# cib_add NODE SECTION XML: more of it, while it runs.
cib_add() { node_exec "$1" timeout 10 cibadmin --create --scope "$2" --xml-text "$3"; }

# property_set NODE NAME VALUE: a cluster option, while it runs.
property_set() { node_exec "$1" timeout 10 crm_attribute --name "$2" --update "$3"; }

# --- its life

pacemaker_start() {
	local n
	for n; do
		mark "n$n pacemaker start"
		service_start pacemakerd "$n" env PCMK_logfile="$RIG_ST/n$n/pacemaker.log" PCMK_logfacility=none pacemakerd || return 1
	done
}

# A clean stop, resources included.
pacemaker_stop() {
	local n
	for n; do service_signal pacemakerd "$n" TERM; done
	for n; do
		await 60 service_ended pacemakerd "$n" || return 1
		[ "$(service_status pacemakerd "$n")" = 0 ] ||
			{ diag "n$n: pacemakerd ended with $(service_status pacemakerd "$n")"; return 1; }
	done
}

# pacemaker_signal NODE SIGNAL: to all of its daemons. Stopped, they hang as under a debugger.
pacemaker_signal() {
	mark "n$1 pacemaker SIG$2"
	# shellcheck disable=SC2016	# for the shell in the node
	node_exec "$1" sh -c 'kill -$1 $(pidof pacemakerd pacemaker-based pacemaker-controld pacemaker-schedulerd \
		pacemaker-attrd pacemaker-fenced pacemaker-execd)' sh "$2"
}

# --- what it says

# crm_mon_of NODE [OPTION...]: `crm_mon -1` there; also where Pacemaker hangs, not for ever.
crm_mon_of() {
	local n=$1
	shift
	node_exec "$n" timeout 10 crm_mon -1 "$@" 2> /dev/null
}

# pacemaker_online NODE...: each of them says that exactly these are online, and none pending.
pacemaker_online() {
	local n want
	want=$(for n; do node_name "$n"; done | sort | tr '\n' ' ')
	for n; do
		[ "$(crm_mon_of "$n" --output-as=xml | sed -n 's/.*<node name="\([^"]*\)".* online="true".* pending="false".*/\1/p' |
			sort | tr '\n' ' ')" = "$want" ] || return 1
	done
}

# resource_nodes RESOURCE [NODE]: the names of the nodes that run it, as NODE (default: the
# first whose Pacemaker runs) sees it.
resource_nodes() {
	local n=${2:-}
	[ -n "$n" ] || for n in $(seq "$RIG_N"); do ! service_pid pacemakerd "$n" > /dev/null || break; done
	node_exec "$n" timeout 10 crm_resource --resource "$1" --locate 2> /dev/null |
		sed -n 's/^resource .* is running on: \([^ ]*\).*/\1/p'
}

# resource_runs RESOURCE NODE [SEEN_BY]: on this node and on no other one.
resource_runs() { [ "$(resource_nodes "$1" "${3:-$2}")" = "$(node_name "$2")" ]; }

# stonith_history NODE VICTIM: the fencings that Pacemaker remembers.
stonith_history() { node_exec "$1" timeout 10 stonith_admin --history "$(node_name "$2")" --verbose; }
