/* See laws_fixture.h. */
#include "laws_fixture.h"

struct qd_config config;
struct qd_facts facts;
struct qd_params params;
struct qd_findings findings;

static void add_node(uint32_t id, const char *name)
{
	struct qd_config_node *n = &config.node[config.node_count++];

	n->node_id = id;
	n->votes = 1;
	n->line = 10 + id;
	(void)snprintf(n->name, sizeof(n->name), "%s", name);
	facts.node[facts.node_count].node_id = id;
	facts.node[facts.node_count].votes = 1;
	(void)snprintf(facts.node[facts.node_count].name, QD_NODE_NAME_LEN, "%s", name);
	facts.node_count++;
}

void cluster(uint32_t nodes)
{
	char name[16];

	memset(&config, 0, sizeof(config));
	memset(&facts, 0, sizeof(facts));
	config.interval_ms = config.tko = config.tko_up = QD_UNSET;
	config.upgrade_wait = config.master_wait = config.votes = QD_UNSET;
	config.min_score = config.reboot = config.allow_kill = config.master_wins = QD_UNSET;
	config.paranoid = config.io_timeout = config.stop_cman = QD_UNSET;
	config.max_error_cycles = config.token_ms = config.expected_votes = QD_UNSET;
	config.two_node = config.quorum_dev_poll_ms = config.totem.consensus = QD_UNSET;
	config.quorumd_line = 7;
	(void)snprintf(config.file, sizeof(config.file), "%s", FILE_NAME);
	(void)snprintf(config.label, sizeof(config.label), "lun");
	(void)snprintf(config.cluster, sizeof(config.cluster), "alpha");
	(void)snprintf(facts.cluster, sizeof(facts.cluster), "alpha");
	(void)snprintf(facts.provider, sizeof(facts.provider), "corosync_votequorum");
	(void)snprintf(facts.model, sizeof(facts.model), "qdisk");
	for (uint32_t id = 1; id <= nodes; id++) {
		(void)snprintf(name, sizeof(name), "n%u", id);
		add_node(id, name);
	}
	facts.known = true;
	facts.node_id = 2;
	facts.token_ms = 3000;
	facts.consensus_ms = 3600;
	facts.device_timeout_ms = 1400;
	facts.device_sync_timeout_ms = 3000;
	facts.device_votes = nodes - 1;
	facts.expected_votes = 2 * nodes - 1;
}

int three(void **state)
{
	(void)state;
	cluster(3);
	return 0;
}

int two(void **state)
{
	(void)state;
	cluster(2);
	return 0;
}

unsigned check(void)
{
	return qd_config_check(&config, &facts, &params, &findings);
}

bool found(enum qd_severity severity, const char *const *texts)
{
	for (uint32_t i = 0; i < findings.count; i++) {
		bool all = findings.finding[i].severity == severity;

		for (const char *const *t = texts; all && *t; t++)
			all = strstr(findings.finding[i].text, *t) != NULL;
		if (all)
			return true;
	}
	for (uint32_t i = 0; i < findings.count; i++)
		print_message("# said: %s\n", findings.finding[i].text);
	return false;
}

void assert_accepted(void)
{
	unsigned errors = check();

	for (uint32_t i = 0; errors && i < findings.count; i++)
		print_message("# said: %s\n", findings.finding[i].text);
	assert_int_equal(errors, 0);
	assert_int_equal(findings.errors, 0);
}
