/* cluster.conf: what is meant for corosync: network, ports, key, logging. */

#include "clusterconf_fixture.h"

static void network_of_corosync_is_taken(void **state)
{
	const struct qd_totem_config *t = &config.totem;

	(void)state;
	assert_int_equal(parse_inside("<cman transport=\"UDPU\" port=\"6000\" keyfile=\"/a\"/>"
				      "<totem secauth=\"yes\" keyfile=\"/b\" consensus=\"4800\" netmtu=\"1400\">"
				      "<interface ringnumber=\"2\" mcastport=\"7000\"/></totem>"
				      "<clusternodes><clusternode name=\"a\" nodeid=\"1\"><altname name=\"a1\"/>"
				      "<altname name=\"a2\"/><altname name=\"a3\" port=\"8000\"/></clusternode>"
				      "</clusternodes>"), 0);
	assert_int_equal(t->transport, QD_TRANSPORT_UDPU);
	assert_int_equal(t->secauth, 1);
	assert_string_equal(t->keyfile, "/b");
	assert_int_equal(t->consensus, 4800);
	assert_int_equal(t->netmtu, 1400);
	assert_int_equal(t->join, QD_UNSET);
	assert_int_equal(t->port[0], 6000);
	assert_int_equal(t->port[1], 6001);
	assert_int_equal(t->port[2], 7000);
	assert_int_equal(t->port[3], 8000);
	assert_int_equal(config.node[0].altname_count, 3);
	assert_string_equal(qd_config_text(&config, config.node[0].altname[2]), "a3");
}

static void network_of_corosync_wrong_values_are_refused(void **state)
{
	(void)state;
	assert_refused(parse_inside("<cman transport=\"tcp\"/>"), 2, "<cman> transport=\"tcp\"", "knet");
	assert_refused(parse_inside("<cman port=\"70000\"/>"), 2, "<cman> port=\"70000\"", "1 .. ");
	assert_refused(parse_inside("<cman keyfile=\"key\"/>"), 2, "keyfile=\"key\"", "absolute path");
	assert_refused(parse_inside("<totem consensus=\"soon\"/>"), 2, "consensus=\"soon\"");
	assert_refused(parse_inside("<totem><interface ringnumber=\"8\"/></totem>"), 2, "ringnumber=\"8\"",
		       "0 .. 7");
	assert_refused(parse_inside("<clusternodes><clusternode name=\"a\" nodeid=\"1\"><altname/>"
				    "</clusternode></clusternodes>"), 2, "<altname>", "name=");
	assert_refused(parse_inside("<clusternodes><clusternode name=\"a\" nodeid=\"1\">"
				    "<altname name=\"1\"/><altname name=\"2\"/><altname name=\"3\"/>"
				    "<altname name=\"4\"/><altname name=\"5\"/><altname name=\"6\"/>"
				    "<altname name=\"7\"/>\n<altname name=\"8\"/></clusternode></clusternodes>"),
		       3, "<altname> number 8", "at most 7");
}

static void parts_of_corosync_log_over_corosync(void **state)
{
	const struct qd_totem_config *t = &config.totem;

	(void)state;
	assert_int_equal(parse_inside("<logging syslog_facility=\"user\">"
				      "<logging_daemon name=\"corosync\" subsys=\"TOTEM\" debug=\"on\"/>"
				      "<logging_daemon name=\"Corosync\" to_syslog=\"no\"/></logging>"), 0);
	assert_true(config.log.to_syslog);
	assert_string_equal(t->log.facility, "user");
	assert_string_equal(t->log.logfile, "/var/log/cluster/corosync.log");
	assert_false(t->log.to_syslog);
	assert_false(t->log.debug);
	assert_int_equal(t->subsys_count, 1);
	assert_string_equal(t->subsys[0].name, "TOTEM");
	assert_false(t->subsys[0].log.to_syslog);
	assert_string_equal(t->subsys[0].log.logfile_priority, "debug");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(network_of_corosync_is_taken),
		cmocka_unit_test(network_of_corosync_wrong_values_are_refused),
		cmocka_unit_test(parts_of_corosync_log_over_corosync),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_conf_path, remove_conf_path);
}
