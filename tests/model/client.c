/* Bare clients of the quorum device, as model_probe.c is one on a real node. */
#include <stdio.h>

#include "play.h"

#define REPEAT_US 100000u	/* between polls */

void client_poll(struct play *p, uint32_t i)
{
	struct client *c = &p->client[i];
	struct sim_node *n = &p->w->node[i];
	struct qd_ring ring = c->stale ? c->ring_before : c->ring;
	bool news = !c->said || c->said_cast != c->cast || !qd_ring_equal(c->said_ring, ring);
	char text[24];
	bool good;

	c->next = p->w->now + REPEAT_US;
	if (n->co.frozen) {
		c->polling = true;
		return;
	}
	good = sim_vote_poll(p->w, n, ring, c->cast);
	if (good || c->asked) {
		c->said = true;
		c->said_cast = c->cast;
		c->said_ring = ring;
	}
	(void)snprintf(text, sizeof(text), "poll %d %s", c->cast, good ? "ok" : !n->co.registered ? "none" : "stale");
	if (c->asked || (good && news))
		record_answer(p->record, (int64_t)p->w->now, n->id, text);
	c->asked = c->stale = false;
}

void client_register(struct play *p, uint32_t i)
{
	struct sim_node *n = &p->w->node[i];

	p->client[i].registering = n->co.frozen || !sim_vote_register(p->w, n);
	if (!p->client[i].registering)
		record_answer(p->record, (int64_t)p->w->now, n->id, "register ok");
}

/* A client does one thing after the other: what hangs comes first. */
void client_go_on(struct play *p, uint32_t i)
{
	struct client *c = &p->client[i];
	const struct sim_corosync *co = &p->w->node[i].co;

	if (!c->lives || !co->up || co->frozen)
		return;
	if (c->registering)
		client_register(p, i);
	if (c->registering)
		return;
	if (c->polling || (c->repeats && p->w->now >= c->next)) {
		c->polling = false;
		client_poll(p, i);
	}
}

void client_hears(struct play *p, uint32_t i)
{
	struct client *c = &p->client[i];
	const struct sim_corosync *co = &p->w->node[i].co;

	if (qd_ring_equal(c->ring, co->told_ring))
		return;
	c->ring_before = c->ring;
	c->ring = co->told_ring;
	if (c->repeats)
		c->next = p->w->now + sim_dice(p->w, 50, 3000);
}

void client_start(struct play *p, uint32_t i)
{
	p->client[i] = (struct client){ .lives = true, .ring = p->w->node[i].co.told_ring };
}
