# shellcheck shell=bash
# plan.sh: what a campaign of random faults does, drawn from a seed before anything runs.
#
#	plan_draw SEED CAMPAIGN > FILE
#
# The same seed and number give the same file, which can also be written or cut short by
# hand:
#
#	rig NODES [KEY=VALUE...]	see conf_defaults; respawn=SECONDS until a dead node boots
#	storm				faults close in time; times count from here
#	AT KIND TARGET FOR		ms, see faults.sh, ms; target "m": the master when the storm begins

PLAN_STORMS=6
PLAN_FAULTS_MAX=4

# random_seed SEED CAMPAIGN; random N: a number in [0, N) in $RND, the same on every machine
# (splitmix64). No subshell: the state would be lost with it.
random_seed() {
	RND_STATE=$(($1 * 1000003 + $2))
	random 2
}
random() {
	local z
	RND_STATE=$((RND_STATE + 0x9E3779B97F4A7C15))
	z=$(((RND_STATE ^ (RND_STATE >> 30 & 0x3FFFFFFFF)) * 0xBF58476D1CE4E5B9))
	z=$(((z ^ (z >> 27 & 0x1FFFFFFFFF)) * 0x94D049BB133111EB))
	z=$((z ^ (z >> 31 & 0x1FFFFFFFF)))
	RND=$(((z >> 1 & 0x7FFFFFFFFFFFFFFF) % $1))
}

# random_of WORD...: one of them.
random_of() {
	random $#
	shift "$RND"
	RND=$1
}

plan_draw() {
	local nodes interval tko token lun i
	random_seed "$1" "$2"
	plan_rig
	for ((i = 0; i < PLAN_STORMS; i++)); do
		echo storm
		plan_storm
	done
}

# Sizes and timings. Tko and its companions are qdiskd's own for 8 and 10 cycles; votes
# from one up to "the last man stands"; two nodes with one vote left to qdiskd: master_wins.
plan_rig() {
	local more
	random 4
	nodes=$((2 + RND))
	random_of 100 100 120 160 240
	interval=$RND
	random_of 8 8 10
	tko=$RND
	[ "$tko" = 8 ] && more="tko=8 tko_up=2 upgrade_wait=2 master_wait=3" || more="tko=10 tko_up=3 upgrade_wait=2 master_wait=5"
	token=$((interval * (tko == 8 ? 15 : 20)))
	random $((nodes - 1))
	more="$more votes=$((RND < 2 ? nodes - 1 : RND - 1))"
	random 2
	[ "$nodes" != 2 ] || [ "$RND" = 0 ] || more="$more votes_unset=1"
	random_of 512 4096
	more="$more sector=$RND"
	random_of plain faulty faulty
	lun=$RND
	more="$more lun=$lun"
	random_of 0.3 1.5 $((token * 22 / 10000 + 1))
	echo "rig $nodes interval=$interval token=$token $more respawn=$RND"
}

# The words of the loop are the weights.
plan_storm() {
	local i count at=0 kind lun_kinds=
	[ "$lun" = plain ] || lun_kinds="lunhang lunhang lunhang lunslow lunslow luneio luneio"
	random $PLAN_FAULTS_MAX
	count=$((1 + RND))
	for ((i = 0; i < count; i++)); do
		# shellcheck disable=SC2086	# a list of words
		random_of kill kill stop stop stop freeze freeze power power restart leave \
			cable cable oneway pair split split split cskill csleave csstop csstop storm \
			nofence nofence $lun_kinds
		kind=$RND
		plan_target "$kind"
		target=$RND
		plan_duration
		echo "$at $kind $target $RND"
		random $((2 * tko * interval))
		at=$((at + RND / (1 + RND % 5)))
	done
}

plan_target() {
	local a b
	case $1 in
	nofence) RND=- ;;
	split) plan_groups ;;
	oneway | pair)
		random "$nodes"
		a=$((RND + 1))
		random $((nodes - 1))
		b=$((RND + 1 + (RND + 1 >= a)))
		[ "$1" = pair ] && RND=$a=$b || RND="$a>$b"
		;;
	*)
		random $((nodes + 2))
		[ "$RND" -lt "$nodes" ] && RND=$((RND + 1)) || RND=m
		;;&
	lun*)
		a=$RND
		random 8
		[ "$RND" = 0 ] && RND=all || RND=$a
		;;
	esac
}

# Two or three groups, the first two never empty.
plan_groups() {
	local n first groups=()
	random "$nodes"
	first=$RND
	for ((n = 0; n < nodes; n++)); do
		if [ "$n" -lt 2 ]; then RND=$((n * 2)); else random 5; fi
		groups[RND / 2]+=",$(((n + first) % nodes + 1))"
	done
	RND="${groups[0]#,}/${groups[1]#,}${groups[2]:+/${groups[2]#,}}"
}

# Shorter than anybody notices, about as long as a silent node lives, or beyond what
# corosync takes for a ring change.
plan_duration() {
	random 10
	if [ "$RND" -lt 4 ]; then
		random $((4 * interval))
	elif [ "$RND" -lt 7 ]; then
		random $((4 * interval))
		RND=$((RND + (tko - 2) * interval))
	else
		random $((token * 22 / 10))
		RND=$((RND + tko * interval))
	fi
}
