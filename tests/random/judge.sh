# shellcheck shell=bash
# judge.sh: what must be true of a storm when it is over, and its story if it is not.

# storm_judge: judge all that happened since $STORM_SINCE.
storm_judge() {
	s1_holds "$(all_members)" "$STORM_SINCE" ||
		campaign_fails "$(grep -m 1 -e violated -e '^s1check' "$RIG_ST/s1.out")" || return 1
	samplers_live || campaign_fails "a sampler died" || return 1
	judge_says judge_ends && judge_says judge_words && judge_says judge_spared
}

# judge_says COMMAND: it prints a violation, or nothing.
judge_says() {
	local said
	said=$("$1" | head -n 1)
	[ -z "$said" ] || campaign_fails "$said"
}

# Every end of a daemon has a reason: 0 and 143 a SIGTERM, 137 a SIGKILL, 4 a path to the LUN
# that is broken or was so in the last seconds, 5 a corosync that began, ended, stood still
# or hung then, 129 a SIGHUP that met a process which was not qdiskd yet. Any other is a crash.
judge_ends() {
	awk -v since="$STORM_SINCE" '
		$3 == "corosync" { touched[$2] = $1; if ($4 ~ /^SIG/) hung[$2] = $4 == "SIGSTOP" }
		$2 == "lun" { lun["n" $3] = $4 == "ok" ? $1 : 1e30 }
		$3 == "freeze" || $3 == "thaw" || $3 == "boot" { touched[$2] = $1 }
		$3 != "qdiskd" { next }
		$4 == "begins" { asked[$2] = ""; begun[$2] = $1 }
		$4 == "SIGTERM" || $4 == "SIGKILL" { asked[$2] = asked[$2] $4 }
		$4 == "ends" && $1 >= since {
			why = $5 == 0 || $5 == 143 ? asked[$2] ~ /TERM/ : \
				$5 == 137 ? asked[$2] ~ /KILL/ : \
				$5 == 129 ? $1 - begun[$2] < 0.15e9 : \
				$5 == 4 ? $1 - lun[$2] < 8e9 || $1 - lun["nall"] < 8e9 : \
				$5 == 5 ? hung[$2] || $1 - touched[$2] < 8e9 : 0
			if (!why) print $2 ": qdiskd ended with status " $5
		}' "$RIG_ST/events"
	awk -v since="$STORM_SINCE" '$3 == "death" && $4 ~ /^init/ && $1 >= since { print $2 ": " $3, $4 }' "$RIG_ST/events"
}

# Words that no daemon may ever say in a cluster whose nodes have one id each.
judge_words() {
	local n
	for n in $(all_nodes); do
		awk -v n="$n" -v since="$STORM_SINCE" '$1 >= since &&
			/BUG|[Aa]ssert|another node uses node id|label of the quorum disk has changed/ {
				$1 = "n" n ":"; print }' "$RIG_ST/n$n/qdiskd.out"
	done
}

# A node whose daemon and power no fault of this storm has touched, and whose LUN was
# fine, is neither evicted nor fenced, and does not die.
judge_spared() {
	local n spared=' '
	for n in $(all_nodes); do [[ $STORM_DOOMED == *" $n "* ]] || spared="$spared$n "; done
	for n in $(all_nodes); do
		awk -v n="$n" -v since="$STORM_SINCE" -v spared="$spared" '$1 >= since && /Writing eviction notice/ &&
			index(spared, " " $NF " ") { print "n" n " evicted n" $NF ", which no fault had touched" }' "$RIG_ST/n$n/qdiskd.out"
		[[ $spared == *" $n "* ]] || continue
		[ "$(fence_count "$n" "$STORM_SINCE")" = 0 ] || echo "n$n was fenced, and no fault had touched it"
		[ -z "$(node_deaths "$n" "$STORM_SINCE")" ] || echo "n$n died ($(node_deaths "$n" "$STORM_SINCE")), and no fault had touched it"
	done
}

# --- counts of a campaign, for the end

# campaign_count: add what this campaign's files show to COUNT.
campaign_count() {
	count_add rings "$(awk '$3 == "ring" && !seen[$4]++ { c++ } END { print c + 0 }' "$RIG_ST"/n[0-9]*/samples)"
	count_add evictions "$(cat "$RIG_ST"/n[0-9]*/qdiskd.out | grep -c 'Writing eviction notice')"
	count_add masters "$(cat "$RIG_ST"/n[0-9]*/qdiskd.out | grep -c 'Assuming master role')"
	count_add new_lives "$(cat "$RIG_ST"/n[0-9]*/qdiskd.out | grep -c 'starting anew')"
	count_add self_fences "$(grep -c ' death reboot' "$RIG_ST/events")"
	count_add fences "$(grep -c ' reboot n[0-9]* ok' "$RIG_ST/fence.log")"
	count_add storms "$(grep -c ' whole again' "$RIG_ST/events")"
}
count_add() { COUNT[$1]=$((${COUNT[$1]:-0} + $2)); }

# --- the story

# story_save PLAN REPLAY: everything that tells of the violation, in a folder that is named.
story_save() {
	local kept n
	kept=$(mktemp -d "${RIG_FAILED:-/tmp}/qdisk-random.XXXXXX") || return
	chmod 755 "$kept"
	cp "$1" "$kept/plan"
	cp "$RIG_ST"/{events,fence.log,rig.out,lun.img,s1.out} "$kept/" 2> /dev/null
	for n in $(all_nodes); do
		mkdir "$kept/n$n"
		cp -L "$RIG_ST/n$n"/{*.log,*.out,*.conf,samples,console,power} "$kept/n$n/" 2> /dev/null
		! node_on "$n" || node_exec "$n" timeout 5 "$RIG_BUILD/qdisk-tool" status --json > "$kept/n$n/status.json" 2>&1
	done
	printf '%s\n' "violated: $CAMPAIGN_WHY" "replay: $2" > "$kept/README"
	story_tell >> "$kept/README"
	grep -v ' corosync: ' "$kept/README" | grep -F -B 12 -A 3 ' violated: ' | sed 's/^/# /'
	diag "the story from the storm's begin on is $kept/README"
	diag "replay: $2"
}

# The storm, all sources merged by time, until just after it was violated first; seconds
# since its begin.
story_tell() {
	local n wall mono
	mono=$(rig_now)
	wall=${EPOCHREALTIME/./}
	{
		awk '{ print }' "$RIG_ST/events"
		sed 's/ / fence: /' "$RIG_ST/fence.log"
		for n in $(all_nodes); do
			sed 's/ n/ quorum: n/' "$RIG_ST/n$n/samples"
			sed "s/ / n$n qdiskd: /" "$RIG_ST/n$n/qdiskd.out"
			story_corosync "$n" "$wall" "$mono"
		done
	} | sort -n -s -k 1,1 | awk -v since="$STORM_SINCE" -v limit="$(story_end)" '
		$1 >= since - 1e9 && $1 <= limit { t = $1; sub(/^[0-9]+ /, ""); printf "%9.3f %s\n", (t - since) / 1e9, $0 }'
}

# One second after the begin of the first violation that s1check found, or never.
story_end() {
	local from
	from=$(sed -n 's/^S1 violated.* from \(-\{0,1\}[0-9.]*\) to .*/\1/p' "$RIG_ST/s1.out" | sort -n | head -n 1)
	awk -v from="${from:-1e6}" -v since="$STORM_SINCE" 'BEGIN { printf "%.0f\n", since + from * 1e9 + 1e9 }'
}

# Corosync stamps its lines with the time of the day: "Nov 22 01:32:20.123 [pid] n1 ...".
story_corosync() {
	local year
	year=$(date +%Y)
	awk -v n="$1" -v wall="$2" -v mono="$3" -v year="$year" '
		BEGIN { split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", m, " "); for (i in m) month[m[i]] = i }
		$1 in month {
			split($3, t, /[:.]/)
			s = mktime(year " " month[$1] " " $2 " " t[1] " " t[2] " " t[3])
			printf "%.0f n%s corosync:", mono + (s * 1e6 + t[4] * 1000 - wall) * 1000, n
			for (i = 4; i <= NF; i++) printf " %s", $i
			print ""
		}' "$RIG_ST/n$1/corosync.log" 2> /dev/null
}
