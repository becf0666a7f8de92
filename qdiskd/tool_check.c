/* `qdisk-tool check`; see tool_check.h. */
#include "tool_check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../cman-shim/clusterconf_native.h"
#include "config.h"
#include "cs.h"
#include "tool_status.h"

#define CONFIG_FILE "/etc/cluster/cluster.conf"
#define COROSYNC_MS 3000u

/* Large, and gone with the program. */
struct gathered {
	struct qd_config config;
	struct qd_facts corosync;
	struct qd_native native;
	struct qd_params params;
	struct qd_findings laws;
	struct check_facts facts;
	struct check_agents agents;
	struct check_report report;
};

/* As qdiskd chooses; NULL: corosync.conf alone. */
static const char *choose_file(const char *file)
{
	if (!file)
		file = getenv("COROSYNC_CLUSTER_CONFIG_FILE");
	if (!file && (access(CONFIG_FILE, F_OK) == 0 || errno != ENOENT))
		file = CONFIG_FILE;
	return file;
}

static int complain(const char *text)
{
	(void)fprintf(stderr, "qdisk-tool: %s\n", text);
	return TOOL_CONFIG;
}

/* The configuration, and what corosync runs with where it runs. */
static int read_config(struct gathered *g, const char *file)
{
	char error[CONFIG_ERROR_LEN] = "", cs_error[CS_ERROR_LEN] = "";
	int rc = cs_facts_read(COROSYNC_MS, &g->corosync, &g->native, cs_error, sizeof(cs_error));

	if (rc != 0 && !file)
		return complain(cs_error);
	if (rc != 0) {
		(void)fprintf(stderr, "qdisk-tool: %s; judging the file alone\n", cs_error);
		memset(&g->corosync, 0, sizeof(g->corosync));
		g->corosync.sbd_watchdog_ms = cs_sbd_read();
	}
	rc = file ? config_load(file, &g->config, error, sizeof(error))
		  : clusterconf_native(&g->native, g->corosync.cluster, &g->config, error, sizeof(error));
	if (rc == 0)
		rc = config_names_device(&g->config, error, sizeof(error));
	return rc == 0 ? TOOL_OK : complain(error);
}

int tool_check(const char *file, bool json, FILE *out)
{
	struct gathered *g = calloc(1, sizeof(*g));
	int rc;

	if (!g)
		return complain("no memory");
	rc = read_config(g, choose_file(file));
	if (rc == TOOL_OK) {
		g->facts = (struct check_facts){ .config = &g->config, .corosync = &g->corosync,
						 .params = &g->params, .laws = &g->laws,
						 .agents = &g->agents };
		(void)qd_config_check(&g->config, &g->corosync, &g->params, &g->laws);
		tool_check_lun(&g->config, &g->facts.lun);
		tool_check_pacemaker(&g->facts);
		tool_check_agents(&g->config, &g->agents);
		g->facts.status_file_fifo = tool_check_fifo(g->config.status_file);
		check_judge(&g->facts, &g->report);
		(json ? tool_check_json : tool_check_show)(&g->facts, &g->report, out);
		rc = g->report.errors ? TOOL_NO : TOOL_OK;
	}
	free(g);
	return rc;
}
