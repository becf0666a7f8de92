/* The pipe from qdisk-readconf: a reader that a hostile cluster.conf got hold of may send any
 * struct qd_config. What qdiskd takes over can be used without looking again. */
#include "fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../qdiskd/config.h"
#include "fuzz_params.h"

#define PATCHES_MAX 64

static struct {
	struct config_wire head;
	struct qd_config config;
} wire;

static uint32_t pool_put(struct qd_config *c, const char *text)
{
	uint32_t at = c->pool_used, size = (uint32_t)strlen(text) + 1;

	memcpy(c->pool + at, text, size);
	c->pool_used += size;
	return at;
}

static void fence_fill(struct qd_config *c, struct qd_config_node *n)
{
	struct qd_fence_device *d = &n->method[0].device[0];

	n->method_count = 1;
	n->method[0].name = pool_put(c, "power");
	n->method[0].device_count = 1;
	d->name = pool_put(c, "bmc");
	d->agent = pool_put(c, "fence_ipmilan");
	d->args = pool_put(c, "ip=192.0.2.1\nnodename=n1\n");
}

/* A configuration of two nodes as a healthy reader sends it. */
static void wire_fill(void)
{
	struct qd_config *c = &wire.config;
	uint32_t *const unset[] = {
		&c->interval_ms, &c->tko, &c->tko_up, &c->upgrade_wait, &c->master_wait, &c->votes,
		&c->min_score, &c->reboot, &c->allow_kill, &c->master_wins, &c->paranoid, &c->io_timeout,
		&c->stop_cman, &c->max_error_cycles, &c->scheduler, &c->priority, &c->token_ms,
		&c->expected_votes, &c->quorum_dev_poll_ms,
	};

	memset(&wire, 0, sizeof(wire));
	wire.head = (struct config_wire){ .magic = CONFIG_WIRE_MAGIC, .config_size = sizeof(*c),
					  .length = sizeof(*c) };
	for (size_t i = 0; i < sizeof(unset) / sizeof(unset[0]); i++)
		*unset[i] = QD_UNSET;
	memcpy(c->cluster, "alpha", 6);
	memcpy(c->label, "alpha", 6);
	c->quorumd_line = 7;
	c->pool_used = 1;
	c->node_count = 2;
	for (uint32_t i = 0; i < 2; i++) {
		c->node[i] = (struct qd_config_node){ .node_id = i + 1, .votes = 1, .line = 3 + i };
		(void)snprintf(c->node[i].name, sizeof(c->node[i].name), "n%u", i + 1);
		fence_fill(c, &c->node[i]);
	}
	c->heuristic_count = 1;
	memcpy(c->heuristic[0].program, "true", 5);
	c->heuristic[0].score = 1;
	c->heuristic[0].interval_ms = c->heuristic[0].tko = QD_UNSET;
}

/* Where, how much and what: at a place that is counted from the start of a part, since the
 * whole is large. */
static void wire_patch(struct fuzz *f)
{
	struct qd_config *c = &wire.config;
	void *const part[] = { &wire, c, &c->interval_ms, c->heuristic, c->node, &c->node[1].method,
			       &c->token_ms, &c->notice_count, &c->pool_used, &c->device };
	uint8_t *at = part[fuzz_u8(f) % (sizeof(part) / sizeof(part[0]))];
	size_t room = (size_t)((uint8_t *)(&wire + 1) - at), size;

	at += fuzz_u32(f) % room % 4096;
	room = (size_t)((uint8_t *)(&wire + 1) - at);
	size = fuzz_u8(f);
	(void)fuzz_bytes(f, at, size < room ? size : room);
}

/* As the daemon goes through it. */
static void check_usable(const struct qd_config *c)
{
	struct qd_facts *facts = calloc(1, sizeof(*facts));
	char error[CONFIG_ERROR_LEN] = "";
	size_t sum = 0;

	MUST(facts);
	MUST(config_invalid(c) == NULL);
	for (uint32_t i = 0; i < c->node_count; i++) {
		for (uint32_t m = 0; m < c->node[i].method_count; m++) {
			const struct qd_fence_method *method = &c->node[i].method[m];

			for (uint32_t k = 0; k < method->device_count; k++) {
				sum += strlen(qd_config_text(c, method->device[k].agent));
				MUST(strlen(qd_config_text(c, method->device[k].args)) < QD_FENCE_ARGS_MAX);
			}
		}
	}
	for (uint32_t i = 0; i < c->heuristic_count; i++)
		sum += strlen(c->heuristic[i].program);
	MUST(sum < sizeof(*c));
	(void)config_names_device(c, error, sizeof(error));
	(void)fuzz_params_check(c, facts);
	free(facts);
}

static int wire_send(size_t size)
{
	int fd = memfd_create("wire", MFD_CLOEXEC);

	MUST(fd >= 0);
	MUST(write(fd, &wire, size) == (ssize_t)size);
	MUST(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config_reader reader;
	static struct qd_config config;
	struct fuzz f = { data, size };
	char error[CONFIG_ERROR_LEN] = "";
	size_t sent = sizeof(wire);
	int status;

	wire_fill();
	if (fuzz_u8(&f) & 1)
		sent = fuzz_u32(&f) % sizeof(wire);
	for (unsigned i = 0; f.left && i < PATCHES_MAX; i++)
		wire_patch(&f);
	memset(&reader, 0, sizeof(reader));
	memcpy(reader.file, "/c", 3);
	reader.fd = wire_send(sent);
	((char *)&config)[0] = 0x77;
	status = config_receive(&reader, &config, error, sizeof(error));
	(void)close(reader.fd);
	if (status == 0) {
		check_usable(&config);
	} else {
		MUST(status != -EAGAIN);
		MUST(status < 0);
		MUST(strnlen(error, sizeof(error)) < sizeof(error));
		MUST(fuzz_one_line(error));
		MUST(((char *)&config)[0] == 0x77);
	}
	return 0;
}
