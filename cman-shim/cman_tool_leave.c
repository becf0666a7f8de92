/* cman_tool leave: the way of join backwards. */
#include "cman_tool.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define FOR_EVER UINT64_MAX / 2	/* more than anybody waits, and no sum overflows */

/* The quorum disk goes first and cleanly: its daemon hands over and takes its
 * vote back, so that nobody has to wait for a node that left. One that does not
 * end has given up its vote by then, and is no reason to stay. */
static bool stop_qdiskd(const struct cman_tool_options *o)
{
	int fd = cman_tool_service_find(SERVICE_OF_QDISKD);

	if (fd < 0)
		return false;
	(void)close(fd);
	(void)cman_tool_service_stop(o, SERVICE_OF_QDISKD);
	return true;
}

static int shutdown_flags(const struct cman_tool_options *o)
{
	return (o->leave_removed ? CMAN_SHUTDOWN_REMOVED : 0) |
	       (o->leave_forced ? CMAN_SHUTDOWN_ANYWAY : 0);
}

/* Until corosync's process has ended, not only until it answers no more: a join
 * right after must not meet it. */
static int await_end(const struct cman_tool_options *o, int corosync, uint64_t deadline_ms)
{
	const uint64_t now_ms = cman_tool_now_ms();
	uint64_t limit_ms = deadline_ms > now_ms ? deadline_ms - now_ms : 0;

	if (deadline_ms == 0)
		limit_ms = FOR_EVER;
	if (!o->wait || corosync < 0 || cman_tool_service_await_end(corosync, limit_ms) == 0)
		return EXIT_SUCCESS;
	(void)fputs("Timed-out waiting for cluster\n", stderr);
	return CMAN_TOOL_TIMED_OUT;
}

static int shut_down(cman_handle_t handle, const struct cman_tool_options *o)
{
	const bool had_qdiskd = stop_qdiskd(o);
	int code;

	if (o->leave_removed)
		(void)cman_tool_fail(o, "remove: corosync cannot lower the expected votes of the "
					"nodes that stay; take this node out of their configuration");
	if (cman_shutdown(handle, shutdown_flags(o)) == 0)
		return EXIT_SUCCESS;
	code = cman_tool_fail(o, "Error leaving cluster: %s", cman_tool_error_text(errno));
	if (had_qdiskd) /* we stay, and so does the quorum disk */
		(void)cman_tool_service_start(o, SERVICE_OF_QDISKD);
	return code;
}

int cman_tool_leave(cman_handle_t handle, const struct cman_tool_options *o, FILE *out)
{
	const uint64_t deadline_ms = cman_tool_deadline(o);
	const int corosync = cman_tool_service_find(SERVICE_OF_COROSYNC);
	int code;

	(void)out;
	code = shut_down(handle, o);
	if (code == EXIT_SUCCESS)
		code = await_end(o, corosync, deadline_ms);
	if (corosync >= 0)
		(void)close(corosync);
	return code;
}
