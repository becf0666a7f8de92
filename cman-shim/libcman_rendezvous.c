/* Who has arrived at a barrier; see libcman_rendezvous.h. */
#include "libcman_rendezvous.h"

static bool set_has(const struct rendezvous_set *s, uint32_t id)
{
	for (unsigned i = 0; i < s->count; i++) {
		if (s->ids[i] == id)
			return true;
	}
	return false;
}

static void set_add(struct rendezvous_set *s, uint32_t id)
{
	if (!set_has(s, id) && s->count < RENDEZVOUS_MAX)
		s->ids[s->count++] = id;
}

static void set_remove(struct rendezvous_set *s, uint32_t id)
{
	for (unsigned i = 0; i < s->count; i++) {
		if (s->ids[i] == id)
			s->ids[i] = s->ids[--s->count];
	}
}

void rendezvous_ring(struct rendezvous *r, const uint32_t *ids, unsigned count)
{
	struct rendezvous_set ring = { .count = 0 };

	for (unsigned i = 0; i < count; i++)
		set_add(&ring, ids[i]);
	for (unsigned i = 0; i < r->ring.count; i++)
		r->node_left |= !set_has(&ring, r->ring.ids[i]);
	r->ring = ring;
}

void rendezvous_arrive(struct rendezvous *r, uint32_t id)
{
	set_add(&r->arrived, id);
}

void rendezvous_leave(struct rendezvous *r, uint32_t id)
{
	set_remove(&r->arrived, id);
}

static bool all_arrived(const struct rendezvous *r)
{
	for (unsigned i = 0; i < r->ring.count; i++) {
		if (!set_has(&r->arrived, r->ring.ids[i]))
			return false;
	}
	return r->ring.count > 0;
}

enum rendezvous_verdict rendezvous_judge(const struct rendezvous *r)
{
	if (r->node_left)
		return RENDEZVOUS_NODE_LEFT;
	if (r->wanted ? r->arrived.count >= r->wanted : all_arrived(r))
		return RENDEZVOUS_MET;
	return RENDEZVOUS_WAIT;
}
