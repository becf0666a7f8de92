/* The LUN as a block device (hand).
 *
 * Opens it, knows its sector size and extent, and reads and writes it whole
 * and synchronously: for start-up and for mkqdisk. The daemon's cycle does its
 * I/O through libaio on the same descriptor.
 */
#ifndef QD_DEVICE_H
#define QD_DEVICE_H

#include <sys/types.h>

#include "qd_format.h"

/* The label, the slots of 16 nodes and one more: legacy's rule, 72 KiB. */
#define DEVICE_SLOTS_MIN (QD_NODE_LEGACY + 2u)
#define DEVICE_CONTENT_MAX 192

enum {
	DEVICE_READ = 0,
	DEVICE_WRITE = 1 << 0,
	DEVICE_EXCL = 1 << 1,		/* -EBUSY when mounted, held, or swap */
	DEVICE_ALLOW_FILE = 1 << 2,	/* a regular file passes as 512-byte sectors: for images */
};

struct qd_device {
	int fd;			/* O_DIRECT, O_CLOEXEC; -1: closed */
	uint32_t sector_size;	/* logical, bytes; as the kernel says */
	uint32_t slot_size;	/* bytes */
	uint64_t size;		/* bytes */
	dev_t rdev;		/* 0 for a file */
};

/* Open `path` and see that it can be a quorum disk. A path that is no block
 * device is refused before it is opened (opening a tape rewinds it).
 * Returns 0, or -ENOTBLK, -ENOSPC too small (ret_device then tells the sizes,
 * with fd -1), -EMEDIUMTYPE sectors of more than 4096 bytes, -EROFS, -EBUSY (with
 * DEVICE_EXCL), or what open(2) said. Blocks as long as the device does. */
int device_open(const char *path, unsigned flags, struct qd_device *ret_device);

/* Close it; closed already is fine. */
void device_close(struct qd_device *device);

/* Smallest size that holds a quorum disk with this sector size, bytes. */
uint64_t device_size_min(uint32_t sector_size);

/* Slots for nodes on a LUN of this extent: 16..64, keeping legacy's spare slot. */
uint32_t device_capacity(const struct qd_device *device);

/* Read `size` bytes at `offset`, both multiples of the sector size, past the
 * page cache. 0, or -EIO (short counts too), -EINVAL, -ENOMEM, .... */
int device_read(const struct qd_device *device, uint64_t offset, void *ret_bytes, size_t size);

/* The same for writing: 0 only when all of it was written. To be on the medium
 * it needs device_flush(). */
int device_write(const struct qd_device *device, uint64_t offset, const void *bytes, size_t size);

/* Wait until what was written is on the medium. 0 or -errno. */
int device_flush(const struct qd_device *device);

/* Read and decode the label. 0 with the verdict in *ret_why, the label only
 * when that is QD_FINE; or -errno when it could not be read. */
int device_read_label(const struct qd_device *device, enum qd_corrupt *ret_why,
		      struct qd_label *ret_label);

/* What libblkid sees on a device. */
struct device_content {
	bool found;
	bool raid_member;	/* of Linux md */
	char text[DEVICE_CONTENT_MAX];	/* "ext4 filesystem, label 'data', UUID ..."; "" */
};

/* Recognise what is on the device by libblkid, which reads through a
 * descriptor of its own, read-only. A quorum disk is nothing to libblkid.
 * 0, or -errno. */
int device_recognise(const char *path, struct device_content *ret_content);

/* Erase every signature that libblkid knows, wherever on the device it lies
 * (a backup partition table or an md superblock is at the end). 0, or -errno. */
int device_erase_signatures(const char *path);

#endif
