/* cluster.conf to struct qd_config (floor 3: a hand).
 *
 * The only way into libxml2. qdiskd does not link this: it runs qdisk-readconf
 * (readconf.c) and takes the result through a pipe (qdiskd/config.c).
 * Elements, attributes, limits and defaults: qdisk(5).
 */
#ifndef CLUSTERCONF_H
#define CLUSTERCONF_H

#include <stddef.h>

#include "qd_config.h"

#define CLUSTERCONF_ERROR_LEN 1024u	/* enough for every refusal */
#define CLUSTERCONF_BYTES_MAX 1048576u

/* Open a file for clusterconf_read(): never blocks on a fifo, never becomes a
 * controlling terminal. Returns a descriptor, or negative errno and one line
 * in `error`; -EINVAL when it is no regular file. The caller closes it. */
int clusterconf_open(const char *path, char *error, size_t error_size);

/* Read a cluster.conf from a descriptor of clusterconf_open(); `path` is only
 * its name for messages.
 *
 * On success *ret holds what the file says. Numbers that were not given are
 * QD_UNSET, except these, which hold their default: two_node (0; also when it
 * was dropped beside <quorumd>), a node's votes (1), a heuristic's score (1),
 * post_fail_delay_s (0), post_join_delay_s (6), nice (0), fence (auto) and all
 * of log. quorumd_line 0: there is no <quorumd>, which is for the caller to
 * judge. Notices are in the order of the file's parts.
 *
 * Returns 0; -EINVAL refused, -ENOMEM, or the errno of reading. `error` then
 * holds one line with file, line, element, attribute, value and what is
 * allowed, without a newline or control character; *ret is untouched. */
int clusterconf_read(int fd, const char *path, struct qd_config *ret, char *error,
		     size_t error_size);

/* clusterconf_open(), clusterconf_read(), close. */
int clusterconf_parse(const char *path, struct qd_config *ret, char *error, size_t error_size);

#endif
