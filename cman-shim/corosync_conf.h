/* cluster.conf, as read, to the text of corosync.conf (floor 2: pure).
 *
 * What comes out is accepted by corosync 3, or refused here with the reason. Whoever
 * writes it to a file also makes the directories of the log files in it, and sees to
 * the key file: corosync does not start without them. What is written for what:
 * cluster.conf(5), "What becomes of it in corosync.conf".
 */
#ifndef COROSYNC_CONF_H
#define COROSYNC_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "qd_config.h"

#define COROSYNC_CONF_BYTES 262144u	/* 64 nodes with 8 links of the longest names */
#define COROSYNC_CONF_KEYFILE "/etc/corosync/authkey"	/* corosync's own */

struct corosync_conf {			/* large; the caller's */
	size_t length;			/* of text, without the NUL */
	char text[COROSYNC_CONF_BYTES];
	char keyfile[QD_PATH_LEN];	/* that corosync will need; "" no crypto */
	uint32_t remark_count;		/* what has no equivalent, and what was chosen */
	char remark[QD_NOTICES_MAX * 2][QD_NOTICE_LEN];
};

/* Write the text. `params`: what qd_config_check() resolved, for the token, the votes
 * and the times of the device; NULL: there is no <quorumd>. Equal input, equal text.
 * False: refused; `error` says in one line why and what would be accepted. Pure. */
bool corosync_conf_write(const struct qd_config *config, const struct qd_params *params,
			 struct corosync_conf *ret, char *error, size_t error_size);

#endif
