/* Plans of kind "rival": one side has lost a split, and would be quorate as soon
 * as nobody makes it wait. Then the master of the other side goes, and with it
 * the token, so that what its followers have voted is counted for longer than
 * they vote; and something befalls each of them at that very moment. */
#include "sim.h"

enum { RIVAL_STRIKE = SIM_FAULTS + 1, RIVAL_FOLLOWER };

/* Sides a and b, each of at least one node; the master is in a. */
void sim_rival_begin(struct sim_world *w)
{
	struct sim_node *master = sim_master(w) ? sim_master(w) : &w->node[0];
	uint32_t nodes = w->setup.nodes;
	uint32_t follower = (master->index + (uint32_t)sim_plan_dice(w, 1, nodes - 1)) % nodes;
	uint32_t rival = follower;

	while (rival == follower || rival == master->index)
		rival = (uint32_t)sim_plan_dice(w, 0, nodes - 1);
	for (uint32_t i = 0; i < nodes; i++)
		w->node[i].group = (uint32_t)sim_plan_dice(w, 0, 1);
	master->group = w->node[follower].group = 0;
	w->node[rival].group = 1;
	sim_say(w, 0, "the network splits", 0, 0, 0);
	sim_totem_change(w, /* clean */ false);
	sim_push(w, w->now + 1000u * ((uint64_t)w->setup.token_ms + w->setup.consensus_ms) +
			    sim_plan_dice(w, sim_cycles(w, 3), sim_cycles(w, 15)),
		 SIM_EV_FAULT, 0, RIVAL_STRIKE, 0);
}

static void strike_master(struct sim_world *w, struct sim_node *master)
{
	static const enum sim_fault ways[] = { SIM_F_NODE_DIES, SIM_F_NODE_DIES, SIM_F_NODE_DIES,
					       SIM_F_COROSYNC_KILLED, SIM_F_STOP, SIM_F_NODE_PAUSED,
					       SIM_F_DAEMON_KILLED, SIM_F_SCORE };

	if (sim_plan_dice(w, 0, 1))
		master->boot_ms = 0;
	sim_fault_now(w, master, ways[sim_plan_dice(w, 0, 7)]);
}

static void strike(struct sim_world *w)
{
	struct sim_node *master = sim_master(w);
	uint64_t z = 1000 * qd_law_forget_ms(&w->node[0].params);

	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		for (uint64_t count = sim_plan_dice(w, 0, 2); w->node[i].group == 0 && count > 0; count--) {
			if (&w->node[i] != master)
				sim_push(w, w->now + sim_plan_dice(w, 0, sim_cycles(w, 5)), SIM_EV_FAULT, i,
					 RIVAL_FOLLOWER, 0);
		}
	}
	if (master) {
		/* before or after what befalls the others */
		sim_push(w, w->now + sim_plan_dice(w, 0, sim_cycles(w, 4)), SIM_EV_FAULT, master->index,
			 RIVAL_FOLLOWER + 1, 0);
	}
	sim_push(w, w->now + z + sim_cycles(w, sim_plan_dice(w, 0, 40)), SIM_EV_HEAL, 0, 0, 0);
}

void sim_rival_event(struct sim_world *w, const struct sim_event *event)
{
	static const enum sim_fault ways[] = { SIM_F_SCORE, SIM_F_SCORE, SIM_F_DAEMON_KILLED,
					       SIM_F_LUN_HANGS, SIM_F_SLOT_BAD, SIM_F_DAEMON_PAUSED,
					       SIM_F_STOP, SIM_F_ONE_WAY };
	struct sim_node *n = &w->node[event->node];

	if (event->arg == RIVAL_STRIKE)
		strike(w);
	else if (event->arg == RIVAL_FOLLOWER)
		sim_fault_now(w, n, ways[sim_plan_dice(w, 0, 7)]);
	else
		strike_master(w, n);
}
