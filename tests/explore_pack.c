/* A state as bytes: what of the run decides what may come, and nothing else. Of an
 * engine that is not running nothing is kept; of one that runs, all that qd_step()
 * and the engine remember, for the nodes that exist. */
#include "explore.h"

struct cursor {
	uint8_t *at;
	bool packs;
};

static void move(struct cursor *c, void *what, size_t size)
{
	if (c->packs)
		memcpy(c->at, what, size);
	else
		memcpy(what, c->at, size);
	c->at += size;
}

/* From the byte behind one member of a struct up to another. */
#define MOVE_BETWEEN(c, object, after, before)                                               \
	move(c, (uint8_t *)(object) + offsetof(__typeof__(*(object)), after) +               \
			sizeof((object)->after),                                             \
	     offsetof(__typeof__(*(object)), before) - offsetof(__typeof__(*(object)), after) - \
		     sizeof((object)->after))

static void engine_move(struct cursor *c, struct qd_engine *e, uint32_t nodes)
{
	struct qd_state *s = &e->state;

	MOVE_BETWEEN(c, s, p, member);
	move(c, s->member, nodes * sizeof(s->member[0]));
	move(c, (uint8_t *)s + offsetof(struct qd_state, member) + sizeof(s->member),
	     sizeof(*s) - offsetof(struct qd_state, member) - sizeof(s->member));
	MOVE_BETWEEN(c, e, slots, read_io);	/* behind it: the black box, which decides nothing */
}

static void node_move(struct cursor *c, struct xp_node *n, uint32_t nodes)
{
	move(c, n, offsetof(struct xp_node, look));
	if (n->looked)
		move(c, n->look, nodes * sizeof(n->look[0]));
	else if (!c->packs)
		memset(n->look, 0, sizeof(n->look));
}

static void run_move(struct cursor *c, struct xp_run *r)
{
	struct xp_world *w = &r->w;
	uint32_t nodes = r->setup.nodes, writes = w->writes;

	move(c, w, offsetof(struct xp_world, write));
	move(c, w->write, w->writes * sizeof(w->write[0]));
	if (!c->packs && writes > w->writes)
		memset(&w->write[w->writes], 0, (writes - w->writes) * sizeof(w->write[0]));
	move(c, w->slot, nodes * sizeof(w->slot[0]));
	for (uint32_t i = 0; i < nodes; i++) {
		node_move(c, &w->node[i], nodes);
		if (w->node[i].running)
			engine_move(c, &r->engine[i], nodes);
	}
}

size_t xp_pack(struct xp_run *r, uint8_t bytes[XP_PACKED_MAX])
{
	struct cursor c = { .at = bytes, .packs = true };

	run_move(&c, r);
	while ((c.at - bytes) % 8)	/* whole words */
		*c.at++ = 0;
	assert((size_t)(c.at - bytes) <= XP_PACKED_MAX);
	return (size_t)(c.at - bytes);
}

void xp_unpack(struct xp_run *r, const uint8_t *bytes)
{
	struct cursor c = { .at = (uint8_t *)(uintptr_t)bytes, .packs = false };

	run_move(&c, r);
	r->broken = NULL;
}
