#!/bin/bash
# 95_random.sh: real corosync under random faults. Each campaign is a fresh cluster of two to
# five nodes and a few storms of faults; see tests/random/plan.sh for what is drawn and
# tests/random/judge.sh for what must be true.
#
# Environment: RANDOM_SECONDS   no campaign begins after so long (default 180)
#              RANDOM_SEED      the same faults again (default: a new seed, printed)
#              RANDOM_CAMPAIGN  only this campaign of the seed
#              RANDOM_PLAN      a file from plan_draw or by hand, instead of a seed
#              NO_GUARD         nobody plays the watchdog: the safety argument does not
#                               hold then, violations may be real and no defect
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
export RANDOM_SECONDS=${RANDOM_SECONDS:-180}
export RANDOM_SEED=${RANDOM_SEED:-$((SRANDOM % 1000000))}
export RIG_LIMIT=$((RANDOM_SECONDS + 400))
cluster_enter "$@"

declare -A COUNT=()

# campaign NUMBER: one TAP line.
campaign() {
	local began=$SECONDS name
	plan_get "$1"
	read -r _ name < "$RIG_TOP/plan"
	name="seed $RANDOM_SEED campaign $1: nodes $name"
	if campaign_play "$RIG_TOP/plan"; then
		ok "$name"
	else
		not_ok "$name"
		diag "$CAMPAIGN_WHY"
		story_save "$RIG_TOP/plan" "make random SEED=$RANDOM_SEED CAMPAIGN=$1"
	fi
	campaign_count
	diag "campaign $1 took $((SECONDS - began)) s, whole again after (ms): $(sed -n 's/.*whole again after \([0-9]*\) ms/\1/p' "$RIG_ST/events" | tr '\n' ' ')"
	rig_stop
	rm -rf "$RIG_ST"
}

plan_get() {
	if [ -n "${RANDOM_PLAN:-}" ]; then
		cp "$RANDOM_PLAN" "$RIG_TOP/plan" || exit 99
	else
		plan_draw "$RANDOM_SEED" "$1" > "$RIG_TOP/plan"
	fi
}

campaigns() {
	local began=$SECONDS number=1
	while [ $((SECONDS - began)) -lt "$RANDOM_SECONDS" ]; do
		campaign $number
		number=$((number + 1))
	done
}

diag "seed $RANDOM_SEED; replay: make random SEED=$RANDOM_SEED SECONDS=$RANDOM_SECONDS"
if [ -n "${RANDOM_PLAN:-}${RANDOM_CAMPAIGN:-}" ]; then campaign "${RANDOM_CAMPAIGN:-1}"; else campaigns; fi
diag "$SECONDS s in all:$(for kind in "${!COUNT[@]}"; do printf ' %s %s,' "$kind" "${COUNT[$kind]}"; done | sed 's/,$//')"
tap_done
