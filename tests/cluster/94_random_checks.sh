#!/bin/bash
# 94_random_checks.sh: does the random test find what it must find? Each defect is planted in
# a storm of an otherwise healthy cluster and judged by the very code that judges them all.
# shellcheck source=tests/cluster/cluster.sh
. "$(dirname "$0")/cluster.sh"
# shellcheck source=tests/rig/faults.sh
. "$RIG_DIR/faults.sh"
# shellcheck source=tests/random/plan.sh
. "$RIG_DIR/../random/plan.sh"
# shellcheck source=tests/random/judge.sh
. "$RIG_DIR/../random/judge.sh"
# shellcheck source=tests/random/campaign.sh
. "$RIG_DIR/../random/campaign.sh"
QDEV=${CMAN_TOOL_QDEV:-$RIG_BUILD/tests/cluster/cman_tool_qdev}
export QDEV
cluster_enter "$@"

declare -A COUNT=()

plan_is_the_seeds() {
	[ "$(plan_draw 4711 3)" = "$(plan_draw 4711 3)" ] &&
		[ "$(plan_draw 4711 3)" != "$(plan_draw 4711 4)" ] &&
		[ "$(plan_draw 4711 3)" != "$(plan_draw 4712 3)" ]
}

# storm_of FAULT...: play them ("AT KIND TARGET FOR") and judge.
storm_of() {
	CAMPAIGN_WHY=
	STORM_FAULTS=("$@")
	storm_finish 1
}

# shellcheck disable=SC2053	# a pattern is meant
# is_found PATTERN: the last storm was a violation, and this one.
is_found() { [[ $CAMPAIGN_WHY == $1 ]] || { diag "found: '$CAMPAIGN_WHY'"; return 1; }; }

faults_that_the_cluster_survives_are_no_violation() {
	storm_of "0 kill 2 0" "100 split 1,2/3 4000" "200 storm 1 0" || { diag "found: $CAMPAIGN_WHY"; return 1; }
}

# A daemon without silence, votes, or a thought: it polls 1 for ever, on the side that loses.
voter_that_ignores_the_split_is_found() {
	local pid
	service_hold qdiskd 3
	service_signal qdiskd 3 TERM
	await 10 daemon_stopped 3 || return 1
	node_exec 3 "$QDEV" "$CONF_label" <&8 > /dev/null 2>&1 &
	pid=$!
	await 10 total_votes_are 3 5 || return 1
	storm_of "0 split 1,2/3 5000"
	kill $pid
	is_found "S1 violated: n* {1,2} and n* {3}*" && is_found_in_the_story
}

# The story ends with the violation and tells what both sides said.
is_found_in_the_story() {
	story_tell > "$RIG_ST/story"
	grep -q "quorum: n3 quorum 1 .* 3$" "$RIG_ST/story" && grep -q "n1 qdiskd: " "$RIG_ST/story" &&
		grep -q "n2 corosync: .*Members" "$RIG_ST/story" && grep -q "split {1 2}" "$RIG_ST/story" &&
		refute grep -q "^ *[0-9.]* all faults end" "$RIG_ST/story"	# those of the storm before are negative
}

crash_is_found() {
	service_signal qdiskd 2 ABRT
	storm_of "0 restart 1 0"
	is_found "n2: qdiskd ended with status 134"
}

unprovoked_eviction_is_found() {
	# shellcheck disable=SC2016	# for the shell in the node
	node_exec 3 sh -c 'kill -STOP $(cat /run/rig-qdiskd.pid)'
	storm_of "0 split 1,2,3 3000"
	is_found "n* evicted n3, which no fault had touched"
}

cluster_that_does_not_come_back_is_found() {
	# shellcheck disable=SC2317	# called by faults_clear
	rig_heal() { :; }	# from here on splits last
	CAMPAIGN_BOUND=3
	storm_of "0 split 1,3/2 6000"
	is_found "not whole again 3 s after storm 1"
}

frozen_node_is_reset_in_time() {
	local began ended ms
	storm_of "0 freeze 2 $((5 * CONF_tko * CONF_I))" || { diag "found: $CAMPAIGN_WHY"; return 1; }
	began=$(awk '$3 == "freeze" { t = $1 } END { print t }' "$RIG_ST/events")
	ended=$(awk '$3 == "death" { t = $1 } END { print t }' "$RIG_ST/events")
	ms=$(ms_between "$began" "$ended")
	diag "reset after $ms ms, K*I $((CONF_tko * CONF_I)) ms"
	[ "$ms" -ge $((CONF_tko * CONF_I - 50)) ] && [ "$ms" -le $((CONF_tko * CONF_I + 200)) ]
}

check plan_is_the_seeds plan_is_the_seeds
campaign_begin "3 interval=100 token=1500 votes=2 respawn=1" || { echo "Bail out! $CAMPAIGN_WHY"; exit 99; }
for name in faults_that_the_cluster_survives_are_no_violation frozen_node_is_reset_in_time \
	voter_that_ignores_the_split_is_found crash_is_found unprovoked_eviction_is_found; do
	check $name $name
	campaign_whole || diag "the cluster is not whole again"
done
check cluster_that_does_not_come_back_is_found cluster_that_does_not_come_back_is_found
tap_done
