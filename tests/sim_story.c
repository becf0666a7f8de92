/* Staged scenarios: what an administrator lives through, one reason to fail each. */
#include "sim.h"

static bool has_master(struct sim_world *w)
{
	return sim_master(w) != NULL;
}

/* The master is another one than node 1. */
static bool master_moved(struct sim_world *w)
{
	return sim_master(w) && sim_master(w)->id != 1;
}

static uint32_t quorate_count(const struct sim_world *w)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < w->setup.nodes; i++)
		count += sim_all_quorate(w, 1u << i);
	return count;
}

/* From now on these machines must stay quorate, else P4 is violated. */
static void keep_quorate(struct sim_world *w, sim_set set)
{
	w->goal.quorate = set;
	w->goal.quorate_from = w->now;
	w->goal.quorate_name = "P4";
}

static const char *story_start(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	BEGIN(&s);
	EXPECT(sim_master(w) && sim_master(w)->id == 1, "the lowest id is not master");
	EXPECT(sim_stage_notes(w, QD_NOTE_MASTER, 0, 0, 0) == 1, "more than one election");
	EXPECT(sim_stage_notes(w, QD_NOTE_EVICTION, 0, 0, 0) == 0, "somebody is evicted");
	return NULL;
}

static const char *story_together(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(2);

	for (s.seed = 1; s.seed <= 20; s.seed++) {
		sim_stage_empty(w, &s);
		for (uint32_t i = 0; i < 2; i++) {
			sim_boot(w, &w->node[i]);
			sim_daemon_start(w, &w->node[i]);
		}
		EXPECT(sim_stage_until(w, 8 + 2 + 2 + 3 + 2, has_master), "no master in time");
		EXPECT(sim_stage_until(w, 3, sim_stage_settled), "not both are quorate");
	}
	return NULL;
}

static const char *story_master_dies(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	uint64_t last;

	BEGIN(&s);
	keep_quorate(w, 6);
	last = w->lun.landed[1];
	sim_power_off(w, &w->node[0], "dies");
	EXPECT(sim_stage_until(w, 20, has_master), "no new master");
	EXPECT(w->now - last <= sim_cycles(w, 8 + 3 + 4), "the new master comes after (K+M+4)*I");
	EXPECT(sim_stage_notes(w, QD_NOTE_EVICTION, 2, 1, 0) == 1, "the dead node is not evicted");
	EXPECT(sim_stage_notes(w, QD_NOTE_FENCE_START, 2, 1, 0) == 1, "the dead node is not fenced");
	sim_stage_pass(w, 80000);
	EXPECT(w->node[1].co.shown_view == 6, "no new membership");
	return NULL;
}

static const char *story_handover(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	for (s.seed = 1; s.seed <= 20; s.seed++) {
		uint64_t asked;

		BEGIN(&s);
		keep_quorate(w, 7);
		asked = w->now;
		sim_daemon_stop(w, &w->node[0]);
		EXPECT(sim_stage_until(w, 20, master_moved), "nobody takes over");
		EXPECT(w->now - asked <= sim_cycles(w, 2), "the hand-over takes more than 2*I");
		sim_stage_pass(w, 30000);
		EXPECT(w->node[0].exited && w->node[0].exit_status == 0, "the leaver has not ended well");
		EXPECT(sim_stage_notes(w, QD_NOTE_BID, 0, 0, asked) == 0, "there was an election");
		EXPECT(sim_stage_notes(w, QD_NOTE_EVICTION, 0, 0, 0) == 0, "the leaver is evicted");
	}
	return NULL;
}

/* Cut the network; the side that holds machine 0, the master, must win. */
static const char *split(struct sim_world *w, uint32_t nodes, const char *groups)
{
	struct sim_setup s = sim_stage_setup(nodes);

	for (s.seed = 1; s.seed <= 10; s.seed++) {
		sim_set side = 0;

		BEGIN(&s);
		for (uint32_t i = 0; i < nodes; i++)
			side |= groups[i] == groups[0] ? 1u << i : 0;
		keep_quorate(w, side);
		sim_stage_networks(w, groups);
		sim_stage_pass(w, 40000);
		EXPECT(sim_all_quorate(w, side), "the master's side is not quorate");
		EXPECT(quorate_count(w) == (uint32_t)__builtin_popcount(side), "a loser is quorate");
		sim_stage_networks(w, "aaaaaaaa");
		EXPECT(sim_stage_until(w, 30, sim_stage_settled), "the merged cluster does not come together");
		EXPECT(sim_stage_notes(w, QD_NOTE_EVICTION, 0, 0, 0) == 0, "somebody is evicted");
	}
	return NULL;
}

static const char *story_split_minority(struct sim_world *w)
{
	return split(w, 3, "abb");
}

static const char *story_split_majority(struct sim_world *w)
{
	return split(w, 3, "aab");
}

static const char *story_split_equal(struct sim_world *w)
{
	return split(w, 4, "abab");
}

static const char *story_last_man(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(4);

	BEGIN(&s);
	for (uint32_t i = 0; i < 3; i++) {
		keep_quorate(w, 15u & ~((2u << i) - 1));
		sim_power_off(w, &w->node[i], "dies");
		sim_stage_pass(w, 60000);
	}
	EXPECT(sim_master(w) == &w->node[3], "the last man is not master");
	EXPECT(w->node[3].co.shown_view == 8, "the last man does not know that he is");
	return NULL;
}

static const char *story_hung_lun(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	uint64_t begin;

	BEGIN(&s);
	keep_quorate(w, 6);
	begin = w->now;
	w->node[0].hang_until = w->now + sim_cycles(w, 40);
	sim_stage_pass(w, 7500);
	EXPECT(!w->node[0].co.cast, "the hung master still votes after L1");
	EXPECT(sim_stage_until(w, 8, master_moved), "no new master in time");
	sim_stage_pass(w, 20000);
	EXPECT(sim_stage_notes(w, QD_NOTE_EVICTION, 0, 1, begin) > 0, "the hung master is not evicted");
	return NULL;
}

/* Without a watchdog and without fencing: what the daemon does by itself. */
static const char *story_pause(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	s.fencing = false;
	for (s.seed = 1; s.seed <= 20; s.seed++) {
		BEGIN(&s);
		w->node[0].params.allow_kill = w->node[1].params.allow_kill = false;
		sim_daemon_pause(w, &w->node[2]);
		sim_stage_pass(w, 14000);
		EXPECT(w->check.evicted[3].count == 1, "the paused node is not evicted");
		sim_daemon_resume(w, &w->node[2]);
		sim_stage_pass(w, 2000);
		EXPECT(w->node[2].self_fenced || w->node[2].engine.state.incarnation !=
		       w->check.evicted[3].incarnation[0], "the evicted life goes on");
	}
	return NULL;
}

static const char *story_restart(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	for (s.seed = 1; s.seed <= 10; s.seed++) {
		BEGIN(&s);
		keep_quorate(w, 7);
		sim_daemon_kill(w, &w->node[2]);
		sim_stage_pass(w, 300);
		sim_daemon_start(w, &w->node[2]);
		EXPECT(sim_stage_until(w, 20, sim_stage_settled), "the restarted node does not come back");
		EXPECT(sim_stage_notes(w, QD_NOTE_EVICTION, 0, 0, 0) == 0, "somebody is evicted");
		EXPECT(sim_stage_notes(w, QD_NOTE_NODE_DOWN, 1, 3, 0) == 1, "the new life went unseen");
	}
	return NULL;
}

/* The token is short: the ring changes while the dead master is being replaced. */
static const char *story_ring_change(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(4);

	s.token_ms = 900;
	s.consensus_ms = 1080;
	for (s.seed = 1; s.seed <= 20; s.seed++) {
		BEGIN(&s);
		keep_quorate(w, 14);
		sim_power_off(w, &w->node[0], "dies");
		EXPECT(sim_stage_until(w, 16, has_master), "no new master in time");
		EXPECT(w->stats.rings > 0, "no ring");
		sim_stage_pass(w, 30000);
		EXPECT(sim_master(w) && sim_all_quorate(w, 14), "the survivors are not quorate");
	}
	return NULL;
}

static const char *story_one_way(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	BEGIN(&s);
	keep_quorate(w, 3);
	w->node[2].mute_until = w->now + sim_cycles(w, 100);
	sim_totem_change(w, /* clean */ false);
	sim_stage_pass(w, 60000);
	EXPECT(!w->node[2].co.shown_quorate, "the mute node is quorate");
	EXPECT(sim_stage_notes(w, QD_NOTE_EVICTION, 0, 0, 0) == 0, "somebody is evicted");
	return NULL;
}

/* Its LUN hangs and its totem forms no ring: nothing but itself can end its
 * quorate view. */
static const char *story_stuck_voter(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	s.fencing = false;
	BEGIN(&s);
	sim_power_off(w, &w->node[2], "dies");
	sim_stage_pass(w, 50000);
	EXPECT(w->node[0].co.shown_view == 3, "no ring of two");
	w->node[0].mute_until = w->node[0].stuck_until = w->now + sim_cycles(w, 300);
	w->node[0].hang_until = w->now + sim_cycles(w, 300);
	sim_totem_change(w, /* clean */ false);
	sim_stage_pass(w, 9000);
	EXPECT(w->node[0].self_fenced && w->node[0].self_fence_reason == QD_FENCED_QUORATE,
	       "the stuck voter does not end itself");
	sim_stage_pass(w, 100000);
	EXPECT(sim_all_quorate(w, 2), "the other is not quorate");
	return NULL;
}

static const char *story_score(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	s.heuristics = s.reboot = true;
	BEGIN(&s);
	w->node[1].score = 0;
	sim_stage_pass(w, 1500);
	EXPECT(w->node[1].self_fenced && w->node[1].self_fence_reason == QD_FENCED_SCORE,
	       "a node with too low a score does not reboot");
	return NULL;
}

/* One node's old voting mark, in a view without node 1: node 1 waits Z, no less. */
static const char *story_mark_waits(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(2);
	struct qd_block voter = { .node_id = 2, .writer_id = 2, .state = QD_STATE_MASTER, .has_ext = true,
				  .incarnation = 77, .ext = { .beat = 5, .interval_ms = 200, .tko = 8,
				  .flags = QD_EXT_VOTING, .view = 2 } };
	uint64_t z;

	sim_stage_empty(w, &s);
	z = 1000 * qd_law_forget_ms(&w->node[0].params);
	qd_block_encode(&voter, w->lun.image + 2 * QD_SLOT_BYTES, SIM_SECTOR);
	sim_boot(w, &w->node[0]);
	EXPECT(!sim_stage_until(w, z / w->interval_us, has_master), "it does not wait for the mark");
	EXPECT(sim_stage_until(w, 30, has_master), "it waits for longer than Z");
	return NULL;
}

static bool stranger_wrote(struct sim_world *w)
{
	return w->node[2].landed_start != 0;
}

static bool sees_foreign(const struct sim_node *n)
{
	return n->running && n->engine.state.foreign;
}

/* Let so many steps of 0.05 I pass. False: who has found another's block in its slot a
 * step ago, and still does, is counted. */
static bool foreign_casts_0(struct sim_world *w, uint32_t steps)
{
	for (uint32_t i = 0; i < steps; i++) {
		bool seen[2] = { sees_foreign(&w->node[1]), sees_foreign(&w->node[2]) };

		sim_stage_pass(w, 50);
		for (uint32_t k = 0; k < 2; k++) {
			if (seen[k] && sees_foreign(&w->node[1 + k]) && w->node[1 + k].co.cast)
				return false;
		}
	}
	return true;
}

static const char *twin(struct sim_world *w, const struct sim_setup *s)
{
	uint64_t begin, wrote;

	sim_stage_empty(w, s);
	sim_stage_twin(w);
	sim_boot(w, &w->node[0]);
	sim_boot(w, &w->node[1]);
	sim_stage_pass(w, 30000 + sim_dice(w, 0, 1000));
	EXPECT(sim_all_quorate(w, 3), "the two real nodes are not quorate");
	begin = w->now;
	sim_boot(w, &w->node[2]);
	sim_daemon_start(w, &w->node[2]);
	EXPECT(sim_stage_until(w, 3, stranger_wrote), "the stranger writes nothing");
	wrote = w->now;
	EXPECT(foreign_casts_0(w, 60), "who notices the second node 2 votes on");
	EXPECT(sim_stage_note_at(w, QD_NOTE_FOREIGN, 2, begin) != 0, "nobody notices the second node 2");
	EXPECT(sim_stage_notes(w, QD_NOTE_TWIN, 2, 2, begin) > 0, "it is not told");
	EXPECT(sim_stage_note_at(w, QD_NOTE_TWIN, 2, begin) - wrote <= sim_cycles(w, 2) + w->interval_us / 20,
	       "it is told later than two cycles after the stranger's first write");
	EXPECT(w->node[1].exited || w->node[2].exited, "both nodes 2 go on");
	EXPECT(!w->node[2].co.shown_quorate, "the stranger is quorate");
	return NULL;
}

static const char *story_twin(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	const char *why = NULL;

	for (s.seed = 1; s.seed <= 20 && !why; s.seed++)
		why = twin(w, &s);
	return why;
}

const struct sim_story sim_stories[] = {
	{ "start_of_three_nodes_makes_one_master", story_start },
	{ "two_nodes_started_together_make_one_master", story_together },
	{ "master_dies_is_replaced_in_time_and_quorum_stays", story_master_dies },
	{ "clean_stop_hands_over_within_two_intervals", story_handover },
	{ "split_with_master_in_minority_masters_side_wins", story_split_minority },
	{ "split_with_master_in_majority_masters_side_wins", story_split_majority },
	{ "split_into_equal_sides_exactly_one_wins", story_split_equal },
	{ "last_man_standing_stays_quorate", story_last_man },
	{ "hung_lun_on_master_costs_it_the_mastership", story_hung_lun },
	{ "pause_past_eviction_ends_that_life", story_pause },
	{ "restart_within_an_interval_evicts_nobody", story_restart },
	{ "ring_change_during_election_keeps_quorum", story_ring_change },
	{ "one_way_cut_mute_node_loses", story_one_way },
	{ "voter_without_lun_and_ring_ends_itself", story_stuck_voter },
	{ "score_too_low_with_reboot_reboots", story_score },
	{ "voting_mark_found_at_start_is_waited_for", story_mark_waits },
	{ "legacy_19_duplicate_id_is_noticed_and_ends", story_twin },
	{ NULL, NULL },
};
