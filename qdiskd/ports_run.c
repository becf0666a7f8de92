/* Heuristics: commands that the daemon runs (floor 4). */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "daemon.h"

/* ---- Heuristics ---- */

static void on_heuristic(void *arg, const struct runner_result *r)
{
	struct daemon *d = arg;
	const struct qd_heuristic_state *h = &d->score.heuristic[r->slot];
	const char *program = d->config.heuristic[r->slot].program;
	bool ok = r->end == RUNNER_EXITED && r->code == 0;
	enum qd_heuristic_end end = ok ? QD_RUN_OK :
		r->end == RUNNER_TIMED_OUT ? QD_RUN_OVERDUE : QD_RUN_FAILED;

	switch (qd_score_ended(&d->score, r->slot, end, daemon_now_ms())) {
	case QD_HEUR_SAME:
		break;
	case QD_HEUR_UP:
		log_line(LOG_INFO, "Heuristic: '%s' UP", program);
		break;
	case QD_HEUR_DOWN:
		if (end == QD_RUN_OVERDUE)
			log_line(LOG_INFO, "Heuristic: '%s' DOWN - Exceeded timeout of %u seconds", program,
				 (h->timeout_ms + 999) / 1000);
		else
			log_line(LOG_INFO, "Heuristic: '%s' DOWN (%u/%u)", program, h->misses, h->tko);
		break;
	case QD_HEUR_MISSED:
		log_line(LOG_DEBUG, "Heuristic: '%s' missed (%u/%u)", program, h->misses, h->tko);
		break;
	}
}

static void heuristic_start(struct daemon *d, uint32_t index, uint64_t now_ms)
{
	struct runner_command c = {
		.shell = d->config.heuristic[index].program,
		.deadline_ms = d->score.heuristic[index].timeout_ms,
		.done = on_heuristic,
		.arg = d,
	};
	int rc = runner_start(&d->runner, index, &c, now_ms);

	if (rc >= 0)
		return;
	if (rc != -EBUSY)	/* the last run is still dying */
		log_line(LOG_ERR, "Heuristic: '%s' could not be started: %s", c.shell, strerror(-rc));
	(void)qd_score_ended(&d->score, index, QD_RUN_FAILED, now_ms);
}

void ports_heuristics(struct daemon *d, const struct qd_config *next)
{
	for (uint32_t i = 0; i < d->score.count; i++)
		runner_cancel(&d->runner, i);
	qd_score_change(&d->score, &d->config, next, &d->params.t, d->engine.state.score_ok,
			daemon_now_ms());
}

void ports_tick(struct daemon *d)
{
	uint64_t now_ms = daemon_now_ms();
	int due;

	while ((due = qd_score_due(&d->score, now_ms)) >= 0)
		heuristic_start(d, (uint32_t)due, now_ms);
}

void ports_score(void *ctx, uint32_t *ret_score, uint32_t *ret_max)
{
	struct daemon *d = ctx;

	qd_score_sum(&d->score, ret_score, ret_max);
}

int ports_on_runner(int fd, int revents, void *data)
{
	struct daemon *d = data;

	(void)fd;
	(void)revents;
	runner_dispatch(&d->runner, daemon_now_ms());
	return 0;
}
