/* cman_tool join: which node is this one, and what its options do to the configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <string.h>

#include "../../cman-shim/cman_tool_conf.h"

static struct qd_config config;	/* large */
static char error[CMAN_TOOL_ERROR_LEN];

static const struct cman_tool_options nothing = {
	.program = "cman_tool", .votes = -1, .expected = -1, .port = -1, .node_id = -1, .timeout_s = -1,
};

/* Two nodes of one vote, no quorum disk. */
static int two_nodes(void **state)
{
	(void)state;
	memset(&config, 0, sizeof(config));
	config.node_count = 2;
	for (uint32_t i = 0; i < 2; i++) {
		config.node[i].node_id = i + 1;
		config.node[i].votes = 1;
		(void)snprintf(config.node[i].name, sizeof(config.node[i].name), "n%u.example.com", i + 1);
	}
	error[0] = '\0';
	return 0;
}

static bool override(struct cman_tool_options o)
{
	return cman_tool_override(&o, &config, /* node */ 1, error, sizeof(error));
}

static void node_is_found_by_the_host_name_in_legacys_order(void **state)
{
	static const struct {
		const char *first, *second, *host;
		int node;
	} table[] = {
		{ "n1.example.com", "n2.example.com", "n2.example.com", 1 },
		{ "n1", "n2", "n2.example.com", 1 },
		{ "n1.example.com", "n2.example.com", "n2", 1 },
		{ "n1.other.org", "n2.other.org", "n2.example.com", 1 },
		{ "n2.other.org", "n2", "n2.example.com", 1 },	/* cut at the dot comes first */
		{ "n2.other.org", "n2.example.com", "n2.example.com", 1 },
		{ "n2.a", "n2.b", "n2.c", 0 },			/* of equals the first */
		{ "N1", "N2", "n2", -1 },			/* case counts */
		{ "n11", "n1x", "n1", -1 },
		{ "192.0.2.1", "192.0.2.2", "n1", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		(void)snprintf(config.node[0].name, sizeof(config.node[0].name), "%s", table[i].first);
		(void)snprintf(config.node[1].name, sizeof(config.node[1].name), "%s", table[i].second);
		assert_int_equal(cman_tool_node_by_host(&config, table[i].host), table[i].node);
	}
}

static void node_of_option_n_must_match_exactly(void **state)
{
	struct cman_tool_options o = nothing;

	(void)state;
	o.name_count = 1;
	o.names[0] = "n2.example.com";
	assert_int_equal(cman_tool_node_here(&o, &config, error, sizeof(error)), 1);
	o.names[0] = "n2";
	assert_int_equal(cman_tool_node_here(&o, &config, error, sizeof(error)), -1);
	assert_string_equal(error, "Overridden node name is not in CCS");
}

static void name_of_the_loopback_is_not_reachable(void **state)
{
	(void)state;
	assert_false(cman_tool_node_reachable("127.0.0.1", error, sizeof(error)));
	assert_non_null(strstr(error, "Node name resolves to localhost"));
	assert_false(cman_tool_node_reachable("::1", error, sizeof(error)));
	assert_true(cman_tool_node_reachable("192.0.2.1", error, sizeof(error)));
	assert_true(cman_tool_node_reachable("2001:db8::1", error, sizeof(error)));
}

static void options_that_are_not_given_change_nothing(void **state)
{
	static struct qd_config before;

	(void)state;
	before = config;
	assert_true(override(nothing));
	assert_memory_equal(&before, &config, sizeof(config));
}

static void options_stand_above_the_file(void **state)
{
	struct cman_tool_options o = nothing;

	(void)state;
	o.cluster = "other";
	o.node_id = 7;
	o.votes = 3;
	o.expected = 4;
	o.port = 6809;
	o.keyfile = "/key";
	assert_true(override(o));
	assert_string_equal(config.cluster, "other");
	assert_int_equal(config.node[1].node_id, 7);
	assert_int_equal(config.node[1].votes, 3);
	assert_int_equal(config.node[0].votes, 1);
	assert_int_equal(config.expected_votes, 4);
	assert_int_equal(config.totem.port[0], 6809);
	assert_string_equal(config.totem.keyfile, "/key");
}

static void node_id_of_another_node_is_refused(void **state)
{
	struct cman_tool_options o = nothing;

	(void)state;
	o.node_id = 1;
	assert_false(override(o));
	assert_string_equal(error, "-N: another node has this id");
}

static void two_node_mode_is_for_two_nodes_of_one_vote(void **state)
{
	struct cman_tool_options o = nothing;

	(void)state;
	o.two_node = true;
	assert_true(override(o));
	assert_int_equal(config.two_node, 1);
	assert_int_equal(config.expected_votes, 1);
	config.node[0].votes = 2;
	assert_false(override(o));
	assert_string_equal(error, "two_node set but votes not set to 1");
	config.node_count = 3;
	assert_false(override(o));
	assert_string_equal(error, "two_node set but there are more than 2 nodes");
}

static void two_node_mode_beside_a_quorum_disk_is_dropped(void **state)
{
	struct cman_tool_options o = nothing;

	(void)state;
	o.two_node = true;
	config.quorumd_line = 5;
	assert_true(override(o));
	assert_int_equal(config.two_node, 0);
}

static void no_configuration_is_no_way_to_join(void **state)
{
	struct cman_tool_options o = nothing;

	(void)state;
	o.no_config = true;
	assert_false(override(o));
	assert_string_equal(error, "-X: corosync 3 needs the list of all nodes, which is in cluster.conf");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(node_is_found_by_the_host_name_in_legacys_order, two_nodes),
		cmocka_unit_test_setup(node_of_option_n_must_match_exactly, two_nodes),
		cmocka_unit_test_setup(name_of_the_loopback_is_not_reachable, two_nodes),
		cmocka_unit_test_setup(options_that_are_not_given_change_nothing, two_nodes),
		cmocka_unit_test_setup(options_stand_above_the_file, two_nodes),
		cmocka_unit_test_setup(node_id_of_another_node_is_refused, two_nodes),
		cmocka_unit_test_setup(two_node_mode_is_for_two_nodes_of_one_vote, two_nodes),
		cmocka_unit_test_setup(two_node_mode_beside_a_quorum_disk_is_dropped, two_nodes),
		cmocka_unit_test_setup(no_configuration_is_no_way_to_join, two_nodes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
