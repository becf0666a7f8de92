#!/bin/bash
# libcman to those who build against it: symbols, header, pkg-config, man page. Needs no
# corosync. TAP.
#
#	tests/cluster/libcman_abi.sh
#
# Environment: BUILD  where libcman.so.3 lies (default build/)
set -u
export LC_ALL=C
cd "$(dirname "$0")/../.." || exit 99
# shellcheck source=tests/rig/tap.sh
. tests/rig/tap.sh
build=$(readlink -f "${BUILD:-build}")
[ -e "$build/libcman.so.3" ] || { echo "Bail out! $build/libcman.so.3 is not built"; exit 99; }
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
cc=${CC:-cc}

functions='admin_init barrier_change barrier_delete barrier_register barrier_wait dispatch end_recv_data
finish get_cluster get_disallowed_nodes get_extra_info get_fd get_fenceinfo get_node get_node_addrs
get_node_count get_node_extra get_nodes get_quorum_device get_subsys_count get_version getprivdata init
is_active is_listening is_quorate kill_node leave_cluster node_fenced poll_quorum_device
register_quorum_device replyto_shutdown send_data set_debuglog set_dirty set_expected_votes set_version
set_votes setprivdata shutdown start_confchg start_notification start_recv_data stop_confchg
stop_notification unregister_quorum_device'
for f in $functions; do echo "cman_$f"; done | sort > "$dir/api"

# same FILE: is it the API? The difference as diagnosis.
same() {
	diff "$dir/api" "$1" | sed -n 's/^[<>].*/# &/p' | tee "$dir/difference"
	[ ! -s "$dir/difference" ]
}

check api_has_46_functions test "$(wc -l < "$dir/api")" = 46
nm -D --defined-only "$build/libcman.so.3" | awk '{ print $3 }' | sort > "$dir/exported"
check library_exports_the_api_and_nothing_else same "$dir/exported"
check library_has_no_symbol_versions test "$(nm -D --defined-only "$build/libcman.so.3" | grep -c @)" = 0
check library_is_called_libcman_so_3 grep -q 'SONAME.*\[libcman.so.3\]' <(readelf -d "$build/libcman.so.3")

echo '#include <libcman.h>' | $cc -E -P -Iinclude - | grep -o 'cman_[a-z_]*(' | tr -d '(' | sort > "$dir/declared"
check header_declares_the_api_and_nothing_else same "$dir/declared"
sed -n 's/^\.Fn \(cman_[a-z_]*\).*/\1/p; s/^\.Fo \(cman_[a-z_]*\)$/\1/p' man/libcman.3 | sort -u > "$dir/documented"
check man_page_has_all_functions same "$dir/documented"

# As an old program would: whatever standard, nothing included before.
cat > "$dir/old.c" <<'END'
#include <libcman.h>
#include <stdio.h>

int main(void)
{
	cman_node_t node;
	struct cman_node *same = &node;

	same->cn_name[0] = 0;
	printf("%d %d\n", LIBCMAN_VERSION, cman_finish(NULL));
	return 0;
}
END
compiles() { $cc -Wall -Wextra -Werror "$@" -Iinclude -c -o "$dir/old.o" "$dir/old.c"; }
for standard in gnu89 gnu99 gnu17; do check header_compiles_as_$standard compiles -std=$standard; done
if echo 'int x;' | $cc -x c++ -c -o "$dir/x.o" - 2> /dev/null; then
	check header_compiles_as_c++ compiles -x c++
else
	skip header_compiles_as_c++ "$cc has no C++"
fi

# ---- installed ----

install_there() {	# PREFIX [VARIABLE=VALUE...]
	local prefix=$1
	shift
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s install B="${build#"$PWD"/}" \
		DESTDIR="$dir/root" prefix="$prefix" "$@" > "$dir/install.out" 2>&1 ||
		{ sed 's/^/# /' "$dir/install.out"; return 1; }
}
# pkg LIBDIR ARGUMENT...: pkg-config, with what was installed only
pkg() {
	local libdir=$1
	shift
	PKG_CONFIG_LIBDIR=$dir/root$libdir/pkgconfig PKG_CONFIG_SYSROOT_DIR=$dir/root pkg-config "$@"
}
program_builds_and_runs() {	# LIBDIR
	# shellcheck disable=SC2046	# lists of words
	$cc -Wall $(pkg "$1" --cflags libcman) -o "$dir/old" "$dir/old.c" $(pkg "$1" --libs libcman) &&
		[ "$(LD_LIBRARY_PATH="$dir/root$1" "$dir/old")" = "3 -1" ]
}
check install_respects_prefix_and_destdir install_there /opt/qdisk
check installed_pkg_config_names_the_prefix \
	grep -qx 'prefix=/opt/qdisk' "$dir/root/opt/qdisk/lib/pkgconfig/libcman.pc"
check installed_pkg_config_gives_libs \
	test "$(pkg /opt/qdisk/lib --libs libcman | sed 's/ *$//')" = "-L$dir/root/opt/qdisk/lib -lcman"
check installed_library_serves_a_program program_builds_and_runs /opt/qdisk/lib
check installed_names_are_cmans test "$(readlink "$dir/root/opt/qdisk/lib/libcman.so")" = libcman.so.3 \
	-a "$(readlink "$dir/root/opt/qdisk/lib/libcman.so.3")" = libcman.so.3.0
check installed_man_page_is_there test -s "$dir/root/opt/qdisk/share/man/man3/libcman.3"
check install_respects_libdir install_there /usr libdir=/usr/lib64
check installed_library_elsewhere_serves_a_program program_builds_and_runs /usr/lib64

tap_done
