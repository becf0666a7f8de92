/* The status snapshot as JSON. The contract with qdisk-tool: qdisk-tool(8). */
#include "status.h"
#include "status_put.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Longest texts in the output, bytes after escaping: with all nodes and heuristics
 * at their longest a reply is 64 KB. */
#define NAME_MAX_BYTES 256u
#define PROGRAM_MAX_BYTES 600u
#define TEXT_MAX_BYTES 800u
#define FENCE_BY_MAX_BYTES 32u

/* Bytes of the UTF-8 character at `s`; 0: there is none. Overlong forms, surrogates
 * and what is above U+10FFFF are none. Stops at the NUL by itself. */
static size_t utf8_length(const unsigned char *s)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 :
		   s[0] < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/* A JSON string of at most `max` bytes between the quotes; never half a character. */
static void put_string(struct out *o, const char *text, size_t max)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t end = o->used + 1 + max;

	put(o, "\"");
	while (*s) {
		size_t n = utf8_length(s);

		if (o->used + 6 > end)
			break;
		if (n == 0)
			put(o, "\\ufffd");
		else if (*s == '"' || *s == '\\')
			put(o, "\\%c", *s);
		else if (*s < ' ' || *s == 0x7f)
			put(o, "\\u%04x", *s);
		else
			put(o, "%.*s", (int)n, (const char *)s);
		s += n ? n : 1;
	}
	put(o, "\"");
}

static void put_text(struct out *o, const char *name, const char *text, size_t max)
{
	put(o, "\"%s\": ", name);
	put_string(o, text, max);
	put(o, ", ");
}

static void put_mask(struct out *o, const char *name, qd_mask mask)
{
	const char *comma = "";

	put(o, "\"%s\": [", name);
	for (; mask; mask &= mask - 1) {
		put(o, "%s%u", comma, qd_lowest(mask));
		comma = ",";
	}
	put(o, "]");
}

static const char *bool_word(bool b)
{
	return b ? "true" : "false";
}

static const char *state_word(enum qd_node_state state)
{
	switch (state) {
	case QD_STATE_NONE:
		return "none";
	case QD_STATE_EVICTED:
		return "evicted";
	case QD_STATE_INIT:
		return "initialising";
	case QD_STATE_RUN:
		return "running";
	case QD_STATE_MASTER:
		return "master";
	}
	return "none";
}

static const char *vote_word(enum status_vote vote)
{
	switch (vote) {
	case STATUS_VOTE_WITHDRAWN:
		return "withdrawn";
	case STATUS_VOTE_CAST:
		return "cast";
	case STATUS_VOTE_STANDS:
		return "stands";
	case STATUS_VOTE_HELD:
		return "held";
	}
	return "withdrawn";
}

static void put_self(struct out *o, const struct status_snapshot *s)
{
	const struct qd_timings *t = &s->timings;

	put(o, "{\"version\": 1,\n");
	put_text(o, "cluster", s->cluster, NAME_MAX_BYTES);
	put(o, "\"node_id\": %u, ", s->node_id);
	put_text(o, "node_name", s->node_name, NAME_MAX_BYTES);
	put(o, "\n");
	put_text(o, "device", s->device, TEXT_MAX_BYTES);
	put_text(o, "label", s->label, TEXT_MAX_BYTES);
	put(o, "\n\"state\": \"%s\", ", state_word(s->state));
	put(o, "\"score\": %u, \"score_max\": %u, \"score_required\": %u,\n", s->score, s->score_max,
	    s->score_required);
	put(o, "\"master\": %u, ", s->master);
	put_mask(o, "visible", s->visible);
	put(o, ", ");
	put_mask(o, "initialising", s->initialising);
	put(o, ", ");
	put_mask(o, "quorate_set", s->quorate_set);
	put(o, ",\n\"timings\": {\"interval_ms\": %u, \"tko\": %u, \"tko_up\": %u, ",
	    t->interval_ms, t->tko, t->tko_up);
	put(o, "\"upgrade_wait\": %u, \"master_wait\": %u},\n", t->upgrade_wait, t->master_wait);
}

/* Corosync has not heard a 1 for so long that it counts none. */
static bool vote_expired(const struct status_snapshot *s, uint64_t now_ms)
{
	return s->vote != STATUS_VOTE_WITHDRAWN && s->cast_ms && now_ms - s->cast_ms > s->v_ms;
}

static void put_votes(struct out *o, const struct status_snapshot *s, uint64_t now_ms)
{
	put(o, "\"vote\": {\"state\": \"%s\", \"votes\": %u, \"why\": ", vote_word(s->vote), s->votes);
	put_string(o, s->why, TEXT_MAX_BYTES);
	put(o, ", \"expired\": %s},\n\"voting_mark\": {\"voting\": %s, ",
	    bool_word(vote_expired(s, now_ms)), bool_word(s->mark_voting));
	put_mask(o, "view", s->mark_view);
	put(o, "},\n\"corosync\": {\"connected\": %s, \"ring\": \"%x.%llx\", ",
	    bool_word(s->corosync.connected), s->corosync.ring.node_id,
	    (unsigned long long)s->corosync.ring.seq);
	put_mask(o, "members", s->corosync.members);
	put(o, ", \"quorate\": %s, \"expected_votes\": %u, \"total_votes\": %u, \"quorum\": %u},\n",
	    bool_word(s->corosync.quorate), s->corosync.expected_votes, s->corosync.total_votes,
	    s->corosync.quorum);
}

static void put_nodes(struct out *o, const struct status_snapshot *s)
{
	put(o, "\"nodes\": [");
	for (uint32_t i = 0; i < s->node_count && i < QD_NODE_MAX; i++) {
		const struct status_node *n = &s->node[i];

		put(o, "%s\n {\"id\": %u, ", i ? "," : "", n->id);
		put_text(o, "name", n->name, NAME_MAX_BYTES);
		put(o, "\"state\": \"%s\", \"up\": %s, \"missed\": %u, ", state_word(n->state),
		    bool_word(n->up), n->missed);
		put(o, "\"voting\": %s, \"evicted\": %s}", bool_word(n->voting),
		    bool_word(n->evicted));
	}
	put(o, "],\n\"heuristics\": [");
	for (uint32_t i = 0; i < s->heuristic_count && i < QD_HEURISTICS_MAX; i++) {
		const struct status_heuristic *h = &s->heuristic[i];

		put(o, "%s\n {", i ? "," : "");
		put_text(o, "program", h->program, PROGRAM_MAX_BYTES);
		put(o, "\"score\": %u, \"up\": %s, \"misses\": %u, \"tko\": %u}", h->score,
		    bool_word(h->up), h->misses, h->tko);
	}
	put(o, "],\n");
}

/* "for_ms" is how long the present try takes; "next_ms" until the next one. */
static void put_fencing(struct out *o, const struct status_snapshot *s, uint64_t now_ms)
{
	const char *comma = "";

	put(o, "\"fencing\": [");
	for (uint32_t i = 0; i < s->node_count && i < QD_NODE_MAX; i++) {
		const struct status_fencing *f = &s->node[i].fencing;

		if (f->state == STATUS_FENCING_NONE)
			continue;
		put(o, "%s\n {\"node\": %u, \"tries\": %u, ", comma, s->node[i].id, f->tries);
		if (f->state == STATUS_FENCING_WAITS) {
			put(o, "\"next_ms\": %llu}",
			    (unsigned long long)(f->next_ms > now_ms ? f->next_ms - now_ms : 0));
		} else {
			put_text(o, "by", f->by, FENCE_BY_MAX_BYTES);
			if (f->has_device)
				put(o, "\"method\": %u, \"device\": %u, ", f->method, f->device);
			put(o, "\"for_ms\": %llu}",
			    (unsigned long long)(f->since_ms ? now_ms - f->since_ms : 0));
		}
		comma = ",";
	}
	put(o, "],\n");
}

static void put_spread(struct out *o, const struct qd_spread *l)
{
	put(o, "\"median_us\": %u, \"p99_us\": %u, \"max_us\": %u", l->median_us, l->p99_us, l->max_us);
}

static void put_latency(struct out *o, const struct status_snapshot *s, uint64_t now_ms)
{
	const struct qd_latencies *l = &s->latencies;

	put(o, "\"latency\": {\"read_us\": %u, \"write_us\": %u, \"out_ms\": %llu,\n \"read\": {",
	    s->read_us, s->write_us, (unsigned long long)(s->io_since_ms ? now_ms - s->io_since_ms : 0));
	put_spread(o, &l->read);
	put(o, ", \"ever\": {");
	put_spread(o, &l->read_ever);
	put(o, "}},\n \"write\": {");
	put_spread(o, &l->write);
	put(o, ", \"ever\": {");
	put_spread(o, &l->write_ever);
	put(o, "}}},\n");
}

static void put_restart(struct out *o, const struct status_snapshot *s)
{
	if (s->restart[0] == '\0') {
		put(o, "\"restart\": null,\n");
		return;
	}
	put(o, "\"restart\": {");
	put_text(o, "changes", s->restart, TEXT_MAX_BYTES);
	put_mask(o, "awaits", s->restart_awaits);
	put(o, "},\n");
}

static void put_rest(struct out *o, const struct status_snapshot *s, uint64_t now_ms)
{
	static const char *const results[] = {
		[QD_FENCE_NONE] = "undefined", [QD_FENCE_SUCCESS] = "success",
		[QD_FENCE_FAILED] = "failed", [QD_FENCE_UNDEFINED] = "undefined",
	};

	put_latency(o, s, now_ms);
	put_fencing(o, s, now_ms);
	put_restart(o, s);
	if (s->fence_node)
		put(o, "\"last_fence\": {\"node\": %u, \"result\": \"%s\", \"age_ms\": %llu},\n",
		    s->fence_node, results[s->fence_result],
		    (unsigned long long)(now_ms - s->fence_ms));
	else
		put(o, "\"last_fence\": null,\n");
	put(o, "\"cycles\": %llu, \"late_ticks\": %llu, \"uptime_ms\": %llu}\n",
	    (unsigned long long)s->cycles, (unsigned long long)s->late_ticks,
	    (unsigned long long)(now_ms - s->start_ms));
}

size_t status_json(const struct status_snapshot *snapshot, uint64_t now_ms, char *ret_text,
		   size_t size)
{
	struct out o = { .text = ret_text, .size = size };

	assert(size >= STATUS_REPLY_MAX);
	put_self(&o, snapshot);
	put_votes(&o, snapshot, now_ms);
	put_nodes(&o, snapshot);
	put_rest(&o, snapshot, now_ms);
	return o.used;
}
