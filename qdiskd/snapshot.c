/* The state for those who ask (floor 4): from the mind's words to the status
 * hand's, after each cycle. What does not change is filled in once. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon.h"

static const char *node_name(const struct daemon *d, uint32_t id)
{
	for (uint32_t i = 0; i < d->facts.node_count; i++) {
		if (d->facts.node[i].node_id == id)
			return d->facts.node[i].name;
	}
	return "";
}

static void fixed_fill(struct daemon *d)
{
	struct status_snapshot *s = &d->snapshot;

	(void)snprintf(s->cluster, sizeof(s->cluster), "%s", d->facts.cluster);
	(void)snprintf(s->node_name, sizeof(s->node_name), "%s", node_name(d, d->params.node_id));
	(void)snprintf(s->device, sizeof(s->device), "%s", d->lun.path);
	(void)snprintf(s->label, sizeof(s->label), "%s", d->lun.label.name);
	s->node_id = d->params.node_id;
	s->timings = d->params.t;
	s->debug = d->options.debug;
	s->heuristic_count = d->score.count;
	for (uint32_t i = 0; i < d->score.count; i++)
		memcpy(s->heuristic[i].program, d->config.heuristic[i].program, QD_PROGRAM_LEN);
	s->node_count = 0;
	for (uint32_t id = 1; id <= QD_NODE_MAX; id++) {
		if (!qd_has(d->params.nodes, id))
			continue;
		s->node[s->node_count].id = id;
		(void)snprintf(s->node[s->node_count].name, sizeof(s->node[0].name), "%s",
			       node_name(d, id));
		s->node_count++;
	}
}

static enum status_vote vote_word(const struct qd_state *state)
{
	switch (state->vote) {
	case QD_VOTE_CASTS:
		return STATUS_VOTE_CAST;
	case QD_VOTE_STANDS:
		return STATUS_VOTE_STANDS;
	case QD_VOTE_HOLDS:
		return STATUS_VOTE_HELD;
	case QD_VOTE_NONE:
	case QD_VOTE_CASTS_0:
		break;
	}
	return STATUS_VOTE_WITHDRAWN;
}

static void vote_fill(struct daemon *d, const struct qd_state *state)
{
	struct status_snapshot *s = &d->snapshot;
	const char *why = qd_why_text(state->why);

	s->vote = vote_word(state);
	s->votes = d->params.votes;
	if (strcmp(s->why, why) != 0)	/* seldom: formatting costs more than all the rest here */
		(void)snprintf(s->why, sizeof(s->why), "%s", why);
	s->cast_ms = d->engine.cast_ms;
	s->v_ms = d->params.v_ms;
	s->mark_voting = state->voting;
	s->mark_view = state->view;
	s->corosync.connected = d->seen.connected && !d->seen.stalled;
	s->corosync.quorate = d->seen.quorate && d->seen.connected;
	s->corosync.ring = d->seen.ring;
	s->corosync.members = d->seen.members;
	s->corosync.expected_votes = d->seen.expected_votes;
	s->corosync.total_votes = d->seen.total_votes;
	s->corosync.quorum = d->seen.quorum;
}

/* Who does it, as an administrator calls it. */
static void fencing_by(struct status_fencing *f, const struct daemon *d, const struct qd_member *m, uint32_t id)
{
	struct fence_now now;

	if (m->fencing_lun) {
		(void)snprintf(f->by, sizeof(f->by), "lun");
		f->since_ms = m->beat_ms;
	} else if (fence_now(&d->fence, id, &now)) {
		f->has_device = now.stage == FENCE_STAGE_METHODS;
		(void)snprintf(f->by, sizeof(f->by), "%s", f->has_device ? now.agent : "Pacemaker");
		f->method = now.method;
		f->device = now.device;
		f->since_ms = now.begun_ms;
	}
}

/* What I do, or am to try again; what another master does nobody else knows. */
static void fencing_fill(struct status_node *row, const struct daemon *d, const struct qd_state *state)
{
	const struct qd_member *m = &state->member[row->id - 1];
	bool done = m->fenced && m->fenced_incarnation == m->block.incarnation;
	bool waits = m->known && m->fence_attempts && !done && !m->fence_undefined &&
		     m->block.state == QD_STATE_EVICTED && state->role == QD_STATE_MASTER;

	if (!m->fencing && !waits) {
		row->fencing.state = STATUS_FENCING_NONE;
		return;
	}
	row->fencing = (struct status_fencing){
		.state = m->fencing ? STATUS_FENCING_RUNS : STATUS_FENCING_WAITS,
		.tries = m->fence_attempts, .next_ms = m->fence_next_ms,
	};
	if (m->fencing)
		fencing_by(&row->fencing, d, m, row->id);
}

/* One node's row; true: it is initialising. */
static bool node_fill(struct status_node *row, const struct qd_state *state)
{
	const struct qd_member *m = &state->member[row->id - 1];
	bool me = row->id == state->p.node_id;

	row->state = me ? state->role : m->known ? m->block.state : QD_STATE_NONE;
	row->up = me || m->up;
	row->missed = me || !m->known ? 0 : m->missed;
	row->voting = me ? state->voting :
			   m->known && m->block.has_ext && (m->block.ext.flags & QD_EXT_VOTING);
	row->evicted = !me && m->known && m->block.state == QD_STATE_EVICTED;
	return row->state == QD_STATE_INIT && (me || m->missed == 0);
}

static void nodes_fill(struct daemon *d, const struct qd_state *state)
{
	struct status_snapshot *s = &d->snapshot;
	uint32_t master = state->master;
	qd_mask starting = 0;

	for (uint32_t i = 0; i < s->node_count; i++) {
		if (node_fill(&s->node[i], state))
			starting |= qd_bit(s->node[i].id);
		fencing_fill(&s->node[i], d, state);
	}
	s->state = state->role;
	s->master = master;
	s->visible = state->up | qd_bit(state->p.node_id);
	s->initialising = starting & ~qd_bit(state->p.node_id);
	s->quorate_set = master == state->p.node_id ? state->mask :
			 master ? state->member[master - 1].block.master_mask : 0;
}

static void restart_fill(struct daemon *d)
{
	struct status_snapshot *s = &d->snapshot;

	s->restart[0] = '\0';
	if (d->instep.phase == INSTEP_WAITING)
		(void)snprintf(s->restart, sizeof(s->restart), "%s", d->instep.what);
	s->restart_awaits = instep_awaited(d);
}

void snapshot_take(struct daemon *d, const struct qd_state *state)
{
	struct status_snapshot *s = &d->snapshot;

	if (s->node_count == 0)
		fixed_fill(d);
	vote_fill(d, state);
	nodes_fill(d, state);
	s->score = state->score;
	s->score_max = state->score_max;
	s->score_required = state->score_required;
	for (uint32_t i = 0; i < s->heuristic_count; i++) {
		const struct qd_heuristic_state *h = &d->score.heuristic[i];

		s->heuristic[i].score = h->score;
		s->heuristic[i].misses = h->misses;
		s->heuristic[i].tko = h->tko;
		s->heuristic[i].up = h->up;
	}
	s->read_us = d->engine.read_us;
	s->write_us = d->engine.write_us;
	s->latencies = qd_engine_latencies(&d->engine);
	s->io_since_ms = d->engine.reads.since_ms ? d->engine.reads.since_ms : d->engine.writes.since_ms;
	restart_fill(d);
	s->fence_node = state->fence_victim;
	s->fence_result = state->fence_result;
	s->fence_ms = state->fence_ms;
	s->cycles = d->engine.cycles;
	s->late_ticks = d->engine.late_ticks;
	s->start_ms = d->start_ms;
	s->wall_s = (uint64_t)time(NULL);
	if (d->status_file.fd >= 0)
		(void)status_file_publish(&d->status_file, s);	/* behind or gone: this one is skipped */
}
