/* The cycle (floor 2): the order of one cycle, and the ports through which it
 * touches the world.
 *
 * One cycle: tick -> one read of label and all slots -> decode -> qd_step(CYCLE)
 * -> one write of the own slot -> qd_step(WRITTEN) -> vote, pet -> publish.
 * A ring change runs an *express* cycle at once, out of turn.
 *
 * The engine never waits: it starts an I/O through a port and is told of its
 * end by a call. main.c fills the ports with the hands, tests/sim.c with a
 * simulated world; both run this same engine.
 */
#ifndef QD_PORTS_H
#define QD_PORTS_H

#include "qd_core.h"
#include "qd_latency.h"

#define QD_EXPRESS_PER_TICK 20u	/* express cycles between two ticks, at most; I/20 apart, the
				 * first few at once (engine.c says why) */

/* None of these may block, fail or call back into the engine before it returns. */
struct qd_ports {
	void *ctx;	/* passed to each */
	void (*clock)(void *ctx, uint64_t *ret_now_ms, uint64_t *ret_wall_s);
	uint64_t (*random)(void *ctx);	/* not 0 */
	/* Start one read of label and slots 1..slot_count: ends in qd_engine_read_done(). */
	void (*read)(void *ctx);
	/* Start a write at the start of a slot; the bytes are copied before it
	 * returns. Ends in qd_engine_write_done(). */
	void (*write)(void *ctx, uint32_t slot, const void *bytes, size_t size);
	void (*corosync)(void *ctx, uint64_t now_ms, struct qd_corosync *ret_cs);
	void (*vote)(void *ctx, uint64_t seq, struct qd_ring ring, bool cast, uint64_t good_until_ms);
	void (*unregister)(void *ctx);
	void (*end_corosync)(void *ctx);	/* the local one, at once */
	void (*kill)(void *ctx, uint32_t node_id);
	/* Start fencing; ends in qd_engine_fenced(). */
	void (*fence)(void *ctx, uint32_t node_id, uint64_t incarnation);
	void (*score)(void *ctx, uint32_t *ret_score, uint32_t *ret_max);
	uint32_t (*pet)(void *ctx);	/* arms it the first time; its timeout in ms, 0 not armed */
	/* To the other members of the ring, over and over until it is taken back. */
	void (*say)(void *ctx, bool lun_dead);
	void (*self_fence)(void *ctx, enum qd_self_fence reason);
	void (*exit)(void *ctx, int status);
	void (*note)(void *ctx, const struct qd_note *note);
	/* Call qd_engine_alarm() at this time (CLOCK_BOOTTIME ms); one alarm, the newest counts. */
	void (*alarm)(void *ctx, uint64_t at_ms);
	/* The state after a cycle, and at a tick that finds one late: for those who ask. */
	void (*publish)(void *ctx, const struct qd_state *state);
};

enum qd_engine_phase { QD_PHASE_IDLE, QD_PHASE_READING, QD_PHASE_WRITING };

/* Reads, or writes: how long they take, and what was said about it. */
struct qd_io_watch {
	struct qd_latency latency;	/* of those that landed */
	uint64_t since_ms;		/* one is out since then; 0 none */
	bool late;			/* that was said */
	bool slow;			/* so was this */
	uint32_t calm;			/* I/Os in a row with a good p99 */
};

struct qd_engine {
	const struct qd_ports *ports;
	struct qd_state state;
	struct qd_actions out;
	/* the LUN */
	uint32_t sector_size, slot_size, slot_count;
	struct qd_label label;		/* with which we started */
	uint8_t label_bytes[512];	/* as last seen, to decode only what changed */
	enum qd_io label_io;		/* OK, or STRANGER */
	struct qd_slot slots[QD_NODE_MAX];
	struct qd_wish wish;		/* in our own block from the next write on */
	uint32_t wishes[QD_NODE_MAX];	/* digests in those of others, as last read; 0 none */
	/* the cycle in flight */
	enum qd_engine_phase phase;
	bool tick;			/* it is a tick's, and not late */
	bool tick_pending;		/* a tick fell due during a young cycle: run it directly after */
	uint64_t cycle_start_ms, write_start_ms;
	uint32_t writes_out;
	/* express cycles */
	bool express_wanted;
	uint32_t express_count;		/* since the last tick */
	uint64_t express_ms;		/* not before */
	/* timers */
	uint64_t alarm_ms;		/* armed; UINT64_MAX none */
	uint64_t fresh;			/* random, for the next life */
	/* measured */
	uint32_t read_us, write_us;
	uint64_t write_us_sum;
	uint32_t watchdog_ms;		/* of the armed watchdog; 0 not armed */
	uint64_t write_count;
	uint64_t cycles, express_cycles, late_ticks;
	bool stepping;			/* a port may not call back */
	bool ended;			/* after SELF_FENCE or EXIT */
	/* the black box, and what only informs */
	enum qd_io read_io, write_io;	/* how this cycle's I/O ended; late until it has */
	struct qd_io_watch reads, writes;
	uint64_t cast_ms;		/* when 1 was last cast; 0: 0 has been cast since */
	bool forgotten;			/* that vote stands, and corosync counts it no longer */
	uint32_t ticks_missed;		/* since the last record */
	uint32_t box_cycle;
	bool box_inherited;
	const uint8_t *read_bytes;	/* while the step of a read runs; else NULL */
	uint8_t other[QD_STATUS_BYTES];	/* an eviction, on its way out */
	uint8_t own[QD_STATUS_BYTES];	/* the own slot: block and black box */
};

/* `label` is what start-up read; `sector_size` in bytes, `slot_count` the
 * highest node id to read. Starts nothing: the first tick does. */
void qd_engine_init(struct qd_engine *engine, const struct qd_ports *ports,
		    const struct qd_params *params, const struct qd_label *label,
		    uint32_t sector_size, uint32_t slot_count);

/* The absolute timer ticked; `missed` ticks were skipped before it. */
void qd_engine_tick(struct qd_engine *engine, uint32_t missed);

/* The read has ended. `bytes`: label and slots, slot_size apart; NULL unless OK. */
void qd_engine_read_done(struct qd_engine *engine, enum qd_io io, const uint8_t *bytes,
			 uint32_t latency_us);

/* The write of slot `slot` has ended. */
void qd_engine_write_done(struct qd_engine *engine, uint32_t slot, enum qd_io io,
			  uint32_t latency_us);

/* A last record with the reason, for who ends this node: whole sectors for the own
 * slot, `*ret_size` bytes that belong at `*ret_offset` in it. The block in front of
 * the box, an eviction may be, stays as it was read. */
const uint8_t *qd_engine_last_words(struct qd_engine *engine, enum qd_self_fence reason,
				    uint32_t *ret_offset, uint32_t *ret_size);

/* How long reads and writes have taken. */
struct qd_latencies qd_engine_latencies(const struct qd_engine *engine);

/* What our block is to say of a configuration that waits; NULL: nothing any more. */
void qd_engine_wish(struct qd_engine *engine, const struct qd_wish *wish);

void qd_engine_alarm(struct qd_engine *engine);		/* the alarm went off */
void qd_engine_ring(struct qd_engine *engine);		/* what corosync shows has changed */
void qd_engine_fenced(struct qd_engine *engine, uint32_t node_id, uint64_t incarnation,
		      enum qd_fence_result result);
/* Somebody who may asks for a fencing, see qd_fence_ask(); `lun`: over the LUN. */
void qd_engine_fence(struct qd_engine *engine, uint32_t node_id, bool lun);
void qd_engine_reconfig(struct qd_engine *engine, const struct qd_params *params);

/* More slots from the next read on: before a RECONFIG with a node beyond those
 * there were. Only between two cycles. */
bool qd_engine_idle(const struct qd_engine *engine);
void qd_engine_grow(struct qd_engine *engine, uint32_t slot_count);
void qd_engine_stop(struct qd_engine *engine);		/* a clean stop is wanted */

#endif
