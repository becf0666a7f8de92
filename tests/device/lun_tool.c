/* What the device tests need besides mkqdisk.
 *
 *   lun_tool decode DEVICE|IMAGE                  one line per label and slot
 *   lun_tool beat DEVICE NODE INTERVAL_MS        beat like a running node, until killed
 *   lun_tool legacy DEVICE NODE                  write one block without extension
 *   lun_tool hold DEVICE                         open it O_EXCL, say "held", wait
 *   lun_tool scan PARTITIONS DEV SYS [LABEL]     what discover.h says of these roots
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../qdiskd/discover.h"

static int fail(const char *what, int error)
{
	fprintf(stderr, "lun_tool: %s: %s\n", what, strerror(-error));
	return 1;
}

static void label_show(const struct qd_device *device)
{
	enum qd_corrupt why;
	struct qd_label l;
	int error = device_read_label(device, &why, &l);

	if (error < 0) {
		printf("label: %s\n", strerror(-error));
		return;
	}
	if (why != QD_FINE) {
		printf("label: %s\n", qd_corrupt_text(why));
		return;
	}
	printf("label: name=%s host=%s created=%" PRIu64 " sector=%u ext=%d capacity=%u interval=%u\n",
	       l.name, l.host, l.created_s, l.sector_size, l.has_ext, qd_label_capacity(&l),
	       l.timings.interval_ms);
}

static void block_show(uint32_t id, const uint8_t *slot, size_t size)
{
	struct qd_block b;
	uint8_t incarnation[8];
	enum qd_corrupt why = qd_block_decode(slot, size, id, &b);

	if (why != QD_FINE) {
		printf("node %u: %s\n", id, qd_corrupt_text(why));
		return;
	}
	memcpy(incarnation, &b.incarnation, 8);
	printf("node %u: upd=%u ts=%" PRIu64 " state=%s fl=%x score=%u/%u ca=%" PRIu64 " lc=%" PRIu64
	       " inc=",
	       id, b.writer_id, b.wall_s, qd_state_text(b.state), b.flags, b.score, b.score_max,
	       b.average_us, b.last_us);
	for (unsigned i = 0; i < 8; i++)
		printf("%02x", incarnation[i]);
	printf(" msg=%d seq=%u arg=%u mask=%" PRIx64 " mm=%" PRIx64 " ext=%d beat=%" PRIu64 "\n",
	       (int)b.message, b.sequence, b.argument, b.online, b.master_mask, b.has_ext,
	       b.ext.beat);
}

static int decode(const char *path)
{
	struct qd_device device;
	uint8_t slot[QD_SLOT_BYTES];
	int error = device_open(path, DEVICE_ALLOW_FILE, &device);

	if (error < 0)
		return fail(path, error);
	label_show(&device);
	for (uint32_t id = 1; id <= device_capacity(&device); id++) {
		error = device_read(&device, (uint64_t)id * device.slot_size, slot, sizeof(slot));
		if (error < 0)
			return fail(path, error);
		block_show(id, slot, sizeof(slot));
	}
	device_close(&device);
	return 0;
}

/* Open, or say why not and end. */
static struct qd_device open_or_exit(const char *path, unsigned flags)
{
	struct qd_device device;
	int error = device_open(path, flags, &device);

	if (error < 0)
		exit(fail(path, error));
	return device;
}

static int block_put(const struct qd_device *device, const struct qd_block *b)
{
	uint8_t slot[QD_SLOT_BYTES];

	qd_block_encode(b, slot, sizeof(slot));
	return device_write(device, (uint64_t)b->node_id * device->slot_size, slot, sizeof(slot));
}

static struct qd_block block_make(uint32_t node_id)
{
	return (struct qd_block){
		.node_id = node_id,
		.writer_id = node_id,
		.wall_s = (uint64_t)time(NULL),
		.state = QD_STATE_RUN,
		.incarnation = 0x1122334455667788,
	};
}

static int beat(const char *path, uint32_t node_id, uint32_t interval_ms)
{
	struct qd_device device = open_or_exit(path, DEVICE_WRITE);
	struct timespec pause = { .tv_sec = interval_ms / 1000,
				  .tv_nsec = (long)(interval_ms % 1000) * 1000000 };
	struct qd_block b = block_make(node_id);

	b.has_ext = true;
	b.ext.interval_ms = interval_ms;
	b.ext.tko = 8;
	(void)snprintf(b.ext.node_name, sizeof(b.ext.node_name), "beater");
	for (;;) {
		int error = block_put(&device, &b);

		if (error < 0)
			return fail(path, error);
		if (b.ext.beat++ == 0)
			printf("beating\n");
		if (fflush(stdout) == EOF)
			return 1;
		(void)nanosleep(&pause, NULL);
	}
}

static int legacy(const char *path, uint32_t node_id)
{
	struct qd_device device = open_or_exit(path, DEVICE_WRITE);
	struct qd_block b = block_make(node_id);
	int error = block_put(&device, &b);

	device_close(&device);
	return error < 0 ? fail(path, error) : 0;
}

static int hold(const char *path)
{
	struct qd_device device = open_or_exit(path, DEVICE_EXCL);

	printf("held\n");
	if (fflush(stdout) == EOF)
		return 1;
	(void)pause();
	device_close(&device);
	return 0;
}

/* Scan with given roots; "-" is the usual one. */
static int scan(char **argv, const char *label)
{
	static struct discover_list list;
	const struct discover_roots roots = {
		.partitions = argv[0],
		.dev = strcmp(argv[1], "-") == 0 ? NULL : argv[1],
		.sys = strcmp(argv[2], "-") == 0 ? NULL : argv[2],
	};
	char text[DISCOVER_WHY_MAX];
	int error = label ? discover_by_label(&roots, label, &list) : discover_scan(&roots, &list);

	for (unsigned i = 0; i < list.count; i++)
		printf("%s %s\n", list.lun[i].path, list.lun[i].probe.label.name);
	for (unsigned i = 0; i < list.skip_count; i++) {
		discover_skip_text(&list.skip[i], text, sizeof(text));
		printf("skipped: %s\n", text);
	}
	if (label) {
		discover_explain(error, label, &list, text, sizeof(text));
		printf("%s\n", text);
	}
	return error < 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "decode") == 0)
		return decode(argv[2]);
	if (argc == 3 && strcmp(argv[1], "hold") == 0)
		return hold(argv[2]);
	if (argc == 4 && strcmp(argv[1], "legacy") == 0)
		return legacy(argv[2], (uint32_t)strtoul(argv[3], NULL, 10));
	if (argc == 5 && strcmp(argv[1], "beat") == 0)
		return beat(argv[2], (uint32_t)strtoul(argv[3], NULL, 10),
			    (uint32_t)strtoul(argv[4], NULL, 10));
	if ((argc == 5 || argc == 6) && strcmp(argv[1], "scan") == 0)
		return scan(argv + 2, argv[5]);
	fprintf(stderr, "usage: lun_tool decode DEVICE | beat DEVICE NODE INTERVAL_MS | "
			"legacy DEVICE NODE | hold DEVICE | scan PARTITIONS DEV SYS [LABEL]\n");
	return 2;
}
