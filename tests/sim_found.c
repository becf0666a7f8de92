/* Staged scenarios: what the simulator once found, told as what was seen. */
#include "sim.h"

static bool master_1_knows_3(struct sim_world *w)
{
	return sim_master(w) == &w->node[0] && qd_has(w->node[0].engine.state.up, 3);
}

/* A ring change starts a cycle between two ticks while the master's LUN is slow:
 * ticks then follow one another closely, and misses must still stand for time.
 * S7 is watched by the checker. */
static const char *found_close_ticks(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	s.t.tko = 4;
	for (s.seed = 1; s.seed <= 300; s.seed++) {
		BEGIN(&s);
		w->node[0].latency = (uint32_t)sim_dice(w, 60000, 195000);
		sim_corosync_stop(w, &w->node[2], /* clean */ true);
		sim_stage_pass(w, sim_dice(w, 300, 3500));
		sim_power_off(w, &w->node[1], "dies");
		w->node[0].latency = 500;
		sim_stage_pass(w, 12000);
		EXPECT(true, "");
	}
	return NULL;
}

/* A write that was given up lands late, over a newer block of the same life. */
static const char *found_late_landing(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	uint8_t *slot = w->lun.image + 3 * QD_SLOT_BYTES;
	uint8_t old[SIM_SECTOR];
	uint64_t life, begin;

	BEGIN(&s);
	life = w->node[2].engine.state.incarnation;
	memcpy(old, slot, sizeof(old));
	sim_stage_pass(w, 3000);
	begin = w->now;
	while (w->lun.landed[3] != w->now)
		sim_run(w, w->now + 1);
	memcpy(slot, old, sizeof(old));
	for (uint32_t i = 0; i < 20; i++) {
		sim_stage_pass(w, 1000);
		EXPECT(w->node[2].co.cast, "it costs the vote");
	}
	EXPECT(sim_stage_notes(w, QD_NOTE_OWN_STALE, 3, 0, begin) > 0, "it goes unseen");
	EXPECT(w->node[2].engine.state.incarnation == life, "it costs the life");
	return NULL;
}

/* A slow write of node 3 lands, and before anybody looks its slot becomes garbage: the
 * misses of the gap that has ended are not held against it. S7 is watched by the checker. */
static const char *found_unseen_landing(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	struct sim_node *n = &w->node[2];

	for (s.seed = 1; s.seed <= 10; s.seed++) {
		uint64_t begin;

		BEGIN(&s);
		sim_stage_networks(w, "aab");
		sim_stage_pass(w, 60000);
		n->hang_until = w->now + sim_cycles(w, 5);
		while (w->now < n->hang_until || w->lun.landed[3] != w->now)
			sim_run(w, w->now + 1);
		sim_lun_bad(w, 3, w->now);
		begin = w->now;
		sim_stage_pass(w, 7000);
		EXPECT(sim_stage_notes(w, QD_NOTE_EVICTION, 1, 3, begin) == 0, "it is evicted at once");
		sim_stage_pass(w, 3500);
		EXPECT(sim_stage_notes(w, QD_NOTE_EVICTION, 1, 3, begin) == 1, "it is never evicted");
	}
	return NULL;
}

static bool evicts_3(struct sim_world *w)
{
	return sim_stage_notes(w, QD_NOTE_EVICTION, 1, 3, 0) > 0;
}

/* The eviction of a node that was silent for K*I does not land, and the node beats on in
 * its old life, as a daemon of 2011 does: it stays evicted, and is evicted again. */
static const char *found_lost_eviction(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	struct sim_node *n = &w->node[2];

	s.t.interval_ms = 1000;
	s.token_ms = 15000;
	s.consensus_ms = 18000;
	s.fencing = false;
	sim_stage_empty(w, &s);
	n->old = true;
	for (uint32_t i = 0; i < 3; i++)
		sim_boot(w, &w->node[i]);
	EXPECT(sim_stage_until(w, 60, master_1_knows_3), "the cluster does not start");
	w->node[0].engine.state.p.allow_kill = false;
	n->hang_until = w->now + 10500000;
	EXPECT(sim_stage_until(w, 12, evicts_3), "it is not evicted");
	for (uint32_t i = 0; i < SIM_WRITES; i++) {
		if (w->lun.write[i].used && w->lun.write[i].slot == 3 && w->lun.write[i].node == 0)
			w->lun.write[i].error = w->lun.write[i].cancelled = true;
	}
	w->node[0].error_per_mille = 1000;	/* and it cannot try again yet */
	while (w->now < n->hang_until || w->lun.landed[3] != w->now)
		sim_run(w, w->now + 1);
	sim_stage_pass(w, 2500);
	w->node[0].error_per_mille = 0;
	sim_stage_pass(w, 3000);
	EXPECT(sim_stage_notes(w, QD_NOTE_EVICTION_AGAIN, 1, 3, 0) > 0, "it is not evicted again");
	return NULL;
}

static bool undone_2(struct sim_world *w)
{
	return !w->node[1].co.in_sync && w->node[1].co.members == 3 && !w->node[1].co.cast;
}

/* Node 2 polls 0 while the token is lost, and 1 in the next ring; there the 0 is heard
 * behind the 1. Before its daemon knows, the token is lost again: the 1 that it repeats now
 * would be heard in a ring that has lost. S1 is watched by the checker. */
static const char *found_undone_vote(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	s.heuristics = true;
	BEGIN(&s);
	sim_stage_networks(w, "aab");
	w->node[1].score = 0;
	sim_stage_pass(w, 1500);
	EXPECT(!w->node[1].co.cast, "no 0 is polled");
	w->node[1].score = 10;
	sim_stage_pass(w, 10000);
	while (w->now < sim_cycles(w, 200) && !undone_2(w))
		sim_run(w, w->now + 1);
	EXPECT(undone_2(w), "the 0 is not heard behind the 1");
	sim_stage_networks(w, "abc");
	sim_stage_pass(w, 5000);
	EXPECT(w->node[1].co.members == 3, "there is another ring by now");
	EXPECT(!w->node[1].co.cast, "a 1 is polled while nobody can hear it");
	sim_stage_pass(w, 80000);
	EXPECT(sim_all_quorate(w, 1), "the master's side is not quorate");
	return NULL;
}

static bool has_master(struct sim_world *w)
{
	return sim_master(w) != NULL;
}

/* Its reads are quick, each write takes 2.25 I: it beats at every third tick, which makes it
 * run and bid, and never up in the eyes of others, who want beats closer together. */
static void slow_writes(struct sim_world *w, struct sim_node *n, uint64_t per_mille)
{
	uint64_t end = w->now + w->interval_us * per_mille / 1000;

	while (w->now < end && !w->check.failed) {
		n->latency = n->read_out ? 450000 : 50000;	/* of what it submits next */
		sim_run(w, w->now + w->interval_us / 200);
	}
}

/* Master 2 gives up its office, and two bid: node 3, and node 1, which is never up. A bid
 * counts all the same: node 3 gives way to it, or both would block the other for as long as
 * the writes are slow. */
static const char *found_slow_bidder(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	struct sim_node *n = &w->node[0];

	s.heuristics = true;
	for (s.seed = 1; s.seed <= 10; s.seed++) {
		sim_stage_empty(w, &s);
		for (uint32_t i = 0; i < 3; i++)
			sim_boot(w, &w->node[i]);
		slow_writes(w, n, 60000);
		EXPECT(sim_master(w) == &w->node[1] && n->engine.state.role == QD_STATE_RUN, "the stage is not set");
		while (!n->read_out)
			slow_writes(w, n, 10);
		slow_writes(w, n, 2250);	/* its next look is the first after this */
		w->node[1].score = 0;
		slow_writes(w, n, 20000);
		EXPECT(!sim_stage_up(w, 1), "the slow bidder is up");
		EXPECT(has_master(w), "two bidders block each other");
	}
	return NULL;
}

static bool quorate_2(struct sim_world *w)
{
	return sim_all_quorate(w, 2);
}

/* Node 2 has lost, node 1 dies, and node 3 forms no ring any more. Its daemon is stopped:
 * the 0 that it casts is never heard, and its corosync would go on showing {1,3} as quorate
 * for ever. S1 is watched by the checker. */
static const char *found_stop_without_ring(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);

	s.fencing = false;
	BEGIN(&s);
	sim_stage_networks(w, "aba");
	sim_stage_pass(w, 60000);
	w->node[2].mute_until = w->node[2].stuck_until = w->now + sim_cycles(w, 400);
	sim_totem_change(w, /* clean */ false);
	sim_power_off(w, &w->node[0], "dies");
	sim_stage_pass(w, 300);
	sim_daemon_stop(w, &w->node[2]);
	EXPECT(sim_stage_until(w, 150, quorate_2), "node 2 never rules");
	EXPECT(w->node[2].exited && w->node[2].exit_status == 0, "the stop is no clean stop");
	return NULL;
}

/* Node 1 is cut off, and its corosync stands still with a poll 1 in its hands, until V has
 * run out; the 1 is carried out as it goes on, when nobody can hear it. A ring comes soon:
 * the token is short. */
static const char *late_one(struct sim_world *w)
{
	struct sim_setup s = sim_stage_setup(3);
	struct sim_node *n = &w->node[0];

	s.token_ms = 400;
	s.consensus_ms = 480;
	BEGIN(&s);
	n->params.allow_kill = n->engine.state.p.allow_kill = false;
	sim_stage_networks(w, "abb");
	sim_corosync_freeze(w, n);
	sim_stage_pass(w, 12000);
	EXPECT(n->hand.hung && n->hand.inside.cast, "no poll 1 hangs");
	EXPECT(sim_all_quorate(w, 6), "the others are not quorate");
	sim_corosync_go(w, n);
	EXPECT(n->hand.proof.unheard_late && n->co.members == 7, "it is not carried out while the token is lost");
	return NULL;
}

/* Its daemon ends that corosync within two intervals, and before the new ring: it may be
 * dead itself by then. */
static const char *found_late_one(struct sim_world *w)
{
	struct sim_node *n = &w->node[0];
	const char *why = late_one(w);
	uint64_t gone_on = w->now;

	while (!why && n->co.up && w->now < gone_on + sim_cycles(w, 3))
		sim_run(w, w->now + 1);
	EXPECT(!why, why);
	EXPECT(!n->co.up, "corosync is not ended");
	EXPECT(w->now <= gone_on + sim_cycles(w, 2) + 5000, "it is ended late");
	sim_stage_pass(w, 60000);
	EXPECT(sim_all_quorate(w, 6), "the others are not quorate at the end");
	return NULL;
}

/* The daemon is killed before that; the next one starts within the sync of the new ring.
 * What stands in its slot tells what may be counted after that. S1 is watched by the
 * checker. */
static const char *found_late_one_before(struct sim_world *w)
{
	struct sim_node *n = &w->node[0];
	const char *why = late_one(w);
	uint64_t end = w->now + sim_cycles(w, 7);

	EXPECT(!why, why);
	sim_stage_pass(w, 400);
	sim_daemon_kill(w, n);
	while (!n->co.in_sync && w->now < end)
		sim_run(w, w->now + 1);
	EXPECT(n->co.in_sync && n->co.members == 1, "no ring, or it does not wait for an answer");
	sim_daemon_start(w, n);
	sim_stage_pass(w, 2000);
	EXPECT(!n->co.up, "corosync is not ended");
	sim_stage_pass(w, 60000);
	EXPECT(sim_all_quorate(w, 6), "the others are not quorate at the end");
	return NULL;
}

const struct sim_story sim_found[] = {
	{ "ticks_close_together_evict_nobody_early", found_close_ticks },
	{ "late_landing_of_an_own_write_is_repaired", found_late_landing },
	{ "landing_that_nobody_could_see_is_not_held_against_the_node", found_unseen_landing },
	{ "eviction_that_did_not_land_is_repeated", found_lost_eviction },
	{ "clean_stop_where_no_ring_forms_leaves_no_quorate_view", found_stop_without_ring },
	{ "bidder_that_is_never_up_is_given_way_to", found_slow_bidder },
	{ "one_carried_out_late_ends_corosync_before_the_next_ring", found_late_one },
	{ "daemon_started_within_a_sync_knows_of_the_one_before", found_late_one_before },
	{ "vote_undone_by_an_older_message_waits_for_an_echo", found_undone_vote },
	{ NULL, NULL },
};
