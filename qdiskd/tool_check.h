/* `qdisk-tool check`: gather what the check wants to know, and show it (floor 4). */
#ifndef QD_TOOL_CHECK_H
#define QD_TOOL_CHECK_H

#include <stdbool.h>
#include <stdio.h>

#include "check.h"

/* Check `file`, or the configuration that qdiskd would take (NULL), and print the times,
 * their drawing and the findings; with `json` as one object. TOOL_OK, TOOL_NO: something
 * would break, TOOL_CONFIG: there is no configuration to check. Waits at most some
 * seconds for corosync, the LUN and the fence agents, and changes nothing. */
int tool_check(const char *file, bool json, FILE *out);

/* tool_check_host.c: what this machine is. Each reads files only, and what is not there
 * stays as it was. */
void tool_check_lun(const struct qd_config *config, struct check_lun *ret_lun);
void tool_check_pacemaker(struct check_facts *facts);
bool tool_check_fifo(const char *path);

/* tool_check_agents.c: what the fence agents of the file say of what they are given. */
void tool_check_agents(const struct qd_config *config, struct check_agents *ret_agents);

/* tool_check_show.c */
void tool_check_show(const struct check_facts *facts, const struct check_report *report, FILE *out);
void tool_check_json(const struct check_facts *facts, const struct check_report *report, FILE *out);

#endif
