/* Find quorum disks (hand).
 *
 * Every candidate is looked at in a child of its own, read-only, with one
 * deadline for all: a dead foreign device costs a scan two seconds, never the
 * start. A child that is stuck in the kernel is killed and left behind; it
 * keeps no descriptor of its parent's.
 */
#ifndef QD_DISCOVER_H
#define QD_DISCOVER_H

#include "device.h"

#define DISCOVER_PATH_MAX 256
#define DISCOVER_LUNS_MAX 128
#define DISCOVER_SKIPS_MAX 32
#define DISCOVER_PATHS_MAX 64
#define DISCOVER_CANDIDATES_MAX 1024
#define DISCOVER_DEADLINE_MS 2000
#define DISCOVER_WHY_MAX 1024

/* Where the kernel's view is found; a NULL member means the usual place. */
struct discover_roots {
	const char *partitions;	/* /proc/partitions */
	const char *dev;	/* /dev */
	const char *sys;	/* /sys */
};

/* What a child found out about one device. */
struct discover_probe {
	int error;		/* 0, -ETIMEDOUT, or what device_open() or a read said */
	uint32_t sector_size;	/* the kernel's, bytes */
	uint64_t size;		/* bytes; with -ENOSPC too */
	dev_t rdev;
	enum qd_corrupt why;	/* the label's verdict */
	struct qd_label label;	/* when that is QD_FINE */
	struct device_content content;
};

/* One quorum disk. */
struct discover_lun {
	char path[DISCOVER_PATH_MAX];	/* /dev/NAME or /dev/mapper/NAME */
	struct discover_probe probe;
};

enum discover_skip_reason {
	DISCOVER_SILENT,	/* no answer within the deadline */
	DISCOVER_FAILED,	/* the path to it fails: see `error` */
	DISCOVER_SECTOR,	/* recorded sector size is not the kernel's */
	DISCOVER_MD,		/* labelled, but a member of a Linux md array */
	DISCOVER_DAMAGED,	/* something like a label, refused: see `why` */
};

/* A device that was passed over, and that an administrator may look for. */
struct discover_skip {
	char path[DISCOVER_PATH_MAX];
	enum discover_skip_reason reason;
	int error;			/* DISCOVER_FAILED: negative errno */
	enum qd_corrupt why;		/* DISCOVER_DAMAGED */
	uint32_t recorded, kernel;	/* DISCOVER_SECTOR: bytes */
};

struct discover_list {
	unsigned count, skip_count;	/* valid entries below */
	unsigned more;			/* candidates, LUNs and skips beyond a limit */
	struct discover_lun lun[DISCOVER_LUNS_MAX];
	struct discover_skip skip[DISCOVER_SKIPS_MAX];
};

/* List all quorum disks, in the order of the partitions file. Takes as long as
 * the slowest device answers, at most DISCOVER_DEADLINE_MS. Devices that are held (a
 * multipath path by its dm device, a member by its array) are passed over.
 * 0, or -errno when the scan itself could not be done. The list is large: not
 * for a small stack. Rules: mkqdisk(8). */
int discover_scan(const struct discover_roots *roots, struct discover_list *ret_list);

/* Scan, and keep only those with this label. 0: exactly one, ret_list->lun[0].
 * -ENODEV: none. -ENOTUNIQ: several LUNs. -EMLINK: several paths of one LUN,
 * without a multipath device. Or what discover_scan() said. */
int discover_by_label(const struct discover_roots *roots, const char *label,
		      struct discover_list *ret_list);

/* Words for what discover_by_label() returned, naming every device concerned
 * and what to do. One line, cut at `size`. */
void discover_explain(int error, const char *label, const struct discover_list *list,
		      char *ret_text, size_t size);

/* Words for one device that was passed over. One line, cut at `size`. */
void discover_skip_text(const struct discover_skip *skip, char *ret_text, size_t size);

/* Does a stored label match the wanted one? One that mkqdisk had to cut at 118
 * characters matches the long one it was made from. */
bool discover_label_matches(const char *stored, const char *wanted);

/* Look at one device by its path, in a child, within the deadline. The result,
 * an error included, is in *ret_probe. 0, or -errno when no child could be had. */
int discover_probe(const char *path, struct discover_probe *ret_probe);

/* Read bytes of a device in a child, within the deadline: offset and size as
 * device_read(). 0, -ETIMEDOUT, or what device_open() or device_read() said. */
int discover_read(const char *path, uint64_t offset, void *ret_bytes, size_t size);

/* The name of one thing that holds a device ("dm-3"). false: nothing does. */
bool discover_holder(const struct discover_roots *roots, dev_t rdev, char *ret_name, size_t size);

/* Every name of a device below /dev, links included, sorted. */
struct discover_paths {
	unsigned count;
	char path[DISCOVER_PATHS_MAX][DISCOVER_PATH_MAX];
};

/* Opens nothing but directories; stays on the file system of /dev. */
void discover_paths(const struct discover_roots *roots, dev_t rdev,
		    struct discover_paths *ret_paths);

#endif
