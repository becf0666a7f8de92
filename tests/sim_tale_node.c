/* Kept stories: what befalls a machine or its daemon. */
#include "sim.h"

static const char *pause_past_eviction(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	s.fencing = false;
	s.boot_min_ms = s.boot_max_ms = 2000;
	BEGIN_TALE(&s);
	for (uint32_t i = 0; i < 3; i++)
		w->node[i].engine.state.p.allow_kill = false;
	sim_daemon_pause(w, &w->node[2]);
	sim_stage_pass(w, 14000);
	EXPECT(w->check.evicted[3].count == 1, "the paused node is not evicted");
	sim_daemon_resume(w, &w->node[2]);
	sim_stage_pass(w, 1000);
	EXPECT(sim_stage_until(w, 60, sim_stage_settled), "it does not come back");
	return NULL;
}

static const char *short_pause(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	BEGIN_TALE(&s);
	sim_daemon_pause(w, &w->node[0]);
	sim_stage_pass(w, 5000);
	sim_daemon_resume(w, &w->node[0]);
	sim_stage_pass(w, 5000);
	EXPECT(sim_goal_settled(w), "a short pause has cost something");
	EXPECT(sim_master(w) == &w->node[0], "it has cost the mastership");
	return NULL;
}

static void score_set(struct sim_world *w, struct sim_node *n, uint32_t score)
{
	sim_say(w, n->id, "its heuristics now score %llu of %llu", score, n->score_max, 0);
	n->score = score;
}

static const char *heuristics_flap(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	s.heuristics = true;
	BEGIN_TALE(&s);
	for (uint32_t i = 0; i < 2; i++) {
		score_set(w, &w->node[0], 3);
		sim_stage_pass(w, 4000);
		score_set(w, &w->node[0], 10);
		sim_stage_pass(w, 12000);
	}
	EXPECT(sim_goal_settled(w), "the cluster does not come together");
	return NULL;
}

static const char *score_reboots(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	s.heuristics = s.reboot = true;
	BEGIN_TALE(&s);
	score_set(w, &w->node[1], 3);
	sim_stage_pass(w, 40000);
	EXPECT(!w->node[1].on, "it does not reboot");
	return NULL;
}

static const char *quick_restart(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	BEGIN_TALE(&s);
	sim_daemon_kill(w, &w->node[2]);
	sim_stage_pass(w, 300);
	sim_daemon_start(w, &w->node[2]);
	sim_stage_pass(w, 1000);
	EXPECT(sim_stage_until(w, 30, sim_stage_settled), "it does not come back");
	EXPECT(sim_stage_notes(w, QD_NOTE_EVICTION, 0, 0, 0) == 0, "somebody is evicted");
	return NULL;
}

static const char *fencing_fails(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	s.fence_ok_per_mille = 0;
	s.boot_min_ms = s.boot_max_ms = 4000;
	BEGIN_TALE(&s);
	w->node[2].boot_ms = 0;
	sim_power_off(w, &w->node[2], "dies");
	sim_stage_pass(w, 25000);
	sim_say(w, 0, "from now on fencing works", 0, 0, 0);
	w->setup.fence_ok_per_mille = 1000;
	sim_stage_pass(w, 40000);
	EXPECT(sim_stage_notes(w, QD_NOTE_FENCE_OK, 1, 3, 0) == 1, "it is not tried again");
	return NULL;
}

static const char *frozen(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	s.watchdog = true;
	s.boot_min_ms = s.boot_max_ms = 2000;
	BEGIN_TALE(&s);
	sim_freeze(w, &w->node[0]);
	sim_stage_pass(w, 20000);
	EXPECT(sim_stage_until(w, 80, sim_stage_settled), "it does not come back");
	return NULL;
}

static const char *all_stop(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	BEGIN_TALE(&s);
	for (uint32_t i = 0; i < 3; i++) {
		sim_daemon_stop(w, &w->node[i]);
		sim_stage_pass(w, 5000);
		sim_corosync_stop(w, &w->node[i], /* clean */ true);
		sim_stage_pass(w, 5000);
		EXPECT(w->node[i].exited && w->node[i].exit_status == 0, "a stop is not clean");
	}
	return NULL;
}

const struct sim_tale sim_tales_node[] = {
	{ "pause_past_eviction",
	  "The daemon of node 3 is stopped with SIGSTOP for longer than K intervals, on a "
	  "machine without a watchdog. At V corosync forgets its vote; at 9.1 I the master "
	  "evicts it. Look at 14 I: the first thing that the daemon does when it goes on is to "
	  "judge its own silence. It casts 0, reads, finds that its life was evicted, and "
	  "resets the machine, within a millisecond and before it writes anything.",
	  pause_past_eviction },
	{ "pause_too_short_to_matter",
	  "The master's daemon is stopped with SIGSTOP for five intervals. Nothing else "
	  "happens: nobody misses more than K beats, corosync's V has not run out, and not one "
	  "line is logged.",
	  short_pause },
	{ "heuristics_flap",
	  "The master's heuristics fall below what is required, twice. The first time it casts "
	  "0 and drops out within the cycle; the others do not wait for K misses, because its "
	  "block says so, and elect node 2 at once: three cycles. The second time node 1 is no "
	  "master any more, and nothing moves but its own vote.",
	  heuristics_flap },
	{ "score_too_low_reboots",
	  "With reboot=\"1\" a score below what is required ends the machine. The others see a "
	  "node that falls silent: it is evicted and fenced as any other, although it has reset "
	  "itself already.",
	  score_reboots },
	{ "restart_within_one_interval",
	  "The daemon of node 3 is killed and started again within a third of an interval, so "
	  "that no beat is missed. It is noticed all the same: the new life has another "
	  "incarnation, so node 3 is down, and must be up again by the rules. Nobody is "
	  "evicted, nobody loses quorum.",
	  quick_restart },
	{ "fencing_fails_and_is_tried_again",
	  "Node 3 dies, and fencing it fails. It is tried again after one second, then after "
	  "two: the pauses grow. The third try works, and its success is written into the "
	  "eviction, so that whoever is master next need not fence it again.",
	  fencing_fails },
	{ "frozen_node_and_its_watchdog",
	  "The master's whole machine stands still, as a virtual machine does. Its watchdog was "
	  "petted last by a write that landed; K intervals later it resets the machine, before "
	  "anybody else may have become master. The others elect node 2 as after any death. "
	  "Node 1 boots, finds itself evicted in an earlier life, and is taken back.",
	  frozen },
	{ "all_stop_one_by_one",
	  "All three daemons are stopped, one by one, each followed by its corosync. Mastership "
	  "is handed over each time, and the last one leaves nothing to nobody. Look at the "
	  "voting mark: it is cleared before the leaving block is written, so that a later "
	  "start waits for nobody. Nobody is evicted or fenced.",
	  all_stop },
	{ NULL, NULL, NULL },
};
