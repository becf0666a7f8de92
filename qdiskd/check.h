/* What is wrong with a configuration, and when things happen (floor 2: pure).
 *
 * From what was gathered (qdiskd/tool_check.c) to findings with a remedy each, and to a
 * time line. The laws (qd_config_check()) are the first of them; the rest are the known
 * mistakes of operators. Each has a name that does not change: qdisk-tool(8).
 */
#ifndef QD_CHECK_H
#define QD_CHECK_H

#include <stddef.h>

#include "qd_core.h"
#include "qd_laws.h"

enum check_kind {
	CHECK_DISK,		/* a disk, or a multipath device */
	CHECK_DRBD,
	CHECK_MD,
	CHECK_MIRROR,		/* a mirror or RAID of LVM */
	CHECK_NETWORK_FILE,	/* a loop device on a network file system */
};

enum check_queue { CHECK_QUEUE_UNKNOWN, CHECK_QUEUE_NO, CHECK_QUEUE_FOR_EVER, CHECK_QUEUE_FOR };

struct check_lun {
	bool known;			/* false: not looked at, or not found */
	char path[QD_PATH_LEN];
	char error[256];		/* why it is not known; "" not looked for */
	struct qd_label label;
	enum check_kind kind;
	char scheduler[32];		/* in force; "" none is there */
	enum check_queue queue;		/* of multipath, without a path */
	uint32_t queue_ms;		/* with CHECK_QUEUE_FOR */
};

#define CHECK_AGENT_LINES 64u
#define CHECK_LINE_LEN 700

/* What qdisk-agents says, line by line: "error NAME: TEXT; remedy: REMEDY". */
struct check_agents {
	unsigned count;
	char line[CHECK_AGENT_LINES][CHECK_LINE_LEN];
};

struct check_facts {
	const struct qd_config *config;
	const struct qd_facts *corosync;
	const struct qd_params *params;
	const struct qd_findings *laws;
	struct check_lun lun;
	bool status_file_fifo;
	bool pacemaker;			/* it has a CIB on this node */
	bool stonith_off, quorum_ignored;	/* what the CIB says */
	bool fence_qdisk;		/* a device of Pacemaker's is ours, and does as qdiskd is configured */
	const struct check_agents *agents;	/* NULL: they were not asked */
};

#define CHECK_FINDINGS_MAX 160
#define CHECK_NAME_LEN 24
#define CHECK_REMEDY_LEN 256

struct check_finding {
	enum qd_severity severity;	/* an error would break something */
	char name[CHECK_NAME_LEN];
	char text[QD_FINDING_LEN];
	char remedy[CHECK_REMEDY_LEN];	/* "" the text says it */
};

struct check_report {			/* large; the caller's */
	unsigned count, errors, warnings;
	struct check_finding finding[CHECK_FINDINGS_MAX];
};

/* All findings, in the order of what they are about. */
void check_judge(const struct check_facts *facts, struct check_report *ret_report);

#define CHECK_DRAWING_BYTES 4096u

/* The worst cases on a time line, one to a line with its legend below; each line begins
 * with `prefix`. */
void check_draw(const struct qd_params *params, const char *prefix, char text[CHECK_DRAWING_BYTES]);

#endif
