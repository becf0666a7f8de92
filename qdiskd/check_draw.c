/* The worst cases on a time line; see check.h. */
#include "check.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS 60u
#define EVENTS_MAX 4u

struct event {
	char letter;
	uint64_t at_ms;
	const char *words;
};

struct drawing {
	const char *prefix;
	char *text;
	size_t used;
	uint64_t longest_ms;
};

static void put(struct drawing *d, const char *line)
{
	size_t room = CHECK_DRAWING_BYTES - d->used;
	int n = snprintf(d->text + d->used, room, "%s%s\n", d->prefix, line);

	if (n > 0 && (size_t)n < room)
		d->used += (size_t)n;
}

static uint64_t last_of(const struct event *events)
{
	uint64_t last_ms = 0;

	for (unsigned i = 0; i < EVENTS_MAX && events[i].letter; i++)
		last_ms = events[i].at_ms > last_ms ? events[i].at_ms : last_ms;
	return last_ms;
}

/* "a node dies  |-----D-------C" and what D and C are. */
static void draw_case(struct drawing *d, const char *name, const struct event *events)
{
	size_t end = (size_t)(last_of(events) * COLUMNS / d->longest_ms);
	char bar[COLUMNS + 2], line[160];

	memset(bar, '-', end + 1);
	bar[end + 1] = '\0';
	for (unsigned i = 0; i < EVENTS_MAX && events[i].letter; i++) {
		size_t at = (size_t)(events[i].at_ms * COLUMNS / d->longest_ms);

		while (at > 0 && bar[at] != '-')
			at--;	/* two in one column stand beside each other */
		bar[at] = events[i].letter;
	}
	(void)snprintf(line, sizeof(line), "%-14s |%s", name, bar);
	put(d, line);
	for (unsigned i = 0; i < EVENTS_MAX && events[i].letter; i++) {
		(void)snprintf(line, sizeof(line), "%-14s  %c %6llu ms  %s", "", events[i].letter,
			       (unsigned long long)events[i].at_ms, events[i].words);
		put(d, line);
	}
}

void check_draw(const struct qd_params *p, const char *prefix, char text[CHECK_DRAWING_BYTES])
{
	const struct qd_timings *t = &p->t;
	uint64_t i_ms = t->interval_ms, ring_ms = (uint64_t)p->token_ms + p->consensus_ms;
	uint64_t dead_ms = (t->tko + 2) * i_ms, master_ms = (uint64_t)(t->tko + t->master_wait + 4) * i_ms;
	bool fences = p->io_timeout || p->paranoid || p->watchdog;
	const struct event node[EVENTS_MAX] = {
		{ 'D', dead_ms, "dead on the LUN: evicted, its fencing begins" },
		{ 'C', ring_ms, "corosync's new membership" },
	};
	const struct event master[EVENTS_MAX] = {
		{ 'D', dead_ms, "dead on the LUN: an election begins" },
		{ 'M', master_ms, "a new master votes; quorum holds meanwhile" },
		{ 'C', ring_ms, "corosync's new membership" },
	};
	const struct event split[EVENTS_MAX] = {
		{ 'C', ring_ms, "corosync's new memberships on both sides" },
		{ 'A', ring_ms + i_ms, "answered by the LUN: one side is quorate, the other not" },
		{ 'Y', ring_ms + p->y_ms, "at the very latest: sync_timeout" },
	};
	const struct event hang[EVENTS_MAX] = {
		{ 'F', (t->tko - 2) * i_ms, "a multipath failover that ends by now costs nothing" },
		{ 'W', qd_law_withdraw_ms(t), "the vote is withdrawn" },
		{ 'L', qd_law_dead_ms(t), fences ? "the node fences itself" : "the node gives up its part on the LUN" },
		{ 'D', dead_ms, "the others see it dead and fence it" },
	};
	const struct event *const cases[] = { node, master, split, hang };
	struct drawing d = { .prefix = prefix, .text = text, .longest_ms = 1 };

	text[0] = '\0';
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		d.longest_ms = last_of(cases[i]) > d.longest_ms ? last_of(cases[i]) : d.longest_ms;
	put(&d, "worst cases, from the moment it happens:");
	draw_case(&d, "a node dies", node);
	draw_case(&d, "master dies", master);
	draw_case(&d, "network splits", split);
	draw_case(&d, "LUN hangs", hang);
}
