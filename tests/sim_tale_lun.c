/* Kept stories: what the LUN does to a node. */
#include "sim.h"

static void hang(struct sim_world *w, struct sim_node *n, uint64_t cycles)
{
	sim_say(w, n->id, "its LUN hangs for %llu intervals", cycles, 0, 0);
	n->hang_until = w->now + sim_cycles(w, cycles);
}

static const char *hangs_on_master(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	s.fencing = false;
	s.boot_min_ms = s.boot_max_ms = 2000;
	BEGIN_TALE(&s);
	for (uint32_t i = 0; i < 3; i++)
		w->node[i].engine.state.p.allow_kill = false;
	hang(w, &w->node[0], 20);
	sim_stage_pass(w, 21000);
	EXPECT(sim_stage_until(w, 60, sim_stage_settled), "the cluster does not come together");
	EXPECT(sim_master(w) == &w->node[1], "node 2 is not master");
	return NULL;
}

static const char *dead_for_all(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	BEGIN_TALE(&s);
	for (uint32_t i = 0; i < 3; i++)
		hang(w, &w->node[i], 25);
	sim_stage_pass(w, 25000);
	EXPECT(sim_stage_until(w, 60, sim_stage_settled), "the cluster does not come together");
	return NULL;
}

static const char *dead_and_put_off(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	s.io_timeout = s.watchdog = true;
	BEGIN_TALE(&s);
	for (uint32_t i = 0; i < 3; i++)
		hang(w, &w->node[i], 25);
	sim_stage_pass(w, 25000);
	EXPECT(sim_stage_until(w, 60, sim_stage_settled), "the cluster does not come together");
	EXPECT(!w->node[0].self_fenced && !w->node[1].self_fenced && !w->node[2].self_fenced, "a node ends itself");
	return NULL;
}

static const char *back_for_one(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	s.io_timeout = true;
	s.fencing = false;
	s.boot_min_ms = s.boot_max_ms = 2000;
	BEGIN_TALE(&s);
	hang(w, &w->node[0], 30);
	hang(w, &w->node[1], 20);
	hang(w, &w->node[2], 30);
	sim_stage_pass(w, 29000);
	EXPECT(w->node[0].self_fenced && w->node[2].self_fenced, "nodes 1 and 3 live on");
	EXPECT(!w->node[1].self_fenced, "node 2 has ended itself");
	EXPECT(sim_stage_until(w, 80, sim_stage_settled), "the cluster does not come together");
	return NULL;
}

/* Each read and each write of node 2 takes longer than an interval. */
static void slow_for(struct sim_world *w, uint64_t cycles)
{
	sim_say(w, 2, "its LUN takes 240 ms for each read and each write, for %llu intervals", cycles, 0, 0);
	w->node[1].latency = 240000;
	sim_stage_pass(w, 1000 * cycles);
	sim_say(w, 2, "its LUN is as quick as before", 0, 0, 0);
	w->node[1].latency = 900;
}

static const char *slow(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	BEGIN_TALE(&s);
	slow_for(w, 4);
	EXPECT(w->node[1].co.cast, "a few slow cycles cost the vote");
	sim_stage_pass(w, 8000);
	slow_for(w, 12);
	sim_stage_pass(w, 8000);
	EXPECT(sim_goal_settled(w), "the cluster does not come together");
	return NULL;
}

static const char *slot_unreadable(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	BEGIN_TALE(&s);
	w->lun.bad[2] = w->now;
	sim_say(w, 0, "slot 2 cannot be read by anybody, for 20 intervals", 0, 0, 0);
	sim_stage_pass(w, 20000);
	EXPECT(sim_all_quorate(w, 7), "it costs quorum");
	w->lun.bad[2] = 0;
	sim_say(w, 0, "slot 2 can be read again", 0, 0, 0);
	EXPECT(sim_stage_until(w, 30, sim_stage_settled), "the cluster does not come together");
	return NULL;
}

static const char *duplicate_id(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);

	sim_tale_empty(w, &s);
	sim_stage_twin(w);
	sim_tale_boot(w, 3);
	sim_stage_pass(w, 30300);
	EXPECT(sim_all_quorate(w, 3), "the two real nodes are not quorate");
	w->trace.origin = w->now;
	w->trace.origin_line = w->trace.count;
	sim_say(w, 0, "a third machine is configured as node 2 too, on another network", 0, 0, 0);
	sim_boot(w, &w->node[2]);
	sim_stage_pass(w, 12000);
	EXPECT(w->node[1].exited || w->node[2].exited, "both nodes 2 go on");
	w->setup.nodes = 3;
	return NULL;
}

/* Its path to the LUN shows node 3 an old read of its own slot: it goes on
 * beating after its eviction. */
static const char *undead(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);
	struct qd_block block;

	s.fence_ok_per_mille = 0;
	BEGIN_TALE(&s);
	w->check.exempt = 3;
	w->setup.lies = SIM_LIE_OWN;
	w->setup.liar = 3;
	for (uint32_t i = 0; i < 3; i++)
		w->node[i].engine.state.p.allow_kill = false;
	sim_stage_pass(w, 2000);	/* the lie has a block to show */
	while (w->lun.landed[3] != w->now)
		sim_run(w, w->now + 1);
	w->trace.origin = w->now;
	w->trace.origin_line = w->trace.count;
	EXPECT(sim_lun_block(w, 3, &block), "no block of node 3");
	sim_say(w, 0, "an eviction of node 3 stands on the LUN, and node 3 is shown its block from before", 0, 0, 0);
	block.state = QD_STATE_EVICTED;
	block.writer_id = 1;
	block.ext.victim_incarnation = block.incarnation;
	qd_block_encode(&block, w->lun.image + 3 * QD_SLOT_BYTES, SIM_SECTOR);
	sim_stage_pass(w, 12000);
	EXPECT(!sim_stage_up(w, 3), "an undead node is taken back");
	return NULL;
}

static const char *old_own_block(struct sim_world *w)
{
	struct sim_setup s = sim_tale_setup(3);
	uint8_t *slot, old[SIM_SECTOR];

	BEGIN_TALE(&s);
	slot = w->lun.image + 3 * QD_SLOT_BYTES;
	memcpy(old, slot, sizeof(old));
	sim_stage_pass(w, 3000);
	while (w->lun.landed[3] != w->now)
		sim_run(w, w->now + 1);
	sim_say(w, 3, "an old write of its own lands late, over a newer one", 0, 0, 0);
	memcpy(slot, old, sizeof(old));
	sim_stage_pass(w, 6000);
	EXPECT(w->node[2].co.cast, "it costs the vote");
	return NULL;
}

const struct sim_tale sim_tales_lun[] = {
	{ "lun_hangs_on_the_master",
	  "The master's path to the LUN hangs; its network is fine. Look at the order: at (K-1) "
	  "intervals of silence node 1 casts 0, by a timer of its own and while the I/O still "
	  "hangs; at K it drops its mastership and starts anew; and only at K+1 misses do the "
	  "others find it dead, at 8.3 I. When the path is back it reads before it writes, "
	  "finds that its old life was evicted, and resets itself.",
	  hangs_on_master },
	{ "lun_dead_for_all",
	  "The LUN hangs for everybody. Each node casts 0 by itself at (K-1) intervals of "
	  "silence, but the three nodes have three votes of their own, which are the quorum: "
	  "they stay quorate, see each other in corosync, and nobody is fenced. When the LUN is "
	  "back all of them begin a new life, and elect a master as at a start.",
	  dead_for_all },
	{ "lun_dead_for_all_is_put_off",
	  "The same where each node is to fence itself at K intervals of silence, and has a "
	  "watchdog. At half of L1 each tells the ring that its LUN is dead. The three need no "
	  "vote of the device, and all of them have said it: self-fencing is put off, and the "
	  "watchdogs are petted on what the others say. Each begins a new life all the same, "
	  "and the first write of it that lands ends the matter.",
	  dead_and_put_off },
	{ "lun_back_for_one",
	  "It comes back for node 2 first. That node goes on, and tells the ring. The others "
	  "have K intervals more, from when they last knew that nobody had it: at 26.9 and "
	  "27.2 I they are without it still, and fence themselves.",
	  back_for_one },
	{ "lun_slow_for_a_while",
	  "Each read and each write of node 2 takes longer than an interval. For four intervals "
	  "that costs nothing: it stands, which means that it calls nobody and leaves its last "
	  "vote alone. For twelve it costs the vote, and it is corosync that ends it: V passes "
	  "without a call. The first cycle whose read and write both land casts 1 again. Nobody "
	  "is evicted: the writes land, late, but within K intervals.",
	  slow },
	{ "slot_unreadable",
	  "The sectors of slot 2 cannot be read, by anybody. Nodes 1 and 3 complain about node "
	  "2 and go on as before. Node 2 cannot see whether somebody has evicted it, so its own "
	  "writes do not end its silence: it casts 0, and begins new lives until it can read "
	  "its slot. The master holds it for dead, but does not evict it: no other evidence "
	  "agrees. When the sectors are back it is taken back.",
	  slot_unreadable },
	{ "duplicate_id",
	  "A third machine is configured as node 2 too, and sits in another network, so that "
	  "corosync cannot tell. The real node 2 finds its own block written by a stranger and "
	  "casts 0 in the same cycle; when it happens again with a new beat it is certain, and "
	  "exits with the reason. From the stranger's first write to the end takes two cycles.",
	  duplicate_id },
	{ "undead",
	  "Node 3 was evicted, and its LUN shows it an old block of its own, so that it does "
	  "not know and goes on beating. Everybody calls it undead and takes it for down until "
	  "it is a new incarnation, however well it beats; the master writes the eviction again "
	  "with every new beat that it sees, and goes on fencing. Node 3 casts 0 at its next "
	  "cycle, when the master's mask has it no longer.",
	  undead },
	{ "old_own_block_lands_late",
	  "A write that node 3 once gave up lands after a newer one of the same life. Node 3 "
	  "reads an old beat in its own slot: it says so, believes nothing else of that read, "
	  "and its next write repairs the slot. It costs neither the life nor the vote.",
	  old_own_block },
	{ NULL, NULL, NULL },
};
