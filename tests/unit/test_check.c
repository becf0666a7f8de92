/* qdisk-tool check: every known mistake is found by its name, and no other. */
#include "check_fixture.h"

static const struct check_finding *find_name(const char *name)
{
	for (unsigned i = 0; i < report.count; i++) {
		if (strcmp(report.finding[i].name, name) == 0)
			return &report.finding[i];
	}
	return NULL;
}

/* Nothing but this one (perhaps of several nodes or programs), of that severity. */
static void assert_only(const char *name, enum qd_severity severity, const char *text)
{
	check_judge(&facts, &report);
	for (unsigned i = 0; i < report.count; i++) {
		if (strcmp(report.finding[i].name, name) != 0)
			fail_msg("%s: besides %s: %s", name, report.finding[i].name, report.finding[i].text);
	}
	if (!find_name(name) || !strstr(find_name(name)->text, text))
		fail_msg("no %s that says \"%s\"", name, text);
	assert_int_equal(find_name(name)->severity, severity);
	assert_int_equal(report.errors > 0, severity == QD_SEV_ERROR);
	assert_true(strcmp(name, "law") == 0 || strcmp(name, "notice") == 0 || find_name(name)->remedy[0]);
}

static void good_configuration_has_no_findings(void **state)
{
	(void)state;
	good();
	check_judge(&facts, &report);
	if (report.count)
		fail_msg("%s: %s", report.finding[0].name, report.finding[0].text);
	assert_int_equal(report.errors + report.warnings, 0);
}

/* ---- What stands in the file ---- */

#define TOTEM "<totem token=\"21000\"/>"
#define DOG "watchdog=\"/dev/watchdog\" "

static const struct row {
	const char *name;
	enum qd_severity severity;
	const char *text, *inside;
} rows[] = {
	{ "law", QD_SEV_ERROR, "too slow for configured token timeout",
	  "<totem token=\"20500\"/>" NODES("") QUORUMD(DOG "master_wait=\"9\"", PING) },
	{ "law", QD_SEV_WARNING, "Master-wins mode disabled", TOTEM NODES("") QUORUMD(DOG "master_wins=\"1\"", PING) },
	{ "law", QD_SEV_WARNING, "both label and device", TOTEM NODES("") QUORUMD(DOG "device=\"/dev/sdb\"", PING) },
	{ "law", QD_SEV_ERROR, "expected_votes: 2 here",
	  "<cman expected_votes=\"2\"/>" TOTEM NODES("") QUORUMD(DOG, PING) },
	{ "notice", QD_SEV_INFO, "two_node=\"1\" is dropped",
	  "<cman two_node=\"1\"/>" TOTEM NODES("") QUORUMD(DOG, PING) },
	{ "notice", QD_SEV_INFO, "use_uptime=\"0\" is deprecated", TOTEM NODES("") QUORUMD(DOG "use_uptime=\"0\"", PING) },
	{ "token-guide", QD_SEV_INFO, "not above 2 * interval * tko = 20000 ms",
	  "<totem token=\"20000\"/>" NODES("") QUORUMD(DOG, PING) },
	{ "node-votes", QD_SEV_WARNING, "node 1 has 2 votes", TOTEM NODES("votes=\"2\"") QUORUMD(DOG, PING) },
	{ "heuristic-slow", QD_SEV_WARNING, "is down after 10000 ms",
	  TOTEM NODES("") QUORUMD(DOG, "<heuristic program=\"true\" interval=\"2\" tko=\"5\"/>") },
	{ "ping-deadline", QD_SEV_WARNING, "without -w ping",
	  TOTEM NODES("") QUORUMD(DOG, "<heuristic program=\"ping -c1 r\"/>") },
	{ "ping-ttl", QD_SEV_WARNING, "-t of ping is the time to live",
	  TOTEM NODES("") QUORUMD(DOG, "<heuristic program=\"/usr/bin/ping -c1 -t1 -w1 r\"/>") },
	{ "no-heuristics", QD_SEV_WARNING, "without a heuristic", TOTEM NODES("") QUORUMD(DOG, "") },
	{ "reboot", QD_SEV_WARNING, "reboot is off", TOTEM NODES("") QUORUMD(DOG "reboot=\"0\"", PING) },
	{ "allow-kill", QD_SEV_WARNING, "allow_kill is off", TOTEM NODES("") QUORUMD(DOG "allow_kill=\"0\"", PING) },
	{ "no-watchdog", QD_SEV_INFO, "no watchdog", TOTEM NODES("") QUORUMD("", PING) },
	{ "no-fencing", QD_SEV_WARNING, "node n2 has no fence method",
	  TOTEM "<clusternodes>" NODE("n1", "1", "") "<clusternode name=\"n2\" nodeid=\"2\"/></clusternodes>"
	  "<fencedevices><fencedevice name=\"d\" agent=\"fence_x\"/></fencedevices>" QUORUMD(DOG, PING) },
	{ "last-man", QD_SEV_WARNING, "with 1 votes of the device and 3 of the nodes",
	  TOTEM "<clusternodes>" NODE("n1", "1", "") NODE("n2", "2", "") NODE("n3", "3", "") "</clusternodes>"
	  "<fencedevices><fencedevice name=\"d\" agent=\"fence_x\"/></fencedevices>" QUORUMD(DOG, PING) },
	{ "device-votes", QD_SEV_WARNING, "the device has 2 votes, the 2 nodes have 2",
	  TOTEM NODES("") "<quorumd label=\"l\" interval=\"1\" tko=\"10\" votes=\"2\" " DOG ">" PING "</quorumd>" },
};

static void mistakes_in_the_file_are_found_one_by_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		gather(rows[i].inside);
		assert_only(rows[i].name, rows[i].severity, rows[i].text);
	}
}

static void qdisk_ping_and_other_programs_are_no_ping(void **state)
{
	(void)state;
	gather(TOTEM NODES("") QUORUMD(DOG, "<heuristic program=\"qdisk-ping r\"/><heuristic program=\"/x/fping r\"/>"
				       "<heuristic program=\"pingpong\"/>"));
	check_judge(&facts, &report);
	assert_int_equal(report.count, 0);
}

/* ---- What the machine is ---- */

static void lun_that_is_no_shared_disk_is_an_error(void **state)
{
	static const struct {
		enum check_kind kind;
		const char *text;
	} kinds[] = { { CHECK_DRBD, "DRBD" }, { CHECK_MD, "md array" }, { CHECK_MIRROR, "mirror of LVM" },
		      { CHECK_NETWORK_FILE, "network file system" } };

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		good();
		facts.lun.kind = kinds[i].kind;
		assert_only("lun-kind", QD_SEV_ERROR, kinds[i].text);
	}
}

static void lun_scheduler_is_told(void **state)
{
	static const char *const fine[] = { "", "none", "mq-deadline" };

	(void)state;
	good();
	(void)snprintf(facts.lun.scheduler, sizeof(facts.lun.scheduler), "bfq");
	assert_only("lun-scheduler", QD_SEV_WARNING, "its I/O scheduler is bfq");
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(facts.lun.scheduler, sizeof(facts.lun.scheduler), "%s", fine[i]);
		check_judge(&facts, &report);
		assert_int_equal(report.count, 0);
	}
}

static void multipath_that_holds_io_is_told(void **state)
{
	(void)state;
	good();
	facts.lun.queue = CHECK_QUEUE_FOR_EVER;
	assert_only("multipath-queue", QD_SEV_WARNING, "for ever");
	facts.lun.queue = CHECK_QUEUE_FOR;
	facts.lun.queue_ms = 8001;
	assert_only("multipath-queue", QD_SEV_WARNING, "(tko - 2) * interval = 8000 ms");
	facts.lun.queue_ms = 8000;
	check_judge(&facts, &report);
	assert_int_equal(report.count, 0);
}

static void lun_of_others_is_an_error(void **state)
{
	(void)state;
	good();
	facts.lun.label.timings = params.t;
	facts.lun.label.timings.tko = 11;
	assert_only("lun-timings", QD_SEV_ERROR, "tko 11");
	good();
	facts.lun.label.capacity = 1;
	assert_only("lun-capacity", QD_SEV_ERROR, "node ids 1 to 1, node 2 is configured");
	good();
	(void)snprintf(facts.lun.label.cluster, sizeof(facts.lun.label.cluster), "other");
	corosync.known = true;	/* of the laws nothing is asked again */
	(void)snprintf(corosync.cluster, sizeof(corosync.cluster), "c");
	assert_only("lun-cluster", QD_SEV_ERROR, "belongs to cluster 'other', this is 'c'");
	good();
	facts.lun.known = false;
	(void)snprintf(facts.lun.error, sizeof(facts.lun.error), "no device has the label 'l'");
	assert_only("lun", QD_SEV_ERROR, "no device has the label 'l'");
}

static void status_file_on_a_fifo_is_an_error(void **state)
{
	(void)state;
	good();
	facts.status_file_fifo = true;
	assert_only("status-fifo", QD_SEV_ERROR, "a fifo");
}

static void watchdog_beside_sbd_is_an_error(void **state)
{
	(void)state;
	good();
	corosync.sbd_watchdog_ms = 60000;
	assert_only("watchdog-shared", QD_SEV_ERROR, "sbd runs here");
	config.watchdog[0] = '\0';	/* and none is missed then */
	check_judge(&facts, &report);
	assert_int_equal(report.count, 0);
}

static void sync_timeout_beyond_sbds_watchdog_is_an_error(void **state)
{
	(void)state;
	good();
	config.watchdog[0] = '\0';
	corosync.sbd_watchdog_ms = 5000;
	(void)qd_config_check(&config, &corosync, &params, &laws);
	assert_only("law", QD_SEV_ERROR, "longer than sbd's watchdog timeout of 5000");
}

static void pacemaker_without_fencing_or_quorum_is_told(void **state)
{
	(void)state;
	good();
	facts.stonith_off = facts.quorum_ignored = true;	/* of no Pacemaker here */
	check_judge(&facts, &report);
	assert_int_equal(report.count, 0);
	facts.pacemaker = true;
	facts.quorum_ignored = false;
	assert_only("stonith-off", QD_SEV_WARNING, "stonith-enabled is false");
	facts.stonith_off = false;
	facts.quorum_ignored = true;
	assert_only("quorum-ignored", QD_SEV_ERROR, "no-quorum-policy is ignore");
}

/* A dead node is fenced by Pacemaker, by qdiskd, by Pacemaker ... */
static void pacemaker_and_qdiskd_that_ask_each_other_are_an_error(void **state)
{
	(void)state;
	good();
	facts.pacemaker = facts.fence_qdisk = true;
	check_judge(&facts, &report);
	assert_int_equal(report.count, 0);	/* the methods do it */
	config.fence = QD_FENCE_PACEMAKER;
	assert_only("fence-circle", QD_SEV_ERROR, "which asks qdiskd, which asks Pacemaker: nothing fences");
	config.fence = QD_FENCE_AUTO;
	for (uint32_t i = 0; i < config.node_count; i++)
		config.node[i].method_count = 0;
	assert_only("fence-circle", QD_SEV_ERROR, "since no node has a fence method: nothing fences");
	facts.fence_qdisk = false;
	check_judge(&facts, &report);
	assert_int_equal(report.count, 0);
}

static void lines_about_agents_are_findings(void **state)
{
	static struct check_agents agents = { .count = 1 };

	(void)state;
	good();
	facts.agents = &agents;
	(void)snprintf(agents.line[0], CHECK_LINE_LEN, "error agent-missing: f:3: node n1: agent fence_x: TEXT; remedy: R");
	assert_only("agent-missing", QD_SEV_ERROR, "f:3: node n1: agent fence_x: TEXT");
	assert_string_equal(find_name("agent-missing")->text, "f:3: node n1: agent fence_x: TEXT");
	assert_string_equal(find_name("agent-missing")->remedy, "R");
	(void)snprintf(agents.line[0], CHECK_LINE_LEN, "warning agent-attribute: TEXT; remedy: R");
	assert_only("agent-attribute", QD_SEV_WARNING, "TEXT");
	(void)snprintf(agents.line[0], CHECK_LINE_LEN, "what is this");
	check_judge(&facts, &report);
	assert_string_equal(report.finding[0].text, "what is this");
	assert_int_equal(report.warnings, 1);
}

static void corosync_conf_alone_has_no_fence_methods(void **state)
{
	(void)state;
	good();
	config.native = true;
	config.node_count = 0;
	assert_only("no-fencing", QD_SEV_WARNING, "corosync.conf has no fence methods");
	facts.pacemaker = true;
	check_judge(&facts, &report);
	assert_int_equal(report.count, 0);
}

/* What breaks all laws at once, many times, is counted, and does not write beyond. */
static void more_findings_than_fit_are_counted(void **state)
{
	static struct qd_findings many;

	(void)state;
	good();
	many.count = QD_FINDINGS_MAX;
	for (unsigned i = 0; i < many.count; i++)
		many.finding[i].severity = QD_SEV_ERROR;
	facts.laws = &many;
	config.notice_count = QD_NOTICES_MAX;
	config.heuristic_count = QD_HEURISTICS_MAX;
	for (unsigned i = 0; i < QD_HEURISTICS_MAX; i++)
		config.heuristic[i] = (struct qd_heuristic){ .program = "ping -t", .score = 1, .interval_ms = 20000,
							     .tko = 9 };
	check_judge(&facts, &report);
	assert_int_equal(report.count, CHECK_FINDINGS_MAX);
	assert_int_equal(report.errors, QD_FINDINGS_MAX);
	assert_int_equal(report.warnings, 3 * QD_HEURISTICS_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_configuration_has_no_findings),
		cmocka_unit_test(mistakes_in_the_file_are_found_one_by_one),
		cmocka_unit_test(qdisk_ping_and_other_programs_are_no_ping),
		cmocka_unit_test(lun_that_is_no_shared_disk_is_an_error),
		cmocka_unit_test(lun_scheduler_is_told),
		cmocka_unit_test(multipath_that_holds_io_is_told),
		cmocka_unit_test(lun_of_others_is_an_error),
		cmocka_unit_test(status_file_on_a_fifo_is_an_error),
		cmocka_unit_test(watchdog_beside_sbd_is_an_error),
		cmocka_unit_test(sync_timeout_beyond_sbds_watchdog_is_an_error),
		cmocka_unit_test(pacemaker_without_fencing_or_quorum_is_told),
		cmocka_unit_test(pacemaker_and_qdiskd_that_ask_each_other_are_an_error),
		cmocka_unit_test(lines_about_agents_are_findings),
		cmocka_unit_test(corosync_conf_alone_has_no_fence_methods),
		cmocka_unit_test(more_findings_than_fit_are_counted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_conf_path, remove_conf_path);
}
