/* cman_tool join: write corosync.conf, start corosync and the quorum disk, wait. */
#include "cman_tool_conf.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* From its start until it answers corosync needs a second, on a busy machine more. */
#define COROSYNC_ANSWERS_MS 20000u
#define ASK_AGAIN_MS 100

/* Connect to the corosync that was just started; NULL: it does not answer. */
static cman_handle_t await_corosync(uint64_t limit_ms)
{
	const struct timespec pause = { .tv_nsec = ASK_AGAIN_MS * 1000000L };
	const uint64_t end_ms = cman_tool_now_ms() + limit_ms;
	cman_handle_t handle;

	while (!(handle = cman_admin_init(NULL)) && errno == ECONNREFUSED && cman_tool_now_ms() < end_ms)
		(void)nanosleep(&pause, NULL); /* cut by a signal: only sooner */
	return handle;
}

static int start(const struct cman_tool_options *o, const struct cman_tool_conf *conf,
		 cman_handle_t *ret_handle)
{
	if (cman_tool_service_start(o, SERVICE_OF_COROSYNC) != 0)
		return EXIT_FAILURE;
	*ret_handle = await_corosync(COROSYNC_ANSWERS_MS);
	if (!*ret_handle)
		return cman_tool_fail(o, "corosync does not answer: %s; its log says why",
				      cman_tool_error_text(errno));
	if (conf->has_device && cman_tool_service_start(o, SERVICE_OF_QDISKD) != 0)
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}

static int wait_as_asked(cman_handle_t handle, const struct cman_tool_options *o, uint64_t deadline_ms)
{
	int code = EXIT_SUCCESS;

	if (o->wait || o->wait_quorate)
		code = cman_tool_await(handle, o, /* quorate */ false, deadline_ms);
	if (code == EXIT_SUCCESS && o->wait_quorate)
		code = cman_tool_await(handle, o, /* quorate */ true, deadline_ms);
	return code;
}

/* Is there a corosync already, or somebody who may not start one? */
static int refuse(const struct cman_tool_options *o)
{
	cman_handle_t handle;

	if (geteuid() != 0)
		return cman_tool_fail_open(o, EACCES);
	handle = cman_admin_init(NULL);
	if (!handle && errno == ECONNREFUSED)
		return EXIT_SUCCESS;
	if (!handle)
		return cman_tool_fail_open(o, errno);
	(void)cman_finish(handle);
	return cman_tool_fail(o, "Node is already active");
}

int cman_tool_join(const struct cman_tool_options *o)
{
	static struct cman_tool_conf conf; /* large */
	const uint64_t deadline_ms = cman_tool_deadline(o);
	cman_handle_t handle = NULL;
	int code = refuse(o);

	if (code != EXIT_SUCCESS)
		return code;
	if (cman_tool_conf_make(o, &conf) != 0)
		return cman_tool_fail(o, "Not joining, configuration is not valid");
	if (cman_tool_conf_install(o, &conf) != 0)
		return EXIT_FAILURE;
	code = start(o, &conf, &handle);
	if (code == EXIT_SUCCESS)
		code = wait_as_asked(handle, o, deadline_ms);
	if (handle)
		(void)cman_finish(handle);
	return code;
}
