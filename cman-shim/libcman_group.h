/* CPG groups, by name. */
#ifndef LIBCMAN_GROUP_H
#define LIBCMAN_GROUP_H

#include "libcman_private.h"

/* A name made as printf does. A group's name is cut at 127 bytes. */
struct cpg_name group_name(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Join or leave. -EEXIST: another connection of this process is a member. */
int group_join(struct cman_conn *c, const struct cman_guard *g, const struct cpg_name *name);

/* Send to the group that was joined. */
int group_send(struct cman_conn *c, const struct cman_guard *g, const void *head,
	       size_t head_length, const void *data, size_t length);

/* Has a group a process on node `node_id`? It need not be joined. 1, 0. */
int group_has_node(struct cman_stack *s, const struct cpg_name *name, uint32_t node_id);

/* Does a process of node `node_id` stand in a list? */
bool members_has_node(struct conn_members members, uint32_t node_id);

#endif
