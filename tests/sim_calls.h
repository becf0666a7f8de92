/* What the files of the simulator do for one another; see sim.h. */
#ifndef SIM_CALLS_H
#define SIM_CALLS_H

#include <stdio.h>

#include "sim.h"

/* sim_queue.c */
void sim_rng_seed(struct sim_rng *rng, uint64_t seed);
uint64_t sim_rng_next(struct sim_rng *rng);
/* Uniform in low..high, both included. */
uint64_t sim_rng_range(struct sim_rng *rng, uint64_t low, uint64_t high);
/* True in `per_mille` of 1000 cases. */
bool sim_rng_chance(struct sim_rng *rng, uint32_t per_mille);
void sim_queue_push(struct sim_queue *queue, struct sim_event event);
/* Take the earliest; false: none left. */
bool sim_queue_pop(struct sim_queue *queue, struct sim_event *ret_event);

/* sim_trace.c */
void sim_say(struct sim_world *w, uint32_t node_id, const char *format, uint64_t a, uint64_t b,
	     uint64_t c);
void sim_note(struct sim_world *w, uint32_t node_id, const struct qd_note *note);
void sim_hash(struct sim_world *w, uint64_t a, uint64_t b);
/* The last lines, each behind `before`. */
void sim_trace_print(const struct sim_world *w, uint32_t lines, const char *before);
/* The story so far, as it is kept: in milliseconds, without what is only counted. */
void sim_trace_tell(const struct sim_world *w, FILE *to);

/* sim_world.c */
void sim_world_init(struct sim_world *w, const struct sim_setup *setup);
void sim_params_init(struct sim_world *w);	/* again, after a change of node ids */
/* Run until a time, or until w->stop or a violation. */
void sim_run(struct sim_world *w, uint64_t until);
void sim_push(struct sim_world *w, uint64_t at, enum sim_event_kind kind, uint32_t node,
	      uint32_t arg, uint32_t gen);
uint64_t sim_local(const struct sim_node *n, uint64_t at);	/* its CLOCK_BOOTTIME, us */
uint64_t sim_local_to_sim(const struct sim_node *n, uint64_t local);
struct sim_node *sim_by_id(struct sim_world *w, uint32_t id);	/* the first with it; NULL */
/* Does the daemon exist and may it run now? */
bool sim_awake(const struct sim_node *n);
static inline uint64_t sim_dice(struct sim_world *w, uint64_t low, uint64_t high)
{
	return sim_rng_range(&w->rng, low, high);
}

/* Machines that have an id of their own. */
static inline uint32_t sim_regular(const struct sim_world *w)
{
	return w->setup.nodes - w->setup.spares;
}

/* For two nodes without heuristics; or as the laws have it. */
static inline bool sim_master_wins(const struct sim_world *w)
{
	return w->setup.master_wins && (w->setup.laws || (sim_regular(w) == 2 && !w->setup.heuristics));
}

/* sim_machine.c: what can be done to a machine; each looks after what hangs on it */
void sim_boot(struct sim_world *w, struct sim_node *n);
void sim_power_off(struct sim_world *w, struct sim_node *n, const char *why);
void sim_daemon_start(struct sim_world *w, struct sim_node *n);
void sim_daemon_kill(struct sim_world *w, struct sim_node *n);
void sim_daemon_gone(struct sim_world *w, struct sim_node *n);
void sim_daemon_stop(struct sim_world *w, struct sim_node *n);
void sim_daemon_pause(struct sim_world *w, struct sim_node *n);
void sim_daemon_resume(struct sim_world *w, struct sim_node *n);
void sim_freeze(struct sim_world *w, struct sim_node *n);
void sim_thaw(struct sim_world *w, struct sim_node *n);
/* Keep an event of a paused daemon until it goes on. */
void sim_park(struct sim_node *n, const struct sim_event *event);
void sim_tick(struct sim_world *w, struct sim_node *n, const struct sim_event *event);
void sim_pet(struct sim_world *w, struct sim_node *n);
void sim_watchdog(struct sim_world *w, struct sim_node *n);

/* sim_ports.c */
void sim_ports_init(struct sim_node *n);
void sim_fence_hit(struct sim_world *w, uint32_t victim);
void sim_fenced(struct sim_world *w, struct sim_node *n, uint32_t victim);

/* sim_fencing.c */
void sim_check_fenced(struct sim_world *w, const struct sim_node *n, uint32_t victim);
void sim_fence_asked(struct sim_world *w, struct sim_node *n);
void sim_kill_hit(struct sim_world *w, struct sim_node *n, uint32_t victim);

/* sim_lun.c */
void sim_lun_init(struct sim_world *w);
void sim_lun_read(struct sim_world *w, struct sim_node *n);
void sim_lun_write(struct sim_world *w, struct sim_node *n, uint32_t slot, const uint8_t *bytes);
void sim_lun_read_end(struct sim_world *w, struct sim_node *n, const struct sim_event *event);
void sim_lun_land(struct sim_world *w, const struct sim_event *event);
void sim_lun_wrote(struct sim_world *w, const struct sim_event *event);
/* A machine has died, or its daemon: what is in flight may land yet, or never. */
void sim_lun_orphan(struct sim_world *w, struct sim_node *n);
void sim_lun_bad(struct sim_world *w, uint32_t slot, uint64_t until);	/* 0: good again */
uint8_t *sim_lun_slot(struct sim_world *w, uint32_t slot);
/* What stands in a slot now; false: garbage. */
bool sim_lun_block(struct sim_world *w, uint32_t slot, struct qd_block *ret_block);

/* sim_lun_show.c */

/* Does a read of this node show anything else than what stands there as it ends? */
bool sim_lun_lies(const struct sim_world *w, const struct sim_node *n);
void sim_lun_show(struct sim_world *w, struct sim_node *n);	/* spoil the copy in n->buffer */
/* Every way in which it was spoilt ends. */
void sim_lun_heal(struct sim_world *w, struct sim_node *n);
/* Begin a label and empty slots, as mkqdisk does; `version` tells labels apart. */
void sim_lun_format(struct sim_world *w, uint8_t version, bool wipe);

/* sim_latency.c: us */
uint64_t sim_latency_draw(struct sim_world *w, const struct sim_node *n);

/* sim_old_peer.c */
void sim_old_start(struct sim_world *w, struct sim_node *n);
void sim_old_cycle(struct sim_world *w, struct sim_node *n);
void sim_old_stop(struct sim_world *w, struct sim_node *n);

/* sim_links.c */
bool sim_totem_alive(const struct sim_node *n);
bool sim_linked(const struct sim_world *w, const struct sim_node *a, const struct sim_node *b);
/* These two hear each other or not, whatever else is cut. */
void sim_totem_link(struct sim_world *w, struct sim_node *a, struct sim_node *b, bool whole);
/* It and everybody hear each other again; sim_totem_change() is up to the caller. */
void sim_totem_hear(struct sim_world *w, struct sim_node *n);
const struct sim_node *sim_successor(const struct sim_world *w, const struct sim_node *n, sim_set ring);
bool sim_totem_flows(const struct sim_world *w, const struct sim_node *n);
sim_set sim_heard_by(const struct sim_world *w, const struct sim_node *n);
sim_set sim_component(const struct sim_world *w, const struct sim_node *n);
bool sim_all_linked(const struct sim_world *w, sim_set set);

/* sim_totem.c */
void sim_totem_change(struct sim_world *w, bool clean);
void sim_totem_form(struct sim_world *w, const struct sim_event *event);
void sim_totem_install(struct sim_world *w, struct sim_node *n, uint32_t gen);
void sim_totem_restless(struct sim_world *w, struct sim_node *n, uint32_t gen);
void sim_corosync_start(struct sim_world *w, struct sim_node *n);
void sim_corosync_stop(struct sim_world *w, struct sim_node *n, bool clean);
void sim_corosync_freeze(struct sim_world *w, struct sim_node *n);
void sim_corosync_go(struct sim_world *w, struct sim_node *n);

/* sim_vote.c */
void sim_vote_sync(struct sim_world *w, struct sim_node *n);
void sim_vote_resume(struct sim_world *w, struct sim_node *n);	/* the token goes round again */
void sim_vote_info(struct sim_world *w, struct sim_node *n);
void sim_vote_token(struct sim_world *w, struct sim_node *n, uint32_t gen);
void sim_vote_activate(struct sim_world *w, struct sim_node *n, uint32_t gen);
void sim_vote_timer(struct sim_world *w, struct sim_node *n);
void sim_vote_message(struct sim_world *w, struct sim_node *n, struct sim_info message);
bool sim_vote_echo(struct sim_world *w, struct sim_node *n, uint64_t number);	/* false: in sync */
bool sim_vote_poll(struct sim_world *w, struct sim_node *n, struct qd_ring ring, bool cast);
bool sim_vote_register(struct sim_world *w, struct sim_node *n);
void sim_vote_unregister(struct sim_world *w, struct sim_node *n);
bool sim_vote_wins(struct sim_world *w, struct sim_node *n, bool wins);	/* votequorum's own flag master_wins */

/* sim_hand.c */
void sim_hand_start(struct sim_world *w, struct sim_node *n);
void sim_hand_lost(struct sim_world *w, struct sim_node *n);
void sim_hand_changed(struct sim_world *w, struct sim_node *n);
void sim_hand_notify(struct sim_world *w, struct sim_node *n);
void sim_hand_connect(struct sim_world *w, struct sim_node *n);
void sim_hand_ring(struct sim_world *w, struct sim_node *n);	/* the mailbox has something */
void sim_hand_call(struct sim_world *w, struct sim_node *n);
void sim_hand_echo(struct sim_world *w, struct sim_node *n, uint32_t life, uint64_t number);
void sim_hand_kill(struct sim_world *w, struct sim_node *n, uint32_t victim);
void sim_hand_go(struct sim_world *w, struct sim_node *n);	/* corosync answers again */

/* sim_cpg.c */
void sim_cpg_deliver(struct sim_world *w, struct sim_node *from, const struct sim_info *message);
void sim_cpg_begin(struct sim_node *n);	/* connected */
void sim_cpg_say(struct sim_world *w, struct sim_node *n, bool lun_dead);
void sim_cpg_word(struct sim_world *w, struct sim_node *n);
void sim_cpg_work(struct sim_world *w, struct sim_node *n);

/* sim_check.c */
void sim_fail(struct sim_world *w, const char *name, uint32_t node_id, const char *text);
void sim_check_event(struct sim_world *w);	/* after every event */
void sim_check_write(struct sim_world *w, struct sim_node *n, uint32_t slot, const uint8_t *bytes,
		     size_t size);
void sim_check_evicted(struct sim_world *w, const struct sim_write *write);
void sim_check_poll(struct sim_world *w, struct sim_node *n, uint64_t incarnation, bool cast);
/* The daemon decides to cast 0 or 1. */
void sim_check_vote(struct sim_world *w, struct sim_node *n, struct qd_ring ring, bool cast);
/* V takes away what it has cast. */
void sim_check_forgotten(struct sim_world *w, struct sim_node *n);
/* It answers a ring change. */
void sim_check_answer(struct sim_world *w, struct sim_node *n);
void sim_check_exit(struct sim_world *w, struct sim_node *n, int status);
/* A write of its own has landed, and it hears of it. */
void sim_check_landed(struct sim_world *w, struct sim_node *n);
/* After a tick of its: L2. */
void sim_check_lives(struct sim_world *w, struct sim_node *n);
/* May its petting go on though nothing of it lands? */
bool sim_all_dead(const struct sim_world *w, const struct sim_node *n);
void sim_check_pet(struct sim_world *w, struct sim_node *n);
void sim_check_step(struct sim_world *w, struct sim_node *n);

/* sim_goal.c */
void sim_goal_started(struct sim_world *w);	/* a daemon has */
void sim_goal_look(struct sim_world *w);
/* One live master that every running daemon knows, everybody up and quorate. */
bool sim_goal_settled(const struct sim_world *w);
struct sim_node *sim_master(struct sim_world *w);	/* NULL: none, or two */
bool sim_all_quorate(const struct sim_world *w, sim_set machines);
uint64_t sim_cycles(const struct sim_world *w, uint64_t count);	/* in us */

/* sim_setup.c */
const char *sim_kind_text(enum sim_kind kind);
bool sim_kind_draws(enum sim_kind kind);	/* its faults? */
unsigned sim_timings(void);	/* how many there are */
void sim_setup_draw(struct sim_setup *setup, uint64_t seed, enum sim_kind kind, uint32_t nodes,
		    int timing);
/* Leave out what is drawn: SIM_WITHOUT_* */
void sim_setup_without(struct sim_setup *setup, uint32_t without);

/* sim_laws.c: not with daemons of 2011 */
void sim_laws_draw(struct sim_setup *setup);

/* sim_chaos.c */
void sim_plan(struct sim_world *w);
void sim_plan_event(struct sim_world *w, const struct sim_event *event);
const char *sim_fault_text(enum sim_fault fault);

/* sim_rival.c */
void sim_rival_begin(struct sim_world *w);
void sim_rival_event(struct sim_world *w, const struct sim_event *event);

/* One kind of fault: in words, what it does, and what ends it (NULL: nothing of its own). */
struct sim_fault_row {
	const char *text;
	void (*happens)(struct sim_world *w, struct sim_node *n);
	void (*ends)(struct sim_world *w, struct sim_node *n, const struct sim_event *event);
};
extern const struct sim_fault_row sim_faults[SIM_F_COUNT], sim_lun_faults[SIM_F_COUNT],
	sim_admin_faults[SIM_F_COUNT];

/* What a reload has changed, and the score, are as at first. */
void sim_admin_heal(struct sim_world *w, struct sim_node *n);

/* sim_fault.c */
uint64_t sim_plan_dice(struct sim_world *w, uint64_t low, uint64_t high);
uint64_t sim_fault_duration(struct sim_world *w);
/* It ends, for this node, after so long. */
void sim_fault_later(struct sim_world *w, struct sim_node *n, enum sim_fault fault, uint64_t after);
void sim_fault_now(struct sim_world *w, struct sim_node *n, enum sim_fault fault);
void sim_fault(struct sim_world *w, const struct sim_planned *planned);	/* to a node that it draws */
void sim_undo(struct sim_world *w, const struct sim_event *event);
void sim_heal(struct sim_world *w);

/* sim_words.c */
bool sim_number_parse(const char *text, uint64_t max, uint64_t *ret);
/* "12.345", more than 0, into microseconds. */
bool sim_seconds_parse(const char *text, uint64_t *ret_us);
void sim_put_seconds(FILE *to, uint64_t us);
/* Words with commas between, into bits. */
bool sim_words_parse(const char *text, const char *const *words, unsigned count, uint32_t *ret_bits);
void sim_put_words(FILE *to, const char *const *words, unsigned count, uint32_t bits);
/* "12.3:node-dies#0,15:split#2", or "none": when, what, and with which of the seed's dice. */
bool sim_plan_parse(const char *text, struct sim_options *o);
void sim_put_plan(FILE *to, const struct sim_options *o);

/* sim_options.c */

/* False: told on stderr what is wrong, or nothing that fits was asked. */
bool sim_options_parse(int argc, char **argv, struct sim_options *ret);
int sim_options_usage(const char *program);	/* the exit status */
void sim_options_setup(const struct sim_options *o, uint64_t seed, struct sim_setup *ret);
/* The same for one seed, of one kind. */
struct sim_options sim_options_of(const struct sim_options *o, uint64_t seed);
/* As they stand on the command line; of one seed. */
void sim_options_put(FILE *to, const struct sim_options *o);

/* sim_seeds.c */

/* One seed of one kind; false: something is violated. `twice`: D1 too. */
bool sim_seed_run(struct sim_world *w, const struct sim_setup *setup, bool twice);
int sim_seeds(struct sim_world *w, const struct sim_options *o);	/* the exit status */
double sim_wall(void);	/* seconds, of the real clock: for totals and limits of effort */
double sim_cpu(void);	/* seconds of CPU so far, of this process and its children */

/* sim_tap.c: the exit status */
int sim_tap(struct sim_world *w, const struct sim_options *o);
int sim_story(struct sim_world *w, const char *name);

/* sim_tell.c: `before` stands in front of each line; in TAP all of this is a comment. */

/* What is violated, in one line, and how to have it again. */
void sim_tell_name(const struct sim_world *w, const struct sim_options *o, const char *before);
/* Shrink it, tell the story of what is left, and how to have that again. */
void sim_tell_violation(struct sim_world *w, const struct sim_options *o, const char *before);
void sim_tell_totals(const struct sim_stats *s, double wall, double cpu, const char *before);

/* sim_shrink.c: after a run of one seed that failed. Leaves the world after the smallest run that
 * fails in the same way, and its options in `o`. How many runs that took. */
unsigned sim_shrink(struct sim_world *w, struct sim_options *o);

/* sim_stage.c */

/* The setup of most stories: I 200 ms, K 8, no resets, nobody comes back alone. */
struct sim_setup sim_stage_setup(uint32_t nodes);
/* A world in which every machine has booted and all is well. NULL, or why not. */
const char *sim_stage(struct sim_world *w, const struct sim_setup *setup);
/* Only the world; nobody has booted. */
void sim_stage_empty(struct sim_world *w, const struct sim_setup *setup);
/* Let `per_mille` thousandths of an interval pass. */
void sim_stage_pass(struct sim_world *w, uint64_t per_mille);
/* Of three machines, before any runs: the third is in another network, and configured
 * with node id 2 too. */
void sim_stage_twin(struct sim_world *w);
/* Let time pass until it holds, at most `cycles`; false: it does not. */
bool sim_stage_until(struct sim_world *w, uint64_t cycles, bool (*holds)(struct sim_world *w));
bool sim_stage_settled(struct sim_world *w);	/* everything is well: sim_goal_settled() */
/* Put each machine into a network: groups[i] of machine i. */
void sim_stage_networks(struct sim_world *w, const char *groups);
/* How often a note was noted since a time. `by`: by whom, `about`: its node; 0 anyone. */
uint32_t sim_stage_notes(const struct sim_world *w, enum qd_note_id id, uint32_t by, uint32_t about,
			 uint64_t since);
/* When it was noted first since then; 0 never. */
uint64_t sim_stage_note_at(const struct sim_world *w, enum qd_note_id id, uint32_t by, uint64_t since);
/* Does any peer hold this node for up? */
bool sim_stage_up(const struct sim_world *w, uint32_t id);

/* sim_legacy_score.c */
const char *sim_legacy_13(struct sim_world *w);

/* In a story: go on only if it holds, and if nothing is violated. */
#define EXPECT(condition, words)              \
	do {                                  \
		if (w->check.failed)          \
			return w->check.text; \
		if (!(condition))             \
			return words;         \
	} while (0)

/* In a story: start the world. */
#define BEGIN(setup)                               \
	do {                                       \
		const char *why = sim_stage(w, setup); \
		if (why)                           \
			return why;                \
	} while (0)

/* sim_story*.c, sim_legacy.c, sim_found.c, sim_safety.c, sim_rare.c, sim_self*.c: staged scenarios.
 * Each returns NULL, or what did not hold. */
struct sim_story {
	const char *name;
	const char *(*run)(struct sim_world *w);
};
extern const struct sim_story sim_stories[], sim_stories_lun[], sim_stories_admin[], sim_stories_fence[], sim_legacy[],
	sim_found[], sim_self[], sim_self_rules[], sim_safety[], sim_rare[];	/* end: name NULL */

/* sim_golden.c, sim_tale*.c: a story that is kept word by word in tests/traces. No dice
 * are thrown in it: what is kept changes only when something in it behaves differently. */
struct sim_tale {
	const char *name;	/* of the file too */
	const char *about;	/* what happens, and what to look at */
	const char *(*run)(struct sim_world *w);
};
extern const struct sim_tale sim_tales_quorum[], sim_tales_lun[], sim_tales_node[];	/* end: name NULL */

/* The setup of a tale: as sim_stage_setup, without dice. */
struct sim_setup sim_tale_setup(uint32_t nodes);
/* The world of a tale before anybody has booted. */
void sim_tale_empty(struct sim_world *w, const struct sim_setup *setup);
/* Boot these machines, a moment apart. */
void sim_tale_boot(struct sim_world *w, sim_set machines);
/* All is well, and the tale begins now. NULL, or why not. */
const char *sim_tale_begin(struct sim_world *w, const struct sim_setup *setup);
/* In a tale: start the world. */
#define BEGIN_TALE(setup)                                   \
	do {                                                \
		const char *why = sim_tale_begin(w, setup); \
		if (why)                                    \
			return why;                         \
	} while (0)

/* Write every trace; the exit status. */
int sim_golden_write(struct sim_world *w, const char *folder);
/* Compare every trace, one test each; `number` of the last test. How many failed. */
unsigned sim_golden_check(struct sim_world *w, const char *folder, unsigned *number);

#endif
