/* The LUN as a block device (hand): see device.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <blkid/blkid.h>
#include <linux/fs.h>

#include "device.h"

#define SIGNATURES_MAX 64	/* on one device, before erasing gives up */

/* Refuse what is no block device without opening it. */
static int path_check(const char *path, unsigned flags)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISBLK(st.st_mode) || (S_ISREG(st.st_mode) && (flags & DEVICE_ALLOW_FILE)))
		return 0;
	return -ENOTBLK;
}

static int extent_of_block_device(struct qd_device *device, unsigned flags)
{
	int sector, read_only;

	if (ioctl(device->fd, BLKSSZGET, &sector) < 0)
		return -errno;
	if (ioctl(device->fd, BLKGETSIZE64, &device->size) < 0)
		return -errno;
	if (ioctl(device->fd, BLKROGET, &read_only) < 0)
		return -errno;
	device->sector_size = (uint32_t)sector;
	return read_only && (flags & DEVICE_WRITE) ? -EROFS : 0;
}

/* Sector size and extent of what was opened, and whether they will do. */
static int extent_check(struct qd_device *device, unsigned flags)
{
	struct stat st;
	int error;

	if (fstat(device->fd, &st) < 0)
		return -errno;
	if (S_ISBLK(st.st_mode)) {
		device->rdev = st.st_rdev;
		error = extent_of_block_device(device, flags);
		if (error < 0)
			return error;
	} else if (S_ISREG(st.st_mode) && (flags & DEVICE_ALLOW_FILE)) {
		device->sector_size = 512;
		device->size = (uint64_t)st.st_size;
	} else {
		return -ENOTBLK;	/* another thing came by that name */
	}
	device->slot_size = qd_slot_size(device->sector_size);
	if (device->sector_size > QD_SECTOR_MAX)
		return -EMEDIUMTYPE;
	if (device->size < device_size_min(device->sector_size))
		return -ENOSPC;
	return 0;
}

int device_open(const char *path, unsigned flags, struct qd_device *ret_device)
{
	struct qd_device device = { .fd = -1 };
	int mode = (flags & DEVICE_WRITE) ? O_RDWR : O_RDONLY;
	int error = path_check(path, flags);

	if (error < 0)
		return error;
	if (flags & DEVICE_EXCL)
		mode |= O_EXCL;
	device.fd = open(path, mode | O_DIRECT | O_CLOEXEC | O_NOCTTY);
	if (device.fd < 0)
		return -errno;
	error = extent_check(&device, flags);
	if (error < 0)
		device_close(&device);
	if (error == 0 || error == -ENOSPC)
		*ret_device = device;
	return error;
}

void device_close(struct qd_device *device)
{
	if (device->fd >= 0)
		(void)close(device->fd);	/* all that counts was flushed */
	device->fd = -1;
}

uint64_t device_size_min(uint32_t sector_size)
{
	return (uint64_t)DEVICE_SLOTS_MIN * qd_slot_size(sector_size);
}

uint32_t device_capacity(const struct qd_device *device)
{
	uint64_t slots = device->size / device->slot_size;

	assert(slots >= DEVICE_SLOTS_MIN);
	return slots - 2 < QD_NODE_MAX ? (uint32_t)(slots - 2) : QD_NODE_MAX;
}

/* O_DIRECT wants the memory aligned too. NULL: no memory. */
static void *bounce_new(size_t size)
{
	void *p;

	if (posix_memalign(&p, QD_SECTOR_MAX, size) != 0)
		return NULL;
	memset(p, 0, size);
	return p;
}

int device_read(const struct qd_device *device, uint64_t offset, void *ret_bytes, size_t size)
{
	void *bounce = bounce_new(size);
	ssize_t n;
	int error = 0;

	if (!bounce)
		return -ENOMEM;
	do
		n = pread(device->fd, bounce, size, (off_t)offset);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		error = -errno;
	else if ((size_t)n != size)
		error = -EIO;
	else
		memcpy(ret_bytes, bounce, size);
	free(bounce);
	return error;
}

int device_write(const struct qd_device *device, uint64_t offset, const void *bytes, size_t size)
{
	void *bounce = bounce_new(size);
	ssize_t n;
	int error = 0;

	if (!bounce)
		return -ENOMEM;
	memcpy(bounce, bytes, size);
	do
		n = pwrite(device->fd, bounce, size, (off_t)offset);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		error = -errno;
	else if ((size_t)n != size)
		error = -EIO;
	free(bounce);
	return error;
}

int device_flush(const struct qd_device *device)
{
	return fdatasync(device->fd) < 0 ? -errno : 0;
}

int device_read_label(const struct qd_device *device, enum qd_corrupt *ret_why,
		      struct qd_label *ret_label)
{
	uint8_t bytes[QD_SLOT_BYTES];
	int error = device_read(device, 0, bytes, sizeof(bytes));

	if (error < 0)
		return error;
	*ret_why = qd_label_decode(bytes, sizeof(bytes), ret_label);
	return 0;
}

/* ---- Content ---- */

/* A probe on a descriptor of its own: libblkid reads unaligned, which O_DIRECT
 * refuses. NULL with errno set. */
static blkid_probe probe_new(const char *path, int mode, int *ret_fd)
{
	int fd = open(path, mode | O_CLOEXEC | O_NOCTTY);
	blkid_probe probe;

	if (fd < 0)
		return NULL;
	probe = blkid_new_probe();
	if (!probe || blkid_probe_set_device(probe, fd, 0, 0) != 0 ||
	    blkid_probe_enable_superblocks(probe, 1) != 0 ||
	    blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL |
						     BLKID_SUBLKS_UUID | BLKID_SUBLKS_USAGE |
						     BLKID_SUBLKS_MAGIC) != 0 ||
	    blkid_probe_enable_partitions(probe, 1) != 0 ||
	    blkid_probe_set_partitions_flags(probe, BLKID_PARTS_MAGIC) != 0) {
		blkid_free_probe(probe);
		(void)close(fd);	/* nothing was written */
		errno = EIO;
		return NULL;
	}
	*ret_fd = fd;
	return probe;
}

/* Values come from the device: nothing that moves a terminal may pass. */
static void text_append(char *text, const char *before, const char *value, const char *after)
{
	size_t used = strlen(text);
	int n = snprintf(text + used, DEVICE_CONTENT_MAX - used, "%s%s%s", before, value, after);

	(void)n;	/* cut where it is too long */
	for (char *p = text + used; *p != 0; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	}
}

static const char *usage_text(const char *usage)
{
	if (strcmp(usage, "filesystem") == 0)
		return " filesystem";
	if (strcmp(usage, "raid") == 0)
		return " (member of a RAID or volume group)";
	if (strcmp(usage, "crypto") == 0)
		return " (encrypted)";
	return "";
}

static const char *probe_value(blkid_probe probe, const char *name)
{
	const char *value;

	return blkid_probe_lookup_value(probe, name, &value, NULL) == 0 ? value : NULL;
}

static void content_describe(blkid_probe probe, struct device_content *c)
{
	const char *type = probe_value(probe, "TYPE");
	const char *usage = probe_value(probe, "USAGE");
	const char *table = probe_value(probe, "PTTYPE");
	const char *label = probe_value(probe, "LABEL");
	const char *uuid = probe_value(probe, "UUID");

	if (type)
		text_append(c->text, "", type, usage ? usage_text(usage) : "");
	if (label)
		text_append(c->text, ", label '", label, "'");
	if (uuid)
		text_append(c->text, ", UUID ", uuid, "");
	if (table)
		text_append(c->text, type ? "; " : "", table, " partition table");
	if (c->text[0] == 0)
		text_append(c->text, "", "something that libblkid knows", "");
	c->found = true;
	c->raid_member = type && strcmp(type, "linux_raid_member") == 0;
}

int device_recognise(const char *path, struct device_content *ret_content)
{
	struct device_content content = { .found = false };
	int fd, result;
	blkid_probe probe = probe_new(path, O_RDONLY, &fd);

	if (!probe)
		return -errno;
	result = blkid_do_safeprobe(probe);
	if (result == 0) {
		content_describe(probe, &content);
	} else if (result == -2) {
		content.found = true;
		text_append(content.text, "", "several signatures that contradict each other", "");
	}
	blkid_free_probe(probe);
	(void)close(fd);	/* read only */
	if (result == -1)
		return -EIO;
	*ret_content = content;
	return 0;
}

int device_erase_signatures(const char *path)
{
	int fd, result = 0, error = 0;
	blkid_probe probe = probe_new(path, O_RDWR, &fd);

	if (!probe)
		return -errno;
	for (unsigned i = 0; i < SIGNATURES_MAX && result == 0; i++) {
		result = blkid_do_probe(probe);
		if (result == 0 && blkid_do_wipe(probe, /* dryrun */ 0) != 0)
			result = -1;
	}
	if (result < 0)
		error = -EIO;
	if (fdatasync(fd) < 0 && error == 0)
		error = -errno;
	blkid_free_probe(probe);
	(void)close(fd);	/* flushed above */
	return error;
}
