/* cluster.conf and corosync.conf alone: the same attribute gives the same struct qd_config,
 * and the same value is refused, with the key in front. */

#include "../../cman-shim/clusterconf_native.h"
#include "clusterconf_fixture.h"

static struct qd_config native_config;
static struct qd_native native;

static void native_add(const char *key, const char *value)
{
	assert_in_range(native.count, 0, QD_NATIVE_KEYS_MAX - 1);
	(void)snprintf(native.pair[native.count].key, QD_NATIVE_KEY_LEN, "%s", key);
	(void)snprintf(native.pair[native.count++].value, QD_PROGRAM_LEN, "%s", value);
}

static int native_read(void)
{
	memset(error, 0, sizeof(error));
	memset(&native_config, 0xA5, sizeof(native_config));
	return clusterconf_native(&native, "c", &native_config, error, sizeof(error));
}

/* What the two files cannot have in common: where something stands. */
static void assert_same_config(const char *name)
{
	static struct qd_config xml;

	xml = config;
	memcpy(xml.file, native_config.file, sizeof(xml.file));
	xml.native = true;
	xml.config_version = 0;
	xml.quorumd_line = 0;
	for (uint32_t i = 0; i < xml.heuristic_count; i++)
		xml.heuristic[i].line = 0;
	memset(xml.notice, 0, sizeof(xml.notice));
	memset(native_config.notice, 0, sizeof(xml.notice));
	if (memcmp(&xml, &native_config, sizeof(xml)) != 0)
		fail_msg("%s: the two configurations differ", name);
}

/* What both have to say before the attribute in question; the log of a daemon without
 * cluster.conf goes where corosync's goes. */
#define LOGGING "<logging to_logfile=\"no\" syslog_facility=\"daemon\"/>"

static const struct row {
	const char *element, *name;
	const char *good[3], *bad[2];
} rows[] = {
	{ "quorumd", "interval", { "1", "0.2", "200ms" }, { "0", "fast" } },
	{ "quorumd", "tko", { "3", "10" }, { "2", "ten" } },
	{ "quorumd", "tko_up", { "1", "1000" }, { "0", "1001" } },
	{ "quorumd", "upgrade_wait", { "1", "2" }, { "0", "-1" } },
	{ "quorumd", "master_wait", { "2", "30" }, { "1", "" } },
	{ "quorumd", "votes", { "1", "255" }, { "0", "256" } },
	{ "quorumd", "device", { "/dev/sdb" }, { "sdb", "" } },
	{ "quorumd", "label", { "l", "my disk" }, { "", "a\nb" } },
	{ "quorumd", "cman_label", { "name" }, { "", "a\tb" } },
	{ "quorumd", "min_score", { "0", "7" }, { "-1", "65536" } },
	{ "quorumd", "reboot", { "0", "yes" }, { "2", "maybe" } },
	{ "quorumd", "allow_kill", { "off", "1" }, { "2", "maybe" } },
	{ "quorumd", "master_wins", { "0", "on" }, { "2", "maybe" } },
	{ "quorumd", "paranoid", { "no", "1" }, { "2", "maybe" } },
	{ "quorumd", "io_timeout", { "0", "1" }, { "2", "maybe" } },
	{ "quorumd", "max_error_cycles", { "0", "10" }, { "-1", "x" } },
	{ "quorumd", "stop_cman", { "0", "1" }, { "2", "maybe" } },
	{ "quorumd", "scheduler", { "rr", "fifo", "other" }, { "batch", "" } },
	{ "quorumd", "priority", { "1", "99" }, { "0", "100" } },
	{ "quorumd", "status_file", { "-", "/run/s" }, { "s", "" } },
	{ "quorumd", "fence", { "auto", "kill", "none" }, { "maybe", "often" } },
	{ "quorumd", "watchdog", { "/dev/watchdog" }, { "watchdog", "" } },
	{ "quorumd", "use_uptime", { "0" }, { NULL } },
	{ "quorumd", "log_level", { "7" }, { NULL } },
	{ "quorumd", "log_facility", { "local1" }, { NULL } },
	{ "heuristic", "score", { "1", "10" }, { "0", "x" } },
	{ "heuristic", "interval", { "2", "0.5", "500ms" }, { "0", "3601" } },
	{ "heuristic", "tko", { "1", "4" }, { "0", "x" } },
	{ "heuristic", "timeout", { "1", "100ms" }, { "0", "3601" } },
	{ "heuristic", "program", { "ping -c1 -w1 192.0.2.1" }, { "", "a\nb" } },
};

/* The text as an attribute's value. */
static const char *quoted(const char *value)
{
	static char text[64];

	(void)snprintf(text, sizeof(text), "%s", value);
	for (char *c = text; *c; c++) {
		if (*c == '\n' || *c == '\t')
			return *c == '\n' ? "a&#10;b" : "a&#9;b";
	}
	return text;
}

static int parse_row(const struct row *r, const char *value)
{
	char inside[512];

	if (strcmp(r->element, "quorumd") == 0)
		(void)snprintf(inside, sizeof(inside), LOGGING "<quorumd %s=\"%s\"/>", r->name, quoted(value));
	else if (strcmp(r->name, "program") == 0)
		(void)snprintf(inside, sizeof(inside), LOGGING "<quorumd><heuristic program=\"%s\"/></quorumd>",
			       quoted(value));
	else
		(void)snprintf(inside, sizeof(inside), LOGGING "<quorumd><heuristic program=\"true\" %s=\"%s\"/>"
			       "</quorumd>", r->name, quoted(value));
	return parse_inside(inside);
}

/* Its key, in `key`. */
static void native_row(const struct row *r, const char *value, char key[128])
{
	memset(&native, 0, sizeof(native));
	if (strcmp(r->element, "heuristic") == 0 && strcmp(r->name, "program") != 0)
		native_add("quorum.device.heuristics.exec_a_b", "true");
	if (strcmp(r->name, "votes") == 0)
		(void)snprintf(key, 128, "quorum.device.votes");
	else if (strcmp(r->element, "quorumd") == 0)
		(void)snprintf(key, 128, "quorum.device.qdisk.%s", r->name);
	else
		(void)snprintf(key, 128, "quorum.device.heuristics.%s_a_b",
			       strcmp(r->name, "program") == 0 ? "exec" : r->name);
	native_add(key, value);
}

static void every_attribute_means_the_same_in_both(void **state)
{
	char key[128];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t k = 0; k < 3 && rows[i].good[k]; k++) {
			if (parse_row(&rows[i], rows[i].good[k]) != 0)
				fail_msg("%s: %s", rows[i].name, error);
			native_row(&rows[i], rows[i].good[k], key);
			if (native_read() != 0)
				fail_msg("%s: %s", key, error);
			assert_same_config(key);
		}
	}
}

/* What is allowed stands at the end of a refusal. */
static const char *allowed_of(const char *text)
{
	const char *at = strstr(text, "allowed: ");

	assert_non_null(at);
	return at;
}

static void every_bad_value_is_refused_in_both_with_the_key(void **state)
{
	char key[128], xml_error[CLUSTERCONF_ERROR_LEN], begin[160];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t k = 0; k < 2 && rows[i].bad[k]; k++) {
			assert_int_equal(parse_row(&rows[i], rows[i].bad[k]), -EINVAL);
			memcpy(xml_error, error, sizeof(error));
			native_row(&rows[i], rows[i].bad[k], key);
			if (native_read() != -EINVAL)
				fail_msg("%s: \"%s\" is accepted", key, rows[i].bad[k]);
			(void)snprintf(begin, sizeof(begin), "corosync.conf: %s: ", key);
			if (strncmp(error, begin, strlen(begin)) != 0 && !strchr(rows[i].bad[k], '\n') &&
			    !strchr(rows[i].bad[k], '\t'))
				fail_msg("\"%s\" does not begin with \"%s\"", error, begin);
			assert_string_equal(allowed_of(error), allowed_of(xml_error));
		}
	}
}

/* An attribute that is added to the schema and not to these rows is found. */
static void every_attribute_of_the_schema_has_a_row(void **state)
{
	static const char *const elements[] = { "quorumd", "heuristic" };
	char *save, *word;

	(void)state;
	for (size_t e = 0; e < 2; e++) {
		const struct row unknown = { elements[e], "nothing", { NULL }, { NULL } };
		unsigned words = 0;

		assert_int_equal(parse_row(&unknown, "1"), -EINVAL);
		word = strtok_r(strstr(error, "allowed: ") + strlen("allowed: "), " ", &save);
		for (; word; word = strtok_r(NULL, " ", &save), words++) {
			size_t i = 0;

			while (i < sizeof(rows) / sizeof(rows[0]) &&
			       (strcmp(rows[i].name, word) != 0 || strcmp(rows[i].element, elements[e]) != 0))
				i++;
			if (i == sizeof(rows) / sizeof(rows[0]))
				fail_msg("<%s> %s= has no row here", elements[e], word);
		}
		assert_in_range(words, 5, 40);
	}
}

/* ---- What is only in corosync.conf ---- */

static void assert_native_refused(const char *key, const char *value, const char *text)
{
	memset(&native, 0, sizeof(native));
	native_add("quorum.device.heuristics.exec_a", "true");
	native_add(key, value);
	assert_int_equal(native_read(), -EINVAL);
	if (strncmp(error, "corosync.conf: ", 15) != 0 || !strstr(error, key) || !strstr(error, text))
		fail_msg("\"%s\" does not say \"%s\" and \"%s\"", error, key, text);
}

static void key_that_is_not_known_is_refused(void **state)
{
	(void)state;
	assert_native_refused("quorum.device.qdisk.tk0", "3", "there is no such key; allowed: interval tko ");
	assert_native_refused("quorum.device.qdisk.votes", "3", "allowed: quorum.device.votes");
	assert_native_refused("quorum.device.qdisk.a.b", "3", "there is no such key");
	assert_native_refused("quorum.device.qdisk.", "3", "there is no such key");
	assert_native_refused("quorum.device.heuristics.exec", "true", "exec_NAME");
	assert_native_refused("quorum.device.heuristics.exec_", "true", "exec_NAME");
	assert_native_refused("quorum.device.heuristics.interval", "30000", "interval_NAME");
	assert_native_refused("quorum.device.heuristics.score_b", "1", "for a NAME with exec_NAME");
	assert_native_refused("quorum.device.heuristics.mode", "maybe", "allowed: on, sync (the same), off");
}

static void heuristics_come_in_the_order_of_their_names(void **state)
{
	(void)state;
	memset(&native, 0, sizeof(native));
	native_add("quorum.device.heuristics.exec_disk.a", "two");
	native_add("quorum.device.heuristics.exec_ping", "one");
	native_add("quorum.device.heuristics.mode", "on");
	native_add("quorum.device.heuristics.score_disk.a", "5");
	native_add("quorum.device.heuristics.tko_ping", "3");
	assert_int_equal(native_read(), 0);
	assert_int_equal(native_config.heuristic_count, 2);
	assert_string_equal(native_config.heuristic[0].program, "two");
	assert_int_equal(native_config.heuristic[0].score, 5);
	assert_int_equal(native_config.heuristic[0].tko, QD_UNSET);
	assert_string_equal(native_config.heuristic[1].program, "one");
	assert_int_equal(native_config.heuristic[1].score, 1);
	assert_int_equal(native_config.heuristic[1].tko, 3);
}

static void heuristics_switched_off_are_none(void **state)
{
	(void)state;
	memset(&native, 0, sizeof(native));
	native_add("quorum.device.heuristics.exec_ping", "one");
	native_add("quorum.device.heuristics.mode", "off");
	assert_int_equal(native_read(), 0);
	assert_int_equal(native_config.heuristic_count, 0);
}

static void heuristics_32_are_taken_33_are_refused(void **state)
{
	char key[64];

	(void)state;
	memset(&native, 0, sizeof(native));
	for (int i = 0; i < 32; i++) {
		(void)snprintf(key, sizeof(key), "quorum.device.heuristics.exec_%02d", i);
		native_add(key, "true");
	}
	assert_int_equal(native_read(), 0);
	assert_int_equal(native_config.heuristic_count, 32);
	native_add("quorum.device.heuristics.exec_32", "true");
	assert_int_equal(native_read(), -EINVAL);
	assert_non_null(strstr(error, "exec_32: one more than 32 heuristics is refused"));
}

/* As many keys as there may be, all of them of the section that has the most to say. */
static void as_many_keys_as_fit_are_read(void **state)
{
	static const char *const names[] = { "exec", "interval", "score", "timeout", "tko" };
	char key[64];

	(void)state;
	memset(&native, 0, sizeof(native));
	for (size_t n = 0; n < 5; n++) {
		for (int i = 0; i < 32; i++) {
			(void)snprintf(key, sizeof(key), "quorum.device.heuristics.%s_%d", names[n], i);
			native_add(key, "1");
		}
	}
	while (native.count < QD_NATIVE_KEYS_MAX)
		native_add("logging.debug", "on");
	assert_int_equal(native_read(), 0);
	assert_int_equal(native_config.heuristic[31].timeout_ms, 1000);
	assert_true(native_config.log.debug);
}

static void logging_is_corosyncs_with_ours_above(void **state)
{
	(void)state;
	memset(&native, 0, sizeof(native));
	assert_int_equal(native_read(), 0);
	assert_true(native_config.log.to_syslog);
	assert_false(native_config.log.to_logfile);
	assert_string_equal(native_config.log.facility, "daemon");
	native_add("logging.debug", "trace");
	native_add("logging.logfile", "/var/log/corosync.log");
	native_add("logging.logger_subsys.QDISKD.logfile", "/var/log/qdiskd.log");
	native_add("logging.logger_subsys.QDISKD.subsys", "QDISKD");
	native_add("logging.logger_subsys.QDISKD.syslog_priority", "notice");
	native_add("logging.logger_subsys.QDISKD.to_logfile", "yes");
	native_add("logging.syslog_facility", "local3");
	native_add("logging.syslog_priority", "err");
	native_add("logging.to_logfile", "no");
	native_add("logging.to_syslog", "no");
	assert_int_equal(native_read(), 0);
	assert_false(native_config.log.to_syslog);
	assert_true(native_config.log.to_logfile);
	assert_true(native_config.log.debug);
	assert_string_equal(native_config.log.logfile, "/var/log/qdiskd.log");
	assert_string_equal(native_config.log.facility, "local3");
	assert_string_equal(native_config.log.priority, "notice");
}

static void cluster_without_a_name_has_none(void **state)
{
	(void)state;
	memset(&native, 0, sizeof(native));
	assert_int_equal(clusterconf_native(&native, "", &native_config, error, sizeof(error)), 0);
	assert_string_equal(native_config.cluster, "");
	assert_int_equal(native_read(), 0);
	assert_string_equal(native_config.cluster, "c");
	assert_true(native_config.native);
	assert_string_equal(native_config.file, "corosync.conf");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_attribute_means_the_same_in_both),
		cmocka_unit_test(every_bad_value_is_refused_in_both_with_the_key),
		cmocka_unit_test(every_attribute_of_the_schema_has_a_row),
		cmocka_unit_test(key_that_is_not_known_is_refused),
		cmocka_unit_test(heuristics_come_in_the_order_of_their_names),
		cmocka_unit_test(heuristics_switched_off_are_none),
		cmocka_unit_test(heuristics_32_are_taken_33_are_refused),
		cmocka_unit_test(as_many_keys_as_fit_are_read),
		cmocka_unit_test(logging_is_corosyncs_with_ours_above),
		cmocka_unit_test(cluster_without_a_name_has_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_conf_path, remove_conf_path);
}
