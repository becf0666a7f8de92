/* cman_tool's output: golden texts, to the last blank, as scripts parse it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../../cman-shim/cman_tool.h"
#include "../../cman-shim/libcman_text.h"

union extra {
	cman_extra_info_t info;
	char room[1024];
};

static void put_address(union extra *extra, int i, const char *text)
{
	struct cman_node_address a = text_address(text);

	memcpy(extra->room + offsetof(cman_extra_info_t, ei_addresses) +
		       (size_t)i * sizeof(struct sockaddr_storage),
	       a.cna_address, (size_t)a.cna_addrlen);
}

/* A two-node cluster with a quorum disk, as node 1 sees it. */
static struct cman_tool_status example_status(union extra *extra)
{
	struct cman_tool_status s = {
		.version = { 6, 2, 0, 23 },
		.cluster = { "cluster66", 22265, 2372 },
		.info = &extra->info,
		.has_device = true,
		.device = { "/dev/mapper/qdisk", CLUSTER_NODESTATE_MEMBER, 1 },
		.quorate = true,
		.subsystems = 9,
		.node = { .cn_nodeid = 1, .cn_name = "n1.example.com", .cn_member = 1 },
	};

	memset(extra, 0, sizeof(*extra));
	extra->info.ei_node_state = CLUSTER_NODESTATE_MEMBER;
	extra->info.ei_node_votes = 1;
	extra->info.ei_total_votes = 3;
	extra->info.ei_expected_votes = 3;
	extra->info.ei_quorum = 2;
	extra->info.ei_members = 2;
	extra->info.ei_ports[0] = 1;
	extra->info.ei_num_addresses = 1;
	put_address(extra, 0, "239.192.86.80");
	put_address(extra, 1, "192.0.2.1");
	return s;
}

static char *status_text(const struct cman_tool_status *status)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	cman_tool_print_status(out, status);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void status_of_a_quorate_node_is_byte_exact(void **state)
{
	union extra extra;
	struct cman_tool_status status = example_status(&extra);
	char *text = status_text(&status);

	(void)state;
	assert_string_equal(text, "Version: 6.2.0\n"
				  "Config Version: 23\n"
				  "Cluster Name: cluster66\n"
				  "Cluster Id: 22265\n"
				  "Cluster Member: Yes\n"
				  "Cluster Generation: 2372\n"
				  "Membership state: Cluster-Member\n"
				  "Nodes: 2\n"
				  "Expected votes: 3\n"
				  "Quorum device votes: 1\n"
				  "Total votes: 3\n"
				  "Node votes: 1\n"
				  "Quorum: 2  \n"
				  "Active subsystems: 9\n"
				  "Flags: \n"
				  "Ports Bound: 0  \n"
				  "Node name: n1.example.com\n"
				  "Node ID: 1\n"
				  "Multicast addresses: 239.192.86.80 \n"
				  "Node addresses: 192.0.2.1 \n");
	free(text);
}

static void status_without_quorum_says_activity_blocked(void **state)
{
	union extra extra;
	struct cman_tool_status status = example_status(&extra);
	char *text;

	(void)state;
	status.quorate = false;
	text = status_text(&status);
	assert_non_null(strstr(text, "\nQuorum: 2 Activity blocked\n"));
	free(text);
}

static void status_shows_device_votes_only_while_it_is_available(void **state)
{
	union extra extra;
	struct cman_tool_status status = example_status(&extra);
	char *text;

	(void)state;
	status.device.qi_state = CLUSTER_NODESTATE_DEAD;
	text = status_text(&status);
	assert_null(strstr(text, "Quorum device"));
	assert_non_null(strstr(text, "\nExpected votes: 3\nTotal votes: 3\n"));
	free(text);
	status.device.qi_state = CLUSTER_NODESTATE_MEMBER;
	status.has_device = false;
	text = status_text(&status);
	assert_null(strstr(text, "Quorum device"));
	free(text);
}

static void status_flags_stand_in_the_old_order(void **state)
{
	union extra extra;
	struct cman_tool_status status = example_status(&extra);
	char *text;

	(void)state;
	extra.info.ei_flags = CMAN_EXTRA_FLAG_2NODE;
	text = status_text(&status);
	assert_non_null(strstr(text, "\nFlags: 2node \n"));
	free(text);
	extra.info.ei_flags = 63;
	text = status_text(&status);
	assert_non_null(strstr(text, "\nFlags: 2node Shutdown Error DisallowedNodes "
				     "DisallowedEnabled HaveState \n"));
	free(text);
}

static void status_ports_ascend_to_255(void **state)
{
	union extra extra;
	struct cman_tool_status status = example_status(&extra);
	char *text;

	(void)state;
	extra.info.ei_ports[11 / 8] |= 1 << (11 % 8);
	extra.info.ei_ports[177 / 8] |= 1 << (177 % 8);
	extra.info.ei_ports[31] = (char)0x80;
	text = status_text(&status);
	assert_non_null(strstr(text, "\nPorts Bound: 0 11 177 255  \n"));
	free(text);
}

static void status_without_multicast_stops_after_the_colon(void **state)
{
	union extra extra;
	struct cman_tool_status status = example_status(&extra);
	char *text;

	(void)state;
	memset(extra.info.ei_addresses, 0, 4 * sizeof(struct sockaddr_storage));
	extra.info.ei_num_addresses = 2; /* knet, two links */
	put_address(&extra, 2, "192.0.2.1");
	put_address(&extra, 3, "2001:db8::1");
	text = status_text(&status);
	assert_non_null(strstr(text, "\nMulticast addresses: \n"
				     "Node addresses: 192.0.2.1 2001:db8::1 \n"));
	free(text);
}

static void status_names_every_membership_state(void **state)
{
	static const struct {
		int state;
		const char *line;
	} table[] = {
		{ 1, "\nMembership state: Joining\n" },
		{ 2, "\nMembership state: Cluster-Member\n" },
		{ 3, "\nMembership state: Not-in-Cluster\n" },
		{ 4, "\nMembership state: Leaving\n" },
		{ 5, "\nMembership state: Unknown: code=5\n" },
		{ 0, "\nMembership state: Unknown: code=0\n" },
	};
	union extra extra;
	struct cman_tool_status status = example_status(&extra);
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		extra.info.ei_node_state = table[i].state;
		text = status_text(&status);
		assert_non_null(strstr(text, table[i].line));
		free(text);
	}
}

#define JOINED 1795290880 /* 2026-11-21 19:54:40 UTC */

static const struct cman_tool_row rows[] = {
	{ .node = { .cn_nodeid = 0,
		    .cn_name = "/dev/mapper/qdisk",
		    .cn_member = 1,
		    .cn_jointime = { JOINED + 10, 0 } },
	  .extra = { 0, CLUSTER_NODESTATE_MEMBER, 1, 3, 0 } },
	{ .node = { .cn_nodeid = 1,
		    .cn_name = "n1.example.com",
		    .cn_member = 1,
		    .cn_incarnation = 2372,
		    .cn_jointime = { JOINED, 0 } },
	  .extra = { 1, CLUSTER_NODESTATE_MEMBER, 1, 3, 0 } },
	{ .node = { .cn_nodeid = 2, .cn_name = "n2.example.com", .cn_jointime = { JOINED, 0 } },
	  .extra = { 2, CLUSTER_NODESTATE_DEAD, 1, 3, 0 } },
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static void nodes_as_a_list_is_byte_exact(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	cman_tool_print_header(out);
	for (size_t i = 0; i < ROW_COUNT; i++)
		cman_tool_print_row(out, &rows[i], false);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "Node  Sts   Inc   Joined               Name\n"
				  "   0   M      0   2026-11-21 19:54:50  /dev/mapper/qdisk\n"
				  "   1   M   2372   2026-11-21 19:54:40  n1.example.com\n"
				  "   2   X      0                        n2.example.com\n");
	free(text);
}

/* Print one row to text, to be freed: the plain form with -a, or columns. */
static char *row_text(const struct cman_tool_row *row, const char *columns)
{
	struct cman_tool_columns list;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	if (columns) {
		assert_int_equal(cman_tool_parse_columns(columns, &list), 0);
		cman_tool_print_columns(out, row, &list);
	} else {
		cman_tool_print_row(out, row, true);
	}
	assert_int_equal(fclose(out), 0);
	return text;
}

static void nodes_with_addresses_shows_them_below_the_row(void **state)
{
	struct cman_tool_row row = rows[1];
	char *text;

	(void)state;
	row.address_count = 2;
	row.addresses[0] = text_address("192.0.2.1");
	row.addresses[1] = text_address("198.51.100.1");
	text = row_text(&row, NULL);
	assert_string_equal(text, "   1   M   2372   2026-11-21 19:54:40  n1.example.com\n"
				  "       Addresses: 192.0.2.1 198.51.100.1 \n");
	free(text);
	text = row_text(&rows[2], NULL);
	assert_string_equal(text, "   2   X      0                        n2.example.com\n");
	free(text);
}

static void nodes_of_unknown_join_time_shows_blanks(void **state)
{
	struct cman_tool_row row = rows[1];
	char *text;

	(void)state;
	row.node.cn_jointime.tv_sec = 0;
	text = row_text(&row, NULL);
	assert_string_equal(text, "   1   M   2372                        n1.example.com\n");
	free(text);
}

static void nodes_with_columns_prints_value_and_blank(void **state)
{
	static const struct {
		size_t row;
		const char *columns, *text;
	} table[] = {
		{ 0, "id,type,votes,name", "0 M 1 /dev/mapper/qdisk \n" },
		{ 1, "id,type,votes,name", "1 M 1 n1.example.com \n" },
		{ 2, "id,type,votes,name", "2 X 1 n2.example.com \n" },
		{ 1, "type,name", "M n1.example.com \n" },
		{ 1, "id", "1 \n" },
		{ 1, "type", "M \n" },
		{ 1, "exp,state,bogus", "3 Member \n" },
		{ 2, "state,id,id", "Dead 2 2 \n" },
		{ 0, "addr", " \n" },
		{ 0, "bogus", "\n" },
	};
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		text = row_text(&rows[table[i].row], table[i].columns);
		assert_string_equal(text, table[i].text);
		free(text);
	}
}

static void nodes_with_the_address_column_joins_them_by_commas(void **state)
{
	struct cman_tool_row row = rows[1];
	char *text;

	(void)state;
	row.address_count = 2;
	row.addresses[0] = text_address("192.0.2.1");
	row.addresses[1] = text_address("2001:db8::1");
	text = row_text(&row, "addr,id");
	assert_string_equal(text, "192.0.2.1,2001:db8::1 1 \n");
	free(text);
}

static void nodes_names_every_state(void **state)
{
	static const char *const words[] = { "Unknown \n", "Joining \n",    "Member \n", "Dead \n",
					     "Leaving \n", "Disallowed \n", "Unknown \n" };
	struct cman_tool_row row = rows[1];
	char *text;

	(void)state;
	for (int i = 0; i < 7; i++) {
		row.extra.cnx_state = i;
		text = row_text(&row, "state");
		assert_string_equal(text, words[i]);
		free(text);
	}
	row.node.cn_member = 7;
	text = row_text(&row, "type");
	assert_string_equal(text, "? \n");
	free(text);
}

static void node_id_above_two_billion_is_unsigned(void **state)
{
	struct cman_tool_row row = rows[1];
	char *text;

	(void)state;
	row.node.cn_nodeid = (int)0xc0000201u;
	text = row_text(&row, "id");
	assert_string_equal(text, "3221225985 \n");
	free(text);
}

static void placeholder_name_is_told_from_a_real_one(void **state)
{
	cman_node_t node = { .cn_nodeid = 12, .cn_name = "Node12" };

	(void)state;
	assert_true(cman_tool_is_placeholder(&node));
	node.cn_nodeid = 1;
	assert_false(cman_tool_is_placeholder(&node));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_of_a_quorate_node_is_byte_exact),
		cmocka_unit_test(status_without_quorum_says_activity_blocked),
		cmocka_unit_test(status_shows_device_votes_only_while_it_is_available),
		cmocka_unit_test(status_flags_stand_in_the_old_order),
		cmocka_unit_test(status_ports_ascend_to_255),
		cmocka_unit_test(status_without_multicast_stops_after_the_colon),
		cmocka_unit_test(status_names_every_membership_state),
		cmocka_unit_test(nodes_as_a_list_is_byte_exact),
		cmocka_unit_test(nodes_with_addresses_shows_them_below_the_row),
		cmocka_unit_test(nodes_of_unknown_join_time_shows_blanks),
		cmocka_unit_test(nodes_with_columns_prints_value_and_blank),
		cmocka_unit_test(nodes_with_the_address_column_joins_them_by_commas),
		cmocka_unit_test(nodes_names_every_state),
		cmocka_unit_test(node_id_above_two_billion_is_unsigned),
		cmocka_unit_test(placeholder_name_is_told_from_a_real_one),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	(void)setenv("TZ", "UTC", 1); /* the golden text is in this zone */
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
