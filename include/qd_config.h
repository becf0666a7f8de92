/* What an administrator configures (floor 0: words).
 *
 * struct qd_config is what cluster.conf (or corosync's cmap) says, nothing
 * resolved; it has no pointers, so that the child that parses XML can send it
 * through a pipe. struct qd_facts is what a running corosync says. The laws
 * (qd_laws.h, qd_config_check()) make struct qd_params from both: the values
 * in force, the only ones that the mind ever sees.
 * Attributes, defaults and meanings: qdisk(5).
 */
#ifndef QD_CONFIG_H
#define QD_CONFIG_H

#include "qd_format.h"

#define QD_UNSET UINT32_MAX	/* an attribute that was not given */
#define QD_HEURISTICS_MAX 32
#define QD_METHODS_MAX 8	/* fence methods of one node */
#define QD_DEVICES_MAX 8	/* fence devices of one method */
#define QD_PATH_LEN 256
#define QD_PROGRAM_LEN 512
#define QD_NODE_NAME_LEN 256
#define QD_POOL_BYTES (256u * 1024u)
#define QD_NOTICES_MAX 64
#define QD_NOTICE_LEN 400
#define QD_LINKS_MAX 8u		/* networks of one node: what corosync's knet carries */
#define QD_SUBSYS_MAX 16u	/* parts of corosync that log in a way of their own */
#define QD_SUBSYS_LEN 32

/* What a reader of cluster.conf accepts, and what qdiskd checks again in what the
 * reader sends: wide enough for every cluster, narrow enough that no sum of them
 * overflows. What makes sense together is judged by the laws. */
#define QD_INTERVAL_MS_MIN 20u
#define QD_INTERVAL_MS_MAX 60000u
#define QD_CYCLES_MAX 1000u		/* tko, tko_up, upgrade_wait, master_wait, a heuristic's tko */
#define QD_TKO_MIN 3u
#define QD_MASTER_WAIT_MIN 2u
#define QD_HEURISTIC_MS_MAX 3600000u
#define QD_MS_MAX 3600000u		/* token, quorum_dev_poll */
#define QD_NODE_ID_MAX 4096u		/* as cman; with <quorumd> QD_NODE_MAX: the slots of the LUN */
#define QD_CLUSTER_ID_MAX 65535u	/* 16 bits, in cman's calls too */
#define QD_DELAY_S_MAX 86400u		/* post_fail_delay, post_join_delay */
#define QD_VOTES_MAX 255u
#define QD_SCORE_MAX 65535u		/* the sum of all heuristics too: u16 in the block */
#define QD_ERROR_CYCLES_MAX 1000000u
#define QD_DEVICE_NAME_MAX 254u		/* bytes of cman_label: votequorum's limit */
#define QD_FENCE_ARGS_MAX 16384u	/* bytes of one device's args, the NUL included */

/* Index of a NUL-terminated text in qd_config.pool; 0 is the empty text. */
typedef uint32_t qd_text;

struct qd_heuristic {
	char program[QD_PROGRAM_LEN];	/* for /bin/sh -c */
	uint32_t score;			/* weight */
	uint32_t interval_ms;		/* from one start to the next; QD_UNSET: by law */
	uint32_t tko;			/* failures in a row to down; QD_UNSET: by law */
	uint32_t timeout_ms;		/* of one run; QD_UNSET: by law */
	uint32_t line;			/* of the file, for messages */
};

struct qd_fence_device {
	qd_text name;		/* the fencedevice's */
	qd_text agent;		/* program, found through PATH */
	qd_text args;		/* key=value lines for stdin, in order: the device's attributes,
				 * nodename=, the fencedevice's attributes; "action=" where none
				 * is configured is not added (agents default to reboot) */
};

struct qd_fence_method {
	qd_text name;
	uint32_t device_count;
	struct qd_fence_device device[QD_DEVICES_MAX];
};

struct qd_config_node {
	char name[QD_NODE_NAME_LEN];
	uint32_t node_id;
	uint32_t votes;
	uint32_t method_count;
	struct qd_fence_method method[QD_METHODS_MAX];
	uint32_t unfence_count;
	struct qd_fence_device unfence[QD_DEVICES_MAX];
	uint32_t altname_count;		/* further networks: link 1 and up */
	qd_text altname[QD_LINKS_MAX - 1];
	uint32_t line;
};

enum qd_fence_mode {
	QD_FENCE_AUTO,
	QD_FENCE_PACEMAKER,
	QD_FENCE_AGENTS,
	QD_FENCE_LUN,
	QD_FENCE_KILL,
	QD_FENCE_OFF,
};

struct qd_log_config {
	bool to_syslog, to_logfile, debug;
	char facility[16];		/* "local4" */
	char priority[16];		/* syslog: "info" */
	char logfile_priority[16];
	char logfile[QD_PATH_LEN];
};

enum qd_transport {
	QD_TRANSPORT_UNSET,
	QD_TRANSPORT_KNET,
	QD_TRANSPORT_UDPU,
};

/* Numbers of <totem> that corosync 3 knows by the same name. */
#define QD_TOTEM_NUMBERS(X)                                                          \
	X(consensus) X(join) X(send_join) X(merge) X(token_retransmit) X(hold)       \
	X(token_retransmits_before_loss_const) X(fail_recv_const)                    \
	X(seqno_unchanged_const) X(heartbeat_failures_allowed) X(max_network_delay)  \
	X(window_size) X(max_messages) X(miss_count_const) X(netmtu)

/* How corosync is to talk and log. The daemon takes from a running corosync what
 * it needs of this; only the writer of corosync.conf asks here. */
struct qd_totem_config {
	enum qd_transport transport;
#define QD_TOTEM_FIELD(name) uint32_t name;
	QD_TOTEM_NUMBERS(QD_TOTEM_FIELD)	/* QD_UNSET: not given */
#undef QD_TOTEM_FIELD
	uint32_t secauth;			/* QD_UNSET, 0, 1 */
	char keyfile[QD_PATH_LEN];		/* "" none */
	uint32_t port[QD_LINKS_MAX];		/* by link; QD_UNSET: corosync's own */
	struct qd_log_config log;
	uint32_t subsys_count;
	struct {
		char name[QD_SUBSYS_LEN];
		struct qd_log_config log;
	} subsys[QD_SUBSYS_MAX];
};

/* A remark of the reader that does not refuse the file: an attribute that is
 * known but not acted on, an element passed over. */
struct qd_notice {
	bool corosync;			/* it has no equivalent in corosync.conf: no concern
					 * of a daemon that finds corosync running */
	char text[QD_NOTICE_LEN];
};

struct qd_config {
	char file[QD_PATH_LEN];
	bool native;			/* from corosync.conf alone: no cluster.conf */
	char cluster[QD_NODE_NAME_LEN];
	uint32_t config_version;

	/* <quorumd>; QD_UNSET where not given */
	uint32_t interval_ms, tko, tko_up, upgrade_wait, master_wait;
	uint32_t votes;
	uint32_t min_score;		/* 0 or unset: max/2+1 */
	uint32_t reboot, allow_kill, master_wins, paranoid, io_timeout, stop_cman;
	uint32_t max_error_cycles;	/* 0 or unset: unlimited */
	uint32_t scheduler;		/* 'r', 'f', 'o' */
	uint32_t priority;
	int32_t nice;			/* -20..19: priority= with scheduler="other"; else 0 */
	char device[QD_PATH_LEN];
	char label[QD_LABEL_LEN];
	char cman_label[QD_NODE_NAME_LEN];
	char status_file[QD_PATH_LEN];	/* "" none, "-" stdout */
	char watchdog[QD_PATH_LEN];	/* "" none */
	enum qd_fence_mode fence;
	uint32_t quorumd_line;

	uint32_t heuristic_count;
	struct qd_heuristic heuristic[QD_HEURISTICS_MAX];

	/* the rest of the file that concerns us */
	uint32_t node_count;
	struct qd_config_node node[QD_NODE_MAX];
	uint32_t token_ms;		/* <totem token>; unset: 10000 */
	uint32_t expected_votes;	/* <cman expected_votes> */
	uint32_t two_node;		/* <cman two_node> */
	uint32_t quorum_dev_poll_ms;	/* read and reported, not used */
	uint32_t post_fail_delay_s, post_join_delay_s;
	struct qd_log_config log;
	struct qd_totem_config totem;
	/* <cman> for libcman, which finds it in corosync.conf; QD_UNSET where not given */
	uint32_t cluster_id;		/* 0: of the name */
	uint32_t hash_cluster_id;	/* how, 1 FNV, 0 sum */
	uint32_t shutdown_timeout_ms;	/* 0: corosync's own */

	uint32_t notice_count;
	struct qd_notice notice[QD_NOTICES_MAX];
	uint32_t pool_used;		/* bytes; pool[0] is always 0 */
	char pool[QD_POOL_BYTES];
};

#define QD_NATIVE_KEYS_MAX 256u
#define QD_NATIVE_KEY_LEN 256

/* What corosync.conf says to us, key by key as cmap has it: quorum.device.votes,
 * quorum.device.qdisk.*, quorum.device.heuristics.* and the logging. In the order
 * of the keys. */
struct qd_native {
	uint32_t count;
	struct {
		char key[QD_NATIVE_KEY_LEN];
		char value[QD_PROGRAM_LEN];
	} pair[QD_NATIVE_KEYS_MAX];
};

static inline const char *qd_config_text(const struct qd_config *c, qd_text text)
{
	return text < QD_POOL_BYTES ? &c->pool[text] : "";
}

/* What corosync runs with, read from cmap: the truth for all it names. */
struct qd_facts {
	bool known;			/* false: corosync was not asked (qdiskd -t without one) */
	uint32_t node_id;		/* mine */
	char cluster[QD_NODE_NAME_LEN];
	uint32_t node_count;
	struct {
		uint32_t node_id, votes;
		char name[QD_NODE_NAME_LEN];
	} node[QD_NODE_MAX];
	uint32_t token_ms, consensus_ms;	/* runtime.config.totem.* in force */
	char provider[32];		/* quorum.provider */
	char model[32];			/* quorum.device.model; "" no device */
	uint32_t device_votes;		/* QD_UNSET: not given */
	uint32_t device_timeout_ms;	/* V; absent: 10000 */
	uint32_t device_sync_timeout_ms;/* Y; absent: 30000 */
	uint32_t expected_votes;	/* quorum.expected_votes; QD_UNSET: not given */
	bool two_node, last_man_standing, auto_tie_breaker, allow_downscale, wait_for_all;
	uint32_t sbd_watchdog_ms;	/* 0: no sbd here */
};

/* The values in force. Small; the mind copies it. */
struct qd_params {
	uint32_t node_id;
	qd_mask nodes;			/* configured node ids, mine included */
	uint32_t node_count;
	uint16_t node_votes[QD_NODE_MAX];	/* by node id - 1 */
	struct qd_timings t;
	uint32_t token_ms, consensus_ms;
	uint32_t v_ms, y_ms;		/* quorum.device.timeout, sync_timeout */
	uint32_t votes;			/* the device's */
	uint32_t min_score;		/* required; 0: max/2+1 */
	uint32_t heuristic_count;
	bool master_wins, reboot, allow_kill, io_timeout, paranoid, stop_cman;
	bool watchdog;
	bool fencing;			/* false: fence="none" or "kill" */
	bool fence_lun;			/* fence="lun" */
	uint32_t post_fail_ms, post_join_ms;	/* fencing waits: after a death, after a start */
	uint32_t max_error_cycles;
	char node_name[QD_NAME_LEN];
};

enum qd_severity { QD_SEV_ERROR, QD_SEV_WARNING, QD_SEV_INFO };

#define QD_FINDINGS_MAX 48
#define QD_FINDING_LEN 480

/* What the laws found; an error refuses the start (exit 3). */
struct qd_findings {
	uint32_t count, errors;
	struct {
		enum qd_severity severity;
		char text[QD_FINDING_LEN];
	} finding[QD_FINDINGS_MAX];
};

#endif
