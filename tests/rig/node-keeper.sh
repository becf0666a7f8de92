#!/bin/bash
# node-keeper.sh: keeps corosync and qdiskd of a node running, as an init system does that
# starts what has ended again. A service whose file nN/hold.NAME exists is not started.
#
# Each beginning and end is a line of $RIG_ST/events, the end with its exit status; the
# output goes to nN/NAME.out, each line behind its time; the pid is in /run/rig-NAME.pid.
set -u
D=$RIG_ST/$(hostname)
declare -A pid=()

# A pause without a process.
exec 8<> <(:)
nap() { read -r -t "$1" <&8 || :; }
say() { echo "$("$RIG_BIN/mono") ${D##*/} $*" >> "$RIG_ST/events"; }
runs() { [ -n "${pid[$1]:-}" ] && kill -0 "${pid[$1]}" 2> /dev/null; }

# qdiskd needs corosync to start, not to go on.
may_start() { [ ! -e "$D/hold.$1" ] && { [ "$1" = corosync ] || runs corosync; }; }

# keep NAME COMMAND...: what is to be done about a service now.
keep() {
	local name=$1
	shift
	if [ -n "${pid[$name]:-}" ]; then
		! runs "$name" || return 0
		wait "${pid[$name]}"
		say "$name ends $?"
		pid[$name]=
		rm -f "/run/rig-$name.pid"
	fi
	may_start "$name" || return 0
	say "$name begins"
	"$@" < /dev/null > >(exec "$RIG_BIN/mono" -l >> "$D/$name.out") 2>&1 &
	pid[$name]=$!
	echo $! > "/run/rig-$name.pid"
}

while :; do
	keep corosync corosync -f
	keep qdiskd "$RIG_BUILD/qdiskd" -f -d -c /etc/cluster/cluster.conf
	nap 0.1
done
