/* One request to the daemon of this node, one reply (floor 4). */
#ifndef QD_TOOL_ASK_H
#define QD_TOOL_ASK_H

#include <stddef.h>

/* Ask the daemon that listens at `path`; waits at most `timeout_ms`.
 * The bytes of the reply, which is NUL-terminated; -ENOENT, -ECONNREFUSED no daemon;
 * -EACCES; -ETIMEDOUT; -EPIPE it hung up; -ENAMETOOLONG; other negative errno. */
int tool_ask(const char *path, const char *request, unsigned timeout_ms, char *ret_reply, size_t size);

/* Why nothing came back, in words: `error` is negative errno. */
const char *tool_ask_error(int error);

#endif
