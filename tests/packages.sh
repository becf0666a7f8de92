#!/bin/sh
# Install the Debian packages that building, `make check`, `make lint` and `make soak-vm` need.
#
#   tests/packages.sh [--build | --lint | --vm]	--build: what a node of yours needs, no tests
#
# A temporary policy-rc.d keeps packages such as corosync from starting their
# services on this host: the tests start their own, inside namespaces. Nor are the
# services of the resource manager to start at the next boot, only because they were
# needed for a test: an sbd that nobody has configured keeps corosync from starting.
# Does nothing (and needs neither root nor a network) when all is there.
set -eu

build="gcc libc6-dev make pkg-config libaio-dev libxml2-dev libqb-dev libblkid-dev
zlib1g-dev libcorosync-common-dev libvotequorum-dev libcmap-dev libcfg-dev
libcpg-dev libquorum-dev libjson-c-dev"
test="libcmocka-dev libdeflate-dev libfuse3-dev corosync iproute2 iputils-ping procps psmisc util-linux kmod
tini socat strace valgrind e2fsprogs mount bsdextrautils jq mandoc patch
pacemaker pacemaker-cli-utils resource-agents fence-agents ipmitool openipmi sbd busybox clang libclang-rt-dev"
lint="clang-tidy cppcheck shellcheck"

vm="qemu-system-x86 cpio"

want="$build $test"
case ${1:-} in
--build) want="$build corosync" ;;
--lint) want="$want $lint" ;;
--vm) want="$want $vm" ;;
esac

missing=
for p in $want; do
	dpkg-query -W -f '${db:Status-Abbrev}\n' "$p" 2>/dev/null | grep -q '^ii' ||
		missing="$missing $p"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "packages.sh: missing:$missing; run as root, or apt-get install them" >&2
	exit 1
fi

policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' > $policy
	chmod 755 $policy
	trap 'rm -f $policy' EXIT INT TERM HUP
fi
export DEBIAN_FRONTEND=noninteractive
echo "installing:$missing"
apt-get -qq update
# shellcheck disable=SC2086	# a list of words
apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 install $missing >/dev/null

command -v systemctl >/dev/null || exit 0
for p in $missing; do
	case $p in
	pacemaker) echo pacemaker.service ;;
	resource-agents) echo logd.service ;;	# comes along with cluster-glue
	openipmi) echo openipmi.service ;;	# loads drivers of a BMC
	sbd) echo sbd.service sbd_remote.service ;;
	esac
done | xargs -r systemctl --quiet disable 2>/dev/null || echo "packages.sh: systemctl disable failed" >&2
