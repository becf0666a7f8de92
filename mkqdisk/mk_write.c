/* Write label and status blocks.
 *
 * The old label goes first and the new one comes last, so that a LUN on which
 * this was cut short has none. Every slot is written whole, every byte of it
 * defined, and read back past the page cache.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/random.h>

#include "mkqdisk.h"

/* 0, or -errno; -EILSEQ: what was read back is not what was written. */
static int slot_write(const struct qd_device *device, uint32_t slot, const uint8_t *bytes)
{
	uint8_t back[QD_SLOT_BYTES];
	uint64_t offset = (uint64_t)slot * device->slot_size;
	int error = device_write(device, offset, bytes, QD_SLOT_BYTES);

	if (error == 0)
		error = device_read(device, offset, back, sizeof(back));
	if (error == 0 && memcmp(back, bytes, sizeof(back)) != 0)
		error = -EILSEQ;
	return error;
}

/* The label's slot, on the medium before anything else is written. */
static int label_write(const struct qd_device *device, const uint8_t *bytes)
{
	int error = slot_write(device, 0, bytes);

	return error == 0 ? device_flush(device) : error;
}

static void write_failed(const struct mk_options *o, const char *what, int error)
{
	mk_say("%s: %s: %s; it has no valid label now", o->device, what,
	       error == -EILSEQ ? "what was read back is not what was written"
				: strerror(-error));
}

static bool blocks_write(const struct mk_options *o, const struct qd_device *device,
			 uint64_t wall_s)
{
	uint8_t bytes[QD_SLOT_BYTES];
	uint32_t capacity = device_capacity(device);
	int error;

	for (uint32_t id = 1; id <= capacity; id++) {
		struct qd_block block = {
			.node_id = id, .wall_s = wall_s, .state = QD_STATE_NONE,
		};

		if (id <= QD_NODE_LEGACY)
			printf("Initializing status block for node %u...\n", id);
		qd_block_encode(&block, bytes, sizeof(bytes));
		error = slot_write(device, id, bytes);
		if (error < 0) {
			printf("Error writing node ID block %u\n", id);
			write_failed(o, "a status block cannot be written", error);
			return false;
		}
	}
	error = device_flush(device);
	if (error < 0)
		write_failed(o, "the status blocks are not on the medium", error);
	return error == 0;
}

/* A random UUID as RFC 4122 has it. */
static int label_make(const struct mk_options *o, const struct qd_device *device, uint64_t wall_s,
		      struct qd_label *ret)
{
	struct qd_label label;

	memset(&label, 0, sizeof(label));
	label.created_s = wall_s;
	label.sector_size = device->sector_size;
	label.has_ext = true;
	label.capacity = device_capacity(device);
	if (snprintf(label.name, sizeof(label.name), "%.*s", QD_LABEL_WRITE_MAX, o->label) < 0)
		return -EINVAL;
	if (gethostname(label.host, sizeof(label.host) - 1) < 0)
		return -errno;
	if (getrandom(label.uuid, sizeof(label.uuid), 0) != sizeof(label.uuid))
		return -EIO;
	label.uuid[6] = (uint8_t)((label.uuid[6] & 0x0f) | 0x40);
	label.uuid[8] = (uint8_t)((label.uuid[8] & 0x3f) | 0x80);
	*ret = label;
	return 0;
}

/* Everything but the label, which must be gone before anything else changes. */
static bool device_prepare(const struct mk_options *o, const struct qd_device *device)
{
	const uint8_t nothing[QD_SLOT_BYTES] = { 0 };
	int error = label_write(device, nothing);

	if (error < 0) {
		mk_say("%s: the old label cannot be erased: %s", o->device,
		       error == -EILSEQ ? "it is still there" : strerror(-error));
		return false;
	}
	error = device_erase_signatures(o->device);
	if (error < 0) {
		write_failed(o, "what was on it cannot be erased", error);
		return false;
	}
	return true;
}

static int device_write_all(const struct mk_options *o, const struct qd_device *device)
{
	uint64_t wall_s = (uint64_t)time(NULL);
	uint8_t bytes[QD_SLOT_BYTES];
	struct qd_label label;
	int error = label_make(o, device, wall_s, &label);

	if (error < 0) {
		mk_say("%s: no label can be made: %s", o->device, strerror(-error));
		return MK_EXIT_REFUSED;
	}
	if (!device_prepare(o, device) || !blocks_write(o, device, wall_s))
		return MK_EXIT_REFUSED;
	qd_label_encode(&label, bytes, sizeof(bytes));
	error = label_write(device, bytes);
	if (error < 0) {
		write_failed(o, "the label cannot be written", error);
		return MK_EXIT_REFUSED;
	}
	return 0;
}

int mk_write(const struct mk_options *o, const struct discover_probe *probe)
{
	struct qd_device device = { .fd = -1 };
	int error = device_open(o->device, DEVICE_WRITE | (o->force ? 0 : DEVICE_EXCL), &device);
	int code;

	if (error < 0) {
		mk_say("%s cannot be opened for writing: %s; nothing was written", o->device,
		       strerror(-error));
		return MK_EXIT_REFUSED;
	}
	if (device.rdev != probe->rdev) {
		mk_say("%s is another device now; nothing was written", o->device);
		device_close(&device);
		return MK_EXIT_REFUSED;
	}
	if (probe->why == QD_FINE)
		printf("Warning: Initializing previously initialized partition\n");
	else if (probe->why == QD_BAD_RHCM12)
		printf("Warning: Red Hat Cluster Manager 1.2.x header found\n");
	code = device_write_all(o, &device);
	device_close(&device);
	return code;
}
