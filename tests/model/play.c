/* A script in the simulator: its corosync, and bare clients of the quorum device. */
#include <stdio.h>
#include <stdlib.h>

#include "play.h"

#define START_US  15000000u	/* in which a ring must be there that is waited for */

static bool each(sim_set set, uint32_t i)
{
	return set >> i & 1;
}

static const char *members_text(qd_mask members, char *text, size_t size)
{
	size_t at = 0;

	for (uint32_t id = 1; id <= MODEL_NODES; id++) {
		if (qd_has(members, id) && at + 3 < size)
			at += (size_t)snprintf(text + at, size - at, "%s%u", at ? "," : "", id);
	}
	return text;
}

/* ---- Time ---- */

static void watch_node(struct play *p, uint32_t i)
{
	const struct sim_node *n = &p->w->node[i];
	const struct sim_corosync *co = &n->co;
	struct watch *watch = &p->watch[i];
	int64_t now = (int64_t)p->w->now;
	char members[16] = "-";

	if (watch->up && !co->up) {
		record_end(p->record, now, n->id);
		p->client[i] = (struct client){ .lives = p->client[i].lives };
	}
	if (watch->up != co->up)
		*watch = (struct watch){ .up = co->up };
	if (watch->told != co->told_count)
		record_ring(p->record, now, n->id, co->told_ring.seq,
			    members_text(co->told_members, members, sizeof(members)));
	if (watch->shown != co->shown_count)
		record_view(p->record, now, n->id, co->shown_quorate, co->shown_seq,
			    members_text(co->shown_view, members, sizeof(members)));
	if (watch->told != co->told_count)
		client_hears(p, i);
	watch->told = co->told_count;
	watch->shown = co->shown_count;
}

static uint64_t next_time(const struct play *p, uint64_t until)
{
	uint64_t at = p->w->queue.count && p->w->queue.heap[0].at < until ? p->w->queue.heap[0].at : until;

	for (uint32_t i = 0; i < MODEL_NODES; i++) {
		const struct client *c = &p->client[i];
		const struct sim_corosync *co = &p->w->node[i].co;

		if (c->lives && c->repeats && co->up && !co->frozen && !c->registering && c->next < at)
			at = c->next;
	}
	return at > p->w->now ? at : p->w->now;
}

static void look_around(struct play *p)
{
	for (uint32_t i = 0; i < MODEL_NODES; i++) {
		watch_node(p, i);
		client_go_on(p, i);
		watch_node(p, i);
	}
}

/* Event by event, so that nothing that was shown is missed. S1 is none of our business:
 * a bare client may well split the brain. */
static void time_step(struct play *p, uint64_t until)
{
	sim_run(p->w, next_time(p, until));
	p->w->check.failed = false;
	look_around(p);
}

static void time_pass(struct play *p, uint64_t us)
{
	uint64_t until = p->w->now + us;

	look_around(p);
	while (p->w->now < until)
		time_step(p, until);
}

static bool views_are(const struct play *p, sim_set nodes, const char *what, sim_set members)
{
	for (uint32_t i = 0; i < MODEL_NODES; i++) {
		const struct sim_corosync *co = &p->w->node[i].co;

		if (!each(nodes, i))
			continue;
		if (strcmp(what, "gone") == 0 ? co->up : !co->up || co->shown_view != members)
			return false;
		if ((strcmp(what, "yes") == 0 && !co->shown_quorate) || (strcmp(what, "no") == 0 && co->shown_quorate))
			return false;
	}
	return true;
}

static bool time_until(struct play *p, uint64_t us, sim_set nodes, const char *what, sim_set members)
{
	uint64_t until = p->w->now + us;

	look_around(p);
	while (p->w->now < until && !views_are(p, nodes, what, members))
		time_step(p, until);
	return views_are(p, nodes, what, members);
}

/* ---- Steps ---- */

static bool number_after(const char *word, const char *key, uint32_t *ret)
{
	size_t length = strlen(key);

	if (strncmp(word, key, length) != 0)
		return false;
	*ret = (uint32_t)strtoul(word + length, NULL, 10);
	return true;
}

static void step_device(struct play *p, const struct model_step *s)
{
	uint32_t votes = 2, expected = MODEL_NODES + 2, v_ms = 1000, y_ms = 3000, transport;

	for (unsigned i = 1; i < s->count; i++) {
		const char *word = s->word[i];

		if (!number_after(word, "votes=", &votes) && !number_after(word, "expected=", &expected) &&
		    !number_after(word, "v=", &v_ms) && !number_after(word, "y=", &y_ms) &&
		    !number_after(word, "transport=", &transport))
			fprintf(stderr, "line %u: %s is left out\n", s->line, word);
	}
	p->w->device_votes = votes;
	p->w->expected = expected;
	p->w->quorum = expected / 2 + 1;
	for (uint32_t i = 0; i < MODEL_NODES; i++) {
		p->w->node[i].params.v_ms = v_ms;
		p->w->node[i].params.y_ms = y_ms;
	}
}

static bool step_start(struct play *p, sim_set nodes)
{
	for (uint32_t i = 0; i < MODEL_NODES; i++) {
		if (!each(nodes, i))
			continue;
		p->w->node[i].on = true;
		sim_corosync_start(p->w, &p->w->node[i]);
		client_start(p, i);
		time_pass(p, sim_dice(p->w, 0, 20000));
	}
	return time_until(p, START_US, nodes, "shown", nodes);
}

/* "split {1} | {2,3}", as cut 1 2,3. */
static void step_cut(struct play *p, const struct model_step *s)
{
	for (unsigned g = 1; g < s->count; g++) {
		for (uint32_t i = 0; i < MODEL_NODES; i++) {
			if (each(script_nodes(s->word[g]), i))
				p->w->node[i].group = g;
		}
	}
	sim_totem_change(p->w, /* clean */ false);
}

static void step_heal(struct play *p)
{
	for (uint32_t i = 0; i < MODEL_NODES; i++) {
		p->w->node[i].group = p->w->node[i].cut = 0;
		p->w->node[i].mute_until = p->w->node[i].stuck_until = 0;
	}
	sim_totem_change(p->w, /* clean */ false);
}

static void corosync_do(struct play *p, const char *what, uint32_t i)
{
	struct sim_node *n = &p->w->node[i];

	if (strcmp(what, "kill") == 0 || strcmp(what, "stop") == 0) {
		sim_corosync_stop(p->w, n, /* clean */ *what == 's');
	} else if (strcmp(what, "freeze") == 0) {
		sim_corosync_freeze(p->w, n);
	} else if (strcmp(what, "thaw") == 0) {
		sim_corosync_go(p->w, n);
	} else {
		n->on = true;
		sim_corosync_start(p->w, n);
	}
}

static void client_do(struct play *p, const char *what, uint32_t i)
{
	if (strcmp(what, "kill") == 0)
		p->client[i] = (struct client){ .lives = false };
	else
		client_start(p, i);
}

/* A call of the device's client, whose answer is said. */
static void device_do(struct play *p, const struct model_step *s, uint32_t i)
{
	struct client *c = &p->client[i];
	struct sim_node *n = &p->w->node[i];
	const char *what = s->word[0];
	bool value = s->word[1][0] == '1', done;

	if (strcmp(what, "mute") == 0) {
		c->repeats = false;
	} else if (strcmp(what, "unregister") == 0 || strcmp(what, "wins") == 0) {
		done = *what == 'w' ? sim_vote_wins(p->w, n, value) : n->co.registered;
		if (*what == 'u')
			sim_vote_unregister(p->w, n);
		record_answer(p->record, (int64_t)p->w->now, n->id,
			      *what == 'w' ? done ? "wins ok" : "wins none" : done ? "unregister ok" : "unregister none");
	} else {
		c->cast = value;
		c->stale = strcmp(what, "stale") == 0;
		c->repeats = strcmp(what, "cast") == 0;
		c->asked = true;
		client_poll(p, i);
	}
}

static bool is_word(const struct model_step *s, const char *word)
{
	return strcmp(s->word[0], word) == 0;
}

/* Words whose nodes stand behind `from`: one after the other. */
static void step_nodes(struct play *p, const struct model_step *s, unsigned from)
{
	for (unsigned k = from; k < s->count; k++) {
		uint32_t i = (uint32_t)__builtin_ctz(script_nodes(s->word[k]) | 1u << MODEL_NODES) % MODEL_NODES;

		if (is_word(s, "register"))
			client_register(p, i);
		else if (is_word(s, "corosync"))
			corosync_do(p, s->word[1], i);
		else if (is_word(s, "client"))
			client_do(p, s->word[1], i);
		else
			device_do(p, s, i);
	}
}

static bool step_pair(struct play *p, const struct model_step *s)
{
	struct sim_node *a = &p->w->node[s->word[1][0] - '1'], *b = &p->w->node[s->word[2][0] - '1'];

	if (is_word(s, "unlink")) {
		sim_totem_link(p->w, a, b, /* whole */ false);
	} else if (is_word(s, "deaf")) {
		a->mute_until = a->stuck_until = UINT64_MAX;
		sim_totem_change(p->w, /* clean */ false);
	} else if (sim_totem_flows(p->w, a)) {	/* killnode */
		sim_corosync_stop(p->w, b, /* clean */ false);
	}
	return true;
}

static sim_set step_set(const struct model_step *s)
{
	sim_set set = 0;

	for (unsigned i = 1; i < s->count; i++)
		set |= script_nodes(s->word[i]);
	return set;
}

static bool step_do(struct play *p, const struct model_step *s)
{
	if (is_word(s, "device"))
		step_device(p, s);
	else if (is_word(s, "start"))
		return step_start(p, step_set(s));
	else if (is_word(s, "cut"))
		step_cut(p, s);
	else if (is_word(s, "heal"))
		step_heal(p);
	else if (is_word(s, "unlink") || is_word(s, "deaf") || is_word(s, "killnode"))
		return step_pair(p, s);
	else if (is_word(s, "pause"))
		time_pass(p, 1000 * strtoull(s->word[1], NULL, 10));
	else if (is_word(s, "await"))
		return time_until(p, 1000 * strtoull(s->word[1], NULL, 10), script_nodes(s->word[2]), s->word[3],
				  script_nodes(s->word[4]));
	else if (is_word(s, "expect"))
		return views_are(p, script_nodes(s->word[1]), s->word[2], script_nodes(s->word[3]));
	else if (is_word(s, "register") || is_word(s, "unregister") || is_word(s, "mute"))
		step_nodes(p, s, 1);
	else if (!is_word(s, "begin"))
		step_nodes(p, s, 2);
	return true;
}

const char *model_play(struct sim_world *w, const struct model_script *script, uint64_t seed,
		       struct model_record *ret_record)
{
	static char why[160];
	struct sim_setup setup = { .seed = seed, .nodes = MODEL_NODES, .kind = SIM_KINDS,
				   .t = { 200, 8, 2, 2, 3 }, .token_ms = 1000, .consensus_ms = 1200 };
	struct play play = { .w = w, .record = ret_record };
	const struct model_step end = { .count = 1, .word = { "end" } };

	memset(ret_record, 0, sizeof(*ret_record));
	sim_world_init(w, &setup);
	for (unsigned i = 0; i < script->count; i++) {
		const struct model_step *s = &script->step[i];

		record_step(ret_record, (int64_t)w->now, s);
		if (step_do(&play, s)) {
			time_pass(&play, 1000);	/* the rig is no faster */
			continue;
		}
		(void)snprintf(why, sizeof(why), "line %u does not hold: %s %s %s %s %s (seed %llu)", s->line,
			       s->word[0], s->word[1], s->word[2], s->word[3], s->word[4], (unsigned long long)seed);
		return why;
	}
	record_step(ret_record, (int64_t)w->now, &end);
	return NULL;
}
