/* Early warning; see engine_watch.h. */
#include "engine_watch.h"

/* It is well again when it has been so for this many I/Os beyond the 64 that count:
 * a LUN that is slow now and then is said to be slow, not both in turns. */
#define WELL_AFTER (4u * QD_LATENCY_RECENT)

static void watch_note(struct qd_engine *e, const struct qd_io_watch *w, enum qd_note_id id,
		       uint64_t a, uint64_t b)
{
	const struct qd_note note = { .id = id, .a = a, .b = b, .c = w == &e->writes };

	e->ports->note(e->ports->ctx, &note);
}

void engine_watch_begin(struct qd_io_watch *w, uint64_t now_ms)
{
	w->since_ms = now_ms;
}

void engine_watch_end(struct qd_engine *e, struct qd_io_watch *w, uint64_t now_ms)
{
	if (w->late)
		watch_note(e, w, QD_NOTE_IO_BACK, now_ms - w->since_ms, 0);
	w->late = false;
	w->since_ms = 0;
}

/* T0 a read begins   T1 a tick: the mind takes it as late   T2 a tick: it is said. */
static void watch_out(struct qd_engine *e, struct qd_io_watch *w, uint64_t now_ms)
{
	uint64_t out_ms = now_ms - w->since_ms;

	if (w->since_ms == 0 || w->late || out_ms < 2 * (uint64_t)e->state.p.t.interval_ms)
		return;
	w->late = true;
	watch_note(e, w, QD_NOTE_IO_OUT, out_ms, e->state.p.t.interval_ms);
}

void engine_watch_tick(struct qd_engine *e, uint64_t now_ms)
{
	watch_out(e, &e->reads, now_ms);
	watch_out(e, &e->writes, now_ms);
}

void engine_watch_took(struct qd_engine *e, struct qd_io_watch *w, uint32_t us)
{
	uint64_t half_us = (uint64_t)e->state.p.t.interval_ms * 500;
	bool slow;

	qd_latency_add(&w->latency, us);
	slow = w->latency.last.p99_us > half_us;
	w->calm = slow ? 0 : w->calm + 1;
	if (slow && !w->slow) {
		w->slow = true;
		watch_note(e, w, QD_NOTE_IO_SLOW, w->latency.last.p99_us, half_us);
	} else if (w->slow && w->calm >= WELL_AFTER) {
		w->slow = false;
		watch_note(e, w, QD_NOTE_IO_WELL, w->latency.last.p99_us, half_us);
	}
}

void engine_watch_vote(struct qd_engine *e, uint64_t now_ms)
{
	bool forgotten = e->state.vote == QD_VOTE_STANDS && e->cast_ms &&
			 now_ms - e->cast_ms > e->state.p.v_ms;
	const struct qd_note note = { .id = QD_NOTE_VOTE_FORGOTTEN, .a = now_ms - e->cast_ms,
				      .b = e->state.p.v_ms };

	if (forgotten && !e->forgotten)
		e->ports->note(e->ports->ctx, &note);
	e->forgotten = forgotten;
}

struct qd_latencies qd_engine_latencies(const struct qd_engine *e)
{
	return (struct qd_latencies){
		.read = e->reads.latency.last, .read_ever = e->reads.latency.ever,
		.write = e->writes.latency.last, .write_ever = e->writes.latency.ever,
	};
}
