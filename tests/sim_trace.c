/* What happened, kept as numbers and made into words only when somebody reads it. */
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

static void line_print(const struct sim_line *line, const char *before)
{
	char text[512];

	if (line->is_note)
		(void)qd_note_format(&line->note, text, sizeof(text));	/* a cut line still says it */
	else
		/* The formats are this program's own, each written for three numbers. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		(void)snprintf(text, sizeof(text), line->format, (unsigned long long)line->arg[0],
			       (unsigned long long)line->arg[1], (unsigned long long)line->arg[2]);
#pragma GCC diagnostic pop
	if (line->node)
		printf("%s%11.6f  node %-2u %s%s\n", before, (double)line->at / 1e6, line->node,
		       line->is_note ? "" : "  . ", text);
	else
		printf("%s%11.6f  world     . %s\n", before, (double)line->at / 1e6, text);
}

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
		line_print(line, "");
}

void sim_note(struct sim_world *w, uint32_t node_id, const struct qd_note *note)
{
	struct sim_line *line = line_next(w, node_id);

	line->is_note = true;
	line->note = *note;
	sim_hash(w, (uint64_t)note->id | (uint64_t)node_id << 32, note->a ^ note->b << 21 ^ note->node);
	if (w->trace.live)
		line_print(line, "");
}

void sim_trace_print(const struct sim_world *w, uint32_t lines, const char *before)
{
	uint64_t count = w->trace.count;
	uint64_t kept = count < SIM_LINES ? count : SIM_LINES;
	uint64_t first = count - (kept < lines ? kept : lines);

	for (uint64_t i = first; i < count; i++)
		line_print(&w->trace.line[i % SIM_LINES], before);
}
