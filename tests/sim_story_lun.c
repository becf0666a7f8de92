/* Staged scenarios: the LUN, or one path to it, is not what it was. */
#include "sim.h"

static bool settled(struct sim_world *w)
{
	return sim_goal_settled(w);
}

static bool casts(const struct sim_world *w, uint32_t id)
{
	return w->node[id - 1].co.cast;
}

/* No I/O of node 3 ends any more: its vote goes by L1, its life by L2, and the
 * others go on. A reboot mends it. */
static const char *hung_for_good(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	struct sim_node *n = &w->node[2];
	uint64_t life;

	s.fencing = false;
	BEGIN(&s);
	for (uint32_t i = 0; i < 3; i++)
		w->node[i].params.allow_kill = false;
	life = n->engine.state.incarnation;
	n->hang_until = SIM_NEVER;
	sim_stage_pass(w, 7000 + 1050);
	EXPECT(!casts(w, 3), "it casts after L1");
	sim_stage_pass(w, 1000);
	EXPECT(n->self_fenced || n->engine.state.incarnation != life, "its life goes on after L2");
	for (uint32_t i = 0; i < 50; i++) {
		sim_stage_pass(w, 1000);
		EXPECT(!casts(w, 3), "it casts again");
		EXPECT(casts(w, 1) && casts(w, 2), "it costs others their vote");
	}
	sim_power_off(w, n, "is switched off");
	sim_boot(w, n);
	EXPECT(sim_stage_until(w, 80, settled), "a reboot does not mend it");
	return NULL;
}

/* Its path leads to a LUN with another label: it reads nothing, lands nothing. */
static const char *path_elsewhere(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	struct sim_node *n = &w->node[2];
	uint64_t begin;

	s.boot_min_ms = s.boot_max_ms = 2000;
	BEGIN(&s);
	begin = w->now;
	n->elsewhere = true;
	sim_stage_pass(w, 7000 + 1050);
	EXPECT(sim_stage_notes(w, QD_NOTE_STRANGER, 3, 0, begin) == 1, "it is not said once");
	EXPECT(!casts(w, 3), "it casts on a LUN of its own");
	EXPECT(casts(w, 1) && casts(w, 2), "it costs others their vote");
	sim_stage_pass(w, 10000);
	n->elsewhere = false;
	EXPECT(sim_stage_until(w, 200, settled), "the way back does not mend it");
	return NULL;
}

/* mkqdisk --force under running daemons: all stop, nobody is killed for it. */
static const char *relabelled(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	BEGIN(&s);
	sim_lun_format(w, 1, /* wipe */ true);
	sim_stage_pass(w, 7000 + 1050);
	EXPECT(!casts(w, 1) && !casts(w, 2) && !casts(w, 3), "somebody casts without its LUN");
	sim_stage_pass(w, 20000);
	EXPECT(w->check.evicted[1].count + w->check.evicted[2].count + w->check.evicted[3].count == 0,
	       "somebody is evicted on the new LUN");
	return NULL;
}

/* Node 3 waits for the mark of node 2, whose 0 nothing counts yet. Then whatever
 * it reads of node 2 is torn behind the payload: that must not look like a block
 * of legacy's, which has no mark. S1 is watched by the checker. */
static const char *torn_mark(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	uint8_t *slot = w->lun.image + 2 * QD_SLOT_BYTES;
	uint64_t begin;

	s.heuristics = true;
	BEGIN(&s);
	sim_stage_networks(w, "aab");
	sim_stage_pass(w, 60000);
	begin = w->now;
	sim_power_off(w, &w->node[0], "dies");
	w->node[1].score = 0;
	sim_stage_pass(w, 16000);
	EXPECT(sim_stage_notes(w, QD_NOTE_BID_HELD, 3, 0, begin) > 0, "node 3 does not wait");
	EXPECT(w->node[1].co.shown_quorate, "node 2 is no longer counted");
	while (w->node[1].co.shown_quorate) {
		memset(slot + QD_STATUS_EXT_OFFSET, 0xA5, SIM_SECTOR - QD_STATUS_EXT_OFFSET);
		sim_stage_pass(w, 5);
		EXPECT(sim_master(w) != &w->node[2], "node 3 rules while node 2 is counted");
	}
	return NULL;
}

const struct sim_story sim_stories_lun[] = {
	{ "lun_hung_for_good_ends_the_life", hung_for_good },
	{ "lun_reached_by_another_path_ends_the_vote", path_elsewhere },
	{ "lun_relabelled_ends_every_vote_and_evicts_nobody", relabelled },
	{ "lun_torn_block_keeps_its_voting_mark", torn_mark },
	{ NULL, NULL },
};
