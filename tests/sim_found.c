/* Staged scenarios: what the simulator once found, told as what was seen. */
#include "sim.h"

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

const struct sim_story sim_found[] = {
	{ "ticks_close_together_evict_nobody_early", found_close_ticks },
	{ "late_landing_of_an_own_write_is_repaired", found_late_landing },
	{ NULL, NULL },
};
