/* What the daemon shows of itself (floor 3: a hand): a status socket that answers
 * with JSON, and legacy's status_file.
 *
 * Neither can delay a cycle. Publishing for the socket is filling a struct: the
 * JSON is made when somebody asks, and whoever does not take the answer at once
 * never gets it. The status_file is written by a child, because a file system can
 * hang; the daemon hands it the text in one non-blocking system call.
 */
#ifndef QD_STATUS_H
#define QD_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "qd_config.h"

#define STATUS_SOCKET "/run/qdiskd/status.sock"
#define STATUS_REPLY_MAX 65536u	/* no reply is longer, bytes */
#define STATUS_TEXT_MAX 16384u	/* no status_file is longer, bytes */
#define STATUS_CLIENTS_MAX 16u
#define STATUS_WHY_LEN 160

enum status_vote {
	STATUS_VOTE_WITHDRAWN,	/* 0 was cast, or nothing ever */
	STATUS_VOTE_CAST,
	STATUS_VOTE_STANDS,	/* no call made, the last 1 stands */
	STATUS_VOTE_HELD,	/* no call made while a new master is elected */
};

#define STATUS_FENCE_BY_LEN 32

/* What is being done about a node that is to be fenced. */
struct status_fencing {
	enum { STATUS_FENCING_NONE, STATUS_FENCING_RUNS, STATUS_FENCING_WAITS } state;
	char by[STATUS_FENCE_BY_LEN];	/* who does it: an agent, "Pacemaker", "lun"; "" not begun */
	bool has_device;		/* of a fence method, from 0 */
	uint32_t method, device;
	uint64_t since_ms;		/* CLOCK_BOOTTIME; 0: it has just been decided */
	uint32_t tries;			/* in this life of the node, this one included */
	uint64_t next_ms;		/* waits: for the next try */
};

struct status_node {
	uint32_t id;
	char name[QD_NODE_NAME_LEN];
	enum qd_node_state state;
	bool up, voting, evicted;
	uint32_t missed;		/* ticks in a row */
	struct status_fencing fencing;
};

struct status_heuristic {
	char program[QD_PROGRAM_LEN];
	uint32_t score, misses, tko;
	bool up;
};

/* Everything that is shown. Plain: filled by the program after each cycle; texts
 * are NUL-terminated, those of the LUN may hold any bytes. */
struct status_snapshot {
	char cluster[QD_NODE_NAME_LEN];
	uint32_t node_id;
	char node_name[QD_NODE_NAME_LEN];
	char device[QD_PATH_LEN];
	char label[QD_LABEL_LEN];
	enum qd_node_state state;
	uint32_t score, score_max, score_required;
	uint32_t master;		/* node id, 0 none */
	qd_mask visible, initialising, quorate_set;
	struct qd_timings timings;

	enum status_vote vote;
	uint32_t votes;			/* the device's */
	uint64_t cast_ms;		/* when the vote that is cast, stands or is held was cast */
	uint32_t v_ms;			/* for how long corosync counts one */
	char why[STATUS_WHY_LEN];
	bool mark_voting;
	qd_mask mark_view;

	struct {
		bool connected, quorate;
		struct qd_ring ring;
		qd_mask members;
		uint32_t expected_votes, total_votes, quorum;
	} corosync;

	uint32_t node_count;
	struct status_node node[QD_NODE_MAX];
	uint32_t heuristic_count;
	struct status_heuristic heuristic[QD_HEURISTICS_MAX];

	uint32_t read_us, write_us;	/* last latencies of the LUN */
	struct qd_latencies latencies;	/* of the last 64, and since the start */
	uint64_t io_since_ms;		/* an I/O is out since then, CLOCK_BOOTTIME; 0 none */
	char restart[80];		/* what waits for a restart in step; "": nothing */
	qd_mask restart_awaits;		/* nodes that are not told of it yet */
	uint32_t fence_node;		/* last fencing: node id, 0 none */
	enum qd_fence_result fence_result;
	uint64_t fence_ms;		/* when it ended, CLOCK_BOOTTIME */
	uint64_t cycles, late_ticks;
	uint64_t start_ms;		/* of the daemon, CLOCK_BOOTTIME */
	uint64_t wall_s;		/* of the last cycle, for the status_file */
	bool debug;			/* the status_file also tells of each node */
};

/* ---- The socket ---- */

struct status;

/* Listen at `path` (SOCK_SEQPACKET; mode 0660, root:haclient where /etc/group has
 * that group; its directory is made, 0755; what a dead daemon left is replaced).
 * All memory is allocated here. 0; -EADDRINUSE something else than a socket is
 * there; other negative errno. */
int status_open(const char *path, struct status **ret_status);

/* Drop all clients, remove the socket's name. NULL is fine. */
void status_close(struct status *s);

/* To be polled for reading; then call status_dispatch(). */
int status_fd(const struct status *s);

/* Who answers requests other than "status". `root`: the client is. `text` of `size` bytes
 * takes the reply; its length, or 0: no such request. */
typedef size_t (*status_request_fn)(void *arg, const char *request, bool root, char *ret_text,
				    size_t size);
void status_on_request(struct status *s, status_request_fn fn, void *arg);

/* Serve who is there, a few at most, without waiting: the request "status" gets
 * the snapshot, others what status_on_request() says, or {"error": ...}; one request, one reply, closed. Of
 * more than STATUS_CLIENTS_MAX that have not asked yet the oldest is dropped.
 * `now_ms`: CLOCK_BOOTTIME, for ages. */
void status_dispatch(struct status *s, const struct status_snapshot *snapshot, uint64_t now_ms);

/* The snapshot as one JSON object, NUL-terminated, always valid UTF-8; texts that
 * are too long are cut. `size` at least STATUS_REPLY_MAX. Its length. Pure. */
size_t status_json(const struct status_snapshot *snapshot, uint64_t now_ms, char *ret_text,
		   size_t size);

/* ---- status_file ---- */

struct status_file {
	int fd;			/* to the child */
	pid_t pid;		/* 0: closed */
	pid_t old_pid;		/* of the one before, not yet reaped; 0 none */
};

/* Begin to write status_file `path` ("-": standard output), by a child of ours.
 * A file is replaced atomically (a temporary one beside it, renamed); into a FIFO
 * it is written only if somebody reads and there is room; anything else is refused.
 * Forks, and looks at the path: for start and reload only. *f is closed or all 0.
 * 0; -EINVAL neither file nor FIFO; -ENOENT, -ENOTDIR no such directory; other
 * negative errno. */
int status_file_open(const char *path, struct status_file *f);

/* Hand over the present text: one system call, which never waits. 0; -EAGAIN the
 * child is behind, this one is skipped; -EPIPE the child has gone. */
int status_file_publish(const struct status_file *f, const struct status_snapshot *snapshot);

/* End, without waiting: the child writes what it has got and exits (one that hangs is
 * killed at the next close). The file stays as it is. Closed, all 0: nothing. */
void status_file_close(struct status_file *f);

/* The text, as legacy wrote it; its length. `size` at least STATUS_TEXT_MAX. Pure
 * but for the time zone. */
size_t status_text(const struct status_snapshot *snapshot, char *ret_text, size_t size);

#endif
