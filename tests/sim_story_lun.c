/* Staged scenarios: the LUN, or one path to it, is not what it was. */
#include "sim.h"

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
	EXPECT(sim_stage_until(w, 80, sim_stage_settled), "a reboot does not mend it");
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
	EXPECT(sim_stage_until(w, 200, sim_stage_settled), "the way back does not mend it");
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

/* ---- Dead for everybody: self-fencing is put off ---- */

/* Nodes that end themselves at L2. */
static struct sim_setup fencing_setup(uint32_t nodes)
{
	struct sim_setup s = sim_stage_setup(nodes);

	s.io_timeout = true;
	s.fencing = false;
	return s;
}

/* The LUN hangs, for each of these machines until then. */
static void hang_all(struct sim_world *w, sim_set machines, uint64_t until)
{
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		if (machines >> i & 1)
			w->node[i].hang_until = until;
	}
}

static sim_set self_fenced(const struct sim_world *w)
{
	sim_set set = 0;

	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		if (w->node[i].self_fenced)
			set |= 1u << i;
	}
	return set;
}

/* For more than a minute nobody ends itself, and everybody stays quorate. */
static const char *dead_for_all(struct sim_world *w)
{
	struct sim_setup s = fencing_setup(3);
	uint64_t begin;

	s.watchdog = true;
	BEGIN(&s);
	begin = w->now;
	hang_all(w, 7, w->now + sim_cycles(w, 400));
	for (uint32_t i = 0; i < 400; i++) {
		sim_stage_pass(w, 1000);
		EXPECT(!self_fenced(w) && sim_all_quorate(w, 7), "it costs a node, or quorum");
		EXPECT(w->node[0].on && w->node[1].on && w->node[2].on, "a watchdog fires");
	}
	for (uint32_t id = 1; id <= 3; id++)
		EXPECT(sim_stage_notes(w, QD_NOTE_PUT_OFF, id, 0, begin) == 2, "it is not said once a minute");
	EXPECT(sim_stage_until(w, 60, sim_stage_settled), "the LUN is back, and the cluster does not come together");
	for (uint32_t id = 1; id <= 3; id++)
		EXPECT(sim_stage_notes(w, QD_NOTE_PUT_OFF_OVER, id, 0, begin) == 1, "its end is not said once");
	return NULL;
}

/* Node 2 alone has it again: it goes on, and after K*I more the others end themselves. */
static const char *back_for_one(struct sim_world *w)
{
	struct sim_setup s = fencing_setup(3);
	uint64_t back;

	s.boot_min_ms = s.boot_max_ms = 20000;
	BEGIN(&s);
	hang_all(w, 5, SIM_NEVER);
	back = w->now + sim_cycles(w, 30);
	hang_all(w, 2, back);
	sim_run(w, back + sim_cycles(w, 6));	/* what the others knew last is up to two ticks old */
	EXPECT(!self_fenced(w), "somebody ends itself before K*I have passed");
	EXPECT(sim_stage_notes(w, QD_NOTE_LUN_BACK, 1, 2, back) == 1, "node 1 does not say who has the LUN again");
	sim_run(w, back + sim_cycles(w, 8) + w->interval_us / 4);
	EXPECT(self_fenced(w) == 5, "nodes 1 and 3 live on, or node 2 has ended itself");
	EXPECT(sim_stage_until(w, 300, sim_stage_settled), "the cluster does not come together");
	return NULL;
}

/* It comes back for everybody, within K*I of the first one. */
static const char *back_in_turn(struct sim_world *w)
{
	struct sim_setup s = fencing_setup(3);

	BEGIN(&s);
	for (uint32_t i = 0; i < 3; i++)
		w->node[i].hang_until = w->now + sim_cycles(w, 30 + 3 * i);
	sim_stage_pass(w, 40000);
	EXPECT(!self_fenced(w), "somebody ends itself");
	EXPECT(sim_stage_until(w, 60, sim_stage_settled), "the cluster does not come together");
	return NULL;
}

/* Node 1 has it all the time: no putting off. */
static const char *left_for_one(struct sim_world *w)
{
	struct sim_setup s = fencing_setup(3);

	BEGIN(&s);
	hang_all(w, 6, SIM_NEVER);
	sim_stage_pass(w, 8200);
	EXPECT(self_fenced(w) == 6, "nodes 2 and 3 live on");
	return NULL;
}

/* A ring of two of three needs the device: no putting off, whatever both say. */
static const char *device_needed(struct sim_world *w)
{
	struct sim_setup s = fencing_setup(3);
	uint64_t begin;

	BEGIN(&s);
	sim_power_off(w, &w->node[2], "dies");
	sim_stage_pass(w, 60000);
	EXPECT(sim_all_quorate(w, 3), "two nodes and the device are not quorate");
	begin = w->now;
	hang_all(w, 3, SIM_NEVER);
	sim_stage_pass(w, 8200);
	EXPECT(self_fenced(w) == 3, "somebody lives on");
	EXPECT(sim_stage_notes(w, QD_NOTE_PUT_OFF, 0, 0, begin) == 0, "it is put off");
	return NULL;
}

/* Four of five need no device where that has one vote; it is one node too many for its
 * cable. What each says is heard in its own ring only. */
static const char *ring_of_four(struct sim_world *w)
{
	struct sim_setup s = fencing_setup(5);

	s.few_votes = true;
	BEGIN(&s);
	sim_stage_networks(w, "aaaab");
	sim_stage_pass(w, 60000);
	EXPECT(sim_all_quorate(w, 15), "four of five are not quorate");
	hang_all(w, 31, w->now + sim_cycles(w, 30));
	sim_stage_pass(w, 29000);
	EXPECT(self_fenced(w) == 16, "one of the four has ended itself, or the fifth has not");
	EXPECT(sim_all_quorate(w, 15), "four of five are no longer quorate");
	return NULL;
}

/* Five nodes, whose device has one vote, have been without their LUN for a while. */
static const char *five_without_lun(struct sim_world *w)
{
	struct sim_setup s = fencing_setup(5);

	s.few_votes = true;
	BEGIN(&s);
	hang_all(w, 31, SIM_NEVER);
	sim_stage_pass(w, 30000);
	EXPECT(!self_fenced(w), "somebody ends itself too early");
	return NULL;
}

/* A member dies: with the token all words stop, and K*I later nobody knows any more
 * that it is without the LUN. */
static const char *member_dies(struct sim_world *w)
{
	const char *why = five_without_lun(w);

	EXPECT(!why, why);
	sim_power_off(w, &w->node[4], "dies");
	sim_stage_pass(w, 7000);
	EXPECT(!self_fenced(w), "a token that is lost for less than K*I ends somebody");
	sim_stage_pass(w, 1200);
	EXPECT(self_fenced(w) == 15, "somebody lives on though a member is silent for K*I");
	return NULL;
}

/* A member leaves, and says so: the ring is another one at once. */
static const char *ring_changes(struct sim_world *w)
{
	const char *why = five_without_lun(w);

	EXPECT(!why, why);
	sim_corosync_stop(w, &w->node[4], /* clean */ true);
	sim_stage_pass(w, 1000);
	EXPECT(self_fenced(w) == 31, "somebody lives on in another ring");
	return NULL;
}

/* Its daemon stands still: nobody knows whether it has the LUN. */
static const char *member_mute(struct sim_world *w)
{
	struct sim_setup s = fencing_setup(3);

	s.guard = false;
	BEGIN(&s);
	hang_all(w, 7, SIM_NEVER);
	sim_stage_pass(w, 30000);
	sim_daemon_pause(w, &w->node[2]);
	sim_stage_pass(w, 7000);
	EXPECT(!self_fenced(w), "a short silence ends somebody");
	sim_stage_pass(w, 1200);
	EXPECT(self_fenced(w) == 3, "somebody lives on beside a daemon that is silent for K*I");
	sim_daemon_resume(w, &w->node[2]);
	sim_stage_pass(w, 100);
	EXPECT(self_fenced(w) == 7, "it wakes, and lives on");
	return NULL;
}

const struct sim_story sim_stories_lun[] = {
	{ "lun_dead_for_all_puts_self_fencing_off", dead_for_all },
	{ "lun_back_for_one_ends_the_others_after_k_intervals", back_for_one },
	{ "lun_back_for_all_in_turn_ends_nobody", back_in_turn },
	{ "lun_left_for_one_puts_nothing_off", left_for_one },
	{ "lun_dead_for_a_ring_that_needs_the_device_puts_nothing_off", device_needed },
	{ "lun_dead_for_a_ring_that_needs_no_device_is_put_off_in_it_alone", ring_of_four },
	{ "lun_dead_for_all_and_a_member_dies_falls_due_after_k_intervals", member_dies },
	{ "lun_dead_for_all_and_another_ring_falls_due_at_once", ring_changes },
	{ "lun_dead_for_all_and_a_mute_member_falls_due_after_k_intervals", member_mute },
	{ "lun_hung_for_good_ends_the_life", hung_for_good },
	{ "lun_reached_by_another_path_ends_the_vote", path_elsewhere },
	{ "lun_relabelled_ends_every_vote_and_evicts_nobody", relabelled },
	{ "lun_torn_block_keeps_its_voting_mark", torn_mark },
	{ NULL, NULL },
};
