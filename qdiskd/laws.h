/* What laws.c and laws_corosync.c share (floor 1). */
#ifndef LAWS_H
#define LAWS_H

#include "mind.h"

struct laws {
	const struct qd_config *config;
	const struct qd_facts *facts;
	struct qd_params *params;
	struct qd_findings *findings;
};

void law_find(struct laws *l, enum qd_severity severity, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
#define law_error(l, ...) law_find(l, QD_SEV_ERROR, __VA_ARGS__)
#define law_warning(l, ...) law_find(l, QD_SEV_WARNING, __VA_ARGS__)
#define law_info(l, ...) law_find(l, QD_SEV_INFO, __VA_ARGS__)

/* Of one attribute of <quorumd>: where it stands, then the words. */
void law_find_of(struct laws *l, enum qd_severity severity, const char *attribute,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));
#define law_error_of(l, ...) law_find_of(l, QD_SEV_ERROR, __VA_ARGS__)
#define law_warning_of(l, ...) law_find_of(l, QD_SEV_WARNING, __VA_ARGS__)

/* Defaults of interval, tko and the waits, as legacy or from the token. */
struct qd_timings laws_timings(const struct qd_config *config, uint32_t token_ms);

/* Who the nodes are: corosync is the truth, cluster.conf must agree. */
void laws_nodes(struct laws *l);

/* Token and consensus in force. */
void laws_totem(struct laws *l);

/* Votes of the device, expected votes. */
void laws_votes(struct laws *l);

/* quorum.device and what must not stand beside it. */
void laws_device(struct laws *l);

#endif
