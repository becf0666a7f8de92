/* A cluster.conf and what corosync says, in agreement, for the laws to judge. */
#ifndef LAWS_FIXTURE_H
#define LAWS_FIXTURE_H

#include <stdio.h>

#include "mind_fixture.h"
#include "../../qdiskd/laws.h"

extern struct qd_config config;
extern struct qd_facts facts;
extern struct qd_params params;		/* of the last check */
extern struct qd_findings findings;	/* of the last check */

#define FILE_NAME "/etc/cluster/cluster.conf"

/* Nodes 1..n, native defaults, everything in agreement; corosync runs. */
void cluster(uint32_t nodes);

/* Setups: clusters of two and of three. */
int two(void **state);
int three(void **state);

/* Judges; the number of errors. */
unsigned check(void);

/* One finding of that severity has all of these texts; prints all when none has. */
bool found(enum qd_severity severity, const char *const *texts);

#define assert_said(severity, ...) \
	assert_true(found(severity, (const char *const[]){ __VA_ARGS__, NULL }))

/* Refused, by one line with all of these texts. */
#define assert_refused(...)                            \
	do {                                           \
		assert_int_not_equal(check(), 0);      \
		assert_said(QD_SEV_ERROR, __VA_ARGS__); \
	} while (0)

/* Judged without an error. */
void assert_accepted(void);

#endif
