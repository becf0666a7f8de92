#!/bin/sh
# node-boot.sh: what a node with the mark nN/autostart starts when it has booted:
# corosync, and when that answers, qdiskd, as systemd would.
set -u
"$RIG_DIR/node-service.sh" corosync corosync -f &
i=0
until corosync-cfgtool -s > /dev/null 2>&1; do
	i=$((i + 1))
	[ $i -lt 200 ] || exit 1
	sleep 0.1
done
exec "$RIG_DIR/node-service.sh" qdiskd "$RIG_BUILD/qdiskd" -f -c /etc/cluster/cluster.conf
