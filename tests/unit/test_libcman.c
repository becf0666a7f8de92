/* libcman, the pure parts: the frozen layout of the header, the cluster id,
 * corosync's words as cman's. What asks a running corosync is tested in
 * tests/cluster/cman_tool_single.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <assert.h>
#include <corosync/votequorum.h>
#include <errno.h>
#include <string.h>

#include "../../cman-shim/libcman_clusterid.h"
#include "../../cman-shim/libcman_text.h"
#include "libcman.h"

/* ---- Layout: sizes and offsets that old binaries were built with ---- */

#define AT(type, field, offset) static_assert(offsetof(type, field) == (offset), #type "." #field)
#define SIZE(type, size)	static_assert(sizeof(type) == (size), #type)

SIZE(cman_handle_t, 8);
SIZE(cman_call_reason_t, 4);

SIZE(struct cman_node_address, 32);
AT(cman_node_address_t, cna_addrlen, 0);
AT(cman_node_address_t, cna_address, 4);
static_assert(_Alignof(cman_node_address_t) == 4, "alignment");

SIZE(struct cman_node, 320);
AT(cman_node_t, cn_nodeid, 0);
AT(cman_node_t, cn_address, 4);
AT(cman_node_t, cn_name, 36);
AT(cman_node_t, cn_member, 292);
AT(cman_node_t, cn_incarnation, 296);
AT(cman_node_t, cn_jointime, 304);
static_assert(_Alignof(cman_node_t) == 8, "alignment");
static_assert(sizeof(((cman_node_t *)0)->cn_name) == 256, "name");

SIZE(struct cman_node_extra, 20);
AT(cman_node_extra_t, cnx_nodeid, 0);
AT(cman_node_extra_t, cnx_state, 4);
AT(cman_node_extra_t, cnx_votes, 8);
AT(cman_node_extra_t, cnx_expected_votes, 12);
AT(cman_node_extra_t, cnx_leave_reason, 16);

SIZE(struct cman_version, 16);
AT(cman_version_t, cv_major, 0);
AT(cman_version_t, cv_minor, 4);
AT(cman_version_t, cv_patch, 8);
AT(cman_version_t, cv_config, 12);

SIZE(struct cman_cluster, 24);
AT(cman_cluster_t, ci_name, 0);
AT(cman_cluster_t, ci_number, 18);
AT(cman_cluster_t, ci_generation, 20);
static_assert(sizeof(((cman_cluster_t *)0)->ci_name) == 17, "cluster name");

SIZE(struct cman_extra_info, 68);
AT(cman_extra_info_t, ei_node_state, 0);
AT(cman_extra_info_t, ei_flags, 4);
AT(cman_extra_info_t, ei_node_votes, 8);
AT(cman_extra_info_t, ei_total_votes, 12);
AT(cman_extra_info_t, ei_expected_votes, 16);
AT(cman_extra_info_t, ei_quorum, 20);
AT(cman_extra_info_t, ei_members, 24);
AT(cman_extra_info_t, ei_ports, 28);
AT(cman_extra_info_t, ei_num_addresses, 60);
AT(cman_extra_info_t, ei_addresses, 64);
static_assert(_Alignof(cman_extra_info_t) == 4, "alignment");
static_assert(sizeof(((cman_extra_info_t *)0)->ei_ports) == 32, "ports");

SIZE(struct cman_qdev_info, 264);
AT(cman_qdev_info_t, qi_name, 0);
AT(cman_qdev_info_t, qi_state, 256);
AT(cman_qdev_info_t, qi_votes, 260);

static void constants_of_the_header_have_the_frozen_values(void **state)
{
	static const struct {
		long long have, want;
	} table[] = {
		{ LIBCMAN_VERSION, 3 },
		{ (long long)CMAN_MAX_ADDR_LEN, 28 },
		{ CMAN_MAX_NODENAME_LEN, 255 },
		{ MAX_CLUSTER_NAME_LEN, 16 },
		{ CMAN_MAX_FENCE_AGENT_NAME_LEN, 255 },
		{ CMAN_NODEID_US, 0 },
		{ CMAN_NODEID_QDISK, -1 },
		{ CMAN_NODEID_ALL, 0 },
		{ CMAN_REASON_PORTCLOSED, 0 },
		{ CMAN_REASON_STATECHANGE, 1 },
		{ CMAN_REASON_PORTOPENED, 2 },
		{ CMAN_REASON_TRY_SHUTDOWN, 3 },
		{ CMAN_REASON_CONFIG_UPDATE, 4 },
		{ CMAN_LEAVEFLAG_DOWN, 0 },
		{ CMAN_LEAVEFLAG_REMOVED, 3 },
		{ CMAN_LEAVEFLAG_FORCE, 0x10 },
		{ CMAN_SHUTDOWN_ANYWAY, 1 },
		{ CMAN_SHUTDOWN_REMOVED, 2 },
		{ CMAN_DISPATCH_ONE, 0 },
		{ CMAN_DISPATCH_ALL, 1 },
		{ CMAN_DISPATCH_BLOCKING, 2 },
		{ CMAN_DISPATCH_IGNORE_REPLY, 4 },
		{ CMAN_DISPATCH_IGNORE_DATA, 8 },
		{ CMAN_DISPATCH_IGNORE_EVENT, 16 },
		{ CMAN_DISPATCH_TYPE_MASK, 3 },
		{ CMAN_DISPATCH_IGNORE_MASK, 46 },
		{ CMAN_EXTRA_FLAG_2NODE, 1 },
		{ CMAN_EXTRA_FLAG_ERROR, 2 },
		{ CMAN_EXTRA_FLAG_SHUTDOWN, 4 },
		{ CMAN_EXTRA_FLAG_DISALLOWED, 8 },
		{ CMAN_EXTRA_FLAG_DIRTY, 16 },
		{ CMAN_EXTRA_FLAG_DISALLOWED_ENABLED, 32 },
		{ CLUSTER_LEAVEREASON_DOWN, 0 },
		{ CLUSTER_LEAVEREASON_KILLED, 1 },
		{ CLUSTER_LEAVEREASON_PANIC, 2 },
		{ CLUSTER_LEAVEREASON_REMOVED, 3 },
		{ CLUSTER_LEAVEREASON_REJECTED, 4 },
		{ CLUSTER_LEAVEREASON_INCONSISTENT, 5 },
		{ CLUSTER_LEAVEREASON_DEAD, 6 },
		{ CLUSTER_LEAVEREASON_NORESPONSE, 7 },
		{ CLUSTER_NODESTATE_JOINING, 1 },
		{ CLUSTER_NODESTATE_MEMBER, 2 },
		{ CLUSTER_NODESTATE_DEAD, 3 },
		{ CLUSTER_NODESTATE_LEAVING, 4 },
		{ CLUSTER_NODESTATE_DISALLOWED, 5 },
		{ CMAN_DEBUGLOG_NONE, 0 },
		{ CMAN_DEBUGLOG_BARRIER, 2 },
		{ CMAN_DEBUGLOG_MEMBERSHIP, 4 },
		{ CMAN_DEBUGLOG_DAEMON, 8 },
		{ CMAN_DEBUGLOG_AIS, 16 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(table[i].have, table[i].want);
}

/* ---- Cluster id ---- */

static const struct {
	const char *name;
	unsigned sum;
	const char *sum_group;
	unsigned fnv;
	const char *fnv_group;
} cluster_ids[] = {
	{ "a", 97, "239.192.0.97", 52512, "239.192.205.237" },
	{ "ab", 292, "239.192.1.37", 18671, "239.192.72.56" },
	{ "alpha", 3169, "239.192.12.109", 12320, "239.192.48.80" },
	{ "mycluster", 56756, "239.192.221.146", 65461, "239.192.255.181" },
	{ "cluster66", 53618, "239.192.209.68", 22265, "239.192.86.80" },
	{ "my-cluster", 40372, "239.192.157.82", 25554, "239.192.99.54" },
	{ "RHCluster", 41524, "239.192.162.214", 26061, "239.192.101.51" },
};

#define CLUSTER_ID_COUNT (sizeof(cluster_ids) / sizeof(cluster_ids[0]))

static void cluster_id_by_sum_is_that_of_rhel_5(void **state)
{
	(void)state;
	for (size_t i = 0; i < CLUSTER_ID_COUNT; i++)
		assert_int_equal(clusterid_of_name(cluster_ids[i].name, CLUSTERID_SUM),
				 cluster_ids[i].sum);
}

static void cluster_id_by_fnv_is_that_of_rhel_6(void **state)
{
	(void)state;
	for (size_t i = 0; i < CLUSTER_ID_COUNT; i++)
		assert_int_equal(clusterid_of_name(cluster_ids[i].name, CLUSTERID_FNV),
				 cluster_ids[i].fnv);
}

static void cluster_id_of_bytes_above_127_adds_them_signed(void **state)
{
	(void)state;
	/* 0xc3 = -61, 0xbc = -68: 2 * -61 - 68 = -190 */
	assert_int_equal(clusterid_of_name("\xc3\xbc", CLUSTERID_SUM), 65536 - 190);
}

static void multicast_group_of_an_id_ends_in_id_mod_255(void **state)
{
	char text[16], small[8];

	(void)state;
	for (size_t i = 0; i < CLUSTER_ID_COUNT; i++) {
		assert_int_equal(clusterid_group_ipv4((uint16_t)cluster_ids[i].sum, text, 16), 0);
		assert_string_equal(text, cluster_ids[i].sum_group);
		assert_int_equal(clusterid_group_ipv4((uint16_t)cluster_ids[i].fnv, text, 16), 0);
		assert_string_equal(text, cluster_ids[i].fnv_group);
	}
	assert_int_equal(clusterid_group_ipv4(1, small, sizeof(small)), -ENOSPC);
}

static void hash_cluster_id_absent_is_fnv_and_nonsense_is_refused(void **state)
{
	static const struct {
		const char *text;
		enum clusterid_hash hash;
	} good[] = { { NULL, CLUSTERID_FNV }, { "yes", CLUSTERID_FNV }, { "on", CLUSTERID_FNV },
		     { "1", CLUSTERID_FNV },  { "no", CLUSTERID_SUM },	{ "off", CLUSTERID_SUM },
		     { "0", CLUSTERID_SUM } };
	enum clusterid_hash hash;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(clusterid_hash_parse(good[i].text, &hash), 0);
		assert_int_equal(hash, good[i].hash);
	}
	assert_int_equal(clusterid_hash_parse("", &hash), -EINVAL);
	assert_int_equal(clusterid_hash_parse("maybe", &hash), -EINVAL);
}

/* ---- corosync's words as cman's ---- */

static void corosync_result_later_becomes_cmans_errno(void **state)
{
	static const struct {
		cs_error_t rc;
		int error;
	} table[] = {
		{ CS_ERR_LIBRARY, EHOSTDOWN },	  { CS_ERR_BAD_HANDLE, EHOSTDOWN },
		{ CS_ERR_NOT_EXIST, ENOENT },	  { CS_ERR_NAME_NOT_FOUND, ENOENT },
		{ CS_ERR_INVALID_PARAM, EINVAL }, { CS_ERR_TOO_BIG, EINVAL },
		{ CS_ERR_EXIST, EBUSY },	  { CS_ERR_BUSY, EBUSY },
		{ CS_ERR_TRY_AGAIN, EAGAIN },	  { CS_ERR_NO_MEMORY, ENOMEM },
		{ CS_ERR_ACCESS, EPERM },	  { CS_ERR_SECURITY, EIO },
		{ CS_ERR_TIMEOUT, EIO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(text_errno(table[i].rc), table[i].error);
}

static void corosync_result_while_connecting_means_it_is_not_there(void **state)
{
	(void)state;
	assert_int_equal(text_errno_connect(CS_ERR_LIBRARY), ECONNREFUSED);
	assert_int_equal(text_errno_connect(CS_ERR_NOT_EXIST), ECONNREFUSED);
	assert_int_equal(text_errno_connect(CS_ERR_ACCESS), EACCES);
	assert_int_equal(text_errno_connect(CS_ERR_TRY_AGAIN), EAGAIN);
	assert_int_equal(text_errno_connect(CS_ERR_NO_MEMORY), ENOMEM);
}

static void node_state_of_votequorum_is_renumbered(void **state)
{
	(void)state;
	assert_int_equal(text_node_state(VOTEQUORUM_NODESTATE_MEMBER), CLUSTER_NODESTATE_MEMBER);
	assert_int_equal(text_node_state(VOTEQUORUM_NODESTATE_DEAD), CLUSTER_NODESTATE_DEAD);
	assert_int_equal(text_node_state(VOTEQUORUM_NODESTATE_LEAVING), CLUSTER_NODESTATE_LEAVING);
	assert_int_equal(text_node_state(77), CLUSTER_NODESTATE_DEAD);
}

static void cmap_key_is_split_at_its_number(void **state)
{
	const char *field = NULL;
	uint32_t number = 0;

	(void)state;
	assert_true(text_split_key("nodelist.node.12.name", "nodelist.node.", &number, &field));
	assert_int_equal(number, 12);
	assert_string_equal(field, "name");
	assert_true(text_split_key("runtime.members.4294967295.ip", "runtime.members.", &number,
				   &field));
	assert_int_equal(number, 4294967295u);
}

static void cmap_key_of_another_form_is_passed_over(void **state)
{
	static const char *const bad[] = { "nodelist.local_node_pos",	    "nodelist.node..name",
					   "nodelist.node.x.name",	    "nodelist.node.1",
					   "nodelist.node.1name",	    "nodelist.node.-1.name",
					   "nodelist.node.4294967296.name", "",
					   "nodelist.node. 1.name" };
	const char *field;
	uint32_t number;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(text_split_key(bad[i], "nodelist.node.", &number, &field));
}

static void member_address_is_the_first_of_the_list(void **state)
{
	struct cman_node_address a =
		text_member_address("r(0) ip(192.0.2.1) r(1) ip(198.51.100.1) ");
	struct sockaddr_in in4;

	(void)state;
	assert_int_equal(a.cna_addrlen, 16);
	memcpy(&in4, a.cna_address, sizeof(in4));
	assert_int_equal(in4.sin_family, AF_INET);
	assert_int_equal(in4.sin_port, 0);
	assert_int_equal(ntohl(in4.sin_addr.s_addr), 0xc0000201);
	a = text_member_address("r(0) ip(2001:db8::1) ");
	assert_int_equal(a.cna_addrlen, 28);
}

static void member_address_that_is_none_has_length_0(void **state)
{
	static const char *const bad[] = { "",
					   "ip(",
					   "r(0) ip()",
					   "ip(n1.example.com)",
					   "ip(192.0.2.1",
					   "ip(1111111111111111111111111111111111111111111111)" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(text_member_address(bad[i]).cna_addrlen, 0);
}

/* ---- libcman without a daemon ---- */

static void handle_that_is_none_gives_einval(void **state)
{
	int number = 0;
	void *pointer = NULL;
	cman_node_t node = { .cn_nodeid = 1 };
	cman_node_extra_t extra;
	cman_version_t version;
	cman_cluster_t cluster;
	cman_extra_info_t info;
	cman_qdev_info_t device;

	(void)state;
	/* A handle is looked up, never followed: not even into thin air. */
	for (int i = 0; i < 2; i++) {
		cman_handle_t h = i ? (cman_handle_t)&number : NULL;
#define REFUSED(call)                            \
	do {                                     \
		errno = 0;                       \
		assert_int_equal((call), -1);    \
		assert_int_equal(errno, EINVAL); \
	} while (0)
		REFUSED(cman_finish(h));
		REFUSED(cman_setprivdata(h, NULL));
		REFUSED(cman_getprivdata(h, &pointer));
		REFUSED(cman_get_node_count(h));
		REFUSED(cman_get_nodes(h, 1, &number, &node));
		REFUSED(cman_get_node(h, 0, &node));
		REFUSED(cman_get_node_extra(h, 0, &extra));
		REFUSED(cman_get_node_addrs(h, 1, 1, &number, &node.cn_address));
		REFUSED(cman_is_active(h));
		REFUSED(cman_is_quorate(h));
		REFUSED(cman_get_version(h, &version));
		REFUSED(cman_get_cluster(h, &cluster));
		REFUSED(cman_get_extra_info(h, &info, (int)sizeof(info)));
		REFUSED(cman_get_subsys_count(h));
		REFUSED(cman_get_quorum_device(h, &device));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constants_of_the_header_have_the_frozen_values),
		cmocka_unit_test(cluster_id_by_sum_is_that_of_rhel_5),
		cmocka_unit_test(cluster_id_by_fnv_is_that_of_rhel_6),
		cmocka_unit_test(cluster_id_of_bytes_above_127_adds_them_signed),
		cmocka_unit_test(multicast_group_of_an_id_ends_in_id_mod_255),
		cmocka_unit_test(hash_cluster_id_absent_is_fnv_and_nonsense_is_refused),
		cmocka_unit_test(corosync_result_later_becomes_cmans_errno),
		cmocka_unit_test(corosync_result_while_connecting_means_it_is_not_there),
		cmocka_unit_test(node_state_of_votequorum_is_renumbered),
		cmocka_unit_test(cmap_key_is_split_at_its_number),
		cmocka_unit_test(cmap_key_of_another_form_is_passed_over),
		cmocka_unit_test(member_address_is_the_first_of_the_list),
		cmocka_unit_test(member_address_that_is_none_has_length_0),
		cmocka_unit_test(handle_that_is_none_gives_einval),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
