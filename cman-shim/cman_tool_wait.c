/* cman_tool: waiting for the cluster. */
#include "cman_tool.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define ASK_AGAIN_MS 1000u

uint64_t cman_tool_now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

uint64_t cman_tool_deadline(const struct cman_tool_options *o)
{
	return o->timeout_s < 0 ? 0 : cman_tool_now_ms() + (uint64_t)o->timeout_s * 1000u;
}

/* 1 yes, 0 not yet, -1 with errno. */
static int is_ready(cman_handle_t handle, bool quorate)
{
	int answer = quorate ? cman_is_quorate(handle) : cman_get_node_count(handle);

	if (answer < 0 && errno == ENOENT)
		return 0; /* no member yet */
	return quorate || answer < 0 ? answer : 1;
}

static void pause_ms(uint64_t ms)
{
	const struct timespec t = { .tv_sec = (time_t)(ms / 1000u),
				    .tv_nsec = (long)(ms % 1000u) * 1000000 };

	(void)nanosleep(&t, NULL); /* cut by a signal: only sooner */
}

int cman_tool_await(cman_handle_t handle, const struct cman_tool_options *o, bool quorate,
		    uint64_t deadline_ms)
{
	uint64_t now_ms, left_ms;
	int ready;

	while ((ready = is_ready(handle, quorate)) == 0) {
		now_ms = cman_tool_now_ms();
		left_ms = deadline_ms == 0 ? ASK_AGAIN_MS :
			  deadline_ms > now_ms ? deadline_ms - now_ms : 0;
		if (left_ms == 0) {
			(void)fputs("Timed-out waiting for cluster\n", stderr);
			return CMAN_TOOL_TIMED_OUT;
		}
		pause_ms(left_ms < ASK_AGAIN_MS ? left_ms : ASK_AGAIN_MS);
	}
	return ready > 0 ? EXIT_SUCCESS :
	       cman_tool_fail(o, "cman_get_node_count failed: %s", cman_tool_error_text(errno));
}

int cman_tool_wait(cman_handle_t handle, const struct cman_tool_options *o, FILE *out)
{
	(void)out;
	return cman_tool_await(handle, o, o->wait_quorate, cman_tool_deadline(o));
}
