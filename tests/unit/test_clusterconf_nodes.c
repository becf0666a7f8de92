/* cluster.conf beyond <quorumd> and fencing: cluster, totem, logging, nodes, and what is
 * not known. */

#include "clusterconf_fixture.h"

/* ---- cluster, cman, totem ---- */

static void cluster_name_and_version_are_taken(void **state)
{
	(void)state;
	assert_int_equal(parse("<cluster name=\"my-cluster\" config_version=\"2026112101\"/>"), 0);
	assert_string_equal(config.cluster, "my-cluster");
	assert_int_equal(config.config_version, 2026112101u);
	assert_string_equal(config.file, conf_path);
	assert_int_equal(config.notice_count, 0);
}

static void cluster_without_name_or_version_is_refused(void **state)
{
	(void)state;
	assert_refused(parse("\n<cluster config_version=\"1\"/>"), 2, "<cluster> needs an attribute "
		       "name=");
	assert_refused(parse("<cluster name=\"\" config_version=\"1\"/>"), 1, "name=\"\"");
	assert_refused(parse("<cluster name=\"c\"/>"), 1, "<cluster> needs an attribute "
		       "config_version=", "grows");
	assert_refused(parse("<cluster name=\"c\" config_version=\"4294967295\"/>"), 1,
		       "config_version=\"4294967295\"", "0 .. 4294967294");
}

static void other_root_is_refused(void **state)
{
	(void)state;
	assert_refused(parse("<?xml version=\"1.0\"?>\n<corosync/>"), 2,
		       "the outermost element is <corosync>", "allowed: <cluster>");
}

static void cman_and_totem_absent_are_unset(void **state)
{
	(void)state;
	assert_int_equal(parse_inside(""), 0);
	assert_int_equal(config.token_ms, QD_UNSET);
	assert_int_equal(config.expected_votes, QD_UNSET);
	assert_int_equal(config.quorum_dev_poll_ms, QD_UNSET);
	assert_int_equal(config.two_node, 0);
	assert_int_equal(config.post_fail_delay_s, 0);
	assert_int_equal(config.post_join_delay_s, 6);
	assert_int_equal(config.node_count, 0);
}

static void cman_and_totem_values_are_taken(void **state)
{
	(void)state;
	assert_int_equal(parse_inside("<cman two_node=\"1\" expected_votes=\"1\" port=\"5405\" "
				      "quorum_dev_poll=\"21000\"><multicast addr=\"239.0.0.1\"/></cman>"
				      "<totem token=\"21000\" consensus=\"4800\"><interface/></totem>"), 0);
	assert_int_equal(config.two_node, 1);
	assert_int_equal(config.expected_votes, 1);
	assert_int_equal(config.quorum_dev_poll_ms, 21000);
	assert_int_equal(config.token_ms, 21000);
	assert_int_equal(config.notice_count, 1);
	assert_noticed("<multicast> has no equivalent");
	assert_true(config.notice[0].corosync);
}

static void cman_and_totem_wrong_values_are_refused(void **state)
{
	(void)state;
	assert_refused(parse_inside("<cman expected_votes=\"0\"/>"), 2, "<cman> expected_votes=\"0\"",
		       "1 .. 255");
	assert_refused(parse_inside("<cman two_node=\"2\"/>"), 2, "<cman> two_node=\"2\"");
	assert_refused(parse_inside("<cman quorum_dev_poll=\"-1\"/>"), 2, "quorum_dev_poll=\"-1\"");
	assert_refused(parse_inside("\n<totem token=\"10s\"/>"), 3, "<totem> token=\"10s\"",
		       "30 .. 3600000");
}

static void two_node_beside_quorumd_is_dropped_with_notice(void **state)
{
	(void)state;
	assert_int_equal(parse_inside("\n<cman two_node=\"1\"/><quorumd label=\"l\"/>"), 0);
	assert_int_equal(config.two_node, 0);
	assert_noticed(":3: <cman> two_node=\"1\" is dropped");
}

static void fence_daemon_delays_are_taken(void **state)
{
	(void)state;
	assert_int_equal(parse_inside("<fence_daemon post_fail_delay=\"3\" post_join_delay=\"20\"/>"), 0);
	assert_int_equal(config.post_fail_delay_s, 3);
	assert_int_equal(config.post_join_delay_s, 20);
	assert_int_equal(config.notice_count, 0);
	assert_int_equal(parse_inside("<fence_daemon post_join_delay=\"-1\" clean_start=\"1\"/>"), 0);
	assert_int_equal(config.post_join_delay_s, 6);
	assert_noticed("post_join_delay=\"-1\" is negative and passed over: 6 is in force");
	assert_noticed("clean_start= is not acted on");
	assert_refused(parse_inside("<fence_daemon post_fail_delay=\"-x\"/>"), 2, "\"-x\"", "0 .. 86400");
}

/* ---- logging ---- */

static void logging_absent_is_legacy_default(void **state)
{
	(void)state;
	assert_int_equal(parse_inside(""), 0);
	assert_true(config.log.to_syslog);
	assert_true(config.log.to_logfile);
	assert_false(config.log.debug);
	assert_string_equal(config.log.facility, "local4");
	assert_string_equal(config.log.priority, "info");
	assert_string_equal(config.log.logfile_priority, "info");
	assert_string_equal(config.log.logfile, "/var/log/cluster/qdiskd.log");
}

static void logging_daemon_of_qdiskd_stands_over_logging(void **state)
{
	(void)state;
	assert_int_equal(parse_inside("<logging to_syslog=\"no\" syslog_facility=\"daemon\" "
				      "syslog_priority=\"error\" logfile=\"/l\">"
				      "<logging_daemon name=\"corosync\" debug=\"on\"/>"
				      "<logging_daemon name=\"QDISKD\" to_syslog=\"yes\" "
				      "to_logfile=\"off\" logfile_priority=\"crit\"/></logging>"), 0);
	assert_true(config.log.to_syslog);
	assert_false(config.log.to_logfile);
	assert_false(config.log.debug);
	assert_string_equal(config.log.facility, "daemon");
	assert_string_equal(config.log.priority, "err");
	assert_string_equal(config.log.logfile_priority, "crit");
	assert_string_equal(config.log.logfile, "/l");
}

static void logging_debug_is_logfile_priority_debug(void **state)
{
	(void)state;
	assert_int_equal(parse_inside("<logging debug=\"on\"/>"), 0);
	assert_true(config.log.debug);
	assert_string_equal(config.log.logfile_priority, "debug");
	assert_string_equal(config.log.priority, "info");
}

static void logging_wrong_values_are_refused(void **state)
{
	(void)state;
	assert_refused(parse_inside("<logging syslog_facility=\"local8\"/>"), 2,
		       "<logging> syslog_facility=\"local8\"", "allowed: auth authpriv", "local7");
	assert_refused(parse_inside("<logging syslog_priority=\"loud\"/>"), 2, "allowed: emerg alert");
	assert_refused(parse_inside("<logging to_syslog=\"maybe\"/>"), 2, "to_syslog=\"maybe\"");
	assert_refused(parse_inside("<logging logfile=\"log\"/>"), 2, "an absolute path");
}

/* ---- nodes ---- */

static void nodes_are_taken_in_file_order(void **state)
{
	(void)state;
	assert_int_equal(parse_inside("<clusternodes>\n<clusternode name=\"b\" nodeid=\"64\"/>\n"
				      "<clusternode name=\"a\" votes=\"0\" nodeid=\"1\" weight=\"1\">"
				      "<altname name=\"a2\"/></clusternode></clusternodes>"), 0);
	assert_int_equal(config.node_count, 2);
	assert_string_equal(config.node[0].name, "b");
	assert_int_equal(config.node[0].node_id, 64);
	assert_int_equal(config.node[0].votes, 1);
	assert_int_equal(config.node[0].line, 3);
	assert_string_equal(config.node[1].name, "a");
	assert_int_equal(config.node[1].votes, 0);
	assert_int_equal(config.node[1].method_count, 0);
	assert_int_equal(config.notice_count, 0);
}

static int parse_two_nodes(const char *first, const char *second)
{
	char inside[1024];

	(void)snprintf(inside, sizeof(inside), "<clusternodes><clusternode %s/>\n<clusternode %s/>"
		       "</clusternodes>", first, second);
	return parse_inside(inside);
}

static void node_id_out_of_range_or_absent_is_refused(void **state)
{
	(void)state;
	assert_refused(parse_two_nodes("name=\"a\" nodeid=\"1\"", "name=\"b\" nodeid=\"0\""), 3,
		       "<clusternode> nodeid=\"0\"", "1 .. 4096");
	assert_refused(parse_two_nodes("name=\"a\" nodeid=\"4097\"", "name=\"b\" nodeid=\"2\""), 2,
		       "<clusternode> nodeid=\"4097\"");
	assert_refused(parse_inside("<clusternodes><clusternode name=\"a\" nodeid=\"65\"/></clusternodes>"
				    "<quorumd label=\"l\"/>"), 2, "<clusternode> nodeid=\"65\"",
		       "the node's slot on the quorum disk", "1 .. 64");
	assert_int_equal(parse_two_nodes("name=\"a\" nodeid=\"65\"", "name=\"b\" nodeid=\"4096\""), 0);
	assert_refused(parse_two_nodes("name=\"a\" nodeid=\"1\"", "name=\"b\""), 3,
		       "<clusternode> needs an attribute nodeid=", "1 .. 4096");
	assert_refused(parse_two_nodes("nodeid=\"1\"", "name=\"b\" nodeid=\"2\""), 2,
		       "<clusternode> needs an attribute name=");
	assert_refused(parse_two_nodes("name=\"a\" nodeid=\"1\" votes=\"256\"", ""), 2,
		       "votes=\"256\"", "0 .. 255");
}

static void node_id_twice_is_refused(void **state)
{
	(void)state;
	assert_refused(parse_two_nodes("name=\"a\" nodeid=\"1\"", "name=\"b\" nodeid=\"1\""), 3,
		       "<clusternode> nodeid=\"1\" is refused: a in line 2 has it too");
}

static void node_name_twice_is_refused(void **state)
{
	(void)state;
	assert_refused(parse_two_nodes("name=\"a\" nodeid=\"1\"", "name=\"a\" nodeid=\"2\""), 3,
		       "<clusternode> name=\"a\" is refused: line 2 has it too");
}

static void nodes_beyond_64_are_refused(void **state)
{
	char inside[8192] = "<clusternodes>";
	size_t used = strlen(inside);

	(void)state;
	for (unsigned i = 1; i <= 64; i++)
		used += (size_t)snprintf(inside + used, sizeof(inside) - used,
					 "\n<clusternode name=\"n%u\" nodeid=\"%u\"/>", i, i);
	(void)snprintf(inside + used, sizeof(inside) - used, "</clusternodes>");
	assert_int_equal(parse_inside(inside), 0);
	assert_int_equal(config.node_count, 64);
	(void)snprintf(inside + used, sizeof(inside) - used,
		       "\n<clusternode name=\"n\" nodeid=\"1\"/></clusternodes>");
	assert_refused(parse_inside(inside), 67, "<clusternode> number 65 is refused", "at most 64");
}

/* ---- what is known, and what is not ---- */

static void known_elements_of_others_are_passed_over_silently(void **state)
{
	(void)state;
	assert_int_equal(parse_inside("<dlm/><gfs_controld/><group/><rm><failoverdomains>"
				      "<a b=\"&#10;\"/></failoverdomains><quorumd/></rm><clvmd/>"
				      "<fence_xvmd/><event/><amf/><aisexec/><service/><uidgid/>"), 0);
	assert_int_equal(config.notice_count, 0);
	assert_int_equal(config.quorumd_line, 0);
}

static void unknown_elements_and_attributes_are_noticed(void **state)
{
	(void)state;
	assert_int_equal(parse_inside("<qourumd/>\n<clusternodes><node/><clusternode name=\"a\" "
				      "nodeid=\"1\" vote=\"1\"><fence>\n<mehtod/></fence></clusternode>"
				      "</clusternodes>"), 0);
	assert_int_equal(config.notice_count, 4);
	assert_noticed(":2: <qourumd> inside <cluster> is not known and passed over");
	assert_noticed(":3: <node> inside <clusternodes> is not known and passed over");
	assert_noticed("<clusternode> vote=\"1\" is not known and passed over");
	assert_noticed(":4: <mehtod> inside <fence> is not known and passed over");
}

static void notices_beyond_64_are_summed_up(void **state)
{
	char inside[1024] = "";
	size_t used = 0;

	(void)state;
	for (unsigned i = 0; i < 80; i++)
		used += (size_t)snprintf(inside + used, sizeof(inside) - used, "\n<x%u/>", i);
	assert_int_equal(parse_inside(inside), 0);
	assert_int_equal(config.notice_count, QD_NOTICES_MAX);
	assert_noticed(":65: <x62> ");
	assert_noticed(": there is more to remark than fits here");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(cluster_name_and_version_are_taken),
		cmocka_unit_test(cluster_without_name_or_version_is_refused),
		cmocka_unit_test(other_root_is_refused),
		cmocka_unit_test(cman_and_totem_absent_are_unset),
		cmocka_unit_test(cman_and_totem_values_are_taken),
		cmocka_unit_test(cman_and_totem_wrong_values_are_refused),
		cmocka_unit_test(two_node_beside_quorumd_is_dropped_with_notice),
		cmocka_unit_test(fence_daemon_delays_are_taken),
		cmocka_unit_test(logging_absent_is_legacy_default),
		cmocka_unit_test(logging_daemon_of_qdiskd_stands_over_logging),
		cmocka_unit_test(logging_debug_is_logfile_priority_debug),
		cmocka_unit_test(logging_wrong_values_are_refused),
		cmocka_unit_test(nodes_are_taken_in_file_order),
		cmocka_unit_test(node_id_out_of_range_or_absent_is_refused),
		cmocka_unit_test(node_id_twice_is_refused),
		cmocka_unit_test(node_name_twice_is_refused),
		cmocka_unit_test(nodes_beyond_64_are_refused),
		cmocka_unit_test(known_elements_of_others_are_passed_over_silently),
		cmocka_unit_test(unknown_elements_and_attributes_are_noticed),
		cmocka_unit_test(notices_beyond_64_are_summed_up),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_conf_path, remove_conf_path) ? 1 : 0;
}
