#!/bin/sh
# node-boot.sh: what a node starts when it has booted, as systemd would: corosync, and when
# that answers, the services in nN/services, by default qdiskd.
set -u
D=$RIG_ST/$(hostname)
"$RIG_DIR/node-service.sh" corosync corosync -f &
i=0
until corosync-cfgtool -s > /dev/null 2>&1; do
	i=$((i + 1))
	[ $i -lt 200 ] || exit 1
	sleep 0.1
done
for service in $(cat "$D/services" 2> /dev/null || echo qdiskd); do
	case $service in
	qdiskd) "$RIG_DIR/node-service.sh" qdiskd "$RIG_BUILD/qdiskd" -f -c /etc/cluster/cluster.conf & ;;
	pacemakerd) "$RIG_DIR/node-service.sh" pacemakerd env PCMK_logfile="$D/pacemaker.log" PCMK_logfacility=none pacemakerd & ;;
	esac
done
wait
