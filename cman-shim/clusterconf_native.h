/* corosync.conf's own words about the quorum disk, to struct qd_config (floor 3: a hand).
 *
 * The same readers as for cluster.conf judge them, so one attribute means one thing. No
 * XML, no memory is allocated: qdiskd links this. Keys: qdisk(5), "Without cluster.conf".
 */
#ifndef CLUSTERCONF_NATIVE_H
#define CLUSTERCONF_NATIVE_H

#include <stddef.h>

#include "qd_config.h"

#define CLUSTERCONF_NATIVE_FILE "corosync.conf"	/* its name in messages */

/* Read what cmap has. `cluster`: totem.cluster_name, may be empty. On success *ret is as
 * clusterconf_read() makes it, with `native` set and without nodes. 0; -EINVAL refused:
 * `error` holds one line with the key, the value and what is allowed; *ret is undefined. */
int clusterconf_native(const struct qd_native *native, const char *cluster, struct qd_config *ret,
		       char *error, size_t error_size);

#endif
