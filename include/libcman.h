/* libcman.h - the cluster manager's client library, version 3.
 *
 * Source and binary compatible with the libcman.so.3 of the old cluster
 * suite (names, values, sizes and offsets are frozen); what answers behind
 * it is corosync 3.
 *
 * Every function returns -1 with errno set on failure, unless its comment
 * says otherwise. Common to all of them:
 *   EINVAL     the handle is NULL or was given to cman_finish()
 *   EHOSTDOWN  corosync went away; the handle stays valid for cman_finish()
 *   EAGAIN     corosync was busy for 5 seconds on end
 *   EIO        corosync refused for a reason that cman had no word for
 * "NM" in a comment: also ENOENT while this node is not yet a member.
 *
 * One thread at a time may use a handle; different handles may be used by
 * different threads at once. Descriptors are close-on-exec. No call raises
 * SIGPIPE. A call waits as long as corosync takes to answer; a corosync that
 * dies ends the wait.
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
 * in), ENOENT (corosync runs without votequorum), EAGAIN or ENOMEM. */
cman_handle_t cman_init(void *privdata);

/* The same, for calls that change the cluster. EACCES also unless the
 * effective user is root. */
cman_handle_t cman_admin_init(void *privdata);

/* Disconnect and free the handle. Returns 0. */
int cman_finish(cman_handle_t handle);

/* Set or read the callback argument. Return 0; EINVAL for NULL `privdata`
 * in the second one. */
int cman_setprivdata(cman_handle_t handle, void *privdata);
int cman_getprivdata(cman_handle_t handle, void **privdata);

/* ---- Nodes ---- */

/* Number of nodes that cman_get_nodes() would list: all that are configured
 * or were otherwise seen, and one more for a registered quorum device. NM. */
int cman_get_node_count(cman_handle_t handle);

/* List up to `maxnodes` nodes by ascending id, the quorum device last with
 * id 0, into the caller's `nodes`; their number goes to `retnodes`. Returns
 * 0; EINVAL for a NULL pointer or maxnodes below 1; ENOMEM. NM. */
int cman_get_nodes(cman_handle_t handle, int maxnodes, int *retnodes,
		   cman_node_t *nodes);

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

/* Name, id and generation. The name is cut at 16 bytes; the id is the FNV
 * hash of the whole name. Returns 0; EINVAL for NULL. Needs no membership. */
int cman_get_cluster(cman_handle_t handle, cman_cluster_t *clinfo);

/* This node's view. `maxlen` is the size of the buffer behind `info`: 64
 * bytes and 256 per interface hold all; with less, ei_num_addresses says how
 * many fitted. Returns 0; EINVAL for NULL or maxlen below 68. NM. */
int cman_get_extra_info(cman_handle_t handle, cman_extra_info_t *info,
			int maxlen);

/* Number of programs connected to the cluster manager. Corosync does not
 * tell: always 1, the caller. */
int cman_get_subsys_count(cman_handle_t handle);

/* ---- Quorum device ---- */

/* The registered quorum device. Available means that it is alive and casts
 * its vote on this node. Returns 0; EINVAL for NULL; ENOENT none. NM. */
int cman_get_quorum_device(cman_handle_t handle,
			   struct cman_qdev_info *info);

#ifdef __cplusplus
}
#endif

#endif
