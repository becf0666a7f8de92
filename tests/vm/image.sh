#!/bin/bash
# image.sh: kernel and initramfs of the test machine, in build/vm. A Debian kernel is downloaded
# and unpacked, never installed; everything else comes from this system and from build/.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${BUILD:-$here/../../build}
vm=$build/vm
root=$vm/root
modules="virtio_pci virtio_scsi sd_mod i6300esb"
programs="/usr/sbin/corosync /usr/sbin/corosync-cfgtool /usr/sbin/corosync-quorumtool"

kernel_fetch() {
	local package
	[ ! -e "$vm/kernel/boot" ] || return 0
	package=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p')
	(cd "$vm" && { ls "$package"_*.deb > /dev/null 2>&1 || apt-get -qq download "$package"; } && dpkg-deb -x "$package"_*.deb kernel.new)
	depmod -b "$vm/kernel.new" "$(ls "$vm/kernel.new/lib/modules")"
	mv "$vm/kernel.new" "$vm/kernel"
}

# The modules and what they need, in the order in which they are loaded.
modules_copy() {
	local m file version
	version=$(ls "$vm/kernel/lib/modules")
	mkdir -p "$root/lib/modules"
	for m in $modules; do
		modprobe -S "$version" -d "$vm/kernel" --show-depends "$m" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
	done | awk '!seen[$0]++' | while read -r file; do
		cp "$file" "$root/lib/modules/"
		echo "${file##*/}"
	done > "$root/lib/modules/order"
}

# program_copy FROM TO: with the libraries that it needs.
program_copy() {
	local lib
	install -D "$1" "$root$2"
	ldd "$1" | grep -o '/[^ ]*' | while read -r lib; do
		[ -e "$root$lib" ] || install -D "$(readlink -f "$lib")" "$root$lib"
	done
}

programs_copy() {
	local p
	for p in $programs; do program_copy "$p" "$p"; done
	for p in qdiskd qdisk-tool mkqdisk; do program_copy "$build/$p" "/usr/sbin/$p"; done
	program_copy "$build/qdisk-readconf" /usr/libexec/qdisk/qdisk-readconf
	program_copy "$build/qdisk-agents" /usr/libexec/qdisk/qdisk-agents
	program_copy /bin/busybox /bin/busybox
	for p in $(/bin/busybox --list); do
		[ -e "$root/bin/$p" ] || ln -s busybox "$root/bin/$p"
	done
}

files_make() {
	mkdir -p "$root"/{etc/cluster,etc/corosync,proc,sys,dev,run,tmp,var/log,var/lib/corosync,usr/share}
	ln -s ../run "$root/var/run"
	ln -s ../run/lock "$root/var/lock"
	install -m 755 "$here/guest-init" "$root/init"
	cp "$here/cluster.conf" "$root/etc/cluster/"
	"$build/qdiskd" -t -c "$here/cluster.conf" > "$vm/corosync.conf" 2> "$vm/corosync.said" || :
	sed -e 's/transport: .*/transport: udpu/' -e 's/ring0_addr: n\([0-9]\)/ring0_addr: 127.0.0.\1/' \
		-e '/^logging {/,/^}/d' "$vm/corosync.conf" > "$root/etc/corosync/corosync.conf"
	printf 'logging {\n\tto_syslog: no\n\tto_logfile: yes\n\tlogfile: /var/log/corosync.log\n}\n' \
		>> "$root/etc/corosync/corosync.conf"
	echo 'root:x:0:0::/:/bin/sh' > "$root/etc/passwd"
	echo 'root:x:0:' > "$root/etc/group"
	printf '127.0.0.1 n1\n127.0.0.2 n2\n' > "$root/etc/hosts"
}

mkdir -p "$vm"
kernel_fetch
rm -rf "$root"
mkdir -p "$root"
modules_copy
programs_copy
files_make
(cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) > "$vm/initramfs.gz"
cp "$vm"/kernel/boot/vmlinuz-* "$vm/vmlinuz"
