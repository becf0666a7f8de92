/* Ask a running corosync through libcman and check the answers, in the
 * cluster that cman_tool_single.sh sets up: node 1 "n1.example.com" (two
 * links) is up, node 2 "n2.example.com" (2 votes) never was; the device
 * "/dev/mapper/qdisk" casts its 2 votes; configuration version 23, cluster
 * "cluster66".
 *
 *	cman_tool_probe api		every call, good and bad arguments
 *	cman_tool_probe nodevice	the same cluster without the device
 *	cman_tool_probe death		says "ready", waits for a line, then
 *					expects that corosync is gone
 *	cman_tool_probe stranger	expects to be let in by nobody
 *
 * Prints "ok NAME" or "not ok NAME" per check; the script numbers them.
 * Exit 0 when all hold.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcman.h"

static int failures;

static void check(bool holds, const char *name)
{
	(void)printf("%s %s\n", holds ? "ok" : "not ok", name);
	failures += !holds;
}

/* Did the call fail with this errno? */
static bool refused(int result, int error)
{
	return result == -1 && errno == error;
}

static bool is_ipv4(const char *sockaddr, const char *text)
{
	struct sockaddr_in in4;
	struct in_addr want;

	memcpy(&in4, sockaddr, sizeof(in4));
	return inet_pton(AF_INET, text, &want) == 1 && in4.sin_family == AF_INET &&
	       in4.sin_port == 0 && in4.sin_addr.s_addr == want.s_addr;
}

static void probe_handles(void)
{
	int mine = 1, other = 2;
	void *got = NULL;
	cman_handle_t a = cman_init(&mine);
	cman_handle_t b = cman_admin_init(&other);

	check(a && b && a != b, "two_handles_open_at_once");
	check(cman_getprivdata(a, &got) == 0 && got == &mine, "privdata_is_that_of_init");
	check(cman_setprivdata(a, &other) == 0 && cman_getprivdata(a, &got) == 0 && got == &other,
	      "privdata_set_is_what_get_returns");
	check(refused(cman_getprivdata(a, NULL), EINVAL), "privdata_into_null_is_einval");
	check(cman_finish(a) == 0, "finish_of_a_live_handle_returns_0");
	check(refused(cman_finish(a), EINVAL), "finish_twice_is_einval");
	check(refused(cman_is_active(a), EINVAL), "call_on_a_finished_handle_is_einval");
	check(cman_is_active(b) == 1, "other_handle_survives_the_finish");
	check(cman_finish(b) == 0, "finish_of_an_admin_handle_returns_0");
}

static void probe_list(cman_handle_t h)
{
	cman_node_t nodes[8];
	int count = -1;

	memset(nodes, 0xee, sizeof(nodes));
	check(cman_get_node_count(h) == 3, "node_count_counts_the_device");
	check(cman_get_nodes(h, 8, &count, nodes) == 0 && count == 3, "nodes_lists_three");
	check(nodes[0].cn_nodeid == 1 && nodes[1].cn_nodeid == 2 && nodes[2].cn_nodeid == 0,
	      "nodes_ascend_and_the_device_is_last_with_id_0");
	check(strcmp(nodes[0].cn_name, "n1.example.com") == 0 && nodes[0].cn_member == 1 &&
		      nodes[0].cn_incarnation > 0 && nodes[0].cn_jointime.tv_sec == 0,
	      "node_that_is_up_is_a_member");
	check(nodes[0].cn_address.cna_addrlen == 16 &&
		      is_ipv4(nodes[0].cn_address.cna_address, "192.0.2.1"),
	      "node_that_is_up_has_its_first_address");
	check(strcmp(nodes[1].cn_name, "n2.example.com") == 0 && nodes[1].cn_member == 0 &&
		      nodes[1].cn_incarnation == 0 && nodes[1].cn_address.cna_addrlen == 0,
	      "node_that_is_down_is_no_member_and_has_no_address");
	check(strcmp(nodes[2].cn_name, "/dev/mapper/qdisk") == 0 && nodes[2].cn_member == 1 &&
		      nodes[2].cn_incarnation == 0 && nodes[2].cn_address.cna_addrlen == 0,
	      "device_in_the_list_is_a_member_while_it_casts");
	check(cman_get_nodes(h, 2, &count, nodes) == 0 && count == 2, "nodes_are_cut_at_maxnodes");
	check(refused(cman_get_nodes(h, 0, &count, nodes), EINVAL) &&
		      refused(cman_get_nodes(h, 8, NULL, nodes), EINVAL) &&
		      refused(cman_get_nodes(h, 8, &count, NULL), EINVAL),
	      "nodes_with_bad_arguments_is_einval");
}

static void probe_node(cman_handle_t h)
{
	cman_node_t node;

	memset(&node, 0, sizeof(node));
	check(cman_get_node(h, CMAN_NODEID_US, &node) == 0 && node.cn_nodeid == 1,
	      "node_0_is_this_node");
	memset(&node, 0, sizeof(node));
	check(cman_get_node(h, 2, &node) == 0 && strcmp(node.cn_name, "n2.example.com") == 0,
	      "node_is_found_by_id");
	check(cman_get_node(h, 99, &node) == 0 && node.cn_nodeid == 2,
	      "node_is_found_by_name_whatever_the_id");
	(void)snprintf(node.cn_name, sizeof(node.cn_name), "n2");
	check(refused(cman_get_node(h, 2, &node), ENOENT), "node_by_part_of_a_name_is_enoent");
	memset(node.cn_name, 'x', sizeof(node.cn_name));
	check(refused(cman_get_node(h, 2, &node), ENOENT), "node_by_an_endless_name_is_enoent");
	check(cman_get_node(h, CMAN_NODEID_QDISK, &node) == 0 && node.cn_nodeid == 0 &&
		      strcmp(node.cn_name, "/dev/mapper/qdisk") == 0,
	      "node_minus_1_is_the_device_whatever_the_name");
	memset(&node, 0, sizeof(node));
	check(refused(cman_get_node(h, 99, &node), ENOENT), "node_unknown_is_enoent");
	check(refused(cman_get_node(h, 1, NULL), EINVAL), "node_into_null_is_einval");
}

static void probe_node_extra(cman_handle_t h)
{
	cman_node_extra_t extra;

	check(cman_get_node_extra(h, 0, &extra) == 0 && extra.cnx_nodeid == 1 &&
		      extra.cnx_state == CLUSTER_NODESTATE_MEMBER && extra.cnx_votes == 1 &&
		      extra.cnx_expected_votes == 5 && extra.cnx_leave_reason == 0,
	      "node_extra_of_0_is_this_node");
	check(cman_get_node_extra(h, 2, &extra) == 0 && extra.cnx_nodeid == 2 &&
		      extra.cnx_state == CLUSTER_NODESTATE_DEAD && extra.cnx_votes == 2 &&
		      extra.cnx_expected_votes == 5,
	      "node_extra_of_a_node_never_seen_is_configured_and_dead");
	check(refused(cman_get_node_extra(h, 99, &extra), EINVAL) &&
		      refused(cman_get_node_extra(h, -1, &extra), EINVAL) &&
		      refused(cman_get_node_extra(h, 1, NULL), EINVAL),
	      "node_extra_of_unknown_device_or_null_is_einval");
}

static void probe_addresses(cman_handle_t h)
{
	struct cman_node_address addrs[4];
	int count = -1;

	memset(addrs, 0xee, sizeof(addrs));
	check(cman_get_node_addrs(h, 1, 4, &count, addrs) == 0 && count == 2 &&
		      addrs[0].cna_addrlen == 16 && is_ipv4(addrs[0].cna_address, "192.0.2.1") &&
		      is_ipv4(addrs[1].cna_address, "198.51.100.1"),
	      "addresses_of_a_member_are_those_of_its_links");
	memset(addrs, 0xee, sizeof(addrs));
	check(cman_get_node_addrs(h, 1, 1, &count, addrs) == 0 && count == 2 &&
		      addrs[1].cna_addrlen == (int)0xeeeeeeee,
	      "addresses_beyond_the_maximum_are_counted_not_stored");
	check(cman_get_node_addrs(h, 1, 0, &count, NULL) == 0 && count == 2,
	      "addresses_can_be_only_counted");
	check(cman_get_node_addrs(h, 2, 4, &count, addrs) == 0 && count == 0,
	      "addresses_of_a_node_that_is_down_are_none");
	check(refused(cman_get_node_addrs(h, 0, 4, &count, addrs), EINVAL) &&
		      refused(cman_get_node_addrs(h, 99, 4, &count, addrs), EINVAL) &&
		      refused(cman_get_node_addrs(h, 1, -1, &count, addrs), EINVAL) &&
		      refused(cman_get_node_addrs(h, 1, 4, NULL, addrs), EINVAL) &&
		      refused(cman_get_node_addrs(h, 1, 4, &count, NULL), EINVAL),
	      "addresses_with_bad_arguments_is_einval");
}

static void probe_cluster(cman_handle_t h)
{
	cman_version_t version;
	cman_cluster_t cluster;

	check(cman_is_active(h) == 1, "stack_that_answers_is_active");
	check(cman_is_quorate(h) == 1, "cluster_with_the_device_is_quorate");
	check(cman_get_subsys_count(h) == 1, "subsystems_are_at_least_the_caller");
	check(cman_get_version(h, &version) == 0 && version.cv_major == 6 &&
		      version.cv_minor == 2 && version.cv_patch == 0 && version.cv_config == 23,
	      "version_is_6_2_0_and_the_configurations");
	check(refused(cman_get_version(h, NULL), EINVAL), "version_into_null_is_einval");
	check(cman_get_cluster(h, &cluster) == 0 && strcmp(cluster.ci_name, "cluster66") == 0 &&
		      cluster.ci_number == 22265 && cluster.ci_generation > 0,
	      "cluster_has_name_id_and_generation");
	check(refused(cman_get_cluster(h, NULL), EINVAL), "cluster_into_null_is_einval");
}

static void probe_extra_info(cman_handle_t h)
{
	union {
		cman_extra_info_t info;
		char room[1024];
	} u;
	const size_t one = sizeof(struct sockaddr_storage);
	const char *addresses = u.room + offsetof(cman_extra_info_t, ei_addresses);

	memset(&u, 0xee, sizeof(u));
	check(cman_get_extra_info(h, &u.info, 64 + 512) == 0 && u.info.ei_node_state == 2 &&
		      u.info.ei_flags == 0 && u.info.ei_node_votes == 1 &&
		      u.info.ei_total_votes == 3 && u.info.ei_expected_votes == 5 &&
		      u.info.ei_quorum == 3 && u.info.ei_members == 1 && u.info.ei_ports[0] == 1 &&
		      u.info.ei_ports[31] == 0,
	      "extra_info_shows_this_nodes_view");
	check(u.info.ei_num_addresses == 2 && addresses[0] == 0 && addresses[one] == 0 &&
		      is_ipv4(addresses + 2 * one, "192.0.2.1") &&
		      is_ipv4(addresses + 3 * one, "198.51.100.1"),
	      "extra_info_has_no_multicast_on_knet_then_own_addresses");
	check((unsigned char)u.room[64 + 512] == 0xee, "extra_info_ends_at_maxlen");
	check(cman_get_extra_info(h, &u.info, 64 + 511) == 0 && u.info.ei_num_addresses == 1 &&
		      is_ipv4(addresses + one, "192.0.2.1"),
	      "extra_info_in_a_small_buffer_is_what_fits");
	check(cman_get_extra_info(h, &u.info, 68) == 0 && u.info.ei_num_addresses == 0,
	      "extra_info_in_the_smallest_buffer_has_no_addresses");
	check(refused(cman_get_extra_info(h, &u.info, 67), EINVAL) &&
		      refused(cman_get_extra_info(h, NULL, 4096), EINVAL),
	      "extra_info_with_bad_arguments_is_einval");
}

static void probe_device(cman_handle_t h)
{
	cman_qdev_info_t device;

	memset(&device, 0xee, sizeof(device));
	check(cman_get_quorum_device(h, &device) == 0 &&
		      strcmp(device.qi_name, "/dev/mapper/qdisk") == 0 &&
		      device.qi_state == CLUSTER_NODESTATE_MEMBER && device.qi_votes == 2,
	      "device_that_casts_is_available_with_its_votes");
	check(refused(cman_get_quorum_device(h, NULL), EINVAL), "device_into_null_is_einval");
}

static void probe_api(void)
{
	cman_handle_t h;

	probe_handles();
	h = cman_init(NULL);
	check(h != NULL, "client_handle_opens");
	probe_list(h);
	probe_node(h);
	probe_node_extra(h);
	probe_addresses(h);
	probe_cluster(h);
	probe_extra_info(h);
	probe_device(h);
	(void)cman_finish(h);
}

static void probe_nodevice(void)
{
	cman_handle_t h = cman_init(NULL);
	cman_qdev_info_t device;
	cman_node_t node;

	memset(&node, 0, sizeof(node));
	check(h && cman_get_node_count(h) == 2, "node_count_without_device_counts_nodes");
	check(refused(cman_get_quorum_device(h, &device), ENOENT), "device_absent_is_enoent");
	check(refused(cman_get_node(h, CMAN_NODEID_QDISK, &node), ENOENT),
	      "node_minus_1_without_device_is_enoent");
	check(cman_is_quorate(h) == 0, "cluster_below_its_quorum_is_not_quorate");
	(void)cman_finish(h);
}

static void probe_death(void)
{
	cman_handle_t h = cman_init(NULL);
	cman_node_t node;
	cman_version_t version;
	char line[8];

	memset(&node, 0, sizeof(node));
	(void)puts("ready");
	if (fflush(stdout) != 0 || !fgets(line, sizeof(line), stdin))
		exit(EXIT_FAILURE);
	check(refused(cman_is_quorate(h), EHOSTDOWN),
	      "quorum_call_on_a_dead_corosync_is_ehostdown");
	check(refused(cman_get_version(h, &version), EHOSTDOWN),
	      "cmap_call_on_a_dead_corosync_is_ehostdown");
	check(refused(cman_get_node(h, 0, &node), EHOSTDOWN),
	      "node_call_on_a_dead_corosync_is_ehostdown");
	check(refused(cman_get_node_count(h), EHOSTDOWN),
	      "count_call_on_a_dead_corosync_is_ehostdown");
	check(cman_finish(h) == 0, "finish_on_a_dead_corosync_returns_0");
	errno = 0;
	check(!cman_init(NULL) && errno == ECONNREFUSED, "init_without_corosync_is_econnrefused");
}

static void probe_stranger(void)
{
	errno = 0;
	check(!cman_init(NULL) && errno == EACCES, "init_by_a_stranger_is_eacces");
	errno = 0;
	check(!cman_admin_init(NULL) && errno == EACCES, "admin_init_by_a_stranger_is_eacces");
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	if (strcmp(what, "api") == 0)
		probe_api();
	else if (strcmp(what, "nodevice") == 0)
		probe_nodevice();
	else if (strcmp(what, "death") == 0)
		probe_death();
	else if (strcmp(what, "stranger") == 0)
		probe_stranger();
	else
		failures = 1;
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
