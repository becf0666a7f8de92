/* Early warning (floor 2: cycle, private to engine*.c): how long the LUN takes, said
 * before a law is broken, and once, not in each cycle. It decides nothing. */
#ifndef ENGINE_WATCH_H
#define ENGINE_WATCH_H

#include <assert.h>

#include "qd_ports.h"

/* An I/O has begun: the read, or the first write of a cycle. */
void engine_watch_begin(struct qd_io_watch *w, uint64_t now_ms);

/* The read, or the last write of a cycle, has come back. */
void engine_watch_end(struct qd_engine *e, struct qd_io_watch *w, uint64_t now_ms);

/* A read or a write of the own slot has landed in so long. */
void engine_watch_took(struct qd_engine *e, struct qd_io_watch *w, uint32_t us);

/* A tick has come while an I/O is out. */
void engine_watch_tick(struct qd_engine *e, uint64_t now_ms);

/* How old is the vote that stands? Corosync drops it after V; where cycles are never
 * done in time nobody else would tell. */
void engine_watch_vote(struct qd_engine *e, uint64_t now_ms);

#endif
