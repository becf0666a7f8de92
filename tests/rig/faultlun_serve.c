// SPDX-License-Identifier: BSD-3-Clause
/* faultlun_serve: what becomes of a request. See faultlun.c. */
#include "faultlun.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TAIL_SHAPE 1.5	/* of a Pareto distribution: 3 % take 10 times the least, 0.1 % 100 times */

uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);	/* cannot fail */
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

uint64_t random_next(struct faultlun *l)
{
	l->random ^= l->random << 13;
	l->random ^= l->random >> 7;
	l->random ^= l->random << 17;
	return l->random;
}

void random_fill(struct faultlun *l, uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(random_next(l) >> 24);
}

uint8_t *store_copy(const struct faultlun *l)
{
	uint8_t *copy = malloc(l->image_bytes);

	if (copy && pread(l->store_fd, copy, l->image_bytes, 0) != (ssize_t)l->image_bytes) {
		free(copy);
		return NULL;
	}
	return copy;
}

/* ---- Rules ---- */

static bool rule_touches(const struct rule *r, const struct request *q)
{
	if (r->bytes == 0)
		return true;
	return !q->flush && q->offset < r->offset + r->bytes && r->offset < q->offset + q->bytes;
}

static bool rule_delays(const struct rule *r)
{
	return r->mode == DELAY || r->mode == TAIL;
}

/* The rule that acts on a request; NULL: none. */
static struct rule *rule_for(struct path *p, const struct request *q)
{
	for (unsigned i = p->rule_count[q->op]; i-- > 0;) {
		struct rule *r = &p->rule[q->op][i];

		if ((q->waited && rule_delays(r)) || !rule_touches(r, q))
			continue;
		if (r->every > 1 && ++r->seen % r->every != 0)
			continue;
		return r->mode == OK ? NULL : r;
	}
	return NULL;
}

static uint64_t rule_delay_ms(struct faultlun *l, const struct rule *r)
{
	uint64_t chance = random_next(l) >> 11;	/* 53 bits */
	double share = ((double)chance + 1) / 9007199254740992.0;	/* (0, 1] */
	double ms;

	if (r->mode == DELAY)
		return r->low + chance % (r->high - r->low + 1);
	ms = (double)r->low * pow(share, -1 / TAIL_SHAPE);
	return ms < (double)l->maxhang_ms ? (uint64_t)ms : l->maxhang_ms;
}

/* ---- Answers ---- */

static void answer_error(struct faultlun *l, struct request *q, int error)
{
	if (error)
		l->path[q->path].counter[q->op].failed++;
	(void)fuse_reply_err(q->fuse, error);	/* who does not wait any more does not care */
	free(q);
}

/* The part of the request that a rule is about, from its own start. */
static void rule_cut(const struct rule *r, const struct request *q, size_t got, size_t *ret_from,
		     size_t *ret_to)
{
	uint64_t from = r->bytes && r->offset > q->offset ? r->offset - q->offset : 0;
	uint64_t to = r->bytes ? r->offset + r->bytes - q->offset : got;

	*ret_from = from < got ? (size_t)from : got;
	*ret_to = to < got ? (size_t)to : got;
}

/* Change what was read, as the rule has it. */
static void read_spoil(struct faultlun *l, const struct rule *r, const struct request *q,
		       uint8_t *bytes, size_t got)
{
	size_t from, to;

	rule_cut(r, q, got, &from, &to);
	if (from >= to)
		return;
	if (r->mode == ZERO)
		memset(bytes + from, 0, to - from);
	else if (r->mode == NOISE)
		random_fill(l, bytes + from, to - from);
	else if (r->mode == FLIP)
		bytes[from + (to - from) / 2] ^= 1;
	else if ((r->mode == STALE || r->mode == LAG) && q->offset + to <= l->image_bytes)
		memcpy(bytes + from, (r->mode == STALE ? r->image : l->before) + q->offset + from,
		       to - from);
}

static void read_serve(struct faultlun *l, struct request *q, const struct rule *r)
{
	uint8_t *bytes = malloc(q->bytes);
	size_t want = q->bytes;
	ssize_t got;

	if (!bytes) {
		answer_error(l, q, ENOMEM);
		return;
	}
	if (q->offset + want > l->store_bytes)
		want = q->offset < l->store_bytes ? (size_t)(l->store_bytes - q->offset) : 0;
	got = pread(l->store_fd, bytes, want, (off_t)q->offset);
	if (got < 0) {
		answer_error(l, q, errno);
	} else {
		if (r)
			read_spoil(l, r, q, bytes, (size_t)got);
		(void)fuse_reply_buf(q->fuse, (const char *)bytes, (size_t)got);
		free(q);
	}
	free(bytes);
}

/* Write the first bytes of a request, remember what was there. 0 or an errno. */
static int store_write(struct faultlun *l, const struct request *q, size_t bytes)
{
	if (q->offset + bytes <= l->image_bytes &&
	    pread(l->store_fd, l->before + q->offset, bytes, (off_t)q->offset) < 0)
		return errno;
	return pwrite(l->store_fd, q->data, bytes, (off_t)q->offset) == (ssize_t)bytes ? 0 : EIO;
}

static void write_serve(struct faultlun *l, struct request *q, const struct rule *r)
{
	enum mode mode = r ? r->mode : OK;
	size_t bytes = q->bytes;
	int error;

	if (q->flush) {
		answer_error(l, q, mode == TEARERR ? EIO : 0);	/* the store is never behind */
		return;
	}
	if (mode == DROP)
		bytes = 0;
	else if ((mode == TEAR || mode == TEARERR) && r->low < bytes)
		bytes = (size_t)r->low;
	error = q->offset + q->bytes > l->store_bytes ? EIO : store_write(l, q, bytes);
	if (error || mode == TEARERR) {
		answer_error(l, q, EIO);
		return;
	}
	(void)fuse_reply_write(q->fuse, q->bytes);
	free(q);
}

/* ---- Requests that wait ---- */

static void pending_add(struct faultlun *l, struct request *q)
{
	struct request **end = &l->pending;

	while (*end)
		end = &(*end)->next;
	q->next = NULL;
	*end = q;
	l->pending_count++;
	l->path[q->path].counter[q->op].hung += q->due_ms == 0;
}

static struct request *pending_take(struct faultlun *l, struct request **at)
{
	struct request *q = *at;

	*at = q->next;
	l->pending_count--;
	l->path[q->path].counter[q->op].hung -= q->due_ms == 0;
	return q;
}

/* Answer a request under the present rules, or let it wait. */
static void request_serve(struct faultlun *l, struct request *q)
{
	struct path *p = &l->path[q->path];
	struct rule *r = rule_for(p, q);

	if (r && !q->waited)
		p->counter[q->op].faulty++;
	if (r && r->mode == ERR) {
		answer_error(l, q, (int)r->low);
	} else if (r && (r->mode == HANG || rule_delays(r))) {
		q->due_ms = r->mode == HANG ? 0 : now_ms() + rule_delay_ms(l, r);
		q->waited = r->mode != HANG;
		if (l->pending_count < PENDING_MAX)
			pending_add(l, q);
		else
			answer_error(l, q, EIO);
	} else if (q->op == READ) {
		read_serve(l, q, r);
	} else {
		write_serve(l, q, r);
	}
}

void request_enter(struct faultlun *l, fuse_req_t fuse, const struct request *like,
		   const void *data)
{
	struct request *q = malloc(sizeof(*q) + (data ? like->bytes : 0));

	if (!q) {
		(void)fuse_reply_err(fuse, ENOMEM);
		return;
	}
	*q = *like;
	q->fuse = fuse;
	q->since_ms = now_ms();
	if (data)
		memcpy(q->data, data, like->bytes);
	l->path[q->path].counter[q->op].requests++;
	request_serve(l, q);
}

/* Take out all that `select` wants, keep their order, and finish each. Two steps,
 * for what is served again may have to wait again, at the end of the same list. */
static void pending_each(struct faultlun *l, bool (*select)(const struct request *, const void *),
			 const void *arg, void (*finish)(struct faultlun *, struct request *))
{
	struct request **at = &l->pending, *taken = NULL, **end = &taken;

	while (*at) {
		if (!select(*at, arg)) {
			at = &(*at)->next;
			continue;
		}
		*end = pending_take(l, at);
		(*end)->next = NULL;
		end = &(*end)->next;
	}
	while (taken) {
		struct request *q = taken;

		taken = q->next;
		finish(l, q);
	}
}

static void finish_eio(struct faultlun *l, struct request *q)
{
	answer_error(l, q, EIO);
}

struct selection {
	unsigned path;
	enum op op;
	uint64_t now_ms, maxhang_ms;
};

static bool is_due(const struct request *q, const void *arg)
{
	const struct selection *s = arg;

	return q->due_ms && q->due_ms <= s->now_ms;
}

static bool is_too_long(const struct request *q, const void *arg)
{
	const struct selection *s = arg;

	return !q->due_ms && s->now_ms - q->since_ms >= s->maxhang_ms;
}

static bool is_of_direction(const struct request *q, const void *arg)
{
	const struct selection *s = arg;

	return q->path == s->path && q->op == s->op;
}

static bool is_of_path(const struct request *q, const void *arg)
{
	return q->path == ((const struct selection *)arg)->path;
}

int pending_look(struct faultlun *l)
{
	const struct selection s = { .now_ms = now_ms(), .maxhang_ms = l->maxhang_ms };
	uint64_t next = UINT64_MAX;

	pending_each(l, is_due, &s, request_serve);
	pending_each(l, is_too_long, &s, finish_eio);
	for (const struct request *q = l->pending; q; q = q->next) {
		uint64_t at = q->due_ms ? q->due_ms : q->since_ms + l->maxhang_ms;

		if (at < next)
			next = at;
	}
	if (next == UINT64_MAX)
		return -1;
	return next > s.now_ms ? (int)(next - s.now_ms) : 0;
}

void pending_retry(struct faultlun *l, unsigned path, enum op op)
{
	const struct selection s = { .path = path, .op = op };

	pending_each(l, is_of_direction, &s, request_serve);
}

void pending_purge(struct faultlun *l, unsigned path)
{
	const struct selection s = { .path = path };

	pending_each(l, is_of_path, &s, finish_eio);
}
