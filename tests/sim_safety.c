/* Staged scenarios: the worked timeline of qdisk-safety(7), with its times. */
#include "sim.h"

static bool master_3(struct sim_world *w)
{
	return sim_master(w) && sim_master(w)->id == 3 && sim_all_quorate(w, 1u << 2);
}

/* Node 3 is cut off. The master dies, and with it the token of {1,2}; node 2
 * becomes unfit and casts 0, which nothing counts before the next ring. The mark
 * of node 2 makes node 3 wait for just that; then it fences node 1, whose mark
 * would hold it for Z, and rules. */
static const char *safety_timeline(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	uint64_t last, new_ring, blocked;

	s.heuristics = true;
	BEGIN(&s);
	for (uint32_t i = 0; i < 3; i++)
		w->node[i].latency = w->node[i].latency_spread = 500;
	sim_stage_networks(w, "aab");
	sim_stage_pass(w, 60000);
	EXPECT(w->node[2].co.shown_view == 4, "node 3 is not alone");
	while (w->lun.landed[1] != w->now)
		sim_run(w, w->now + 1);
	last = w->now;
	sim_power_off(w, &w->node[0], "dies");
	w->node[1].score = 0;
	sim_stage_pass(w, 1500);
	EXPECT(!w->node[1].co.cast, "node 2 has not cast 0");
	new_ring = last + 1000u * (w->setup.token_ms + w->setup.consensus_ms) * 95 / 100;
	while (w->now < new_ring) {
		sim_stage_pass(w, 100);
		EXPECT(w->node[1].co.shown_quorate, "node 2 is not shown quorate");
		EXPECT(!w->node[2].co.shown_quorate, "node 3 has not waited");
	}
	EXPECT(sim_stage_notes(w, QD_NOTE_BID_HELD, 3, 0, last) > 0, "node 3 has not bid");
	EXPECT(sim_stage_note_at(w, QD_NOTE_BID_HELD, 3, last) - last <= 2000000, "node 3 has bid late");
	EXPECT(sim_stage_notes(w, QD_NOTE_FENCE_START, 3, 0, last) == 0, "a loser fences");
	EXPECT(sim_stage_until(w, 20, master_3), "node 3 is not master");
	blocked = w->now;
	EXPECT(!w->node[1].co.shown_quorate, "both are quorate");
	EXPECT(blocked - last <= 9600000, "node 3 has waited for longer than it must");
	return NULL;
}

const struct sim_story sim_safety[] = {
	{ "safety_timeline_of_the_manual_page", safety_timeline },
	{ NULL, NULL },
};
