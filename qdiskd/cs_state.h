/* The pure half of the corosync hand: what callbacks, answers and requests make
 * of the snapshot and of the slot. No system call; tested by test_cs_state.c. */
#ifndef CS_STATE_H
#define CS_STATE_H

#include "cs.h"

/* Requests that the helper has not begun. */
struct cs_mail {
	bool vote_waits, unregister, leave, stop;
	bool word_waits, lun_dead; /* what to say, by `node_id` */
	uint32_t node_id;
	struct cs_vote vote;
	qd_mask kill;
	char reason[CS_REASON_LEN];
};

/* Node ids as a mask; `ret_dropped` counts ids outside 1..64. */
qd_mask cs_mask(const uint32_t *ids, uint32_t count, uint32_t *ret_dropped);

/* votequorum's nodelist callback: a new ring, sync begins. */
void cs_state_ring(struct cs_snapshot *s, struct qd_ring ring, const uint32_t *ids, uint32_t count);

/* libquorum's callback: what clients are shown from now on. */
void cs_state_view(struct cs_snapshot *s, bool quorate, uint64_t ring_seq, const uint32_t *ids,
		   uint32_t count);

/* An answer to a vote request. True: it differs from the answer before. */
bool cs_state_polled(struct cs_snapshot *s, const struct cs_vote *vote, bool cast, bool accepted);

/* The connection is gone: nothing is known but the counters, the error, `ended`. */
void cs_state_reset(struct cs_snapshot *s);

/* Set the error text; counts only a text that is new. */
void cs_state_error(struct cs_snapshot *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* True where the mind must be woken: anything differs but polled_seq and lun_dead_ms. */
bool cs_state_differs(const struct cs_snapshot *a, const struct cs_snapshot *b);

/* What to cast now: a 1 that is no longer good is a 0. qdisk(5), "Vote". */
bool cs_vote_due(const struct cs_vote *vote, uint64_t now_ms);

/* Position N of a cmap key "nodelist.node.N.<field>". 0; -EINVAL another key. */
int cs_node_position(const char *key, uint32_t *ret_position);

/* SBD_WATCHDOG_TIMEOUT in the text of sbd's environment file, in ms; the last one
 * counts. 5000 (sbd's default) where it is not set; 0 where it is not a time. */
uint32_t cs_sbd_timeout(const char *text);

#endif
