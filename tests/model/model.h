/* The simulator's model of corosync, compared with corosync itself.
 *
 * A scenario is a small text (README) that is played twice: by play.c in the
 * simulator, with bare clients of the quorum device where the engines would be,
 * and by tests/cluster/85_model.sh on real nodes. Both leave a record of what
 * each node was shown and answered; record.c says whether the two agree.
 *
 *	main.c		command line, TAP
 *	script.c	the language
 *	play.c		a script in the simulator
 *	client.c	clients of its quorum device
 *	record.c	records: read, written, compared
 */
#ifndef MODEL_H
#define MODEL_H

#include "../sim.h"

#define MODEL_NODES	4u
#define MODEL_STEPS	64u
#define MODEL_WORDS	8u
#define MODEL_WORD_MAX	16u
#define MODEL_SEEN	256u	/* observations in one record; full is a defect */
#define MODEL_TEXT_MAX	48u
#define MODEL_SEEDS	200u	/* times that a script is played in the simulator */

/* ---- script.c ---- */

struct model_step {
	unsigned line;
	unsigned count;
	char word[MODEL_WORDS][MODEL_WORD_MAX];
};

struct model_script {
	unsigned count;
	struct model_step step[MODEL_STEPS];
};

/* 0; -1 with the reason on stderr. */
int script_read(const char *path, struct model_script *ret_script);
/* Does it make something happen? Waiting and looking do not. */
bool script_is_cause(const char *word);
/* "1,3" as a set of machines: node 1 is bit 0. 0: it is none. */
sim_set script_nodes(const char *text);

/* ---- record.c ---- */

/* What a node's clients were shown (a new ring, a view) or what its device was answered:
 * two streams, because the two come to different processes. */
struct model_seen {
	unsigned node;		/* id */
	bool answer;
	unsigned cause;		/* line of the newest step that made something happen */
	int64_t at_us;		/* since then */
	int64_t at_before_us;	/* since the step before that one that made something happen */
	char text[MODEL_TEXT_MAX];
};

struct model_record {
	bool begun, ended;
	bool loose;		/* order and times are chance: compare what, not when */
	sim_set watched;
	unsigned cause;
	int64_t cause_us, before_us;
	uint64_t ring_seq[MODEL_NODES][MODEL_SEEN];	/* of each node, in order of appearance */
	unsigned rings[MODEL_NODES];
	unsigned count;
	struct model_seen seen[MODEL_SEEN];
};

/* A step begins. Only what comes behind `begin` is kept. */
void record_step(struct model_record *r, int64_t now_us, const struct model_step *step);
void record_ring(struct model_record *r, int64_t now_us, unsigned node, uint64_t ring_seq,
		 const char *members);
void record_view(struct model_record *r, int64_t now_us, unsigned node, bool quorate, uint64_t ring_seq,
		 const char *members);
void record_end(struct model_record *r, int64_t now_us, unsigned node);
void record_answer(struct model_record *r, int64_t now_us, unsigned node, const char *text);
/* Read what the rig has seen: the files of sampler.c and model_probe.c and the steps,
 * sorted by time. 0; -1 with the reason on stderr. */
int record_read(const char *path, const struct model_script *script, struct model_record *ret_record);
void record_print(const struct model_record *r, const char *before);
/* The same in the same order, whatever the times. */
bool record_same(const struct model_record *a, const struct model_record *b);
/* Is `real` the same as any of `model`, and no time outside what these have? Says why
 * not, line by line, behind "# ". */
bool record_agrees(const struct model_record *model, unsigned count, const struct model_record *real);

/* ---- play.c ---- */

/* Play a script. NULL, or the step that did not hold, in words. */
const char *model_play(struct sim_world *w, const struct model_script *script, uint64_t seed,
		       struct model_record *ret_record);

#endif
