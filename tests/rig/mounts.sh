# shellcheck shell=bash
# mounts.sh: where the file system of the second LUN was mounted, and when. Source it
# beside rig.sh. All answers come from the watcher in each node (mountwatch.c).

# mounts_told: the facts of all nodes in their order: "<ns> n1 mounted".
mounts_told() { sort -n "$RIG_ST"/n[0-9]*/mounts; }

# mounted_on NODE: is it mounted there now?
mounted_on() { [ "$(awk '{ print $3 }' "$RIG_ST/n$1/mounts" | tail -n 1)" = mounted ]; }

# mounts_count SINCE: how often it was mounted since then.
mounts_count() { mounts_told | awk -v since="$1" '$1 >= since && $3 == "mounted" { c++ } END { print c + 0 }'; }

# mounts_apart [SINCE]: never on two nodes at once, and nobody was without a watcher.
mounts_apart() {
	mounts_told | awk -v since="${1:-0}" '
		$3 == "mounted" {
			on[$2] = 1
			n = 0
			for (k in on) n += on[k]
			if (n > 1 && $1 >= since) { print "# mounted on " n " nodes at " $1 " (" $2 ")"; bad = 1 }
		}
		$3 == "unmounted" || $3 == "dead" { on[$2] = 0 }
		END { exit bad }' && mountwatch_lives
}

mountwatch_lives() {
	local n
	# shellcheck disable=SC2016	# for the shell in the node
	for n in $(seq "$RIG_N"); do
		node_off "$n" || node_exec "$n" sh -c 'read -r p < /run/mountwatch.pid && kill -0 "$p"' ||
			{ node_off "$n" || { diag "nobody watches the mounts of n$n"; return 1; }; }
	done
}
