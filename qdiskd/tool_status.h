/* `qdisk-tool status`: ask the daemon, show the answer (floor 4). */
#ifndef QD_TOOL_STATUS_H
#define QD_TOOL_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Exit codes, as of all that is ours. */
enum {
	TOOL_OK = 0,
	TOOL_NO = 1,		/* not quorate; no history */
	TOOL_USAGE = 2,
	TOOL_CONFIG = 3,
	TOOL_DEVICE = 4,
	TOOL_COROSYNC = 5,	/* no daemon, or it has no corosync */
};

/* Ask the daemon that listens at `path`; waits at most `timeout_ms`.
 * The bytes of the reply, which is NUL-terminated; -ENOENT, -ECONNREFUSED no daemon;
 * -EACCES; -ETIMEDOUT; -EPIPE it hung up; -ENAMETOOLONG; other negative errno. */
int tool_status_fetch(const char *path, unsigned timeout_ms, char *ret_reply, size_t size);

/* What the exit code is for this reply: TOOL_OK, TOOL_NO, TOOL_COROSYNC; -EBADMSG:
 * it is not a reply as we know it. With `out`, the reply in words, for an operator. */
int tool_status_show(const char *reply, FILE *out);

/* The path of the LUN in a reply; false: there is none. */
bool tool_status_device(const char *reply, char *ret_path, size_t size);

#endif
