/* Records: what nodes were shown and answered, by whom, how long after what. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "model.h"

/* How far a time may lie outside those of the simulator: a machine that runs other
 * things is late, never early. */
#define EARLY_US 150000
#define LATE_US	 600000

static void record_add(struct model_record *r, int64_t now_us, unsigned node, bool answer, const char *text)
{
	struct model_seen *seen;

	if (!r->begun || r->ended || !(r->watched >> (node - 1) & 1))
		return;
	assert(r->count < MODEL_SEEN);
	seen = &r->seen[r->count++];
	*seen = (struct model_seen){ .node = node,
				     .answer = answer,
				     .cause = r->cause,
				     .at_us = now_us - r->cause_us,
				     .at_before_us = now_us - r->before_us };
	(void)snprintf(seen->text, sizeof(seen->text), "%s", text);	/* cut: still says it */
}

/* begin [loose] [NODE...] */
static void record_begin(struct model_record *r, const struct model_step *step)
{
	r->begun = true;
	r->watched = 0;
	for (unsigned i = 1; i < step->count; i++) {
		if (strcmp(step->word[i], "loose") == 0)
			r->loose = true;
		else
			r->watched |= script_nodes(step->word[i]);
	}
	if (!r->watched)
		r->watched = (1u << MODEL_NODES) - 1;
}

void record_step(struct model_record *r, int64_t now_us, const struct model_step *step)
{
	if (strcmp(step->word[0], "end") == 0)
		r->ended = true;
	if (strcmp(step->word[0], "begin") == 0)
		record_begin(r, step);
	if (script_is_cause(step->word[0])) {
		r->cause = step->line;
		r->before_us = r->cause_us;
		r->cause_us = now_us;
	}
}

/* Rings have no names that two runs share: each node counts them from `begin` on; 0 is the
 * one that it had then. */
static unsigned ring_number(struct model_record *r, unsigned node, uint64_t seq)
{
	unsigned i = node - 1;

	for (unsigned k = r->rings[i]; k > 0; k--) {
		if (r->ring_seq[i][k - 1] == seq)
			return k;
	}
	return 0;
}

void record_ring(struct model_record *r, int64_t now_us, unsigned node, uint64_t ring_seq,
		 const char *members)
{
	unsigned i = node - 1;
	char text[MODEL_TEXT_MAX];

	if (!r->begun || r->rings[i] == MODEL_SEEN)
		return;
	r->ring_seq[i][r->rings[i]++] = ring_seq;
	(void)snprintf(text, sizeof(text), "ring %s", members);
	record_add(r, now_us, node, /* answer */ false, text);
}

void record_view(struct model_record *r, int64_t now_us, unsigned node, bool quorate, uint64_t ring_seq,
		 const char *members)
{
	char text[MODEL_TEXT_MAX];

	if (r->loose)
		(void)snprintf(text, sizeof(text), "%s %s", quorate ? "quorate" : "blocked", members);
	else
		(void)snprintf(text, sizeof(text), "%s %s in its ring %u", quorate ? "quorate" : "blocked",
			       members, ring_number(r, node, ring_seq));
	record_add(r, now_us, node, /* answer */ false, text);
}

void record_end(struct model_record *r, int64_t now_us, unsigned node)
{
	record_add(r, now_us, node, /* answer */ false, "corosync has ended");
}

void record_answer(struct model_record *r, int64_t now_us, unsigned node, const char *text)
{
	record_add(r, now_us, node, /* answer */ true, text);
}

/* ---- What the rig has seen ---- */

static bool step_line(struct model_record *r, int64_t us, char *rest, const struct model_script *script)
{
	char *end;
	unsigned long line = strtoul(rest, &end, 10);
	struct model_step step = { .line = (unsigned)line };

	if (end == rest)
		return false;
	if (sscanf(end, "%15s", step.word[0]) != 1)
		return false;
	for (unsigned i = 0; i < script->count; i++) {
		if (script->step[i].line == line)
			step = script->step[i];
	}
	record_step(r, us, &step);
	return true;
}

/* `rest`: behind "<ns> n<id> ". */
static bool node_line(struct model_record *r, int64_t us, unsigned node, const char *rest)
{
	char members[32];
	unsigned quorate, rep;
	unsigned long long seq;

	if (sscanf(rest, "ring %u.%llx %31s", &rep, &seq, members) == 3)
		record_ring(r, us, node, seq, members);
	else if (sscanf(rest, "quorum %u %u.%llx %31s", &quorate, &rep, &seq, members) == 4)
		record_view(r, us, node, quorate != 0, seq, members);
	else if (strncmp(rest, "end", 3) == 0)
		record_end(r, us, node);
	else if (strncmp(rest, "up", 2) != 0)
		record_answer(r, us, node, rest);
	return true;
}

static bool raw_line(struct model_record *r, char *text, const struct model_script *script)
{
	char *rest;
	int64_t us = (int64_t)(strtoull(text, &rest, 10) / 1000);

	text[strcspn(text, "\n")] = '\0';
	if (rest == text || *rest != ' ')
		return false;
	if (strncmp(rest, " step ", 6) == 0)
		return step_line(r, us, rest + 6, script);
	if (rest[1] != 'n' || rest[2] < '1' || rest[2] > '0' + (int)MODEL_NODES || rest[3] != ' ')
		return false;
	return node_line(r, us, (unsigned)(rest[2] - '0'), rest + 4);
}

int record_read(const char *path, const struct model_script *script, struct model_record *ret_record)
{
	FILE *file = fopen(path, "re");
	char text[256];
	int rc = 0;

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	memset(ret_record, 0, sizeof(*ret_record));
	for (unsigned line = 1; rc == 0 && fgets(text, sizeof(text), file); line++) {
		if (raw_line(ret_record, text, script))
			continue;
		fprintf(stderr, "%s:%u: not understood: %s\n", path, line, text);
		rc = -1;
	}
	(void)fclose(file);	/* only read */
	if (rc == 0 && !ret_record->ended) {
		fprintf(stderr, "%s: the record does not end\n", path);
		rc = -1;
	}
	return rc;
}

void record_print(const struct model_record *r, const char *before)
{
	for (unsigned node = 1; node <= MODEL_NODES; node++) {
		for (unsigned i = 0; i < r->count; i++) {
			const struct model_seen *s = &r->seen[i];

			if (s->node == node)
				printf("%sn%u line %2u + %5lld ms %s%s\n", before, node, s->cause,
				       (long long)s->at_us / 1000, s->answer ? "answer: " : "", s->text);
		}
	}
}

/* ---- Comparison ---- */

/* The next of one stream of one node from `at` on; NULL: no more. */
static const struct model_seen *stream_next(const struct model_record *r, unsigned node, bool answer,
					    unsigned *at)
{
	while (*at < r->count) {
		const struct model_seen *s = &r->seen[(*at)++];

		if (s->node == node && s->answer == answer)
			return s;
	}
	return NULL;
}

static bool contains(const struct model_record *r, const struct model_seen *seen)
{
	for (unsigned i = 0; i < r->count; i++) {
		if (r->seen[i].node == seen->node && r->seen[i].cause == seen->cause &&
		    strcmp(r->seen[i].text, seen->text) == 0)
			return true;
	}
	return false;
}

/* Chance decides the order: all that is real happens in some record of the model, and what
 * happens in each of them is real too. */
static bool sets_agree(const struct model_record *model, unsigned count, const struct model_record *real)
{
	bool good = true;

	for (unsigned i = 0; i < real->count; i++) {
		unsigned in = 0;

		for (unsigned m = 0; m < count; m++)
			in += contains(&model[m], &real->seen[i]);
		if (in == 0)
			printf("# n%u: %s never in the model\n", real->seen[i].node, real->seen[i].text);
		good = good && in;
	}
	for (unsigned i = 0; i < model[0].count; i++) {
		unsigned in = 0;

		for (unsigned m = 0; m < count; m++)
			in += contains(&model[m], &model[0].seen[i]);
		if (in < count || contains(real, &model[0].seen[i]))
			continue;
		printf("# n%u: %s always in the model\n", model[0].seen[i].node, model[0].seen[i].text);
		good = false;
	}
	return good;
}

static bool same_stream(const struct model_record *a, const struct model_record *b, unsigned node,
			bool answer)
{
	unsigned i = 0, j = 0;

	for (;;) {
		const struct model_seen *x = stream_next(a, node, answer, &i);
		const struct model_seen *y = stream_next(b, node, answer, &j);

		if (!x || !y)
			return x == y;
		if (x->cause != y->cause || strcmp(x->text, y->text) != 0)
			return false;
	}
}

bool record_same(const struct model_record *a, const struct model_record *b)
{
	for (unsigned node = 1; node <= MODEL_NODES; node++) {
		if (!same_stream(a, b, node, false) || !same_stream(a, b, node, true))
			return false;
	}
	return true;
}

/* The n-th of the same stream. */
static const struct model_seen *counterpart(const struct model_record *r, const struct model_record *of,
					    unsigned index)
{
	const struct model_seen *s = &of->seen[index], *found = NULL;
	unsigned at = 0, i = 0;

	for (;;) {
		const struct model_seen *x = stream_next(of, s->node, s->answer, &at);

		found = stream_next(r, s->node, s->answer, &i);
		if (x == s || !found)
			return found;
	}
}

struct times { int64_t low, high; };

static void times_add(struct times *t, int64_t us)
{
	t->low = us < t->low ? us : t->low;
	t->high = us > t->high ? us : t->high;
}

static bool times_hold(const struct times *t, int64_t us)
{
	return us >= t->low - EARLY_US && us <= t->high + LATE_US;
}

/* Is every time within those of the records of the model that are the same? Since the step
 * that made something happen last, or the one before it: a busy machine pauses for longer
 * than it was told, and one of the two is what it waited for. */
static bool times_agree(const struct model_record *model, unsigned count, const struct model_record *real)
{
	bool good = true;

	for (unsigned k = 0; k < real->count; k++) {
		const struct model_seen *s = &real->seen[k];
		struct times last = { INT64_MAX, INT64_MIN }, before = last;

		for (unsigned m = 0; m < count; m++) {
			const struct model_seen *x = counterpart(&model[m], real, k);

			if (!x || !record_same(&model[m], real))
				continue;
			times_add(&last, x->at_us);
			times_add(&before, x->at_before_us);
		}
		if (times_hold(&last, s->at_us) || times_hold(&before, s->at_before_us))
			continue;
		printf("# n%u line %u: %s after %lld ms, in the model after %lld to %lld ms\n", s->node, s->cause,
		       s->text, (long long)s->at_us / 1000, (long long)last.low / 1000,
		       (long long)last.high / 1000);
		good = false;
	}
	return good;
}

bool record_agrees(const struct model_record *model, unsigned count, const struct model_record *real)
{
	if (real->loose)
		return sets_agree(model, count, real);
	for (unsigned m = 0; m < count; m++) {
		if (record_same(&model[m], real))
			return times_agree(model, count, real);
	}
	printf("# corosync:\n");
	record_print(real, "#    ");
	printf("# the model, first of %u:\n", count);
	record_print(&model[0], "#    ");
	return false;
}
