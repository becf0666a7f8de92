/* libcman.h - the cluster manager's client library, version 3.
 *
 * Source and binary compatible with the libcman.so.3 of the old cluster
 * suite (names, values, sizes and offsets are frozen); what answers behind
 * it is corosync 3.
 *
 * Every function returns -1 with errno set on failure, unless its comment
 * says otherwise. Common to all of them:
 *   EINVAL     the handle is NULL or was given to cman_finish()
 *   EHOSTDOWN  corosync went away, or did not answer in time; the handle is
 *              of use for cman_finish() only
 *   EAGAIN     corosync was busy for 5 seconds on end
 *   EPERM      "admin" in a comment: the handle is not of cman_admin_init();
 *              or corosync does not let this user do that
 *   EIO        corosync refused for a reason that cman had no word for
 * "NM" in a comment: also ENOENT while this node is not yet a member.
 * "client": EINVAL for a handle of cman_admin_init().
 *
 * Time: a call asks corosync and has its answer in a millisecond or so. None
 * waits longer than 10 seconds for a corosync that is stuck or stopped (the
 * token and 4.5 seconds, where that is more), but those whose comment names
 * another limit; a corosync that dies ends each within 2 seconds.
 *
 * Threads: one at a time may use a handle; different handles may be used by
 * different threads at once. The library runs one thread of its own while
 * there are handles; it takes no signals. After fork() parent or child may
 * use a handle, not both. Callbacks are called by cman_dispatch() only, and
 * may call everything. Descriptors are close-on-exec. No call raises SIGPIPE;
 * a signal interrupts none.
 *
 * All of it: libcman(3).
 */
#ifndef LIBCMAN_H_DEFINED
#define LIBCMAN_H_DEFINED

#include <netinet/in.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LIBCMAN_VERSION			3

/* Limits, in bytes without the terminating zero. */
#define CMAN_MAX_ADDR_LEN		sizeof(struct sockaddr_in6)
#define CMAN_MAX_NODENAME_LEN		255
#define MAX_CLUSTER_NAME_LEN		16
#define CMAN_MAX_FENCE_AGENT_NAME_LEN	255

/* Special node ids. */
#define CMAN_NODEID_ALL			0	/* destination of a message */
#define CMAN_NODEID_US			0	/* this node, in a look-up */
#define CMAN_NODEID_QDISK		-1	/* quorum device, in a look-up */

/* Second argument of a notification callback. */
typedef enum {
	CMAN_REASON_PORTCLOSED,
	CMAN_REASON_STATECHANGE,
	CMAN_REASON_PORTOPENED,
	CMAN_REASON_TRY_SHUTDOWN,
	CMAN_REASON_CONFIG_UPDATE
} cman_call_reason_t;

/* Argument of cman_leave_cluster(). */
#define CMAN_LEAVEFLAG_DOWN		0
#define CMAN_LEAVEFLAG_REMOVED		3
#define CMAN_LEAVEFLAG_FORCE		0x10

/* Flags of cman_shutdown(). */
#define CMAN_SHUTDOWN_ANYWAY		1
#define CMAN_SHUTDOWN_REMOVED		2

/* Flags of cman_dispatch(). The ignore mask is not the sum of the three. */
#define CMAN_DISPATCH_ONE		0
#define CMAN_DISPATCH_ALL		1
#define CMAN_DISPATCH_BLOCKING		2
#define CMAN_DISPATCH_TYPE_MASK		3
#define CMAN_DISPATCH_IGNORE_REPLY	4
#define CMAN_DISPATCH_IGNORE_DATA	8
#define CMAN_DISPATCH_IGNORE_EVENT	16
#define CMAN_DISPATCH_IGNORE_MASK	46

/* Bits of ei_flags. */
#define CMAN_EXTRA_FLAG_2NODE		1
#define CMAN_EXTRA_FLAG_ERROR		2
#define CMAN_EXTRA_FLAG_SHUTDOWN	4
#define CMAN_EXTRA_FLAG_DISALLOWED	8
#define CMAN_EXTRA_FLAG_DIRTY		16
#define CMAN_EXTRA_FLAG_DISALLOWED_ENABLED 32

/* Why a node left: cnx_leave_reason. */
#define CLUSTER_LEAVEREASON_DOWN	0
#define CLUSTER_LEAVEREASON_KILLED	1
#define CLUSTER_LEAVEREASON_PANIC	2
#define CLUSTER_LEAVEREASON_REMOVED	3
#define CLUSTER_LEAVEREASON_REJECTED	4
#define CLUSTER_LEAVEREASON_INCONSISTENT 5
#define CLUSTER_LEAVEREASON_DEAD	6
#define CLUSTER_LEAVEREASON_NORESPONSE	7

/* State of a node: cnx_state, ei_node_state. Not corosync's numbers. */
#define CLUSTER_NODESTATE_JOINING	1
#define CLUSTER_NODESTATE_MEMBER	2
#define CLUSTER_NODESTATE_DEAD		3
#define CLUSTER_NODESTATE_LEAVING	4
#define CLUSTER_NODESTATE_DISALLOWED	5

/* Bits of cman_set_debuglog(). */
#define CMAN_DEBUGLOG_NONE		0
#define CMAN_DEBUGLOG_BARRIER		2
#define CMAN_DEBUGLOG_MEMBERSHIP	4
#define CMAN_DEBUGLOG_DAEMON		8
#define CMAN_DEBUGLOG_AIS		16

typedef void *cman_handle_t;

/* One address of a node: a sockaddr_in (length 16) or a sockaddr_in6 (28)
 * with port 0; length 0 when there is none. */
typedef struct cman_node_address {
	int cna_addrlen;
	char cna_address[CMAN_MAX_ADDR_LEN];
} cman_node_address_t;

/* A node, or the quorum device, which has the id 0 in lists. */
typedef struct cman_node {
	int cn_nodeid;
	cman_node_address_t cn_address;		/* first address */
	char cn_name[CMAN_MAX_NODENAME_LEN + 1];
	int cn_member;				/* 1 member, 0 not */
	int cn_incarnation;			/* ring sequence, 0 no member */
	struct timeval cn_jointime;		/* wall clock, 0 unknown */
} cman_node_t;

/* What votequorum knows of a node. */
typedef struct cman_node_extra {
	int cnx_nodeid;
	int cnx_state;				/* CLUSTER_NODESTATE_* */
	int cnx_votes;
	int cnx_expected_votes;
	int cnx_leave_reason;			/* CLUSTER_LEAVEREASON_* */
} cman_node_extra_t;

/* Protocol version, always 6.2.0, and the configuration's version. */
typedef struct cman_version {
	unsigned int cv_major;
	unsigned int cv_minor;
	unsigned int cv_patch;
	unsigned int cv_config;
} cman_version_t;

/* The cluster: name, 16 bit id, low 32 bits of the ring sequence. */
typedef struct cman_cluster {
	char ci_name[MAX_CLUSTER_NAME_LEN + 1];
	uint16_t ci_number;
	uint32_t ci_generation;
} cman_cluster_t;

/* This node's view. From ei_addresses on follow 2 * ei_num_addresses
 * elements of struct sockaddr_storage (unaligned: copy them): each
 * interface's multicast address, family 0 when the transport has none,
 * then each interface's own address. */
typedef struct cman_extra_info {
	int ei_node_state;			/* CLUSTER_NODESTATE_* */
	int ei_flags;				/* CMAN_EXTRA_FLAG_* */
	int ei_node_votes;			/* of this node */
	int ei_total_votes;			/* members and live device */
	int ei_expected_votes;			/* highest among members */
	int ei_quorum;
	int ei_members;				/* without the device */
	char ei_ports[32];			/* port p: bit p%8 of byte p/8 */
	int ei_num_addresses;
	char ei_addresses[1];
} cman_extra_info_t;

/* The quorum device. */
typedef struct cman_qdev_info {
	char qi_name[CMAN_MAX_NODENAME_LEN + 1];
	int qi_state;				/* MEMBER available, else DEAD */
	int qi_votes;
} cman_qdev_info_t;

/* ---- Handles ---- */

/* Connect to the cluster stack on this node. `privdata` is handed to
 * callbacks. Returns a handle to be given to cman_finish(), or NULL with
 * ECONNREFUSED (corosync does not run), EACCES (corosync lets this user not
 * in), ENOENT (corosync runs without votequorum), ETIMEDOUT (it does not
 * answer), EAGAIN or ENOMEM. */
cman_handle_t cman_init(void *privdata);

/* The same, for calls that change the cluster. EACCES also unless the
 * effective user is root. */
cman_handle_t cman_admin_init(void *privdata);

/* Disconnect and free the handle: its port is unbound, and a shutdown that
 * asks it takes that for a yes. Returns 0. */
int cman_finish(cman_handle_t handle);

/* Set or read the callback argument. Return 0; EINVAL for NULL `privdata`
 * in the second one. */
int cman_setprivdata(cman_handle_t handle, void *privdata);
int cman_getprivdata(cman_handle_t handle, void **privdata);

/* ---- Notifications ---- */

/* What happens in the cluster: `reason` is one of CMAN_REASON_*, and `arg`
 *   STATECHANGE    1 quorate, 0 not; sent each time the votes are counted
 *   CONFIG_UPDATE  the new version of the configuration
 *   TRY_SHUTDOWN   CMAN_SHUTDOWN_ANYWAY or 0; cman_replyto_shutdown() is due
 *   PORTOPENED, PORTCLOSED  the id of a node where somebody is, or is no
 *                  longer, bound to the port that this handle is bound to */
typedef void (*cman_callback_t)(cman_handle_t handle, void *privdata,
				int reason, int arg);

/* A data message from `port` of node `nodeid`; 0 when it was sent from none. */
typedef void (*cman_datacallback_t)(cman_handle_t handle, void *privdata,
				    char *buf, int len, uint8_t port,
				    int nodeid);

/* The membership has changed: ids of nodes. */
typedef void (*cman_confchgcallback_t)(cman_handle_t handle, void *privdata,
				       unsigned int *member_list,
				       int member_list_entries,
				       unsigned int *left_list,
				       int left_list_entries,
				       unsigned int *joined_list,
				       int joined_list_entries);

/* Tell of what happens from now on; while a shutdown is being asked about, of
 * that at once. Again: the other callback from now on. Client. Returns 0;
 * EINVAL for NULL. */
int cman_start_notification(cman_handle_t handle, cman_callback_t callback);
int cman_stop_notification(cman_handle_t handle);

/* The same for changes of the membership. With an admin handle nothing is
 * ever delivered. Returns 0; EINVAL for NULL. */
int cman_start_confchg(cman_handle_t handle, cman_confchgcallback_t callback);
int cman_stop_confchg(cman_handle_t handle);

/* A descriptor for poll(2), readable when cman_dispatch() has work, or when
 * corosync has gone. The same one for the life of the handle, which owns it. */
int cman_get_fd(cman_handle_t handle);

/* Call the callbacks of messages that wait. CMAN_DISPATCH_ONE: of one at
 * most; _ALL: until there is none; _BLOCKING: waits for the first one, for
 * ever. _IGNORE_DATA, _IGNORE_EVENT: leave those messages where they are.
 * Returns 1 when one was delivered, 0 when there was none, and 0 after all;
 * ENOBUFS when BLOCKING is asked for past 128 ignored messages; ENOMEM. */
int cman_dispatch(cman_handle_t handle, int flags);

/* ---- Nodes ---- */

/* Number of nodes that cman_get_nodes() would list: all that are configured
 * or were otherwise seen, and one more for a registered quorum device. NM. */
int cman_get_node_count(cman_handle_t handle);

/* List up to `maxnodes` nodes by ascending id, the quorum device last with
 * id 0, into the caller's `nodes`; their number goes to `retnodes`. Returns
 * 0; EINVAL for a NULL pointer or maxnodes below 1; ENOMEM. NM. */
int cman_get_nodes(cman_handle_t handle, int maxnodes, int *retnodes,
		   cman_node_t *nodes);

/* List nodes that are kept apart: corosync never does, there are none.
 * Returns 0; EINVAL as above. NM. */
int cman_get_disallowed_nodes(cman_handle_t handle, int maxnodes,
			      int *retnodes, cman_node_t *nodes);

/* Look one node up. The caller fills node->cn_name: not empty, then the node
 * of exactly that name is meant; empty, then the one with id `nodeid`
 * (CMAN_NODEID_US this node). CMAN_NODEID_QDISK: the quorum device, whatever
 * the name. Returns 0; EINVAL for NULL; ENOENT no such node. NM. */
int cman_get_node(cman_handle_t handle, int nodeid, cman_node_t *node);

/* Votes and state of node `nodeid`, CMAN_NODEID_US this node. Returns 0;
 * EINVAL for NULL, an unknown node or CMAN_NODEID_QDISK. NM. */
int cman_get_node_extra(cman_handle_t handle, int nodeid,
			cman_node_extra_t *node);

/* All addresses of node `nodeid` (0 is not understood as this node): their
 * true number goes to `num_addrs`, up to `max_addrs` of them to `addrs`. A
 * node that is no member has none. Returns 0; EINVAL for an unknown node, a
 * NULL pointer or a negative maximum. */
int cman_get_node_addrs(cman_handle_t handle, int nodeid, int max_addrs,
			int *num_addrs, struct cman_node_address *addrs);

/* ---- Cluster ---- */

/* 1 when the cluster stack is up. */
int cman_is_active(cman_handle_t handle);

/* 1 when this node's partition is quorate, 0 when not. Needs no membership. */
int cman_is_quorate(cman_handle_t handle);

/* Versions. Returns 0; EINVAL for NULL. Needs no membership. */
int cman_get_version(cman_handle_t handle, cman_version_t *version);

/* Name, id and generation. The name is cut at 16 bytes; the id is the
 * configured one, else a hash of the whole name. Returns 0; EINVAL for NULL.
 * Needs no membership. */
int cman_get_cluster(cman_handle_t handle, cman_cluster_t *clinfo);

/* This node's view. `maxlen` is the size of the buffer behind `info`: 64
 * bytes and 256 per interface hold all; with less, ei_num_addresses says how
 * many fitted. Returns 0; EINVAL for NULL or maxlen below 68. NM. */
int cman_get_extra_info(cman_handle_t handle, cman_extra_info_t *info,
			int maxlen);

/* Number of programs connected to the cluster manager. Corosync does not
 * tell: always 1, the caller. */
int cman_get_subsys_count(cman_handle_t handle);

/* ---- Changing the cluster ---- */

/* Have all nodes read their configuration again (corosync-cfgtool -R), and
 * see that its version is the wanted one, or later; cv_config 0: whatever it
 * is. Nothing is read again when that version runs already. Admin, NM.
 * Returns 0; EINVAL for NULL or another protocol version; EPERM older than
 * the running one; ENOENT it cannot be read, or is older than wanted. */
int cman_set_version(cman_handle_t handle, const cman_version_t *version);

/* Leave the cluster at once, asking nobody: corosync on this node ends.
 * `reason` is passed over. Admin. Returns 0; ENOTCONN not in a cluster. */
int cman_leave_cluster(cman_handle_t handle, int reason);

/* Ask the programs on this node that have started notifications, and leave
 * when all agree; CMAN_SHUTDOWN_ANYWAY: whatever they say. Waits for answers
 * until the shutdown timeout (5 seconds). CMAN_SHUTDOWN_REMOVED cannot be
 * done. Admin. Returns 0; EBUSY somebody does not agree or did not answer;
 * EALREADY another one is asking. */
int cman_shutdown(cman_handle_t handle, int flags);

/* Answer CMAN_REASON_TRY_SHUTDOWN: 0 no, else yes. Returns 0. */
int cman_replyto_shutdown(cman_handle_t handle, int yesno);

/* End corosync on node `nodeid`, soon. Admin, NM. Returns 0; EINVAL no
 * member. */
int cman_kill_node(cman_handle_t handle, int nodeid);

/* Votes of a member, 0 this node. Admin. Returns 0; EINVAL below 1 or more
 * than fit; ENOENT no such node; ENOTCONN no member. */
int cman_set_votes(cman_handle_t handle, int votes, int nodeid);

/* Expected votes of the whole cluster. Admin, NM. Returns 0; EINVAL below 1,
 * below the votes that are there, or more than fit. */
int cman_set_expected_votes(cman_handle_t handle, int expected_votes);

/* Say that this node has state: CMAN_EXTRA_FLAG_DIRTY until its corosync
 * ends. Nothing follows from it. Admin. Returns 0. */
int cman_set_dirty(cman_handle_t handle);

/* Debug messages in corosync's log, of all subsystems: above 0 on, 0 off.
 * Admin. Returns 0. */
int cman_set_debuglog(cman_handle_t handle, int subsystems);

/* ---- Fencing, on record ---- */

/* When and how node `nodeid` was last fenced, as this node was told: time 0
 * never; `fenced` 1 since it last went down; `agent` (may be NULL) has room
 * for 255 bytes. Returns 0; EINVAL for NULL or an unknown node. */
int cman_get_fenceinfo(cman_handle_t handle, int nodeid, uint64_t *fence_time,
		       int *fenced, char *agent);

/* Put that on record, on this node, until its corosync ends. Admin. Returns
 * 0; EINVAL for an unknown node or an agent's name of 255 bytes or more. */
int cman_node_fenced(cman_handle_t handle, int nodeid, uint64_t fence_time,
		     char *agent);

/* ---- Data messages ---- */

/* Bind a port, 1 to 255, and have what is sent to it. A handle binds one, a
 * port has one handle on each node. Client. Returns 0; EINVAL port 0 or NULL;
 * EADDRINUSE. */
int cman_start_recv_data(cman_handle_t handle, cman_datacallback_t callback,
			 uint8_t port);

/* Have no more of it; the port stays bound until cman_finish(). Returns 0. */
int cman_end_recv_data(cman_handle_t handle);

/* Send up to 1492 bytes to a port (0: the one that is bound) of node
 * `nodeid`, or of all, this one included. All nodes see all messages to a
 * port in one order. `flags` are passed over. Client. Returns more than 0;
 * EMSGSIZE; EINVAL. */
int cman_send_data(cman_handle_t handle, const void *buf, int len, int flags,
		   uint8_t port, int nodeid);

/* Is somebody on node `nodeid`, 0 this one, bound to the port? NM. Returns 1
 * or 0; ENOENT no such node; ENOTCONN no member. */
int cman_is_listening(cman_handle_t handle, int nodeid, uint8_t port);

/* ---- Barriers ---- */

/* Make a barrier on this node, for `nodes` nodes, 0 all members, with a name
 * of up to 32 bytes. Flags: 1 delete it once passed, 4 it must be enabled
 * first, 8 it is, 16 nothing. NM. Returns 0, also when it is there with the
 * same number; EINVAL with another one, for flag 2, for a bad name. */
int cman_barrier_register(cman_handle_t handle, const char *name, int flags,
			  int nodes);

/* Change an attribute: 1 autodelete, 3 enabled (on only), 4 nodes,
 * 5 nothing, 6 seconds that cman_barrier_wait() waits, 0 for ever. Returns 0;
 * ENOENT; EINVAL any other, or while somebody on this node waits. */
int cman_barrier_change(cman_handle_t handle, const char *name, int attribute,
			int arg);

/* Wait until so many nodes do. Returns 0, or +3 (ESRCH) when a node left the
 * cluster meanwhile; ENOENT; ETIMEDOUT; EINVAL it must be enabled first;
 * EBUSY another thread of this process waits there. */
int cman_barrier_wait(cman_handle_t handle, const char *name);

/* Delete it on this node. Returns 0; ENOENT; EINVAL while somebody waits. */
int cman_barrier_delete(cman_handle_t handle, const char *name);

/* ---- Quorum device ---- */

/* The registered quorum device. Available means that it is alive and casts
 * its vote on this node. Returns 0; EINVAL for NULL; ENOENT none. NM. */
int cman_get_quorum_device(cman_handle_t handle,
			   struct cman_qdev_info *info);

/* Register a device by name (1 to 254 bytes), not available yet. Its votes
 * are quorum.device.votes of corosync's configuration, and `votes` must say
 * the same. Again, with the same name: nothing changes. Admin, NM. Returns 0;
 * EINVAL; EBUSY another device is registered; EALREADY a node's name. */
int cman_register_quorum_device(cman_handle_t handle, char *name, int votes);

/* Take it out. Admin. Returns 0; EINVAL there is none; EBUSY while it is
 * available: poll 0 first. */
int cman_unregister_quorum_device(cman_handle_t handle);

/* The device is available, or 0: it is not, from now on. It must be said
 * again within quorum.device.timeout. The answer is for the ring that
 * corosync is in now. Admin. Returns 0; EINVAL there is none; EAGAIN the ring
 * changed twice meanwhile. */
int cman_poll_quorum_device(cman_handle_t handle, int isavailable);

#ifdef __cplusplus
}
#endif

#endif
