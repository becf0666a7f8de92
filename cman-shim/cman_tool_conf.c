/* cman_tool: cluster.conf and the options of join to corosync.conf. */
#include "cman_tool_conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../qdiskd/config.h"
#include "qd_laws.h"

#define CLUSTER_CONF "/etc/cluster/cluster.conf"
#define COROSYNC_CONF "/etc/corosync/corosync.conf"
#define COROSYNC_CONF_NEW COROSYNC_CONF ".new"
#define COROSYNC_CONF_KEPT COROSYNC_CONF ".before-cman_tool"
#define LOG_DIRECTORY "/var/log/cluster"

/* In the first line of what is ours: such a file is written over. */
#define OUR_MARK "# written by cman_tool"

const char *cman_tool_cluster_conf(void)
{
	const char *file = getenv("COROSYNC_CLUSTER_CONFIG_FILE");

	return file ? file : CLUSTER_CONF;
}

/* ---- Options ---- */

static bool refuse(char *error, size_t error_size, const char *text)
{
	(void)snprintf(error, error_size, "%s", text);
	return false;
}

static bool override_two_node(struct qd_config *config, uint32_t node, char *error, size_t error_size)
{
	uint32_t votes = 0;

	for (uint32_t i = 0; i < config->node_count; i++)
		votes += config->node[i].votes;
	if (config->node_count > 2)
		return refuse(error, error_size, "two_node set but there are more than 2 nodes");
	if (votes != 2 || config->node[node].votes != 1)
		return refuse(error, error_size, "two_node set but votes not set to 1");
	config->two_node = 1;
	config->expected_votes = 1;
	return true;
}

bool cman_tool_override(const struct cman_tool_options *o, struct qd_config *config, uint32_t node,
			char *error, size_t error_size)
{
	if (o->no_config)
		return refuse(error, error_size, "-X: corosync 3 needs the list of all nodes, which is in "
						 "cluster.conf");
	if (o->cluster)
		(void)snprintf(config->cluster, sizeof(config->cluster), "%s", o->cluster);
	if (config->quorumd_line && o->node_id > (int)QD_NODE_MAX)
		return refuse(error, error_size, "-N: with a quorum disk the id is the number of the node's "
						 "slot on it, 1 to 64");
	if (o->node_id > 0)
		config->node[node].node_id = (uint32_t)o->node_id;
	for (uint32_t i = 0; i < config->node_count; i++) {
		if (i != node && config->node[i].node_id == config->node[node].node_id)
			return refuse(error, error_size, "-N: another node has this id");
	}
	if (o->votes >= 0)
		config->node[node].votes = (uint32_t)o->votes;
	if (o->expected >= 0)
		config->expected_votes = (uint32_t)o->expected;
	if (o->port >= 0)
		config->totem.port[0] = (uint32_t)o->port;
	if (o->keyfile && strlen(o->keyfile) >= sizeof(config->totem.keyfile))
		return refuse(error, error_size, "-k: the path is too long");
	if (o->keyfile)
		(void)snprintf(config->totem.keyfile, sizeof(config->totem.keyfile), "%s", o->keyfile);
	if (!o->two_node || config->quorumd_line)
		return true;
	return override_two_node(config, node, error, error_size);
}

/* What options of old meant, and corosync 3 has not got. */
static void remark_options(const struct cman_tool_options *o, const struct qd_config *config)
{
	if (o->two_node && config->quorumd_line)
		(void)cman_tool_fail(o, "-2 is dropped: there is a quorum disk");
	if (o->multicast)
		(void)cman_tool_fail(o, "-m %s has no equivalent in corosync 3: it sends to each node by "
					"itself", o->multicast);
	if (o->loader && strcmp(o->loader, "xmlconfig") != 0)
		(void)cman_tool_fail(o, "-C %s has no equivalent in corosync 3: %s is read", o->loader,
				     cman_tool_cluster_conf());
}

/* ---- Judgement ---- */

/* join says all that there is to say; version -r is silent but for errors. */
static bool is_told(const struct cman_tool_options *o, enum qd_severity severity)
{
	if (severity == QD_SEV_ERROR || o->debug)
		return true;
	return severity == QD_SEV_WARNING && o->operation == OPERATION_JOIN;
}

/* Says what is wrong with it, as far as -D wants to know. */
static int judge(const struct cman_tool_options *o, struct cman_tool_conf *conf)
{
	static struct qd_facts facts; /* large: nobody was asked */

	facts.node_id = conf->config.node[conf->node].node_id;
	(void)qd_config_check(&conf->config, &facts, &conf->params, &conf->findings);
	for (uint32_t i = 0; o->check != CHECK_NONE && i < conf->findings.count; i++) {
		if (is_told(o, conf->findings.finding[i].severity))
			(void)cman_tool_fail(o, "%s", conf->findings.finding[i].text);
	}
	return conf->findings.errors && o->check == CHECK_FAIL ? -EINVAL : 0;
}

static void remark(const struct cman_tool_options *o, const struct cman_tool_conf *conf)
{
	if (!is_told(o, QD_SEV_WARNING))
		return;
	remark_options(o, &conf->config);
	for (uint32_t i = 0; i < conf->config.notice_count; i++) {
		if (!conf->config.notice[i].corosync) /* those are among the others */
			(void)cman_tool_fail(o, "%s", conf->config.notice[i].text);
	}
	for (uint32_t i = 0; i < conf->corosync.remark_count; i++)
		(void)cman_tool_fail(o, "%s", conf->corosync.remark[i]);
}

static int find_node(const struct cman_tool_options *o, struct cman_tool_conf *conf)
{
	char error[CMAN_TOOL_ERROR_LEN];
	int node = cman_tool_node_here(o, &conf->config, error, sizeof(error));

	if (node >= 0 && cman_tool_node_reachable(conf->config.node[node].name, error, sizeof(error))) {
		conf->node = (uint32_t)node;
		return 0;
	}
	(void)fprintf(stderr, "%s\n", error); /* legacy's daemon said it: no name before it */
	return -EINVAL;
}

int cman_tool_conf_make(const struct cman_tool_options *o, struct cman_tool_conf *ret)
{
	struct qd_config *config = &ret->config;
	char error[CMAN_TOOL_ERROR_LEN] = "";

	ret->file = cman_tool_cluster_conf();
	if (config_load(ret->file, config, error, sizeof(error)) != 0) {
		(void)cman_tool_fail(o, "%s", error);
		return -EINVAL;
	}
	if (find_node(o, ret) != 0)
		return -EINVAL;
	ret->has_device = config->quorumd_line != 0;
	if (!cman_tool_override(o, config, ret->node, error, sizeof(error))) {
		(void)cman_tool_fail(o, "%s", error);
		return -EINVAL;
	}
	if (ret->has_device && judge(o, ret) != 0)
		return -EINVAL;
	if (!corosync_conf_write(config, ret->has_device ? &ret->params : NULL, &ret->corosync, error,
				 sizeof(error))) {
		(void)cman_tool_fail(o, "%s", error);
		return -EINVAL;
	}
	remark(o, ret);
	return 0;
}

/* ---- The file ---- */

bool cman_tool_conf_foreign(void)
{
	char line[sizeof(OUR_MARK)] = "";
	int fd = open(COROSYNC_CONF, O_RDONLY | O_CLOEXEC);
	bool ours;

	if (fd < 0)
		return false;
	ours = read(fd, line, sizeof(line) - 1) == (ssize_t)sizeof(line) - 1 && strcmp(line, OUR_MARK) == 0;
	(void)close(fd);
	return !ours;
}

/* The text of the file; -P is the one option that stands in it alone. */
static int print_file(FILE *file, const struct cman_tool_options *o, const struct cman_tool_conf *conf)
{
	(void)fprintf(file, OUR_MARK " from %s, which is the file to change\n%s", conf->file,
		      conf->corosync.text);
	if (o->no_realtime)
		(void)fprintf(file, "\nsystem {\n\tsched_rr: no\n}\n");
	if (fflush(file) != 0 || ferror(file) || fsync(fileno(file)) != 0)
		return errno ? -errno : -EIO;
	return 0;
}

static int write_new(const struct cman_tool_options *o, const struct cman_tool_conf *conf)
{
	FILE *file = fopen(COROSYNC_CONF_NEW, "we");
	int error;

	if (!file)
		return -errno;
	error = print_file(file, o, conf);
	if (fclose(file) != 0 && !error)
		error = -errno;
	if (!error && cman_tool_conf_foreign()) {
		(void)unlink(COROSYNC_CONF_KEPT); /* there seldom is one */
		if (link(COROSYNC_CONF, COROSYNC_CONF_KEPT) != 0)
			return -errno;
		(void)cman_tool_fail(o, COROSYNC_CONF " is kept as " COROSYNC_CONF_KEPT);
	}
	if (!error && rename(COROSYNC_CONF_NEW, COROSYNC_CONF) != 0)
		error = -errno;
	return error;
}

int cman_tool_conf_install(const struct cman_tool_options *o, const struct cman_tool_conf *conf)
{
	const char *keyfile = conf->corosync.keyfile;
	int error;

	if (keyfile[0] && access(keyfile, R_OK) != 0) {
		(void)cman_tool_fail(o, "%s: %s; make it with corosync-keygen and copy it to all nodes",
				     keyfile, strerror(errno));
		return -EINVAL;
	}
	(void)mkdir(LOG_DIRECTORY, 0755); /* there already is fine; else corosync says why */
	error = write_new(o, conf);
	if (error)
		(void)cman_tool_fail(o, COROSYNC_CONF ": %s", strerror(-error));
	return error;
}
