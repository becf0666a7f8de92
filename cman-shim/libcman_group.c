/* CPG groups; see libcman_group.h. */
#include "libcman_group.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#include "libcman_text.h"

struct cpg_name group_name(const char *format, ...)
{
	struct cpg_name name = { .length = 0 };
	va_list args;

	va_start(args, format);
	(void)vsnprintf(name.value, sizeof(name.value), format, args); /* cut, as announced */
	va_end(args);
	name.length = (uint32_t)strlen(name.value);
	return name;
}

int group_join(struct cman_conn *c, const struct cman_guard *g, const struct cpg_name *name)
{
	cs_error_t rc;

	do
		rc = cpg_join(c->handle, name);
	while (conn_again(g, rc));
	if (rc == CS_ERR_EXIST)
		return -EEXIST;
	return rc == CS_OK ? 0 : -text_errno(rc);
}

int group_send(struct cman_conn *c, const struct cman_guard *g, const void *head,
	       size_t head_length, const void *data, size_t length)
{
	/* iovec's pointers are not const; nothing is written through them. */
	struct iovec parts[2] = {
		{ .iov_base = (void *)(uintptr_t)head, .iov_len = head_length },
		{ .iov_base = (void *)(uintptr_t)data, .iov_len = length },
	};
	cs_error_t rc;

	do
		rc = cpg_mcast_joined(c->handle, CPG_TYPE_AGREED, parts, length ? 2 : 1);
	while (conn_again(g, rc));
	return rc == CS_OK ? 0 : -text_errno(rc);
}

bool members_has_node(struct conn_members members, uint32_t node_id)
{
	for (unsigned i = 0; i < members.count; i++) {
		if (members.list[i].nodeid == node_id)
			return true;
	}
	return false;
}

static int ask_members(struct cman_stack *s, const struct cman_conn *cpg,
		       const struct cpg_name *name, uint32_t node_id)
{
	struct cpg_name group = *name; /* asked for without const */
	struct cpg_address list[CPG_MEMBERS_MAX];
	int count = 0;
	cs_error_t rc;

	do
		rc = cpg_membership_get(cpg->handle, &group, list, &count);
	while (stack_again(s, rc));
	if (rc != CS_OK)
		return -text_errno(rc);
	return members_has_node(
		(struct conn_members){ .list = list, .count = count > 0 ? (unsigned)count : 0 },
		node_id);
}

int group_has_node(struct cman_stack *s, const struct cpg_name *name, uint32_t node_id)
{
	struct cman_conn cpg = { .handle = 0 };
	int answer = conn_add(&cpg, &s->guard, SERVICE_CPG);

	if (!answer)
		answer = ask_members(s, &cpg, name, node_id);
	conn_close(&cpg, &s->guard);
	return answer;
}
