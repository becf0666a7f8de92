/* Inside of libcman: the connection to corosync and the table of nodes.
 *
 * Functions declared here return 0 or a count, and a negative errno on
 * failure; only the public functions set errno.
 */
#ifndef LIBCMAN_PRIVATE_H
#define LIBCMAN_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <corosync/cfg.h>
#include <corosync/cmap.h>
#include <corosync/quorum.h>
#include <corosync/votequorum.h>

#include "libcman.h"

/* The library is built with hidden visibility; this marks what it exports. */
#define CMAN_PUBLIC __attribute__((visibility("default")))

#define CMAN_TABLE_MAX 1024	/* nodes; corosync itself ends at 384 */
#define CMAN_LINKS_MAX 8	/* addresses of a node, as corosync */

/* ---- libcman_stack.c: corosync's services ---- */

struct cman_stack {
	cmap_handle_t cmap;
	votequorum_handle_t votes;
	quorum_handle_t quorum;		/* for questions only, it tracks nothing */
	corosync_cfg_handle_t cfg;
	uint32_t node_id;		/* of this node */
};

/* Connect to all services. -ECONNREFUSED, -EACCES, -ENOENT (no votequorum),
 * -EAGAIN, -ENOMEM. On failure nothing stays open. */
int stack_open(struct cman_stack *s);

/* Disconnect. Never fails. */
void stack_close(struct cman_stack *s);

/* True when a call that answered `rc` should be made again; sleeps 0.1 s
 * before it says so, and gives up after 5 s. *tries starts at 0.
 *	do rc = call(...); while (stack_again(rc, &tries)); */
bool stack_again(cs_error_t rc, unsigned *tries);

/* Read a cmap key that holds an integer of any width. -ENOENT absent,
 * -EINVAL of another type or negative. */
int stack_get_uint(struct cman_stack *s, const char *key, uint64_t *ret_value);

/* Read a cmap key that holds a string into `text`, cut at size - 1 bytes.
 * -ENOENT absent, -EINVAL of another type. */
int stack_get_text(struct cman_stack *s, const char *key, char *text, size_t size);

/* Sequence number of the ring that this node is in. */
int stack_ring_seq(struct cman_stack *s, uint64_t *ret_seq);

/* What votequorum knows of a node. -ENOENT: it has never seen it. */
int stack_votes(struct cman_stack *s, uint32_t node_id, struct votequorum_info *ret_info);

/* All addresses of a node, which need not be a member, and their number. */
int stack_addresses(struct cman_stack *s, uint32_t node_id,
		    struct cman_node_address addresses[CMAN_LINKS_MAX]);

/* 0 once this node is a member of its cluster; -ENOENT before. */
int stack_need_member(struct cman_stack *s);

/* The registered quorum device. -ENOENT none. */
int stack_device(struct cman_stack *s, struct cman_qdev_info *ret_info);

/* ---- libcman_table.c: all nodes, configured or seen ---- */

struct table_node {
	uint32_t id;
	uint32_t position;	/* in the nodelist while it is read */
	bool named;		/* by nodelist.node.N.name, not by address */
	bool member;
	uint32_t votes;		/* configured */
	struct cman_node_address address;
	char name[CMAN_MAX_NODENAME_LEN + 1];
};

struct cman_table {
	struct table_node *nodes;	/* ascending by id */
	unsigned count;
	unsigned size;
};

/* Read all nodes. Release with table_done(), also after a failure. */
int table_load(struct cman_table *t, struct cman_stack *s);
void table_done(struct cman_table *t);

/* Look a node up; NULL when there is none. */
const struct table_node *table_by_id(const struct cman_table *t, uint32_t id);
const struct table_node *table_by_name(const struct cman_table *t, const char *name);

/* Number of members. */
unsigned table_member_count(const struct cman_table *t);

/* ---- libcman.c: handles ---- */

/* The connection behind a handle; NULL with errno EINVAL when it is none. */
struct cman_stack *handle_stack(cman_handle_t handle);

/* Set errno to -`error` (a negative errno) and return -1. */
int handle_fail(int error);

#endif
