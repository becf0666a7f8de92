/* What the mind notes (floor 1): a fact of one step, as a number and its values.
 * note.c has the words; programs log them, the simulator traces them.
 */
#ifndef QD_NOTE_H
#define QD_NOTE_H

#include <stddef.h>
#include <stdint.h>

enum qd_note_id {
	QD_NOTE_INITIAL_SCORE,
	QD_NOTE_INITIALIZED,
	QD_NOTE_SCORE_OK,
	QD_NOTE_SCORE_SHORT,
	QD_NOTE_NODE_UP,
	QD_NOTE_NODE_DOWN,
	QD_NOTE_NODE_SHUTDOWN,
	QD_NOTE_NODE_MISSED,	/* a = misses, b = limit */
	QD_NOTE_NODE_SILENT,	/* dead, and I am not master */
	QD_NOTE_NODE_DEAD,	/* a = misses, b = limit: I evict it */
	QD_NOTE_NODE_EVICTED,	/* an eviction was seen */
	QD_NOTE_EVICTION,
	QD_NOTE_EVICTION_AGAIN,
	QD_NOTE_NODE_UNDEAD,
	QD_NOTE_KILL,
	QD_NOTE_SLOT_BAD,	/* a node's slot cannot be read */
	QD_NOTE_SLOT_GOOD,
	QD_NOTE_BID,
	QD_NOTE_BID_RESCINDED,	/* a = for whom, 0: a silence */
	QD_NOTE_BID_HELD,	/* node = whose voting mark */
	QD_NOTE_ACK,
	QD_NOTE_MASTER,		/* I am */
	QD_NOTE_TAKEOVER,	/* I am, by hand-over from node */
	QD_NOTE_MASTER_IS,
	QD_NOTE_MASTER_LOST,
	QD_NOTE_ABDICATE,
	QD_NOTE_TWO_MASTERS,
	QD_NOTE_VOTE,		/* a = enum qd_vote, b = enum qd_why */
	QD_NOTE_MARK_CLEARED,
	QD_NOTE_STALE_VOTE,	/* a vote of an older ring may count in this one: corosync is ended */
	QD_NOTE_LATE_VOTE,	/* one that no ring carries, and the next one may: corosync is ended */
	QD_NOTE_SILENCE,	/* a = ms: L1, votes withdrawn; b = 1: writes land, but do not read well */
	QD_NOTE_NEW_LIFE,	/* a, b as above: L2 without self-fence */
	QD_NOTE_PUT_OFF,	/* a = s so far, b = quorum: the LUN is dead for everybody */
	QD_NOTE_LUN_BACK,	/* for node; a = ms until I fence myself */
	QD_NOTE_PUT_OFF_RING,
	QD_NOTE_PUT_OFF_LATE,	/* a = ms since all were known to be without it */
	QD_NOTE_PUT_OFF_OVER,
	QD_NOTE_OWN_SLOT_BAD,
	QD_NOTE_OWN_STALE,	/* a read shows an older block of mine than has landed */
	QD_NOTE_STRANGER,	/* the label has changed under us */
	QD_NOTE_FOREIGN,	/* somebody else wrote into my slot */
	QD_NOTE_TWIN,		/* two nodes share my id */
	QD_NOTE_COROSYNC_GONE,
	QD_NOTE_COROSYNC_BACK,
	QD_NOTE_COROSYNC_STALLED,
	QD_NOTE_FENCE_WANTED,	/* asked for */
	QD_NOTE_FENCE_START,	/* a = attempt */
	QD_NOTE_FENCE_OK,
	QD_NOTE_FENCE_FAILED,	/* a = ms until the next try */
	QD_NOTE_FENCE_UNDEFINED,
	QD_NOTE_FENCE_UNARMED,	/* over the LUN: it had no armed watchdog */
	QD_NOTE_FENCE_LIED,	/* fenced with success, and it beats */
	QD_NOTE_FENCE_DROPPED,	/* the victim came back as a new incarnation */
	QD_NOTE_IO_ERRORS,	/* a = errors in a row: giving up */
	QD_NOTE_STOPPING,
	QD_NOTE_HANDED_OVER,
	QD_NOTE_STOPPED,
	QD_NOTE_STOP_UNWRITTEN,	/* left without a leaving block: the LUN hangs */
	/* the LUN, as the engine measures it; c = 0 reads, 1 writes */
	QD_NOTE_IO_SLOW,	/* a = p99 in us, passed b = half the interval */
	QD_NOTE_IO_WELL,	/* the same, no longer */
	QD_NOTE_IO_OUT,		/* a = ms for which one has been out, 2*I or more; b = I */
	QD_NOTE_IO_BACK,	/* a = ms after which it came back */
	QD_NOTE_VOTE_FORGOTTEN,	/* a = ms since the vote that stands was cast, more than b = V */
	QD_NOTE_COUNT
};

struct qd_note {
	enum qd_note_id id;
	uint32_t node;
	uint64_t a, b, c;
};

/* Syslog level (LOG_ERR ...: 0..7) of a note, and its line. */
int qd_note_level(const struct qd_note *note);
size_t qd_note_format(const struct qd_note *note, char *text, size_t size);

#endif
