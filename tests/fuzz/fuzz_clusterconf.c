/* cluster.conf: what the reader accepts qdiskd accepts too, and the laws make of it values in
 * force that hold, or findings. A refusal is one line that names the file. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../cman-shim/clusterconf.h"
#include "../../cman-shim/corosync_conf.h"
#include "../../qdiskd/config.h"
#include "fuzz_params.h"

static struct qd_config config;

/* A file of these bytes, open at its start. */
static int file_make(const uint8_t *data, size_t size)
{
	int fd = memfd_create("cluster.conf", MFD_CLOEXEC);

	MUST(fd >= 0);
	MUST(write(fd, data, size) == (ssize_t)size);
	MUST(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

/* A line of corosync.conf: a name and a value, a section's begin or end, or nothing. */
static int line_depth(const char *line, size_t length)
{
	const char *at = line + strspn(line, "\t"), *end = line + length;
	size_t name = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_");

	if (at == end)
		return 0;
	if (end - at == 1 && *at == '}')
		return -1;
	MUST(name > 0);
	if (strncmp(at + name, " {\n", 3) == 0)
		return 1;
	MUST(strncmp(at + name, ": ", 2) == 0 && end - at > (ptrdiff_t)name + 2);
	for (at += name + 2; at < end; at++)
		MUST((unsigned char)*at >= ' ' && *at != 0x7f && *at != '{');	/* a } behind a : is none */
	return 0;
}

/* What becomes of it in corosync.conf: no value of the file can open a section of its own. */
static void check_corosync_conf(const struct qd_params *params)
{
	static struct corosync_conf conf;
	char error[CLUSTERCONF_ERROR_LEN] = "";
	int depth = 0;

	if (!corosync_conf_write(&config, params, &conf, error, sizeof(error))) {
		MUST(error[0] && fuzz_one_line(error));
		return;
	}
	MUST(conf.length < sizeof(conf.text) && strlen(conf.text) == conf.length);
	for (const char *line = conf.text; *line; line = strchr(line, '\n') + 1) {
		MUST(strchr(line, '\n'));
		depth += line_depth(line, strcspn(line, "\n"));
		MUST(depth >= 0 && depth <= 3);
	}
	MUST(depth == 0);
	for (uint32_t i = 0; i < conf.remark_count; i++)
		MUST(fuzz_one_line(conf.remark[i]));
}

/* Corosync as it would have to be, for the nodes of the file, and as it is by default. */
static void check_laws(void)
{
	struct qd_facts *facts = calloc(1, sizeof(*facts));
	const struct qd_params *params;

	MUST(facts);
	params = fuzz_params_check(&config, facts);
	if (params || config.quorumd_line == 0)
		check_corosync_conf(params);
	facts->known = true;
	facts->node_id = 1;
	facts->token_ms = 3000;
	facts->consensus_ms = 3600;
	facts->device_timeout_ms = 1400;
	facts->device_sync_timeout_ms = 3000;
	facts->device_votes = facts->expected_votes = QD_UNSET;
	for (uint32_t i = 0; i < config.node_count; i++) {
		facts->node[i].node_id = config.node[i].node_id;
		facts->node[i].votes = config.node[i].votes;
		memcpy(facts->node[i].name, config.node[i].name, sizeof(facts->node[i].name));
	}
	facts->node_count = config.node_count;
	(void)fuzz_params_check(&config, facts);
	free(facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[CLUSTERCONF_ERROR_LEN] = "";
	int fd = file_make(data, size), status;

	((unsigned char *)&config)[0] = 0x77;
	status = clusterconf_read(fd, "/etc/cluster/cluster.conf", &config, error, sizeof(error));
	(void)close(fd);
	if (status == 0) {
		const char *wrong = config_invalid(&config);

		MUST(wrong == NULL);
		(void)config_names_device(&config, error, sizeof(error));
		MUST(fuzz_one_line(error));
		check_laws();
	} else {
		MUST(status < 0);
		MUST(strstr(error, "cluster.conf") != NULL);
		MUST(strlen(error) < sizeof(error));
		MUST(fuzz_one_line(error));
		MUST(((unsigned char *)&config)[0] == 0x77);	/* untouched */
	}
	return 0;
}
