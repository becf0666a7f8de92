# shellcheck shell=bash
# scenario.sh: one scenario = one function = one TAP line. Part of rig.sh.

# scenario NAME: run the function NAME in a subshell with `set -e`, so that its first
# failing command ends it; then S1 must hold over everything sampled since the last judgement. A failure
# says which line, and saves logs, samples and the LUN in a folder that is kept.
scenario() {
	local name=$1 began=$SECONDS rc judged
	mark "scenario $name"
	(
		set -eE
		trap 'rc=$?; trap - ERR; [ "$BASH_SUBSHELL" -gt 1 ] || diag "failed: ${FUNCNAME[0]:-} line $LINENO: $BASH_COMMAND (status $rc)"' ERR
		"$name"
	)
	rc=$?
	lun_release
	judged=$(rig_now)
	samples_proven "${SCENARIO_JUDGED:-0}" || rc=1
	SCENARIO_JUDGED=$judged
	if [ $rc = 0 ]; then
		ok "$name"
	else
		not_ok "$name"
		scenario_save "$name"
		scenario_reset
	fi
	diag "took $((SECONDS - began)) s"
}

# scenario_long NAME: one for `make rounds` and `make soak`.
scenario_long() { [ -z "${RIG_LONG:-}" ] || scenario "$1"; }

# What brings the rig back after a failure, so that one failure is one failure. A test
# script may replace it.
scenario_reset() { :; }

# Copy what tells the story, show the ends of it.
scenario_save() {
	local kept n
	kept=$(mktemp -d "${RIG_FAILED:-/tmp}/qdisk-failed.$1.XXXXXX") || return
	chmod 755 "$kept"
	cp "$RIG_ST"/{events,fence.log,rig.out,lun.img,lun.status} "$kept/" 2> /dev/null
	samples_since 0 > "$kept/samples" 2>&1
	for n in $(seq "$RIG_N"); do
		mkdir "$kept/n$n"
		cp -L "$RIG_ST/n$n"/{*.log,*.out,*.conf,samples,console,power} "$kept/n$n/" 2> /dev/null
		if node_on "$n"; then
			quorumtool "$n" > "$kept/n$n/quorumtool" 2>&1
			[ ! -x "$RIG_BUILD/qdisk-tool" ] || node_exec "$n" timeout 5 "$RIG_BUILD/qdisk-tool" status --json > "$kept/n$n/status.json" 2>&1
		fi
		[ ! -s "$kept/n$n/qdiskd.out" ] || tail -n 12 "$kept/n$n/qdiskd.out" | sed "s/^/# n$n qdiskd: /"
	done
	tail -n 12 "$kept/samples" | sed 's/^/# /'
	tail -n 8 "$kept/events" | sed 's/^/# /'
	diag "everything else is in $kept"
}
