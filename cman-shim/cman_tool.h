/* cman_tool: its parts. Texts, spacing and exit codes are those of the old
 * program: scripts parse them. The contract is cman_tool(8). */
#ifndef CMAN_TOOL_H
#define CMAN_TOOL_H

#include <stdbool.h>
#include <stdio.h>

#include "libcman.h"

#define CMAN_TOOL_NAMES_MAX 10		/* options -n */
#define CMAN_TOOL_NAME_LEN 65		/* bytes of one of them */
#define CMAN_TOOL_COLUMNS_MAX 10	/* words of -F */
#define CMAN_TOOL_ADDRESSES_MAX 8	/* of one node, as corosync */

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

/* A command line, taken apart. Texts point into argv. */
struct cman_tool_options {
	const char *program;			/* argv[0] */
	enum cman_tool_operation operation;
	const char *word;			/* the operation as typed */
	unsigned name_count;
	const char *names[CMAN_TOOL_NAMES_MAX];	/* -n */
	bool addresses;				/* -a */
	bool formatted;				/* -F given */
	struct cman_tool_columns columns;	/* of -F */
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

/* ---- cman_tool.c ---- */

/* Print "<program>: <text>" and a newline to stderr. Returns 1, the exit
 * code of every error. */
int cman_tool_fail(const struct cman_tool_options *o, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- The operations: exit code, given an open client handle ---- */

int cman_tool_status(cman_handle_t handle, const struct cman_tool_options *o, FILE *out);
int cman_tool_nodes(cman_handle_t handle, const struct cman_tool_options *o, FILE *out);

#endif
