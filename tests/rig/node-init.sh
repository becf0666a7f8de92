#!/bin/sh
# node-init.sh NODE_ID: what a rig node runs as its first process.
# Called by chassis.sh through unshare(1), in new pid, mount, net, uts and ipc
# namespaces. Builds the node's private view of the file system, starts the sampler,
# waits for its network cable and becomes tini, so that the node has a reaping init.
# RIG_ST, RIG_BIN and RIG_NET come from the environment.
set -eu

n=$1
D=$RIG_ST/n$n
unset QDISK_REBOOT	# this is no machine: whatever runs in here may reboot it
[ -z "$RIG_CGROUP" ] || echo 0 > "$RIG_CGROUP/n$n/cgroup.procs"

# Private copies of /etc /var /usr that survive a reboot of the node, not the rig.
for d in etc var usr; do
	mkdir -p "$D/$d.up" "$D/$d.wk"
	mount -t overlay "rig-$d" -o "lowerdir=/$d,upperdir=$D/$d.up,workdir=$D/$d.wk" "/$d"
done

# Volatile directories, empty after each boot.
mount -t tmpfs -o mode=755 run /run
mkdir -p /run/lock /run/corosync /run/cluster
# The proof, for code that would reboot, that this is a rig node and not the machine.
stat -Lc %i /proc/self/ns/pid > /run/qdisk-node

# A private /dev: harmless devices, own shared memory, and the LUN paths of this node.
dev=$D/dev
mkdir -p "$dev"
mount -t tmpfs -o mode=755 dev "$dev"
for f in null zero full random urandom tty; do
	cp -a "/dev/$f" "$dev/"
done
mkdir "$dev/shm" "$dev/pts"
mount -t tmpfs -o mode=1777 shm "$dev/shm"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$dev/pts"
ln -s pts/ptmx "$dev/ptmx"
ln -s /proc/self/fd "$dev/fd"
while read -r name major minor; do
	mknod -m 660 "$dev/$name" b "$major" "$minor"
done < "$D/luns"
mount --rbind "$dev" /dev
mount -t sysfs -o ro sysfs /sys	# of the node's own net namespace
# sbd and Pacemaker reset a node through these files; it would be the machine that they hit.
for f in /proc/sysrq-trigger /proc/sys/kernel/sysrq; do
	[ ! -e "$f" ] || mount --bind /dev/null "$f"
done

hostname "n$n"
ip link set lo up
: > "$D/fs-ready"
i=0
until [ -e /sys/class/net/eth0 ]; do
	sleep 0.02
	i=$((i + 1))
	[ $i -lt 500 ] || exit 1
done
ip addr add "$RIG_NET.$n/24" dev eth0
ip link set eth0 up

"$RIG_BIN/sampler" "$n" "$D/samples" < /dev/null &
echo $! > /run/sampler.pid
if [ -s "$D/watched" ]; then
	mkdir -p "$(cat "$D/watched")"
	"$RIG_BIN/mountwatch" "$n" "$(cat "$D/watched")" "$D/mounts" < /dev/null &
	echo $! > /run/mountwatch.pid
fi
[ ! -x "$D/boot.local" ] || "$D/boot.local" < /dev/null &
: > "$D/booted"
exec tini -- sleep infinity
