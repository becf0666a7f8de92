/* config_valid.c: may a configuration be used without looking again, does it name a quorum
 * device, does it leave the timings open? */
#include "config_fixture.h"

#define WRONG(field, bytes, what) { offsetof(struct qd_config, field), { bytes }, what }
#define BIG 0xFE, 0xFF, 0xFF, 0xFF

static const struct {
	size_t offset;
	unsigned char bytes[4];
	const char *what;
} fields[] = {
	WRONG(interval_ms, BIG, "interval"),
	WRONG(tko, BIG, "tko"), WRONG(tko_up, BIG, "tko"), WRONG(upgrade_wait, BIG, "tko"),
	WRONG(master_wait, BIG, "tko"), WRONG(votes, BIG, "votes"), WRONG(min_score, BIG, "votes"),
	WRONG(reboot, BIG, "flag"), WRONG(allow_kill, BIG, "flag"), WRONG(master_wins, BIG, "flag"),
	WRONG(paranoid, BIG, "flag"), WRONG(io_timeout, BIG, "flag"), WRONG(stop_cman, BIG, "flag"),
	WRONG(max_error_cycles, BIG, "flag"), WRONG(scheduler, BIG, "scheduler"),
	WRONG(priority, BIG, "priority"), WRONG(nice, 20, "priority"),
	WRONG(fence, BIG, "fence"), WRONG(token_ms, BIG, "token"),
	WRONG(expected_votes, BIG, "token"), WRONG(two_node, BIG, "token"),
	WRONG(quorum_dev_poll_ms, BIG, "token"), WRONG(post_fail_delay_s, BIG, "post_fail_delay"),
	WRONG(post_join_delay_s, BIG, "post_fail_delay"), WRONG(notice_count, BIG, "notice_count"),
	WRONG(heuristic_count, BIG, "heuristic_count"), WRONG(heuristic[0].score, BIG, "heuristic"),
	WRONG(heuristic[0].interval_ms, BIG, "heuristic"), WRONG(heuristic[0].tko, BIG, "heuristic"),
	WRONG(node_count, BIG, "node_count"), WRONG(node[0].node_id, BIG, "node id"),
	WRONG(node[1].node_id, 0x01, "node id that is there twice"),
	WRONG(node[0].votes, BIG, "node votes"), WRONG(node[0].method_count, BIG, "method_count"),
	WRONG(node[0].method[0].name, BIG, "fence method"),
	WRONG(node[0].method[0].device_count, BIG, "fence method"),
	WRONG(node[0].method[0].device[0].name, BIG, "fence method"),
	WRONG(node[0].method[0].device[0].agent, BIG, "fence method"),
	WRONG(node[0].method[0].device[0].args, BIG, "fence method"),
	WRONG(node[0].unfence_count, BIG, "unfence"),
	WRONG(node[0].unfence[0].args, BIG, "unfence"), WRONG(pool_used, BIG, "pool"),
	WRONG(pool[0], 'x', "pool"), WRONG(pool[1], 0x1b, "byte in pool"),
	WRONG(log.to_syslog, 0x02, "logging"), WRONG(log.to_logfile, 0xFF, "logging"),
	WRONG(log.debug, 0x80, "logging"), WRONG(cluster, 0x00, "cluster name"),
	WRONG(notice[0].corosync, 0x02, "notice"),
	WRONG(totem.transport, BIG, "transport"), WRONG(totem.secauth, BIG, "secauth"),
	WRONG(totem.keyfile, 'x', "keyfile"), WRONG(totem.port[7], BIG, "port"),
	WRONG(totem.log.debug, 0x02, "logging of corosync"),
	WRONG(totem.subsys_count, BIG, "logging of corosync"),
	WRONG(totem.subsys[0].name, 0x00, "logging of a part"),
	WRONG(totem.subsys[0].log.to_syslog, 0x02, "logging of a part"),
	WRONG(node[0].altname_count, BIG, "altname_count"), WRONG(node[0].altname[0], BIG, "altname"),
	WRONG(device, 'x', "device"), WRONG(status_file, 'x', "status_file"),
};

static void config_with_one_wrong_field_is_invalid(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		size_t size = fields[i].bytes[3] ? 4 : 1;
		const char *wrong;

		config = parsed;
		memcpy((char *)&config + fields[i].offset, fields[i].bytes, size);
		wrong = config_invalid(&config);
		if (!wrong || !strstr(wrong, fields[i].what))
			fail_msg("field %zu (%s): %s", i, fields[i].what, wrong ? wrong : "valid");
	}
}

static void config_text_without_end_is_invalid(void **state)
{
	static const struct {
		size_t offset, size;
	} texts[] = {
#define TEXT(field) { offsetof(struct qd_config, field), sizeof(parsed.field) }
		TEXT(file), TEXT(cluster), TEXT(device), TEXT(label), TEXT(cman_label),
		TEXT(status_file), TEXT(log.facility), TEXT(log.priority),
		TEXT(log.logfile_priority), TEXT(log.logfile), TEXT(notice[0].text),
		TEXT(heuristic[0].program), TEXT(node[0].name), TEXT(node[1].name),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		config = parsed;
		memset((char *)&config + texts[i].offset, '/', texts[i].size);
		assert_non_null(config_invalid(&config));
		((char *)&config)[texts[i].offset + texts[i].size - 1] = '\0';
		((char *)&config)[texts[i].offset + 1] = '\n';
		assert_non_null(config_invalid(&config));
	}
	config = parsed;
	config.pool[config.pool_used - 1] = 'x';
	assert_string_equal(config_invalid(&config), "pool");
}

static void config_limits_are_valid(void **state)
{
	(void)state;
	assert_null(config_invalid(&parsed));
	config = parsed;
	config.interval_ms = QD_INTERVAL_MS_MAX;
	config.tko = config.tko_up = config.master_wait = QD_CYCLES_MAX;
	config.nice = -20;
	config.node[0].node_id = QD_NODE_MAX;
	assert_null(config_invalid(&config));
	config.interval_ms = QD_INTERVAL_MS_MIN - 1;
	assert_string_equal(config_invalid(&config), "interval");
}

static void config_without_quorumd_or_device_is_told(void **state)
{
	(void)state;
	assert_int_equal(config_names_device(&parsed, error, sizeof(error)), 0);
	config = parsed;
	config.label[0] = '\0';
	assert_int_equal(config_names_device(&config, error, sizeof(error)), -ENODEV);
	assert_non_null(strstr(error, ":2: <quorumd> needs label= or device="));
	config.quorumd_line = 0;
	assert_int_equal(config_names_device(&config, error, sizeof(error)), -ENOENT);
	assert_non_null(strstr(error, "there is no <quorumd> element"));
}

static void config_timings_set_for_the_laws_are_open_again_afterwards(void **state)
{
	const struct qd_timings t = { .interval_ms = 200, .tko = 8, .tko_up = 2, .upgrade_wait = 2,
				      .master_wait = 3 };

	(void)state;
	config = parsed;
	config_timings_unset(&config);
	assert_true(config_timings_open(&config));
	config_timings_set(&config, &t);
	assert_false(config_timings_open(&config));
	assert_int_equal(config.interval_ms, 200);
	assert_int_equal(config.master_wait, 3);
	config_timings_unset(&config);
	assert_true(config_timings_open(&config));
}

static int set_up(void **state)
{
	return make_conf_path(state) ? -1 : good_parse();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_with_one_wrong_field_is_invalid),
		cmocka_unit_test(config_text_without_end_is_invalid),
		cmocka_unit_test(config_limits_are_valid),
		cmocka_unit_test(config_without_quorumd_or_device_is_told),
		cmocka_unit_test(config_timings_set_for_the_laws_are_open_again_afterwards),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, remove_conf_path) ? 1 : 0;
}
