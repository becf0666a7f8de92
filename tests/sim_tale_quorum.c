/* Kept stories: who is master, who has quorum. */
#include "sim.h"

static const char *start(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	sim_tale_empty(w, &s);
	sim_tale_boot(w, 7);
	EXPECT(sim_stage_until(w, 60, sim_stage_settled), "the cluster does not start");
	return NULL;
}

static const char *master_dies(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	BEGIN_TALE(&s);
	sim_power_off(w, &w->node[0], "dies");
	sim_stage_pass(w, 40000);
	EXPECT(sim_master(w) == &w->node[1], "node 2 is not master");
	return NULL;
}

static const char *hand_over(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	BEGIN_TALE(&s);
	sim_daemon_stop(w, &w->node[0]);
	sim_stage_pass(w, 6000);
	sim_corosync_stop(w, &w->node[0], /* clean */ true);
	sim_stage_pass(w, 6000);
	EXPECT(sim_master(w) == &w->node[1], "node 2 is not master");
	return NULL;
}

static const char *successor_dies(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	BEGIN_TALE(&s);
	sim_daemon_stop(w, &w->node[0]);
	sim_stage_pass(w, 20);
	sim_power_off(w, &w->node[1], "dies");
	sim_stage_pass(w, 40000);
	EXPECT(sim_master(w) == &w->node[2], "node 3 is not master");
	return NULL;
}

static const char *split(struct sim_world *w, uint32_t nodes, const char *groups)
{
	struct sim_setup s = sim_tale_setup(nodes);

	BEGIN_TALE(&s);
	sim_stage_networks(w, groups);
	sim_stage_pass(w, 50000);
	sim_stage_networks(w, "aaaa");
	EXPECT(sim_stage_until(w, 30, sim_stage_settled), "the cluster does not come together");
	return NULL;
}

static const char *split_master_alone(struct sim_world *w)
{
	return split(w, 3, "abb");
}

static const char *split_master_in_majority(struct sim_world *w)
{
	return split(w, 3, "aab");
}

static const char *split_equal_sides(struct sim_world *w)
{
	return split(w, 4, "abba");
}

static const char *last_man(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(4);

	BEGIN_TALE(&s);
	for (uint32_t i = 0; i < 3; i++) {
		sim_power_off(w, &w->node[i], "dies");
		sim_stage_pass(w, 50000);
	}
	EXPECT(sim_master(w) == &w->node[3], "the last man is not master");
	return NULL;
}

static const char *ring_change(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(4);

	s.token_ms = 900;
	s.consensus_ms = 1080;
	BEGIN_TALE(&s);
	sim_power_off(w, &w->node[0], "dies");
	sim_stage_pass(w, 30000);
	EXPECT(sim_master(w) == &w->node[1], "node 2 is not master");
	return NULL;
}

static const char *one_way(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	BEGIN_TALE(&s);
	sim_say(w, 3, "hears the others and is not heard, for 100 intervals", 0, 0, 0);
	w->node[2].mute_until = w->now + sim_cycles(w, 100);
	sim_totem_change(w, /* clean */ false);
	sim_stage_pass(w, 100000);
	sim_say(w, 3, "is heard again", 0, 0, 0);
	sim_totem_change(w, /* clean */ false);
	EXPECT(sim_stage_until(w, 30, sim_stage_settled), "the cluster does not come together");
	return NULL;
}

static const char *corosync_dies(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	BEGIN_TALE(&s);
	sim_corosync_stop(w, &w->node[1], /* clean */ false);
	sim_stage_pass(w, 50000);
	sim_corosync_start(w, &w->node[1]);
	EXPECT(sim_stage_until(w, 30, sim_stage_settled), "the cluster does not come together");
	return NULL;
}

static const char *corosync_hangs(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	BEGIN_TALE(&s);
	sim_corosync_freeze(w, &w->node[1]);
	sim_stage_pass(w, 50000);
	sim_corosync_go(w, &w->node[1]);
	EXPECT(sim_stage_until(w, 30, sim_stage_settled), "the cluster does not come together");
	return NULL;
}

static const char *master_wins(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(2);

	sim_tale_empty(w, &s);
	for (uint32_t i = 0; i < 2; i++)
		w->node[i].params.master_wins = true;
	sim_tale_boot(w, 3);
	sim_stage_pass(w, 25000);
	EXPECT(sim_all_quorate(w, 3), "the cluster does not start");
	w->trace.origin = w->now;
	w->trace.origin_line = w->trace.count;
	sim_stage_networks(w, "ab");
	sim_stage_pass(w, 50000);
	EXPECT(sim_all_quorate(w, 1), "the master is not quorate");
	EXPECT(!sim_all_quorate(w, 2), "both sides are quorate");
	return NULL;
}

/* A block as it was left on the LUN by an earlier life of a node. */
static void leave_block(struct sim_world *w, uint32_t id, enum qd_node_state state, uint32_t flags, qd_mask view)
{
	struct qd_block block = { .node_id = id, .writer_id = id, .state = state, .has_ext = true,
				  .incarnation = 100 + id,
				  .ext = { .beat = 9, .interval_ms = w->setup.t.interval_ms,
					   .tko = w->setup.t.tko, .flags = flags, .view = view } };

	qd_block_encode(&block, w->lun.image + (size_t)id * QD_SLOT_BYTES, SIM_SECTOR);
}

static const char *cold_start(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	sim_tale_empty(w, &s);
	sim_say(w, 0, "the power is back; on the LUN stand node 1 running, node 2 master, node 3 running", 0, 0, 0);
	leave_block(w, 1, QD_STATE_RUN, 0, 0);
	leave_block(w, 2, QD_STATE_MASTER, 0, 0);
	leave_block(w, 3, QD_STATE_RUN, 0, 0);
	sim_tale_boot(w, 1);
	sim_stage_pass(w, 30000);
	EXPECT(sim_master(w) == &w->node[0], "node 1 is not master alone");
	EXPECT(sim_stage_notes(w, QD_NOTE_EVICTION, 0, 0, 0) == 0, "a node that has not started is evicted");
	sim_tale_boot(w, 6);
	EXPECT(sim_stage_until(w, 40, sim_stage_settled), "the cluster does not come together");
	return NULL;
}

static bool has_master(struct sim_world *w)
{
	return sim_master(w) != NULL;
}

static const char *mark_waited_for(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(2);

	sim_tale_empty(w, &s);
	sim_say(w, 0, "on the LUN stands node 2, voting, in a view of {2} alone", 0, 0, 0);
	leave_block(w, 2, QD_STATE_MASTER, QD_EXT_VOTING, 2);
	sim_tale_boot(w, 1);
	EXPECT(sim_stage_until(w, 120, has_master), "node 1 waits for ever");
	EXPECT(w->now >= 1000 * qd_law_forget_ms(&w->node[0].params), "it does not wait for Z");
	sim_stage_pass(w, 3000);
	return NULL;
}

static const char *two_masters(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	BEGIN_TALE(&s);
	sim_say(w, 2, "takes itself for master, by hand: no rule leads there", 0, 0, 0);
	w->node[1].engine.state.role = QD_STATE_MASTER;
	EXPECT(sim_stage_until(w, 1, sim_stage_settled) || sim_stage_until(w, 30, sim_stage_settled),
	       "the cluster does not come together");
	sim_stage_pass(w, 5000);
	EXPECT(sim_master(w) == &w->node[0], "the higher id has not given way");
	return NULL;
}

const struct sim_tale sim_tales_quorum[] = {
	{ "start",
	  "Three machines boot, a moment apart. Each is alone in its corosync for a while, then "
	  "all are in one ring, quorate by their own three votes. Then the daemons start: they "
	  "watch for K cycles, see each other come up after U, wait W, and the lowest node "
	  "bids. Look at the bid at 15 I: both others acknowledge it within one interval, and M "
	  "cycles later node 1 is master. Each node casts 1 only after it has seen itself in "
	  "the master's mask.",
	  start },
	{ "master_dies",
	  "The master loses power. Nobody notices until K reads in a row have shown the same "
	  "beat: at 8.3 I node 2 bids, at 11.3 I it is master, evicts node 1 and begins to "
	  "fence it. Corosync notices later, at 32 I, when its token has been lost for token "
	  "and consensus. Look at what does not happen: nobody ever casts 0. The votes are held "
	  "while the successor is elected, and the last line of corosync is as quorate as the "
	  "first.",
	  master_dies },
	{ "clean_hand_over",
	  "An administrator stops the master's daemon. It casts 0 and unregisters before it "
	  "writes its leaving block, which names node 2 as successor. Node 2 is master at its "
	  "very next tick, without an election. Later corosync is stopped on node 1 too, "
	  "cleanly, so that its new ring comes at once. Look for a bid: there is none.",
	  hand_over },
	{ "successor_dies_during_the_hand_over",
	  "The master leaves cleanly and names node 2, and node 2 dies two milliseconds later. "
	  "Node 3 sees a master that has left and a successor that does not take over. It holds "
	  "its vote for V - I and no longer: at 6.4 I it casts 0. When K cycles have shown that "
	  "node 2 is dead it bids, alone, and the full election takes its time. It is quorate "
	  "again in the ring of 32 I.",
	  successor_dies },
	{ "split_master_alone",
	  "The network is cut between the master and the two others. Until corosync notices, at "
	  "32 I, nothing changes on the LUN: all beat. Then the express cycles decide in a few "
	  "disk latencies. Node 1 shows its new ring and counts itself in; the other two see a "
	  "master whose ring does not have them, and cast 0. One node with the LUN outvotes two "
	  "without: that is what the quorum disk is for. When the cable is back the losers cast "
	  "0 in the new ring at once, and 1 as soon as the master counts them in. Nobody is "
	  "evicted.",
	  split_master_alone },
	{ "split_master_in_majority",
	  "As in split_master_alone, and here the master has company. Node 2 waits for the "
	  "master to show the new ring before it casts 1; node 3, alone, sees that it has lost "
	  "and casts 0. Look at the moment of the decision: all of it happens within eight "
	  "milliseconds of the new rings.",
	  split_master_in_majority },
	{ "split_equal_sides",
	  "Four nodes fall into two halves, and the master is in one of them: {1,4}. By node "
	  "votes alone neither half has a quorum of 4; with the device {1,4} has five. Look for "
	  "quorate lines between 32 I and 50 I: there are two, and both are of one side.",
	  split_equal_sides },
	{ "last_man_standing",
	  "Four nodes, and one after the other dies, each time the master. Each time the next "
	  "one evicts it, fences it, and stays quorate; at the end node 4 holds its own vote "
	  "and the three of the device, which is the quorum of four. Look at corosync's lines: "
	  "none of them ever says NOT quorate.",
	  last_man },
	{ "ring_change_during_an_election",
	  "The token is so short here that corosync notices the dead master while its successor "
	  "is still being elected: at 9.8 I there is a new ring, at 11.3 I a new master. Look "
	  "at the votes between: in the new ring none is cast, neither 1 nor 0, because "
	  "corosync's sync waits for an answer and the answer is not known yet. So clients go "
	  "on seeing what they saw.",
	  ring_change },
	{ "one_way_cut",
	  "Node 3 hears the others and is not heard. Both sides drop it, and it finds itself in "
	  "a ring of its own. Its LUN is fine, so it sees that the master's ring does not have "
	  "it, and casts 0. It is not evicted for that: it beats. When it is heard again it is "
	  "counted in at its next tick.",
	  one_way },
	{ "corosync_dies",
	  "Corosync is killed on node 2. Its daemon stays: it says 'none' in its block, which "
	  "the others read as a shutdown, and looks for corosync once a second. Nobody is "
	  "evicted, and nobody spins. The other two lose no vote over it. After corosync's "
	  "return the daemon registers, and votes again within an interval.",
	  corosync_dies },
	{ "corosync_hangs",
	  "Corosync stands still on node 2, as under SIGSTOP, with a call of the daemon inside "
	  "it. After an interval without an answer the daemon takes it for gone. Look at 50 I, "
	  "when corosync goes on: the call that hung is carried out, a vote of 1 that is ten "
	  "seconds old. It is harmless: the old ring carries no message any more, so it is not "
	  "counted, and the daemon casts 0 right behind it.",
	  corosync_hangs },
	{ "master_wins_with_two_nodes",
	  "Two nodes without heuristics, and master_wins: only the master casts. The network is "
	  "cut. Node 1 casts 1 in its ring and is quorate; node 2 casts 0, as it has all along, "
	  "and is not. There is no race and nothing to fence before one side may go on.",
	  master_wins },
	{ "cold_start_with_stale_blocks",
	  "All three machines lost power while they ran, and node 1 is the first to boot. On "
	  "the LUN it finds three blocks that look alive, one of them a master's. None of them "
	  "beats, so none of them counts: it becomes master alone, and evicts, kills and fences "
	  "nobody. The others come later and are counted in.",
	  cold_start },
	{ "voting_mark_waited_for",
	  "Node 1 boots alone and finds a block of node 2 that says: voting, in a view of {2} "
	  "alone. Node 2 may be quorate behind a cut network with a daemon that is dead. Node 1 "
	  "bids at 15 I and then waits, although nobody answers: until Z has passed since it "
	  "found the mark, and node 2's corosync must have forgotten the vote.",
	  mark_waited_for },
	{ "two_masters",
	  "Node 2 is made to believe that it is master; no rule leads there. At its next look "
	  "it sees another one with a lower id, gives way, and casts 0 in the same step, before "
	  "it casts 1 again under the master that is left. Node 1 never moves.",
	  two_masters },
	{ NULL, NULL, NULL },
};
