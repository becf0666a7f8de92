/* The laws between the timings (floor 1: pure).
 *
 * What follows from interval, tko and corosync's times, and the check that a
 * configuration obeys them. A law that is one formula stands here, so that whoever
 * needs the time takes it from the law; each with its timeline: qdisk(5), "Timings".
 */
#ifndef QD_LAWS_H
#define QD_LAWS_H

#include "qd_config.h"

/* L1: from this silence on a node casts 0 and stops petting: (K-1)*I. */
static inline uint64_t qd_law_withdraw_ms(const struct qd_timings *t)
{
	return (uint64_t)(t->tko - 1) * t->interval_ms;
}

/* L2: from this silence on a node is dead to itself: K*I. */
static inline uint64_t qd_law_dead_ms(const struct qd_timings *t)
{
	return (uint64_t)t->tko * t->interval_ms;
}

/* How long to watch whether anybody beats with this interval, which a LUN says that may say
 * anything: max(3 s, 2*I), and no longer than the longest interval allowed needs. */
static inline uint32_t qd_law_watch_ms(uint32_t interval_ms)
{
	uint32_t i_ms = interval_ms < QD_INTERVAL_MS_MAX ? interval_ms : QD_INTERVAL_MS_MAX;

	return i_ms > 1500 ? 2 * i_ms : 3000;
}

/* The watchdog's timeout in whole seconds, as its hardware counts: from its last
 * pet to the reset at least K*I. */
static inline uint32_t qd_law_watchdog_s(const struct qd_timings *t)
{
	return (uint32_t)((qd_law_dead_ms(t) + 999) / 1000);
}

/* L4: how long until a dead master is replaced, must be under the token: I*(K+M+W). */
static inline uint64_t qd_law_master_recovery_ms(const struct qd_timings *t)
{
	return (uint64_t)t->interval_ms * (t->tko + t->master_wait + t->upgrade_wait);
}

/* L5: least sync_timeout, also what is generated: I*(K+M+W+2). */
static inline uint64_t qd_law_sync_ms(const struct qd_timings *t)
{
	return qd_law_master_recovery_ms(t) + 2u * (uint64_t)t->interval_ms;
}

/* So long by one node's clock is at most so long by another's: clocks of live nodes drift
 * apart by less than 1 part in 2*K. */
static inline uint64_t qd_law_drift_ms(const struct qd_timings *t, uint64_t ms)
{
	return ms + ms / (2u * t->tko) + 1;
}

/* Z: how long corosync may go on counting a vote whose daemon is silent, by the clock of
 * whoever waits: its own times, a slow clock, and 2*I. */
static inline uint64_t qd_law_forget_ms(const struct qd_params *p)
{
	uint64_t its_ms = (uint64_t)p->v_ms + p->token_ms + p->consensus_ms + p->y_ms;

	return qd_law_drift_ms(&p->t, its_ms) + 2u * (uint64_t)p->t.interval_ms;
}

/* Resolve what is configured and what corosync runs into the values in force,
 * and check every law. `facts->known` false: the lines to write are judged
 * instead of those that run. `findings` is overwritten; with findings->errors
 * the values must not be used. Returns the number of errors. */
unsigned qd_config_check(const struct qd_config *config, const struct qd_facts *facts,
			 struct qd_params *ret_params, struct qd_findings *findings);

/* The lines of corosync.conf that go with these values, into text; returns its
 * length as snprintf does. */
size_t qd_corosync_lines(const struct qd_params *params, char *text, size_t size);

#endif
