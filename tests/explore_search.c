/* The search: layer by layer of time, within a layer whatever comes. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "explore_memory.h"
#include "explore_search.h"

#define EVENTS_PER_STEP 250u
#define NO_PARENT UINT32_MAX

/* Which events led from one layer of time to the next. */
struct link {
	uint32_t parent;	/* NO_PARENT: a start state, `at` its variant */
	uint32_t at;		/* of the events, in `events` */
};

/* A state within a layer: how it was reached since time last passed. */
struct reached {
	uint32_t parent, size, count;
	uint8_t event[EVENTS_PER_STEP];
};

struct search {
	struct xp_run *run;
	const struct xp_limits *limits;
	struct xp_result *result;
	struct seen seen;
	struct arena frontier, next, stack, links, events;
	struct reached now;
	uint8_t state[XP_PACKED_MAX], child[XP_PACKED_MAX];
	double begin;
};

static double seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);	/* for limits and totals only */
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* ---- Paths ---- */

static uint32_t link_add(struct search *s, uint32_t parent, uint32_t at)
{
	struct link link = { .parent = parent, .at = at };

	memcpy(arena_push(&s->links, sizeof(link)), &link, sizeof(link));
	return (uint32_t)(s->links.size / sizeof(link)) - 1;
}

static struct link link_get(const struct search *s, uint32_t id)
{
	struct link link;

	memcpy(&link, s->links.bytes + id * sizeof(link), sizeof(link));
	return link;
}

static void path_prepend(struct xp_result *res, const uint8_t *events, uint32_t count)
{
	if (res->length + count > sizeof(res->path))
		return;		/* the end is told */
	memmove(res->path + count, res->path, res->length);
	memcpy(res->path, events, count);
	res->length += count;
}

/* From the start to where the search stands now. */
static void path_make(struct search *s)
{
	struct xp_result *res = s->result;
	uint32_t id = s->now.parent;

	res->length = 0;
	if (s->links.size == 0)		/* on the way to a start state */
		return;
	path_prepend(res, s->now.event, s->now.count);
	for (;;) {
		struct link link = link_get(s, id);
		const uint8_t *events = s->events.bytes + link.at;

		if (link.parent == NO_PARENT) {
			res->variant = link.at;
			return;
		}
		path_prepend(res, events + 1, events[0]);
		id = link.parent;
	}
}

/* ---- The search ---- */

/* A state at the beginning of a layer. */
static void frontier_add(struct search *s, struct arena *frontier, uint32_t parent, const uint8_t *bytes,
			 uint32_t size)
{
	uint32_t head[2] = { parent, size };

	memcpy(arena_push(frontier, sizeof(head)), head, sizeof(head));
	words_pack(frontier, bytes, size);
	s->result->states++;
}

static void stack_push(struct search *s, const uint8_t *bytes, uint32_t size)
{
	struct reached head = s->now;
	uint8_t *at;

	head.size = size;
	at = arena_push(&s->stack, size + sizeof(head));	/* the head on top: it is popped first */
	memcpy(at, bytes, size);
	memcpy(at + size, &head, sizeof(head));
}

static bool stack_pop(struct search *s)
{
	if (s->stack.size == 0)
		return false;
	s->stack.size -= sizeof(s->now);
	memcpy(&s->now, s->stack.bytes + s->stack.size, sizeof(s->now));
	s->stack.size -= s->now.size;
	memcpy(s->state, s->stack.bytes + s->stack.size, s->now.size);
	return true;
}

/* What one event makes of the state at hand. */
static void try_event(struct search *s, const struct xp_event *event, uint8_t which)
{
	uint32_t size;

	xp_unpack(s->run, s->state);
	s->now.event[s->now.count++] = which;
	s->result->tried++;
	xp_apply(s->run, event);
	if (s->run->w.failed) {
		s->result->violated = true;
		(void)snprintf(s->result->broken, sizeof(s->result->broken), "%s", s->run->broken);
		path_make(s);
		return;
	}
	xp_canon(s->run);
	size = (uint32_t)xp_pack(s->run, s->child);
	if (seen_add(&s->seen, s->child, size)) {
		if (event->kind == XP_TIME) {
			uint32_t at = (uint32_t)s->events.size;
			uint8_t *log = arena_push(&s->events, 1 + s->now.count);

			log[0] = (uint8_t)s->now.count;
			memcpy(log + 1, s->now.event, s->now.count);
			frontier_add(s, &s->next, link_add(s, s->now.parent, at), s->child, size);
		} else {
			s->result->states++;
			stack_push(s, s->child, size);
		}
	}
	s->now.count--;
}

static void expand(struct search *s)
{
	struct xp_event event[XP_EVENTS];
	uint32_t count;

	xp_unpack(s->run, s->state);
	count = xp_events(s->run, event);
	if (s->now.count == EVENTS_PER_STEP - 1) {
		s->result->stopped_by = "events in one step";
		return;
	}
	for (uint32_t k = 0; k < count && !s->result->violated; k++)
		try_event(s, &event[k], (uint8_t)k);
}

static bool limit_reached(struct search *s)
{
	struct xp_result *res = s->result;
	uint64_t used = s->frontier.room + s->next.room + s->stack.room + s->links.room + s->events.room +
			8 * (s->seen.mask + 1);

	if (res->violated || *res->stopped_by)
		return true;
	if (s->seen.count > s->seen.mask / 8 * 7)
		res->stopped_by = "memory for states seen";
	else if (used > s->limits->bytes)
		res->stopped_by = "memory";
	else if (res->tried % 256 < XP_EVENTS && seconds() - s->begin > s->limits->seconds)
		res->stopped_by = "time";
	return *res->stopped_by != 0;
}

/* Every state of one layer; false: stopped before its end. */
static bool layer(struct search *s)
{
	size_t at = 0;

	while (at < s->frontier.size) {
		uint32_t head[2];

		memcpy(head, s->frontier.bytes + at, sizeof(head));
		at += sizeof(head);
		at += words_unpack(s->frontier.bytes + at, s->state, head[1]);
		s->now = (struct reached){ .parent = head[0], .size = head[1] };
		do {
			expand(s);
			if (limit_reached(s))
				return false;
		} while (stack_pop(s));
	}
	return true;
}

/* An assert of the core has failed: that is a finding like any other. */
static struct search *searching;

static void assert_failed(int signal)
{
	(void)signal;
	searching->result->violated = true;
	memcpy(searching->result->broken, "an assert fails", sizeof("an assert fails"));
	path_make(searching);
	_exit(0);
}

static void roots(struct search *s, const struct xp_setup *setup, const char *start)
{
	uint32_t good = 0;

	for (uint32_t variant = 0; variant < 2 * XP_NODES; variant++) {
		uint32_t size;

		xp_run_init(s->run, setup);
		if (!xp_start(s->run, start, variant))
			continue;
		s->result->started = true;
		good = variant;
		size = (uint32_t)xp_pack(s->run, s->child);
		if (seen_add(&s->seen, s->child, size))
			frontier_add(s, &s->next, link_add(s, NO_PARENT, variant), s->child, size);
	}
	/* What a state does not carry (engines that were set up once) stays in the run. */
	xp_run_init(s->run, setup);
	(void)xp_start(s->run, start, good);
}

static void search_free(struct search *s)
{
	arena_free(&s->frontier);
	arena_free(&s->next);
	arena_free(&s->stack);
	arena_free(&s->links);
	arena_free(&s->events);
	seen_free(&s->seen);
	free(s->run);
	free(s);
}

void xp_search(const struct xp_setup *setup, const char *start, const struct xp_limits *limits,
	       struct xp_result *ret_result)
{
	struct search *s = calloc(1, sizeof(*s));

	*ret_result = (struct xp_result){ .stopped_by = "" };
	if (!s || !(s->run = calloc(1, sizeof(*s->run)))) {
		perror("explore");
		exit(1);
	}
	s->limits = limits;
	s->result = ret_result;
	s->begin = seconds();
	seen_init(&s->seen, limits->bytes);
	searching = s;
	(void)signal(SIGABRT, assert_failed);
	roots(s, setup, start);
	while (s->next.size) {
		struct arena done = s->frontier;

		s->frontier = s->next;
		s->next = done;
		s->next.size = 0;
		if (limits->layers && ret_result->layers >= limits->layers)
			ret_result->stopped_by = "depth";
		if (*ret_result->stopped_by || !layer(s))
			break;
		ret_result->layers++;
	}
	(void)signal(SIGABRT, SIG_DFL);
	ret_result->complete = ret_result->started && !ret_result->violated && !*ret_result->stopped_by;
	ret_result->seconds = seconds() - s->begin;
	search_free(s);
}

bool xp_story(const struct xp_setup *setup, const char *start, const struct xp_result *result,
	      const char *before)
{
	struct xp_run *r = calloc(1, sizeof(*r));
	struct xp_event event[XP_EVENTS];
	bool failed;

	if (!r)
		return false;
	xp_run_init(r, setup);
	(void)xp_start(r, start, result->variant);
	r->raw = true;
	r->tell = before;
	for (uint32_t k = 0; k < result->length && !r->w.failed; k++) {
		if (result->path[k] >= xp_events(r, event))
			break;
		xp_apply(r, &event[result->path[k]]);
		xp_canon(r);
	}
	failed = r->w.failed;
	xp_say(r, "      %s", failed ? r->broken : "with names as they come nothing is violated");
	free(r);
	return failed;
}
