#!/bin/bash
# bmc.sh: the baseboard management controllers of the rig's nodes: ipmi_sim of Debian's
# openipmi, which speaks IPMI over LAN as hardware does, each at an address of its own on
# the switch, outside the nodes. What it is told to do to its chassis the power controller
# (power.sh) does to the node. Source it beside rig.sh:
#
#	bmc_start 1 2			# at $(bmc_address 1), user fence, password secret
#
# ipmi_sim runs this file itself, for its chassis: bmc.sh chassis NODE get|set NAME [VALUE]...

# chassis NODE WORDS...: "get power" is answered with "power:1"; other questions with
# nothing.
chassis() {
	local n=$1
	shift
	while [ $# -gt 0 ]; do
		case "$1 ${2:-}" in
		"get power") echo "power:$(($(request status "$n" | grep -c on)))" ;;
		"set power")
			[ "$(request "$([ "$3" = 0 ] && echo off || echo on)" "$n")" = ok ] || exit 1
			shift ;;
		"set "*) shift ;;
		esac
		shift 2
	done
}
request() { printf '%s n%s\n' "$1" "$2" | timeout 20 socat -t 20 - "UNIX-CONNECT:$RIG_ST/power.sock"; }

if [ "${1:-}" = chassis ]; then
	shift
	chassis "$@"
	exit 0
fi

bmc_address() { echo "$RIG_NET.10$1"; }

bmc_start() {
	local n at
	for n; do
		at=$RIG_ST/bmc$n
		mkdir -p "$at/state"
		in_switch ip addr add "$(bmc_address "$n")/24" dev br0
		cat > "$at/lan.conf" <<-END
			name "n$n"
			set_working_mc 0x20
			  startlan 1
			    addr $(bmc_address "$n") 623
			    priv_limit admin
			    allowed_auths_admin md5
			    guid $(printf %032x "$n")
			  endlan
			  chassis_control "$RIG_DIR/bmc.sh chassis $n"
			  user 2 true "fence" "secret" admin 10 md5
		END
		printf '%s\n' "mc_setbmc 0x20" "mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02" \
			"mc_enable 0x20" > "$at/commands"
		rig_spawn nsenter -t "$RIG_SWITCH" -n -- ipmi_sim -n -c "$at/lan.conf" -f "$at/commands" -s "$at/state"
	done
	for n; do await 10 bmc_answers "$n" || return 1; done
}

bmc_answers() {
	in_switch timeout 3 ipmitool -I lanplus -C 3 -H "$(bmc_address "$1")" -U fence -P secret \
		chassis power status > /dev/null 2>&1
}
