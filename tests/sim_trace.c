/* What happened, kept as numbers and made into words only when somebody reads it.
 *
 * A line says when (seconds and intervals since the story began), who, and what:
 * of the daemon, in its own log's words, behind "qdiskd:"; of corosync, behind
 * "corosync:"; of the world, as it is. */
#include <inttypes.h>
#include <stdio.h>

#include "sim.h"

void sim_hash(struct sim_world *w, uint64_t a, uint64_t b)
{
	uint64_t h = w->trace.hash;

	h = (h ^ w->now) * 0x9E3779B97F4A7C15u;
	h = (h ^ (h >> 29) ^ a) * 0xBF58476D1CE4E5B9u;
	h = (h ^ (h >> 32) ^ b) * 0x94D049BB133111EBu;
	w->trace.hash = h ^ (h >> 31);
}

/* ---- Words ---- */

enum { MILLISECONDS = 3, MICROSECONDS = 6 };	/* digits of a second */

/* A mask as "{1,2}". Returns what it has written; what does not fit is cut. */
static size_t put_nodes(char *text, size_t size, uint64_t mask)
{
	size_t used = (size_t)snprintf(text, size, "{");

	for (uint32_t id = 1; id <= QD_NODE_MAX && used < size; id++) {
		if (qd_has(mask, id))
			used += (size_t)snprintf(text + used, size - used, used > 1 ? ",%" PRIu32 : "%" PRIu32, id);
	}
	if (used < size)
		used += (size_t)snprintf(text + used, size - used, "}");
	return used < size ? used : size - 1;
}

/* %llu: a number; %llx: a mask, told as its nodes. */
static void world_format(const struct sim_line *line, char *text, size_t size)
{
	const char *p = line->format;
	size_t used = 0;
	unsigned next = 0;

	while (*p && used + 1 < size) {
		if (strncmp(p, "%llx", 4) == 0) {
			assert(next < 3);
			used += put_nodes(text + used, size - used, line->arg[next++]);
			p += 4;
		} else if (strncmp(p, "%llu", 4) == 0) {
			assert(next < 3);
			used += (size_t)snprintf(text + used, size - used, "%" PRIu64, line->arg[next++]);
			p += 4;
		} else {
			text[used++] = *p++;
		}
	}
	text[used < size ? used : size - 1] = '\0';
}

static void line_put(const struct sim_world *w, FILE *to, const struct sim_line *line, const char *before,
		     int digits)
{
	double since = (double)line->at - (double)w->trace.origin;
	char text[512], who[16];

	if (line->is_note)
		(void)qd_note_format(&line->note, text, sizeof(text));	/* a cut line still says it */
	else
		world_format(line, text, sizeof(text));
	if (line->node)
		(void)snprintf(who, sizeof(who), "node %" PRIu32, line->node);	/* fits */
	fprintf(to, "%s%*.*f s %7.*f I  %-8s %s%s\n", before, digits + 5, digits, since / 1e6, digits / 2,
		since / (double)w->interval_us, line->node ? who : "world", line->is_note ? "qdiskd: " : "",
		text);
}

/* ---- Lines ---- */

static struct sim_line *line_next(struct sim_world *w, uint32_t node_id)
{
	struct sim_line *line = &w->trace.line[w->trace.count++ % SIM_LINES];

	line->at = w->now;
	line->node = node_id;
	return line;
}

void sim_say(struct sim_world *w, uint32_t node_id, const char *format, uint64_t a, uint64_t b,
	     uint64_t c)
{
	struct sim_line *line = line_next(w, node_id);

	line->is_note = false;
	line->format = format;
	line->arg[0] = a;
	line->arg[1] = b;
	line->arg[2] = c;
	sim_hash(w, a ^ (uint64_t)node_id << 32, b ^ c << 17);
	if (w->trace.live)
		line_put(w, stdout, line, "", MICROSECONDS);
}

void sim_note(struct sim_world *w, uint32_t node_id, const struct qd_note *note)
{
	struct sim_line *line = line_next(w, node_id);

	line->is_note = true;
	line->note = *note;
	sim_hash(w, (uint64_t)note->id | (uint64_t)node_id << 32, note->a ^ note->b << 21 ^ note->node);
	if (w->trace.live)
		line_put(w, stdout, line, "", MICROSECONDS);
}

static uint64_t first_kept(const struct sim_trace *trace, uint64_t lines)
{
	uint64_t kept = trace->count < SIM_LINES ? trace->count : SIM_LINES;

	return trace->count - (kept < lines ? kept : lines);
}

void sim_trace_print(const struct sim_world *w, uint32_t lines, const char *before)
{
	for (uint64_t i = first_kept(&w->trace, lines); i < w->trace.count; i++)
		line_put(w, stdout, &w->trace.line[i % SIM_LINES], before, MICROSECONDS);
}

/* Counting up to a verdict; the verdict itself is told. */
static bool is_counting(const struct sim_line *line)
{
	return line->is_note && line->note.id == QD_NOTE_NODE_MISSED;
}

void sim_trace_tell(const struct sim_world *w, FILE *to)
{
	uint64_t before = w->trace.origin;

	assert(w->trace.count - w->trace.origin_line <= SIM_LINES);
	for (uint64_t i = w->trace.origin_line; i < w->trace.count; i++) {
		const struct sim_line *line = &w->trace.line[i % SIM_LINES];

		if (is_counting(line))
			continue;
		if (line->at - before >= 2 * w->interval_us)	/* a while later */
			fputc('\n', to);
		before = line->at;
		line_put(w, to, line, "", MILLISECONDS);
	}
}
