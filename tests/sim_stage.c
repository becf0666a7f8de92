/* What staged scenarios are made of. */
#include "sim.h"

struct sim_setup sim_stage_setup(uint32_t nodes)
{
	return (struct sim_setup){
		.seed = 1,
		.nodes = nodes,
		.kind = SIM_KINDS,
		.t = { 200, 8, 2, 2, 3 },
		.token_ms = 3000,
		.consensus_ms = 3600,
		.fencing = true,
		.fence_ok_per_mille = 1000,
		.fence_min_ms = 400,
		.fence_max_ms = 2000,
		.daemon_min_ms = 1000,	/* all at once: node 1 becomes master */
		.daemon_max_ms = 1040,
	};
}

void sim_stage_empty(struct sim_world *w, const struct sim_setup *setup)
{
	sim_world_init(w, setup);
}

const char *sim_stage(struct sim_world *w, const struct sim_setup *setup)
{
	sim_stage_empty(w, setup);
	for (uint32_t i = 0; i < sim_regular(w); i++)
		sim_push(w, sim_dice(w, 0, w->interval_us / 10), SIM_EV_BOOT, i, 0, 0);
	if (!sim_stage_until(w, 60, sim_stage_settled))
		return "the cluster does not start";
	sim_stage_pass(w, 5000 + sim_dice(w, 0, 1000));
	return w->check.failed ? w->check.text : NULL;
}

void sim_stage_twin(struct sim_world *w)
{
	w->node[2].id = 2;
	w->setup.nodes = 2;
	sim_params_init(w);
	w->setup.nodes = 3;
	w->node[2].params = w->node[1].params;
	w->node[2].group = 1;
	w->check.exempt = 2;
}

void sim_stage_pass(struct sim_world *w, uint64_t per_mille)
{
	sim_run(w, w->now + w->interval_us * per_mille / 1000);
}

bool sim_stage_settled(struct sim_world *w)
{
	return sim_goal_settled(w);
}

bool sim_stage_until(struct sim_world *w, uint64_t cycles, bool (*holds)(struct sim_world *w))
{
	uint64_t end = w->now + sim_cycles(w, cycles);

	while (w->now < end && !w->check.failed && !holds(w))
		sim_run(w, w->now + w->interval_us / 200);
	return !w->check.failed && holds(w);
}

void sim_stage_networks(struct sim_world *w, const char *groups)
{
	sim_set side[3] = { 0 };	/* told are three, 'a' to 'c' */

	for (uint32_t i = 0; i < w->setup.nodes && groups[i]; i++) {
		w->node[i].group = (uint32_t)groups[i];
		if (groups[i] >= 'a' && groups[i] <= 'c')
			side[groups[i] - 'a'] |= 1u << i;
	}
	sim_say(w, 0, !side[1] ? "the network is whole: %llx" :
		      !side[2] ? "the network splits: %llx | %llx" : "the network splits: %llx | %llx | %llx",
		side[0], side[1], side[2]);
	sim_totem_change(w, /* clean */ false);
}

static bool line_is(const struct sim_line *line, enum qd_note_id id, uint32_t by, uint32_t about,
		    uint64_t since)
{
	return line->is_note && line->at >= since && line->note.id == id &&
	       (by == 0 || line->node == by) && (about == 0 || line->note.node == about);
}

static uint64_t first_line(const struct sim_world *w)
{
	return w->trace.count > SIM_LINES ? w->trace.count - SIM_LINES : 0;
}

uint32_t sim_stage_notes(const struct sim_world *w, enum qd_note_id id, uint32_t by, uint32_t about,
			 uint64_t since)
{
	uint32_t count = 0;

	for (uint64_t i = first_line(w); i < w->trace.count; i++)
		count += line_is(&w->trace.line[i % SIM_LINES], id, by, about, since);
	return count;
}

uint64_t sim_stage_note_at(const struct sim_world *w, enum qd_note_id id, uint32_t by, uint64_t since)
{
	for (uint64_t i = first_line(w); i < w->trace.count; i++) {
		if (line_is(&w->trace.line[i % SIM_LINES], id, by, 0, since))
			return w->trace.line[i % SIM_LINES].at;
	}
	return 0;
}

bool sim_stage_up(const struct sim_world *w, uint32_t id)
{
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		const struct sim_node *n = &w->node[i];

		if (sim_awake(n) && n->id != id && qd_has(n->engine.state.up, id))
			return true;
	}
	return false;
}
