/* libcman: when a node was last fenced. Kept on this node, in cmap, as long
 * as its corosync runs.
 *
 * "Since it last went down" is counted: how often a node has gone is how
 * often it has joined, without the time that it is still there.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libcman_private.h"

#define KEY_SIZE 64

static void fence_key(char key[KEY_SIZE], int nodeid, const char *field)
{
	(void)snprintf(key, KEY_SIZE, "libcman.fence.%u.%s", (unsigned)nodeid, field);
}

static int count_downs(struct cman_stack *s, int nodeid, uint64_t *ret_downs)
{
	uint64_t joins = 0;
	char key[KEY_SIZE];
	int member = table_ask_member(s, (uint32_t)nodeid);
	int error;

	if (member < 0)
		return member == -ENOENT ? -EINVAL : member;
	(void)snprintf(key, sizeof(key), "runtime.members.%u.join_count", (unsigned)nodeid);
	error = stack_get_uint(s, key, &joins);
	if (error && error != -ENOENT) /* never here */
		return error;
	*ret_downs = joins - (member && joins ? 1 : 0);
	return 0;
}

static int get_fenceinfo(struct cman_stack *s, int nodeid, uint64_t *when, int *fenced, char *agent)
{
	uint64_t downs, recorded = 0, then = 0;
	char key[KEY_SIZE], name[CMAN_MAX_FENCE_AGENT_NAME_LEN] = "";
	int error = when && fenced ? count_downs(s, nodeid, &downs) : -EINVAL;

	if (error)
		return error;
	fence_key(key, nodeid, "time");
	error = stack_get_uint(s, key, &then);
	fence_key(key, nodeid, "downs");
	if (!error)
		error = stack_get_uint(s, key, &recorded);
	fence_key(key, nodeid, "agent");
	if (!error)
		error = stack_get_text(s, key, name, sizeof(name));
	if (error && error != -ENOENT)
		return error;
	*when = error ? 0 : then;
	*fenced = !error && recorded == downs;
	if (agent)
		memcpy(agent, name, strlen(name) + 1);
	return 0;
}

CMAN_PUBLIC int cman_get_fenceinfo(cman_handle_t handle, int nodeid, uint64_t *fence_time,
				   int *fenced, char *agent)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ANY);

	return h ? handle_leave(h, get_fenceinfo(&h->stack, nodeid, fence_time, fenced, agent))
		 : -1;
}

/* The time last: with it the record is there. */
static int node_fenced(struct cman_stack *s, int nodeid, uint64_t when, const char *agent)
{
	char key[KEY_SIZE];
	uint64_t downs;
	int error;

	if (!agent ||
	    strnlen(agent, CMAN_MAX_FENCE_AGENT_NAME_LEN) >= CMAN_MAX_FENCE_AGENT_NAME_LEN)
		return -EINVAL;
	error = count_downs(s, nodeid, &downs);
	fence_key(key, nodeid, "downs");
	if (!error)
		error = stack_set_uint(s, key, downs);
	fence_key(key, nodeid, "agent");
	if (!error)
		error = stack_set_text(s, key, agent);
	fence_key(key, nodeid, "time");
	if (!error)
		error = stack_set_uint(s, key, when);
	return error;
}

CMAN_PUBLIC int cman_node_fenced(cman_handle_t handle, int nodeid, uint64_t fence_time, char *agent)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ADMIN);

	return h ? handle_leave(h, node_fenced(&h->stack, nodeid, fence_time, agent)) : -1;
}
