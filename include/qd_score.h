/* Heuristics and their score (floor 1: pure).
 *
 * When to run which heuristic, and what the ending of a run means for the score that
 * this node is fit by. Who runs them tells the time and the endings: the daemon's
 * runner, or a simulated one. Rules: qdisk(5), "Heuristics".
 */
#ifndef QD_SCORE_H
#define QD_SCORE_H

#include "qd_config.h"

enum qd_heuristic_phase { QD_HEUR_IDLE, QD_HEUR_RUNNING };

struct qd_heuristic_state {
	enum qd_heuristic_phase phase;
	bool up;
	uint32_t misses;	/* failures in a row */
	uint64_t next_ms;	/* when it is due */
	uint64_t started_ms;
	uint32_t score, interval_ms, tko, timeout_ms;	/* in force */
};

struct qd_score {
	uint32_t count;
	struct qd_heuristic_state heuristic[QD_HEURISTICS_MAX];
};

enum qd_heuristic_change { QD_HEUR_SAME, QD_HEUR_UP, QD_HEUR_DOWN, QD_HEUR_MISSED };

/* Take over the configured heuristics, all down and due now. Where interval or
 * tko are not given they follow from (K-1)*I, which also ends a run. */
void qd_score_init(struct qd_score *score, const struct qd_config *config,
		   const struct qd_timings *t, uint64_t now_ms);

/* The heuristics of `to` replace those of `from`, all of whose runs have been cancelled.
 * One whose program stays keeps whether it is up, and its failures in a row; one that is
 * new is as fit as the node was, until its runs say otherwise. Each is due an interval
 * from now, when the last of a cancelled run is gone. */
void qd_score_change(struct qd_score *score, const struct qd_config *from, const struct qd_config *to,
		     const struct qd_timings *t, bool was_fit, uint64_t now_ms);

/* Index of a heuristic to start now, or -1; call until -1. It counts as started. */
int qd_score_due(struct qd_score *score, uint64_t now_ms);

/* How a run ended. OVERDUE: after timeout_ms; its whole process group was killed. */
enum qd_heuristic_end { QD_RUN_OK, QD_RUN_FAILED, QD_RUN_OVERDUE };

/* A run has ended. One success is up; tko failures in a row, or one run that is
 * overdue, are down. */
enum qd_heuristic_change qd_score_ended(struct qd_score *score, unsigned index,
					enum qd_heuristic_end end, uint64_t now_ms);

/* Sum of those up, and of all; 1/1 without heuristics. */
void qd_score_sum(const struct qd_score *score, uint32_t *ret_score, uint32_t *ret_max);

/* Score needed: min_score, or max/2+1. */
uint32_t qd_score_required(uint32_t min_score, uint32_t score_max);

#endif
