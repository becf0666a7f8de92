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
echo $! > "/run/rig-$name.pid.new"
mv "/run/rig-$name.pid.new" "/run/rig-$name.pid"
wait $!
echo $? > "$D/$name.exit"
rm -f "/run/rig-$name.pid"
