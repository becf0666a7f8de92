/* The search: layer by layer of time, within a layer whatever comes. A state is
 * known by 64 bits of a hash, at a place given by 64 others: of n states one is
 * taken for another with a probability below n^2 / 2^65. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "explore_search.h"

#define EVENTS_PER_STEP 250u
#define NO_PARENT UINT32_MAX

/* Bytes, one entry behind the other. */
struct arena {
	uint8_t *bytes;
	size_t size, room;
};

/* Which events led from one layer of time to the next. */
struct link {
	uint32_t parent;	/* NO_PARENT: a start state, `at` its variant */
	uint32_t at;		/* of the events, in `events` */
};

struct seen {
	uint64_t *slot, mask, count;
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

static void *memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED) {
		perror("explore");
		exit(1);
	}
	return p;
}

/* ---- Arenas ---- */

static uint8_t *arena_push(struct arena *a, size_t size)
{
	while (a->size + size > a->room) {
		a->room = a->room ? 2 * a->room : 1 << 20;
		a->bytes = realloc(a->bytes, a->room);
		if (!a->bytes) {
			perror("explore");
			exit(1);
		}
	}
	a->size += size;
	return a->bytes + a->size - size;
}

/* Most words of a state are 0, and most bytes of the others: a bit for each word,
 * then for each that is not 0 a bit for each byte, and those that are not 0. */
static uint8_t *word_pack(uint8_t *at, uint64_t word)
{
	uint8_t *map = at++;

	*map = 0;
	for (unsigned k = 0; k < 8; k++, word >>= 8) {
		if (!(word & 0xFF))
			continue;
		*map |= (uint8_t)(1u << k);
		*at++ = (uint8_t)word;
	}
	return at;
}

static void words_pack(struct arena *a, const uint8_t *bytes, uint32_t size)
{
	uint32_t words = size / 8;

	for (uint32_t w = 0; w < words; w += 64) {
		size_t room = 8 + 64 * 9;
		uint8_t *begin = arena_push(a, room), *at = begin + 8;
		uint64_t map = 0, word;

		for (uint32_t k = 0; k < 64 && w + k < words; k++) {
			memcpy(&word, bytes + (size_t)(w + k) * 8, 8);
			if (!word)
				continue;
			map |= (uint64_t)1 << k;
			at = word_pack(at, word);
		}
		memcpy(begin, &map, 8);
		a->size -= room - (size_t)(at - begin);
	}
}

static const uint8_t *word_unpack(const uint8_t *at, uint8_t *word)
{
	for (uint8_t map = *at++; map; map &= (uint8_t)(map - 1))
		word[__builtin_ctz(map)] = *at++;
	return at;
}

/* How many bytes it took. */
static size_t words_unpack(const uint8_t *at, uint8_t *bytes, uint32_t size)
{
	const uint8_t *begin = at;

	memset(bytes, 0, size);
	for (uint32_t w = 0; w < size / 8; w += 64) {
		uint64_t map;

		memcpy(&map, at, 8);
		at += 8;
		for (; map; map &= map - 1)
			at = word_unpack(at, bytes + (size_t)(w + (uint32_t)__builtin_ctzll(map)) * 8);
	}
	return (size_t)(at - begin);
}

/* ---- States seen ---- */

static uint64_t mix(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static void hash(const uint8_t *bytes, size_t size, uint64_t *ret_key, uint64_t *ret_place)
{
	static const uint64_t odd[4] = { 0xa0761d6478bd642full, 0xe7037ed1a0b428dbull,
					 0x8ebc6af09c88c6e3ull, 0x589965cc75374cc3ull };
	uint64_t lane[4] = { size, 1, 2, 3 }, two[2];

	for (size_t at = 0; at + 16 <= size; at += 16) {
		unsigned k = (unsigned)(at / 16 % 4);

		memcpy(two, bytes + at, 16);
		lane[k] = mix(lane[k] ^ two[0] ^ odd[k], two[1] ^ odd[(k + 1) % 4]);
	}
	if (size % 16) {
		memcpy(two, bytes + size - 8, 8);
		lane[0] = mix(lane[0] ^ two[0], odd[1]);
	}
	*ret_key = mix(lane[0] ^ odd[2], lane[1] ^ odd[3]) ^ mix(lane[2] ^ odd[0], lane[3] ^ odd[1]);
	*ret_place = mix(lane[0] ^ odd[1] ^ lane[2], lane[1] ^ lane[3] ^ odd[0]);
}

/* True: it is new, and is remembered. */
static bool seen_add(struct seen *seen, const uint8_t *bytes, size_t size)
{
	uint64_t key, place;

	hash(bytes, size, &key, &place);
	key += key == 0;
	for (place &= seen->mask; seen->slot[place]; place = (place + 1) & seen->mask) {
		if (seen->slot[place] == key)
			return false;
	}
	seen->slot[place] = key;
	seen->count++;
	return true;
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

static void arena_free(struct arena *a)
{
	free(a->bytes);
}

static void search_free(struct search *s)
{
	arena_free(&s->frontier);
	arena_free(&s->next);
	arena_free(&s->stack);
	arena_free(&s->links);
	arena_free(&s->events);
	(void)munmap(s->seen.slot, 8 * (s->seen.mask + 1));
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
	s->seen.mask = 1;
	while (8 * 4 * (s->seen.mask + 1) < limits->bytes)	/* a quarter to a half of it */
		s->seen.mask = 2 * s->seen.mask + 1;
	s->seen.slot = memory(8 * (s->seen.mask + 1));
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
