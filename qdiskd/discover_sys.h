/* Names of devices in /dev and /sys (private to discover*.c). */
#ifndef QD_DISCOVER_SYS_H
#define QD_DISCOVER_SYS_H

#include "discover.h"

/* The partitions file, by `roots` or the usual one. */
const char *discover_root_partitions(const struct discover_roots *roots);

/* The path of a device by its name in the partitions file: /dev/NAME, for a
 * device of the device mapper /dev/mapper/<its name>. false: too long. */
bool discover_device_path(const struct discover_roots *roots, dev_t rdev, const char *name,
			  char ret_path[DISCOVER_PATH_MAX]);

#endif
