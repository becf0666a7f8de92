/* What corosync's cmap holds, which whoever writes corosync.conf may fill with anything: facts
 * and a configuration in range, or one line of refusal; and what the laws make of them. */
#include "fuzz.h"

#include <corosync/cmap.h>
#include <stdlib.h>
#include <string.h>

#include "../../cman-shim/clusterconf_native.h"
#include "../../qdiskd/config.h"
#include "../../qdiskd/cs_inner.h"
#include "fuzz_params.h"

#define KEYS_MAX 96

/* The map: as many keys as the input has. */
static struct {
	char key[CMAP_KEYNAME_MAXLEN + 1];
	cmap_value_types_t type;
	char value[300];
	size_t size;
} map[KEYS_MAX];
static unsigned key_count, key_next;
static const char *key_prefix;

/* ---- Corosync's side ---- */

cs_error_t cmap_get(cmap_handle_t handle, const char *key, void *value, size_t *size, cmap_value_types_t *type)
{
	(void)handle;
	for (unsigned i = 0; i < key_count; i++) {
		if (strcmp(map[i].key, key) != 0)
			continue;
		*type = map[i].type;
		if (map[i].size > *size)
			return CS_ERR_INVALID_PARAM;
		memcpy(value, map[i].value, map[i].size);
		*size = map[i].size;
		return CS_OK;
	}
	return CS_ERR_NOT_EXIST;
}

cs_error_t cmap_iter_init(cmap_handle_t handle, const char *prefix, cmap_iter_handle_t *iter)
{
	(void)handle;
	*iter = 1;
	key_next = 0;
	key_prefix = prefix;
	return CS_OK;
}

cs_error_t cmap_iter_next(cmap_handle_t handle, cmap_iter_handle_t iter, char *key, size_t *size,
			  cmap_value_types_t *type)
{
	(void)handle, (void)iter;
	while (key_next < key_count && strncmp(map[key_next].key, key_prefix, strlen(key_prefix)) != 0)
		key_next++;
	if (key_next == key_count)
		return CS_ERR_NO_SECTIONS;
	memcpy(key, map[key_next].key, sizeof(map[0].key));
	*size = map[key_next].size;
	*type = map[key_next].type;
	key_next++;
	return CS_OK;
}

cs_error_t cmap_iter_finalize(cmap_handle_t handle, cmap_iter_handle_t iter)
{
	(void)handle, (void)iter;
	return CS_OK;
}

void cs_call_out(struct cs_call *call)
{
	(void)call;
}

int cs_call_back(struct cs_call *call, int rc)
{
	(void)call;
	return rc;
}

bool cs_gone(int rc)
{
	return rc == CS_ERR_LIBRARY || rc == CS_ERR_BAD_HANDLE;
}

int cs_cmap_dispatch(struct cs_cmap *cmap)
{
	(void)cmap;
	return 0;
}

/* ---- The input ---- */

/* A number says its own size, a text its length with the NUL, as libcmap's. */
static void value_take(struct fuzz *f, unsigned i, uint8_t how)
{
	static const struct {
		cmap_value_types_t type;
		size_t size;
	} numbers[] = {
		{ CMAP_VALUETYPE_UINT32, 4 }, { CMAP_VALUETYPE_INT8, 1 }, { CMAP_VALUETYPE_UINT8, 1 },
		{ CMAP_VALUETYPE_INT64, 8 }, { CMAP_VALUETYPE_UINT64, 8 }, { CMAP_VALUETYPE_INT16, 2 },
	};
	unsigned n = (how >> 4) % 8;

	if (n < 6) {
		map[i].type = numbers[n].type;
		map[i].size = numbers[n].size;
		(void)fuzz_bytes(f, map[i].value, map[i].size);
		return;
	}
	map[i].type = n == 6 ? CMAP_VALUETYPE_STRING : CMAP_VALUETYPE_BINARY;
	fuzz_line(f, map[i].value, sizeof(map[i].value));
	map[i].size = strlen(map[i].value) + 1;
}

/* A key by its number, since a fuzzer finds no names, or one of the input's own. */
static void key_take(struct fuzz *f, unsigned i, uint8_t how)
{
	static const char *const known[] = {
		"runtime.votequorum.this_node_id", "nodelist.local_node_pos", "totem.cluster_name",
		"runtime.config.totem.token", "runtime.config.totem.consensus", "quorum.device.model",
		"quorum.device.votes", "quorum.device.timeout", "quorum.device.sync_timeout",
		"quorum.provider", "quorum.expected_votes", "quorum.two_node", "quorum.wait_for_all",
		"quorum.device.qdisk.label", "quorum.device.qdisk.interval", "quorum.device.qdisk.tko",
		"quorum.device.qdisk.fence", "quorum.device.qdisk.status_file",
		"quorum.device.heuristics.mode", "quorum.device.heuristics.exec_a",
		"quorum.device.heuristics.score_a", "quorum.device.heuristics.exec_b",
		"quorum.device.heuristics.interval_b", "logging.to_syslog", "logging.syslog_facility",
		"logging.logger_subsys.QDISKD.logfile", "logging.logger_subsys.QDISKD.debug",
	};
	static const char *const field[] = { "nodeid", "quorum_votes", "name", "ring0_addr" };
	const size_t count = sizeof(known) / sizeof(known[0]);
	uint8_t which = fuzz_u8(f);

	if (how & 1)
		(void)snprintf(map[i].key, sizeof(map[i].key), "nodelist.node.%u.%s", which / 4u,
			       field[which % 4]);
	else if (how & 2)
		fuzz_line(f, map[i].key, sizeof(map[i].key));
	else
		(void)snprintf(map[i].key, sizeof(map[i].key), "%s", known[which % count]);
}

/* As the one that comes through a pipe from a reader of cluster.conf. */
static void check_native(const struct qd_native *native, const struct qd_facts *facts)
{
	static struct qd_config config;
	char error[CONFIG_ERROR_LEN] = "";
	const char *wrong;

	MUST(native->count <= QD_NATIVE_KEYS_MAX);
	if (clusterconf_native(native, facts->cluster, &config, error, sizeof(error)) != 0) {
		MUST(error[0] && fuzz_one_line(error));
		return;
	}
	(void)fuzz_params_check(&config, facts);
	config.native = false;
	memcpy(config.file, "/c", 3);
	if (!config.cluster[0])
		memcpy(config.cluster, "c", 2);
	wrong = config_invalid(&config);
	MUST(wrong == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct qd_native native;
	struct fuzz f = { data, size };
	struct cs_call call = { 0 };
	struct cs_cmap cmap = { .handle = 1, .call = &call };
	struct qd_facts *facts = malloc(sizeof(*facts));
	char error[200] = "";
	int rc;

	MUST(facts);
	for (key_count = 0; f.left && key_count < KEYS_MAX; key_count++) {
		uint8_t how = fuzz_u8(&f);

		key_take(&f, key_count, how);
		value_take(&f, key_count, how);
	}
	rc = cs_cmap_read(&cmap, facts, &native, error, sizeof(error));
	if (rc == 0) {
		MUST(facts->known);
		MUST(facts->node_count <= QD_NODE_MAX);
		MUST(strnlen(facts->cluster, sizeof(facts->cluster)) < sizeof(facts->cluster));
		check_native(&native, facts);
	} else {
		MUST(rc < 0);
		MUST(error[0]);
	}
	free(facts);
	return 0;
}
