#!/bin/sh
# node-service.sh NAME COMMAND...: run a daemon inside a node, in the foreground of this
# script. Its pid goes to /run/rig-NAME.pid, its output to nN/NAME.out, its exit status,
# when it ends, to nN/NAME.exit ("started" until then).
set -u
name=$1
D=$RIG_ST/$(hostname)
shift
echo started > "$D/$name.exit"
"$@" < /dev/null >> "$D/$name.out" 2>&1 &
pid=$!
echo $pid > "/run/rig-$name.pid.new"
mv "/run/rig-$name.pid.new" "/run/rig-$name.pid"
wait $pid
rc=$?
# A daemon whose I/O hangs may be gone long after the next one has started: that is the
# one these files are about.
[ "$(cat "/run/rig-$name.pid")" = $pid ] || exit 0
echo $rc > "$D/$name.exit"
rm -f "/run/rig-$name.pid"
