#!/bin/bash
# What is written for each file of tests/corosync_conf is accepted by corosync itself,
# on each of its nodes.
# shellcheck source-path=SCRIPTDIR disable=SC2015
set -u
cd "$(dirname "$0")" || exit 1
# shellcheck source=common.inc
. ./common.inc
tmp=$(mktemp -d "${TMPDIR:-/tmp}/qdisk-conf.XXXXXX") || exit 1
trap clean_up EXIT
: > "$tmp/why"
[ "$(id -u)" = 0 ] || skip_all "needs root"
unshare --net --mount true 2> /dev/null || skip_all "needs namespaces of its own"
command -v corosync > /dev/null || skip_all "corosync is not installed"

# accepted FILE NODE: by `corosync -t` on that node, in a world where the names of the
# file have addresses, this node has its own, and the key and the folders are there.
accepted() {
	# shellcheck disable=SC2016 # expanded inside
	timeout 20 unshare --net --mount bash -euc '
		file=$1 node=$2
		mount -t tmpfs none /var/log
		mkdir /var/log/cluster
		i=1
		echo "127.0.0.1 localhost" > "$3/hosts"
		for name in $(sed -n "s/.*ring[0-9]*_addr: //p" "$file"); do
			echo "192.0.2.$i $name" >> "$3/hosts"
			i=$((i + 1))
		done
		mount --bind "$3/hosts" /etc/hosts
		head -c 256 /dev/urandom > "$3/key"
		sed "s|keyfile: .*|keyfile: $3/key|" "$file" > "$3/conf"
		ip link set lo up
		# its addresses, on every link
		for address in $(awk -v node="$node" "/^\t\tname:/ { mine = \$2 == node }
				mine && /_addr:/ { print \$2 }" "$file"); do
			ip address add "$(sed -n "s/ $address\$//p" "$3/hosts")/24" dev lo
		done
		corosync -t -c "$3/conf"
	' - "$1" "$2" "$tmp"
}

# What corosync does not accept is seen by this test.
refuses_what_is_wrong() {
	sed 's/token: .*/token: 1/' ../corosync_conf/guide.conf > "$tmp/wrong.conf"
	! accepted "$tmp/wrong.conf" n1 || because "token 1 was accepted"
}

plan 8
for file in ../corosync_conf/*.conf; do
	name=${file##*/}
	check "corosync_accepts_what_is_written_for_${name%.conf}" accepted "$(realpath "$file")" n1
done
check corosync_refuses_a_token_of_1 refuses_what_is_wrong
