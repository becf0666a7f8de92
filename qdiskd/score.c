/* Heuristics to a score: when to run which, and what its ending means. Running
 * them is the runner's. Rules: qdisk(5), "Heuristics". */
#include "mind.h"
#include "qd_score.h"

/* Legacy's choice of an interval for a heuristic that has none, from the time
 * (K-1)*I in which it should find out; in seconds, below 3 undefined there. */
static uint32_t interval_by_law(uint64_t within_ms)
{
	static const struct {
		uint64_t up_to_ms;
		uint32_t interval_ms;
	} law[] = { { 4999, 1000 }, { 22999, 2000 }, { 39999, 3000 }, { 50999, 4000 } };

	for (unsigned i = 0; i < sizeof(law) / sizeof(law[0]); i++) {
		if (within_ms <= law[i].up_to_ms)
			return law[i].interval_ms;
	}
	return 5000;
}

void qd_score_init(struct qd_score *score, const struct qd_config *config,
		   const struct qd_timings *t, uint64_t now_ms)
{
	uint64_t within_ms = qd_law_withdraw_ms(t);

	memset(score, 0, sizeof(*score));
	score->count = config->heuristic_count;
	assert(score->count <= QD_HEURISTICS_MAX);
	for (uint32_t i = 0; i < score->count; i++) {
		const struct qd_heuristic *c = &config->heuristic[i];
		struct qd_heuristic_state *h = &score->heuristic[i];

		h->score = c->score;
		h->interval_ms = c->interval_ms == QD_UNSET ? interval_by_law(within_ms) : c->interval_ms;
		h->tko = c->tko == QD_UNSET ? (uint32_t)(within_ms / h->interval_ms) : c->tko;
		if (h->tko == 0)
			h->tko = 1;
		h->timeout_ms = within_ms > 0 ? (uint32_t)within_ms : 1;
		if (c->timeout_ms && c->timeout_ms < h->timeout_ms)	/* QD_UNSET is the largest */
			h->timeout_ms = c->timeout_ms;
		h->next_ms = now_ms;
	}
}

/* The heuristic of `score`, made of `config`, that runs this program; NULL: none. */
static const struct qd_heuristic_state *find_program(const struct qd_score *score,
						     const struct qd_config *config,
						     const char *program)
{
	for (uint32_t i = 0; i < score->count; i++) {
		if (strcmp(config->heuristic[i].program, program) == 0)
			return &score->heuristic[i];
	}
	return NULL;
}

void qd_score_change(struct qd_score *score, const struct qd_config *from, const struct qd_config *to,
		     const struct qd_timings *t, bool was_fit, uint64_t now_ms)
{
	const struct qd_score old = *score;

	qd_score_init(score, to, t, now_ms);
	for (uint32_t i = 0; i < score->count; i++) {
		const struct qd_heuristic_state *before = find_program(&old, from, to->heuristic[i].program);
		struct qd_heuristic_state *h = &score->heuristic[i];

		h->up = before ? before->up : was_fit;
		h->misses = before ? before->misses : 0;
		h->next_ms = now_ms + h->interval_ms;
	}
}

int qd_score_due(struct qd_score *score, uint64_t now_ms)
{
	for (uint32_t i = 0; i < score->count; i++) {
		struct qd_heuristic_state *h = &score->heuristic[i];

		if (h->phase != QD_HEUR_IDLE || now_ms < h->next_ms)
			continue;
		h->phase = QD_HEUR_RUNNING;
		h->started_ms = now_ms;
		h->next_ms = now_ms + h->interval_ms;
		return (int)i;
	}
	return -1;
}

enum qd_heuristic_change qd_score_ended(struct qd_score *score, unsigned index,
					enum qd_heuristic_end end, uint64_t now_ms)
{
	struct qd_heuristic_state *h = &score->heuristic[index];
	bool was_up = h->up;

	assert(index < score->count);
	h->phase = QD_HEUR_IDLE;
	if (h->next_ms < now_ms)
		h->next_ms = now_ms;
	if (end == QD_RUN_OK) {
		h->misses = 0;
		h->up = true;
		return was_up ? QD_HEUR_SAME : QD_HEUR_UP;
	}
	h->misses += h->misses < UINT32_MAX;
	if (end == QD_RUN_OVERDUE && h->misses < h->tko)
		h->misses = h->tko;
	if (h->misses < h->tko)
		return QD_HEUR_MISSED;
	h->up = false;
	return was_up ? QD_HEUR_DOWN : QD_HEUR_SAME;
}

void qd_score_sum(const struct qd_score *score, uint32_t *ret_score, uint32_t *ret_max)
{
	uint32_t sum = 0, max = 0;

	for (uint32_t i = 0; i < score->count; i++) {
		max += score->heuristic[i].score;
		if (score->heuristic[i].up)
			sum += score->heuristic[i].score;
	}
	*ret_score = score->count ? sum : 1;
	*ret_max = score->count ? max : 1;
}

uint32_t qd_score_required(uint32_t min_score, uint32_t score_max)
{
	return min_score ? min_score : score_max / 2 + 1;
}
