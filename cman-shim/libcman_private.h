/* Inside of libcman: handles, the connections to corosync behind them, the
 * messages that wait for cman_dispatch(), and the table of nodes.
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
#include <corosync/cpg.h>
#include <corosync/quorum.h>
#include <corosync/votequorum.h>

#include "libcman.h"
#include "libcman_guard.h"
#include "libcman_queue.h"

/* The library is built with hidden visibility; this marks what it exports. */
#define CMAN_PUBLIC __attribute__((visibility("default")))

/* The protocol version of the last cman; scripts print it. */
#define CMAN_PROTOCOL_MAJOR 6
#define CMAN_PROTOCOL_MINOR 2
#define CMAN_PROTOCOL_PATCH 0

#define CMAN_TABLE_MAX 1024 /* nodes; corosync itself ends at 384 */
#define CMAN_LINKS_MAX 8    /* addresses of a node, as corosync */

/* ---- libcman_conn.c: one connection to one service of corosync ---- */

enum cman_service {
	SERVICE_CMAP,
	SERVICE_VOTES,
	SERVICE_QUORUM,
	SERVICE_CFG,
	SERVICE_CPG,
};

/* Nodes, or processes, of which a message tells. */
struct conn_nodes {
	const uint32_t *ids;
	unsigned count;
};
struct conn_members {
	const struct cpg_address *list;
	unsigned count;
};

/* What happens to what a connection brings; what is NULL is passed over. */
struct conn_events {
	void (*quorum)(void *to, bool quorate);
	void (*nodelist)(void *to, struct quorum_ring_id ring, struct conn_nodes members,
			 struct conn_nodes left, struct conn_nodes joined);
	void (*shutdown)(void *to, unsigned flags);
	void (*deliver)(void *to, uint32_t node_id, uint32_t pid, const void *data, size_t length);
	void (*group)(void *to, struct conn_members members, struct conn_members left,
		      struct conn_members joined);
	void (*ring)(void *to, struct conn_nodes members); /* CPG's, in its order */
};

struct cman_conn {
	enum cman_service service;
	uint64_t handle; /* of corosync's library; 0 closed */
	int fd;		 /* readable when there is something to dispatch */
	const struct conn_events *events;
	void *to;
};

/* Connect within the time that is left to the guard's call. -ECONNREFUSED,
 * -EACCES, -ENOENT (no votequorum), -EAGAIN, -ENOMEM, -ETIMEDOUT. Nothing is
 * done with what comes in until the caller sets `events`. */
int conn_open(struct cman_conn *c, struct cman_guard *g, enum cman_service service);

/* The same for a handle that has been open: -EHOSTDOWN when nobody answers. */
int conn_add(struct cman_conn *c, struct cman_guard *g, enum cman_service service);

/* Disconnect; what is not connected is passed over. Waits no longer than the
 * guard's call may take. */
void conn_close(struct cman_conn *c, struct cman_guard *g);

/* Has corosync gone? Asked before a call: in it libqb would look only every 2 seconds. */
bool conn_is_dead(const struct cman_conn *c);

/* Take one message in, which calls the callbacks that it is for. 1 taken,
 * 0 there was none, -EHOSTDOWN corosync is gone. */
int conn_dispatch_one(const struct cman_conn *c);

/* Of each connection of a list that ends with NULL and is open, take one in. How
 * many were taken, or -EHOSTDOWN. */
int conn_dispatch_each(const struct cman_conn *const *conns);

/* Take in all that is there. 0, -EHOSTDOWN. */
int conn_take_all(const struct cman_conn *c);

/* Wait until a message can be taken in, at most until 5 s after the guard's
 * call began. 0, -EAGAIN, -EHOSTDOWN. */
int conn_wait(const struct cman_conn *c, const struct cman_guard *g);

/* True when a call that answered `rc` should be made again; sleeps 0.1 s
 * before it says so, and gives up 5 s after the guard's call began.
 *	do rc = call(...); while (conn_again(g, rc)); */
bool conn_again(const struct cman_guard *g, cs_error_t rc);

/* ---- libcman_stack.c: the connections that every handle has ---- */

struct cman_stack {
	struct cman_guard guard;
	struct cman_conn cmap;
	struct cman_conn votes;
	struct cman_conn quorum; /* for questions only, it tracks nothing */
	struct cman_conn cfg;
	uint32_t node_id; /* of this node */
};

/* Connect to all services. Errors of conn_open(). On failure nothing stays
 * open; the guard belongs to the caller. */
int stack_open(struct cman_stack *s);

/* Disconnect. Never fails. */
void stack_close(struct cman_stack *s);

bool stack_again(const struct cman_stack *s, cs_error_t rc);

/* Read a cmap key that holds an integer of any width. -ENOENT absent,
 * -EINVAL of another type or negative. */
int stack_get_uint(struct cman_stack *s, const char *key, uint64_t *ret_value);

/* Read a cmap key that holds a string into `text`, cut at size - 1 bytes.
 * -ENOENT absent, -EINVAL of another type. */
int stack_get_text(struct cman_stack *s, const char *key, char *text, size_t size);

/* Read a number up to `max` that stands in corosync.conf, where it is a text, or in
 * cmap as one. -ENOENT absent, -EINVAL anything else. */
int stack_get_number(struct cman_stack *s, const char *key, uint64_t max, uint64_t *ret_value);

/* Write a cmap key of this node; it lives as long as corosync does. */
int stack_set_uint(struct cman_stack *s, const char *key, uint64_t value);
int stack_set_u32(struct cman_stack *s, const char *key, uint32_t value);
int stack_set_text(struct cman_stack *s, const char *key, const char *text);

#define CMAN_KEY_DIRTY "libcman.dirty" /* there since cman_set_dirty() */

/* Of corosync.conf, where `cman_tool join` writes what <cman> says. */
#define CMAN_KEY_CLUSTER_ID	  "libcman.cluster_id"
#define CMAN_KEY_HASH		  "libcman.hash_cluster_id"
#define CMAN_KEY_SHUTDOWN_TIMEOUT "libcman.shutdown_timeout"

/* The ring that this node is in. */
int stack_ring(struct cman_stack *s, struct quorum_ring_id *ret_ring);

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
	uint32_t position; /* in the nodelist while it is read */
	bool named;	   /* by nodelist.node.N.name, not by address */
	bool member;
	uint32_t votes; /* configured */
	struct cman_node_address address;
	char name[CMAN_MAX_NODENAME_LEN + 1];
};

struct cman_table {
	struct table_node *nodes; /* ascending by id */
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

/* Is node `id` a member? -ENOENT: no such node. */
int table_ask_member(struct cman_stack *s, uint32_t id);

/* ---- libcman.c: handles ---- */

enum port_state { PORT_JOINING, PORT_OURS, PORT_TAKEN };

struct cman_handle {
	struct cman_handle *next;
	void *privdata;
	bool admin;
	struct cman_stack stack;
	int sources_fd; /* epoll over corosync's connections */
	int epoll_fd;	/* over these and the queue: cman_get_fd() */
	struct cman_queue queue;

	/* libcman_notify.c */
	cman_callback_t notify;
	cman_confchgcallback_t confchg;
	cmap_track_handle_t version_track;
	struct cman_conn nodelist; /* tracks the membership */
	bool cfg_listens;	   /* so do cfg and cmap */

	/* libcman_data.c */
	uint8_t port; /* bound, 0 none */
	cman_datacallback_t receive;
	struct cman_conn bound;	    /* in the group of those who listen */
	struct cman_conn data;	    /* in the group of the data */
	enum port_state port_state; /* what the group of the port said */
};

/* HANDLE_QUEUE: any, and also of a corosync that has gone: what it said is still there. */
enum handle_kind { HANDLE_ANY, HANDLE_ADMIN, HANDLE_CLIENT, HANDLE_QUEUE };

/* A public call begins: the handle, its guard running. NULL with errno when
 * there is none (EINVAL), it is of another kind (EPERM, EINVAL), or corosync
 * has gone, or did not answer an earlier call in time (EHOSTDOWN). */
struct cman_handle *handle_enter(cman_handle_t handle, enum handle_kind kind);

/* A public call ends: `result`, or -1 with errno when it is negative. */
int handle_leave(struct cman_handle *h, int result);

/* The handle behind what the user holds, without a call; NULL, errno EINVAL. */
struct cman_handle *handle_find(cman_handle_t handle);

/* The live handle that `wanted` says yes to, NULL none. */
struct cman_handle *handle_search(bool (*wanted)(const struct cman_handle *h, uint64_t argument),
				  uint64_t argument);

/* Let a connection wake cman_get_fd()'s descriptor. It ends with the
 * connection. */
int handle_listen(struct cman_handle *h, const struct cman_conn *c);

/* Set errno to -`error` (a negative errno) and return -1. */
int handle_fail(int error);

/* ---- libcman_notify.c, libcman_data.c: what a handle has started ---- */

/* Say who gets what the connection of every handle brings; stop all. */
void notify_open(struct cman_handle *h);
void notify_close(struct cman_handle *h);
void data_close(struct cman_handle *h);

/* The event that a node has opened or closed the port that is bound here. */
void notify_port(struct cman_handle *h, bool opened, uint32_t node_id);

/* Take one message of each of its connections in. The number, -EHOSTDOWN. */
int notify_pump(struct cman_handle *h);
int data_pump(struct cman_handle *h);

/* Mark the ports that are bound on this node: bit p%8 of byte p/8. */
int data_ports(struct cman_stack *s, char ports[32]);

#endif
