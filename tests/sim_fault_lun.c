/* What each fault of the LUN, or of a path to it, does. */
#include "sim.h"

static void say(struct sim_world *w, const struct sim_node *n, const char *text)
{
	sim_say(w, n->id, text, 0, 0, 0);
}

/* ---- Slow, hung, dead ---- */

static void slow(struct sim_world *w, struct sim_node *n)
{
	say(w, n, "its LUN gets slow");
	n->slow_per_mille = (uint32_t)sim_plan_dice(w, 50, 900);
	n->slow_us = (uint32_t)sim_plan_dice(w, w->interval_us / 3, 4 * w->interval_us);
	sim_fault_later(w, n, SIM_F_LUN_SLOW, sim_fault_duration(w) * 2);
}

static void slow_ends(struct sim_world *w, struct sim_node *n, const struct sim_event *event)
{
	(void)w, (void)event;
	n->slow_per_mille = 0;
}

static void hang(struct sim_world *w, struct sim_node *n, uint64_t takes)
{
	sim_say(w, n->id, "its LUN hangs for %llu ms", takes / 1000, 0, 0);
	if (n->hang_until < w->now + takes)
		n->hang_until = w->now + takes;
}

static void hangs(struct sim_world *w, struct sim_node *n)
{
	hang(w, n, sim_fault_duration(w));
}

static void hangs_for_all(struct sim_world *w, struct sim_node *n)
{
	uint64_t takes = sim_fault_duration(w);

	(void)n;
	for (uint32_t i = 0; i < sim_regular(w); i++)
		hang(w, &w->node[i], takes + sim_plan_dice(w, 0, w->interval_us));
}

/* All at once, and for one not as long: it alone has the LUN for a while. */
static void one_left(struct sim_world *w, struct sim_node *n)
{
	uint64_t takes = sim_cycles(w, w->setup.t.tko) + sim_fault_duration(w);

	for (uint32_t i = 0; i < sim_regular(w); i++) {
		uint64_t less = i == n->index ? sim_plan_dice(w, 0, takes) : sim_plan_dice(w, 0, w->interval_us);

		hang(w, &w->node[i], takes - less);
	}
}

/* No I/O of it ends any more, until its machine is switched off. */
static void lost(struct sim_world *w, struct sim_node *n)
{
	if (!n->on)
		return;
	say(w, n, "its LUN hangs for good");
	n->hang_until = SIM_NEVER;
}

static void errors(struct sim_world *w, struct sim_node *n)
{
	say(w, n, "its LUN gives errors");
	n->error_per_mille = (uint32_t)sim_plan_dice(w, 100, 1000);
	sim_fault_later(w, n, SIM_F_LUN_ERRORS, sim_fault_duration(w));
}

static void errors_end(struct sim_world *w, struct sim_node *n, const struct sim_event *event)
{
	(void)w, (void)event;
	n->error_per_mille = 0;
}

/* For one, for some or for all, by hanging or by errors, and back at about the
 * same time for each. */
static void dies(struct sim_world *w, struct sim_node *n)
{
	uint32_t of_ten = (uint32_t)sim_plan_dice(w, 0, 1) ? 10 : (uint32_t)sim_plan_dice(w, 0, 9);
	bool by_errors = sim_rng_chance(&w->plan, 500);
	uint64_t takes = sim_fault_duration(w);

	for (uint32_t i = 0; i < sim_regular(w); i++) {
		struct sim_node *m = &w->node[i];
		uint64_t until = takes + sim_plan_dice(w, 0, w->interval_us);

		if (m != n && sim_plan_dice(w, 0, 9) >= of_ten)
			continue;
		if (!by_errors) {
			hang(w, m, until);
			continue;
		}
		say(w, m, "its LUN is dead");
		m->error_per_mille = 1000;
		sim_fault_later(w, m, SIM_F_LUN_ERRORS, until);
	}
}

/* ---- Slots ---- */

static void reads_torn(struct sim_world *w, struct sim_node *n)
{
	say(w, n, "its reads tear");
	n->torn_per_mille = (uint32_t)sim_plan_dice(w, 50, 1000);
	sim_fault_later(w, n, SIM_F_READS_TORN, sim_fault_duration(w));
}

static void reads_torn_end(struct sim_world *w, struct sim_node *n, const struct sim_event *event)
{
	(void)w, (void)event;
	n->torn_per_mille = 0;
}

static void slot_bad(struct sim_world *w, struct sim_node *n)
{
	sim_lun_bad(w, n->id, w->now);
	sim_fault_later(w, n, SIM_F_SLOT_BAD, sim_fault_duration(w));
}

static void slot_bad_ends(struct sim_world *w, struct sim_node *n, const struct sim_event *event)
{
	(void)event;
	sim_lun_bad(w, n->id, 0);
}

static void slot_blind(struct sim_world *w, struct sim_node *n)
{
	uint32_t slot = w->node[sim_plan_dice(w, 0, sim_regular(w) - 1)].id;

	sim_say(w, n->id, "cannot read slot %llu", slot, 0, 0);
	if (!(n->blind >> slot & 1))
		n->blind_since[slot] = w->now;
	n->blind |= 1u << slot;
	sim_fault_later(w, n, SIM_F_SLOT_BLIND, sim_fault_duration(w));
}

static void slot_blind_ends(struct sim_world *w, struct sim_node *n, const struct sim_event *event)
{
	(void)event;
	if (n->blind)
		say(w, n, "can read every slot again");
	n->blind = 0;
}

/* ---- A stranger writes ---- */

static void random_bytes(struct sim_world *w, uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)sim_plan_dice(w, 0, 255);
}

/* A block whose every crc holds and whose fields no daemon would write. It lies
 * neither about votes nor about beats: who writes good blocks in another's name,
 * with the mark cleared or the beat of that life far ahead, could as well make
 * himself master; against him nothing is promised. */
static bool absurd_block(struct sim_world *w, uint32_t slot, uint8_t *bytes)
{
	static const enum qd_node_state states[] = { QD_STATE_NONE, QD_STATE_INIT, QD_STATE_RUN, QD_STATE_MASTER };
	struct qd_block b;

	if (!sim_lun_block(w, slot, &b) || b.state == QD_STATE_EVICTED || !b.has_ext)
		return false;
	if (sim_rng_chance(&w->plan, 500)) {
		b.incarnation = sim_rng_next(&w->plan) | 1;
		b.state = states[sim_plan_dice(w, 0, 3)];
	}
	b.wall_s = sim_rng_next(&w->plan);
	b.score = b.score_max = UINT16_MAX;
	b.message = (enum qd_message)sim_plan_dice(w, 0, 3);
	b.sequence = (uint16_t)sim_plan_dice(w, 0, UINT16_MAX);
	b.argument = (uint32_t)sim_plan_dice(w, 0, UINT32_MAX);
	b.online = b.master_mask = UINT64_MAX;
	b.ext.interval_ms = b.ext.tko = (uint32_t)sim_plan_dice(w, 0, 1) * UINT32_MAX;
	b.ext.ring = (struct qd_ring){ UINT32_MAX, UINT64_MAX };
	b.ext.members = UINT64_MAX;
	b.ext.flags = QD_EXT_VOTING | (sim_rng_chance(&w->plan, 500) ? QD_EXT_LEAVING | QD_EXT_HELD_BACK : 0u);
	b.ext.view = 0;
	b.ext.successor = (uint32_t)sim_plan_dice(w, 0, QD_NODE_MAX);
	b.ext.victim_incarnation = b.incarnation;
	qd_block_encode(&b, bytes, SIM_SECTOR);
	w->check.forged |= qd_bit(slot);
	return true;
}

static void slot_rubbish(struct sim_world *w, struct sim_node *n)
{
	uint8_t *bytes = sim_lun_slot(w, n->id);
	uint32_t other = w->node[sim_plan_dice(w, 0, sim_regular(w) - 1)].id;

	switch (sim_plan_dice(w, 0, 4)) {
	case 0:
		say(w, n, "a stranger writes random bytes into its slot");
		random_bytes(w, bytes, SIM_SECTOR);
		break;
	case 1:
		say(w, n, "a stranger wipes its slot");
		memset(bytes, 0, SIM_SECTOR);
		break;
	case 2:
		sim_say(w, n->id, "a stranger copies slot %llu into its slot", other, 0, 0);
		memmove(bytes, sim_lun_slot(w, other), SIM_SECTOR);
		break;
	case 3:
		say(w, n, "a stranger writes random bytes behind its payload");
		random_bytes(w, bytes + QD_STATUS_EXT_OFFSET, SIM_SECTOR - QD_STATUS_EXT_OFFSET);
		break;
	default:
		if (absurd_block(w, n->id, bytes))
			say(w, n, "a stranger writes an absurd block into its slot");
		break;
	}
	w->lun.landed[n->id] = w->lun.landed_before[n->id];	/* few have seen the last one */
}

/* ---- Labels ---- */

/* mkqdisk --force beside running daemons, and another administrator who puts the
 * label back; or the whole LUN is made anew, and stays so. */
/* With the blocks the voting marks are gone: nobody can know to wait for those whom
 * corosync counts with the device's votes right now. mkqdisk(8) says so. */
static void marks_are_lost(struct sim_world *w)
{
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		const struct sim_corosync *co = &w->node[i].co;

		if (co->up && co->shown_quorate && (uint32_t)__builtin_popcountll(co->shown_view) < w->quorum)
			w->check.lied |= 1u << i;
	}
}

static void relabelled(struct sim_world *w, struct sim_node *n)
{
	bool wipe = sim_rng_chance(&w->plan, 500);

	if (w->relabelled)
		return;
	sim_say(w, 0, wipe ? "the LUN is made anew" : "the LUN gets another label", 0, 0, 0);
	w->relabelled = true;
	sim_lun_format(w, 1, wipe);
	if (wipe)
		marks_are_lost(w);
	else
		sim_fault_later(w, n, SIM_F_RELABELLED, sim_fault_duration(w));
}

static void relabelled_ends(struct sim_world *w, struct sim_node *n, const struct sim_event *event)
{
	(void)n, (void)event;
	sim_say(w, 0, "the LUN has its label again", 0, 0, 0);
	sim_lun_format(w, 0, /* wipe */ false);
	w->relabelled = false;
}

static void elsewhere(struct sim_world *w, struct sim_node *n)
{
	say(w, n, "its path leads to another LUN");
	n->elsewhere = true;
	n->elsewhere_since = w->now;
	sim_fault_later(w, n, SIM_F_ELSEWHERE, sim_fault_duration(w));
}

static void elsewhere_ends(struct sim_world *w, struct sim_node *n, const struct sim_event *event)
{
	(void)w, (void)event;
	n->elsewhere = false;
}

const struct sim_fault_row sim_lun_faults[SIM_F_COUNT] = {
	[SIM_F_LUN_SLOW] = { "slow LUN", slow, slow_ends },
	[SIM_F_LUN_HANGS] = { "hung LUN", hangs, NULL },
	[SIM_F_LUN_ERRORS] = { "LUN errors", errors, errors_end },
	[SIM_F_LUN_HANGS_ALL] = { "LUN hung for all", hangs_for_all, NULL },
	[SIM_F_LUN_LOST] = { "LUN hung for good", lost, NULL },
	[SIM_F_LUN_DIES] = { "dead LUN", dies, NULL },
	[SIM_F_LUN_ONE_LEFT] = { "LUN hung for all but one", one_left, NULL },
	[SIM_F_READS_TORN] = { "torn reads", reads_torn, reads_torn_end },
	[SIM_F_SLOT_BAD] = { "unreadable slot", slot_bad, slot_bad_ends },
	[SIM_F_SLOT_BLIND] = { "slot unreadable for one", slot_blind, slot_blind_ends },
	[SIM_F_SLOT_RUBBISH] = { "stranger in a slot", slot_rubbish, NULL },
	[SIM_F_RELABELLED] = { "relabelled LUN", relabelled, relabelled_ends },
	[SIM_F_ELSEWHERE] = { "path to another LUN", elsewhere, elsewhere_ends },
};
