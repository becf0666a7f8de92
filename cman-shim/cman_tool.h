/* cman_tool: its parts. Texts, spacing and exit codes are those of the old
 * program: scripts parse them. The contract is cman_tool(8). */
#ifndef CMAN_TOOL_H
#define CMAN_TOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "libcman.h"

#define CMAN_TOOL_NAMES_MAX 10		/* options -n */
#define CMAN_TOOL_NAME_LEN 65		/* bytes of one of them */
#define CMAN_TOOL_COLUMNS_MAX 10	/* words of -F */
#define CMAN_TOOL_ADDRESSES_MAX 8	/* of one node, as corosync */
#define CMAN_TOOL_TIMED_OUT 2		/* exit code: the time of -t ran out */

/* ---- cman_tool_options.c: the command line. Pure but for getopt. ---- */

enum cman_tool_operation {
	OPERATION_NONE,
	OPERATION_STATUS,
	OPERATION_NODES,
	OPERATION_JOIN,
	OPERATION_LEAVE,
	OPERATION_KILL,
	OPERATION_EXPECTED,
	OPERATION_VOTES,
	OPERATION_VERSION,
	OPERATION_WAIT,
	OPERATION_DEBUG,
	OPERATION_SERVICES,
};

/* What a column of `nodes -F` shows. */
enum cman_tool_column {
	COLUMN_ID,
	COLUMN_NAME,
	COLUMN_TYPE,
	COLUMN_ADDR,
	COLUMN_VOTES,
	COLUMN_EXP,
	COLUMN_STATE,
};

struct cman_tool_columns {
	unsigned count;
	enum cman_tool_column list[CMAN_TOOL_COLUMNS_MAX];
};

/* What -D says about a cluster.conf that is not valid. */
enum cman_tool_check {
	CHECK_FAIL,	/* goes no further; without -D */
	CHECK_WARN,	/* says so and goes on as far as it can */
	CHECK_NONE,	/* is not asked for; bare -D */
};

/* A command line, taken apart. Texts point into argv, NULL where not given;
 * numbers are -1 where not given. */
struct cman_tool_options {
	const char *program;			/* argv[0] */
	enum cman_tool_operation operation;
	const char *word;			/* the operation as typed */
	unsigned name_count;
	const char *names[CMAN_TOOL_NAMES_MAX];	/* -n */
	bool addresses;				/* -a */
	bool formatted;				/* -F given */
	struct cman_tool_columns columns;	/* of -F */
	int debug;				/* -d: mask of cman_set_debuglog(); 0 off */
	int votes;				/* -v */
	int expected;				/* -e */
	bool two_node;				/* -2 */
	const char *multicast;			/* -m */
	int port;				/* -p */
	int node_id;				/* -N */
	const char *cluster;			/* -c */
	const char *keyfile;			/* -k */
	const char *loader;			/* -C */
	bool no_config;				/* -X */
	bool no_realtime;			/* -P */
	enum cman_tool_check check;		/* -D */
	bool reload;				/* -r */
	bool wait, wait_quorate;		/* -w, -q */
	int timeout_s;				/* -t */
	bool leave_removed, leave_forced;	/* the words of `leave` */
};

enum cman_tool_parse {
	PARSE_RUN,	/* do the operation */
	PARSE_HELP,	/* -h */
	PARSE_VERSION,	/* -V */
	PARSE_ERROR,	/* said so on `err` */
};

/* Take a command line apart: options before or after the one operation.
 * Errors go to `err` as "<argv[0]>: <text>" (getopt's own to stderr). */
enum cman_tool_parse cman_tool_parse(int argc, char **argv, FILE *err,
				     struct cman_tool_options *ret_options);

/* Take the list of -F apart. Words that are no column count but show
 * nothing, as ever. 0; -E2BIG for more than ten words. */
int cman_tool_parse_columns(const char *text, struct cman_tool_columns *ret_columns);

/* ---- cman_tool_format.c: the output. Pure. ---- */

/* Everything that `status` shows. */
struct cman_tool_status {
	cman_version_t version;
	cman_cluster_t cluster;
	const cman_extra_info_t *info;	/* with its addresses behind it */
	bool has_device;		/* a quorum device is registered */
	cman_qdev_info_t device;
	bool quorate;
	int subsystems;
	cman_node_t node;		/* this one */
};

/* Everything that `nodes` shows of one node; `extra` and `addresses` only
 * where a column or -a wants them. */
struct cman_tool_row {
	cman_node_t node;
	cman_node_extra_t extra;
	int address_count;
	struct cman_node_address addresses[CMAN_TOOL_ADDRESSES_MAX];
};

void cman_tool_print_status(FILE *out, const struct cman_tool_status *status);
void cman_tool_print_header(FILE *out);

/* Print a row of the plain list, times in local time; with `addresses` the
 * line of addresses below it, if there are any. */
void cman_tool_print_row(FILE *out, const struct cman_tool_row *row, bool addresses);

/* Print a row with the columns of -F. */
void cman_tool_print_columns(FILE *out, const struct cman_tool_row *row,
			     const struct cman_tool_columns *columns);

/* Is this the name of a node that is not configured, "Node<id>"? */
bool cman_tool_is_placeholder(const cman_node_t *node);

/* cman's words for an errno. */
const char *cman_tool_error_text(int error);

/* ---- cman_tool_say.c ---- */

/* Print "<program>: <text>" and a newline to stderr. Returns 1, the exit
 * code of every error. */
int cman_tool_fail(const struct cman_tool_options *o, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same, but only with -d, and nothing is returned. */
void cman_tool_debug(const struct cman_tool_options *o, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Say why there is no connection; `error` is errno of cman_init(). Scripts
 * compare these texts. Returns 1. */
int cman_tool_fail_open(const struct cman_tool_options *o, int error);

/* ---- cman_tool_wait.c: waiting, and its end ---- */

/* When the time of -t is over, on the clock of cman_tool_now_ms(); 0 never. */
uint64_t cman_tool_deadline(const struct cman_tool_options *o);
uint64_t cman_tool_now_ms(void);

/* Wait until the cluster counts its nodes, or with `quorate` until it is
 * quorate; asked each second. 0; 2 at the deadline, 1 when corosync has gone,
 * both with a text. */
int cman_tool_await(cman_handle_t handle, const struct cman_tool_options *o, bool quorate,
		    uint64_t deadline_ms);

/* ---- cman_tool_service.c: corosync and qdiskd as services ---- */

enum cman_tool_service {
	SERVICE_OF_COROSYNC,
	SERVICE_OF_QDISKD,
};

/* Its process, as a descriptor to poll; -ESRCH when it does not run. */
int cman_tool_service_find(enum cman_tool_service service);

/* Wait until that process has ended. 0, or -ETIMEDOUT after `limit_ms`. */
int cman_tool_service_await_end(int pidfd, uint64_t limit_ms);

/* Start, stop, reload: by systemd where it is the init system, else the
 * program itself. 0, or a negative errno after its own words on stderr. */
int cman_tool_service_start(const struct cman_tool_options *o, enum cman_tool_service service);
int cman_tool_service_stop(const struct cman_tool_options *o, enum cman_tool_service service);
int cman_tool_service_reload(const struct cman_tool_options *o, enum cman_tool_service service);

/* ---- The operations: exit code, given an open client handle ---- */

int cman_tool_status(cman_handle_t handle, const struct cman_tool_options *o, FILE *out);
int cman_tool_nodes(cman_handle_t handle, const struct cman_tool_options *o, FILE *out);
int cman_tool_wait(cman_handle_t handle, const struct cman_tool_options *o, FILE *out);

/* Given none: corosync does not run yet. */
int cman_tool_join(const struct cman_tool_options *o);

/* Given an administrator's handle. */
int cman_tool_version(cman_handle_t handle, const struct cman_tool_options *o, FILE *out);
int cman_tool_kill(cman_handle_t handle, const struct cman_tool_options *o, FILE *out);
int cman_tool_votes(cman_handle_t handle, const struct cman_tool_options *o, FILE *out);
int cman_tool_expected(cman_handle_t handle, const struct cman_tool_options *o, FILE *out);
int cman_tool_debuglog(cman_handle_t handle, const struct cman_tool_options *o, FILE *out);
int cman_tool_leave(cman_handle_t handle, const struct cman_tool_options *o, FILE *out);

#endif
