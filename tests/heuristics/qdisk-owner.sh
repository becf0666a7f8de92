#!/bin/sh
# qdisk-owner's verdicts on what Pacemaker and qdiskd may say, and on their silence. The two
# are played by scripts here; the real ones are asked in tests/cluster/160_health.sh.
# shellcheck disable=SC2086	# commands are kept as lists of words
# shellcheck source=tests/heuristics/tap.inc
. "$(dirname "$0")/tap.inc"

mkdir "$dir/bin"
clean="env -i PATH=$dir/bin:/usr/sbin:/usr/bin:/sbin:/bin:$top/heuristics"

# pacemaker_says LINE...: the answer of crm_resource.
pacemaker_says() {
	printf '%s\n' "$@" >"$dir/located"
	printf '#!/bin/sh\ncat %s\n' "$dir/located" >"$dir/bin/crm_resource"
	chmod +x "$dir/bin/crm_resource"
}
runs_on() { pacemaker_says "resource web is running on: $1"; }

# qdiskd_says ME MASTER MEMBERS STATE2 UP2 VOTE TOTAL: the status of three nodes n1 n2 n3 with
# two votes of the device; node 2's state; a quorum of 3.
qdiskd_says() {
	cat >"$dir/status" <<END
{"version": 1,
"cluster": "rig", "node_id": ${1#n}, "node_name": "$1", 
"device": "/dev/loop5", "label": "rig", 
"state": "running", "score": 1, "score_max": 1, "score_required": 1,
"master": $2, "visible": [1,2,3], "initialising": [], "quorate_set": [1,2],
"timings": {"interval_ms": 100, "tko": 8, "tko_up": 2, "upgrade_wait": 2, "master_wait": 3},
"vote": {"state": "$6", "votes": 2, "why": "the master counts this node in", "expired": false},
"voting_mark": {"voting": true, "view": [1,2]},
"corosync": {"connected": true, "ring": "1.e", "members": [$3], "quorate": true, "expected_votes": 5, "total_votes": $7, "quorum": 3},
"nodes": [
 {"id": 1, "name": "n1", "state": "running", "up": true, "missed": 0, "voting": true, "evicted": false},
 {"id": 2, "name": "n2", "state": "$4", "up": $5, "missed": 0, "voting": true, "evicted": false},
 {"id": 3, "name": "n3", "state": "running", "up": true, "missed": 0, "voting": true, "evicted": false}],
"heuristics": [
 {"program": "qdisk-owner web", "score": 1, "up": true, "misses": 0, "tko": 2}],
"latency": {"read_us": 129, "write_us": 39, "out_ms": 0}}
END
	printf '#!/bin/sh\ncat %s\nexit 1\n' "$dir/status" >"$dir/bin/qdisk-tool"
	chmod +x "$dir/bin/qdisk-tool"
}
# verdict_is NAME STATUS PATTERN
verdict_is() { check "$1" "$2" "$3" $clean qdisk-owner web; }
down='qdisk-owner: down: n2 runs web and is fit to be master'

runs_on n2
qdiskd_says n1 1 1,2,3 running true cast 5
verdict_is master_that_is_not_the_owner_is_down 1 "$down"
qdiskd_says n3 1 1,2,3 running true cast 5
verdict_is follower_is_down_while_the_owner_is_not_master 1 "$down"
qdiskd_says n3 0 1,2,3 running true withdrawn 3
verdict_is follower_is_down_while_there_is_no_master 1 "$down"
qdiskd_says n1 2 1,2,3 master true cast 5
verdict_is others_are_up_when_the_owner_is_master 0 ''
qdiskd_says n2 1 1,2,3 running true cast 5
verdict_is owner_is_up 0 ''
qdiskd_says n1 1 1,2,3 none true cast 5
verdict_is owner_that_is_unfit_is_not_waited_for 0 ''
qdiskd_says n1 1 1,2,3 running false cast 5
verdict_is owner_that_is_dead_is_not_waited_for 0 ''
qdiskd_says n1 1 1,3 running true cast 4
verdict_is parted_from_a_live_owner_is_down 1 "$down"
qdiskd_says n1 2 1,3 master true withdrawn 2
verdict_is parted_from_the_master_that_owns_is_down 1 "$down"
qdiskd_says n1 1 1,2 running true cast 4
verdict_is master_stays_where_the_votes_of_the_device_are_needed 0 ''
qdiskd_says n1 1 1,2,3 running true stands 4
verdict_is vote_that_stands_counts_as_the_devices 0 ''

qdiskd_says n1 1 1,2,3 running true cast 5
runs_on n9
verdict_is owner_without_a_quorum_disk_is_not_waited_for 0 ''
pacemaker_says "resource web is NOT running"
verdict_is resource_that_runs_nowhere_leaves_all_up 0 ''
pacemaker_says "resource web is running on: n1" "resource web is running on: n2"
verdict_is clone_that_runs_here_too_is_up 0 ''
pacemaker_says "resource web is running on: n1 " "resource web is running on: n2 Promoted"
verdict_is promoted_one_is_the_owner 1 "$down"

runs_on n2
printf '#!/bin/sh\nexit 1\n' >"$dir/bin/qdisk-tool"
verdict_is without_qdiskd_a_node_is_up 0 ''
printf '#!/bin/sh\nexec sleep 60\n' >"$dir/bin/qdisk-tool"
check hung_qdisk_tool_is_not_waited_for 0 '' $clean qdisk-owner -w 0.3 web
took_between hung_qdisk_tool_takes_the_deadline 300 2000
printf '#!/bin/sh\nexec sleep 60\n' >"$dir/bin/crm_resource"
check hung_pacemaker_is_not_waited_for 0 '' $clean qdisk-owner -w 0.3 web
took_between hung_pacemaker_takes_the_deadline 300 2000
rm "$dir/bin/crm_resource"
check without_pacemaker_a_node_is_up 0 '' env -i PATH="$dir/bin:/usr/bin:/bin:$top/heuristics" qdisk-owner web

check no_resource_is_refused 2 "*0 resources given, one is needed*" $clean qdisk-owner
check two_resources_are_refused 2 "*2 resources given, one is needed*" $clean qdisk-owner web db
check bad_resource_is_refused 2 "*'we b' is no name of a resource*" $clean qdisk-owner 'we b'
check bad_deadline_is_refused 2 "*option -w: '0' is no time from 0.1 to 60 seconds*" $clean qdisk-owner -w 0 web
check unknown_option_is_refused 2 "*unknown option '-x', accepted are -h -s -w*" $clean qdisk-owner -x web
check_help qdisk-owner
finish
