/* Timings agreed: they are the cluster's. The first node to beat writes them into
 * the label; a node with others does not start. Nobody beats: they may change. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon.h"
#include "discover.h"

static bool timings_equal(const struct qd_timings *a, const struct qd_timings *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* One look at all configured slots but mine, in a child: a LUN may hang by now. 0 or
 * negative errno. */
static int look(const struct daemon *d, struct qd_slot *slots)
{
	const struct qd_device *dev = &d->lun.device;
	uint32_t count = 0;
	uint8_t *bytes;
	int rc;

	for (uint32_t id = 1; id <= QD_NODE_MAX; id++)
		count = qd_has(d->params.nodes, id) ? id : count;
	bytes = malloc((size_t)count * dev->slot_size);
	rc = bytes ? discover_read(d->lun.path, dev->slot_size, bytes, (size_t)count * dev->slot_size) : -ENOMEM;
	for (uint32_t id = 1; rc == 0 && id <= count; id++) {
		const uint8_t *block = bytes + (size_t)(id - 1) * dev->slot_size;

		if (!qd_has(d->params.nodes, id) || id == d->params.node_id)
			continue;
		slots[id - 1].result = QD_SLOT_CORRUPT;
		if (qd_block_decode(block, dev->sector_size, id, &slots[id - 1].block) == QD_FINE)
			slots[id - 1].result = QD_SLOT_OK;
	}
	free(bytes);
	return rc;
}

static bool beat_changed(const struct qd_slot *a, const struct qd_slot *b)
{
	if (a->result != QD_SLOT_OK || b->result != QD_SLOT_OK)
		return a->result != b->result;
	return a->block.incarnation != b->block.incarnation || a->block.wall_s != b->block.wall_s ||
	       a->block.ext.beat != b->block.ext.beat;
}

/* The lowest other node that beats, looked at twice; 0 none. */
static int who_beats(const struct daemon *d, uint32_t *ret_id)
{
	static struct qd_slot before[QD_NODE_MAX], after[QD_NODE_MAX];
	uint32_t wait_ms = qd_law_watch_ms(d->lun.label.timings.interval_ms);
	struct timespec pause = { .tv_sec = wait_ms / 1000, .tv_nsec = (long)(wait_ms % 1000) * 1000000 };
	int rc = look(d, before);

	if (rc == 0) {
		(void)nanosleep(&pause, NULL);
		rc = look(d, after);
	}
	*ret_id = 0;
	for (uint32_t id = 1; rc == 0 && id <= QD_NODE_MAX && *ret_id == 0; id++) {
		if (qd_has(d->params.nodes, id) && id != d->params.node_id &&
		    beat_changed(&before[id - 1], &after[id - 1]))
			*ret_id = id;
	}
	return rc;
}

/* Write sector 0. In a child that dies with us: a write that hangs keeps it in the
 * kernel, and neither our lock nor whoever waits for our end. */
static int sector_write(const struct daemon *d, const uint8_t *bytes)
{
	struct pollfd ended = { .events = POLLIN };
	int status = 0, rc;
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);	/* cannot fail: a valid signal */
		(void)close(d->lun.lock_fd);
		(void)close_range(STDIN_FILENO, STDERR_FILENO, 0);
		rc = device_write(&d->lun.device, 0, bytes, d->lun.device.sector_size);
		_exit(-(rc == 0 ? device_flush(&d->lun.device) : rc));
	}
	if (pid < 0)
		return -errno;
	ended.fd = pidfd_open(pid, 0);
	rc = ended.fd < 0 ? -errno : poll(&ended, 1, DISCOVER_DEADLINE_MS);
	if (ended.fd >= 0)
		(void)close(ended.fd);	/* nothing to lose in it */
	if (rc <= 0) {
		(void)kill(pid, SIGKILL);
		return rc < 0 ? rc : -ETIMEDOUT;
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -EIO;
	return -WEXITSTATUS(status);
}

/* Write the label, and believe only what comes back. */
static int label_write(struct daemon *d, const struct qd_label *label)
{
	static struct discover_probe back;	/* large */
	const struct qd_device *dev = &d->lun.device;
	uint8_t *bytes = calloc(1, dev->sector_size);
	int rc;

	if (!bytes)
		return -ENOMEM;
	qd_label_encode(label, bytes, dev->sector_size);
	rc = sector_write(d, bytes);
	free(bytes);
	if (rc == 0)
		rc = discover_probe(d->lun.path, &back);
	if (rc == 0)
		rc = back.error;
	if (rc == 0 && (back.why != QD_FINE || back.label.reserved != label->reserved ||
			!timings_equal(&back.label.timings, &label->timings)))
		rc = -EIO;
	if (rc == 0)
		d->lun.label = back.label;
	return rc;
}

/* With our timings and cluster name. */
static int label_agree(struct daemon *d)
{
	struct qd_label label = d->lun.label;

	label.timings = d->params.t;
	label.reserved = false;
	(void)snprintf(label.cluster, sizeof(label.cluster), "%.*s", (int)sizeof(label.cluster) - 1,
		       d->facts.cluster);
	return label_write(d, &label);
}

int start_reserve(struct daemon *d)
{
	struct qd_label label = d->lun.label;

	label.reserved = true;
	return label_write(d, &label);
}

/* Others beat, and our configuration leaves the timings open: with theirs, if the laws
 * allow these here. */
static bool adopt(struct daemon *d)
{
	struct qd_params params;
	unsigned errors;

	if (!config_timings_open(&d->config))
		return false;
	config_timings_set(&d->config, &d->lun.label.timings);
	errors = qd_config_check(&d->config, &d->facts, &params, &d->findings);
	config_timings_unset(&d->config);
	if (errors == 0)
		d->params = params;
	return errors == 0;
}

int start_agree(struct daemon *d)
{
	const struct qd_timings *agreed = &d->lun.label.timings, *mine = &d->params.t;
	uint32_t beating = 0;
	int rc = 0;

	if (!d->lun.label.has_ext)
		return EXIT_OK;	/* labelled by legacy: there is no room for it */
	if (timings_equal(agreed, mine) && d->lun.label.cluster[0] && !d->lun.label.reserved)
		return EXIT_OK;
	/* after a restart in step nobody beats but who has started with the same */
	if (agreed->interval_ms && !timings_equal(agreed, mine) && !d->past.known)
		rc = who_beats(d, &beating);
	if (rc == 0 && beating && adopt(d))
		return EXIT_OK;
	if (rc == 0 && beating) {
		fprintf(stderr,
			"qdiskd: %s: timings differ from those in use: node %u beats, agreed are interval %u ms "
			"tko %u tko_up %u upgrade_wait %u master_wait %u, here they are %u ms %u %u %u %u; "
			"change them on all nodes, with qdiskd stopped everywhere\n", d->lun.path, beating,
			agreed->interval_ms, agreed->tko, agreed->tko_up, agreed->upgrade_wait,
			agreed->master_wait, mine->interval_ms, mine->tko, mine->tko_up,
			mine->upgrade_wait, mine->master_wait);
		return EXIT_CONFIG;
	}
	if (rc == 0)
		rc = label_agree(d);
	if (rc == 0)
		return EXIT_OK;
	fprintf(stderr, "qdiskd: %s: cannot agree on timings in the label: %s\n", d->lun.path,
		rc == -ETIMEDOUT ? "it does not answer; check the path to the storage" : strerror(-rc));
	return EXIT_DEVICE;
}
