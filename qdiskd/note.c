/* Words for what the mind notes. Messages that administrators of cman grep for
 * keep cman's words; the level is syslog's. */
#include <stdio.h>
#include <syslog.h>

#include "mind.h"

/* Placeholders: %N node, %A %B the note's numbers, %D read or write by the third, %L
 * score as got/max/needed. */
static const struct {
	int level;
	const char *text;
} words[QD_NOTE_COUNT] = {
	[QD_NOTE_INITIAL_SCORE] = { LOG_INFO, "Initial score %A/%B" },
	[QD_NOTE_INITIALIZED] = { LOG_INFO, "Initialization complete" },
	[QD_NOTE_SCORE_OK] = { LOG_NOTICE, "Score sufficient for master operation (%L); upgrading" },
	[QD_NOTE_SCORE_SHORT] = { LOG_NOTICE, "Score insufficient for master operation (%L); downgrading" },
	[QD_NOTE_NODE_UP] = { LOG_INFO, "Node %N is UP" },
	[QD_NOTE_NODE_DOWN] = { LOG_INFO, "Node %N DOWN" },
	[QD_NOTE_NODE_SHUTDOWN] = { LOG_INFO, "Node %N shutdown" },
	[QD_NOTE_NODE_MISSED] = { LOG_DEBUG, "Node %N missed an update (%A/%B)" },
	[QD_NOTE_NODE_SILENT] = { LOG_NOTICE, "node %N missed %A of %B updates, no longer up" },
	[QD_NOTE_NODE_DEAD] = { LOG_NOTICE, "node %N missed %A of %B updates, dead" },
	[QD_NOTE_NODE_EVICTED] = { LOG_NOTICE, "Node %N evicted" },
	[QD_NOTE_EVICTION] = { LOG_NOTICE, "Writing eviction notice for node %N" },
	[QD_NOTE_EVICTION_AGAIN] = { LOG_ALERT, "Writing eviction notice (again) for node %N" },
	[QD_NOTE_NODE_UNDEAD] = { LOG_CRIT, "Node %N is undead." },
	[QD_NOTE_KILL] = { LOG_DEBUG, "Telling CMAN to kill the node %N" },
	[QD_NOTE_SLOT_BAD] = { LOG_WARNING, "Error reading node ID block %N" },
	[QD_NOTE_SLOT_GOOD] = { LOG_NOTICE, "node %N's block is readable again" },
	[QD_NOTE_BID] = { LOG_DEBUG, "Making bid for master (%A)" },
	[QD_NOTE_BID_RESCINDED] = { LOG_DEBUG, "bid for master rescinded (better bidder: %A)" },
	[QD_NOTE_BID_HELD] = { LOG_NOTICE, "bid for master waits: node %N may still be counted in another partition" },
	[QD_NOTE_ACK] = { LOG_DEBUG, "node %N's bid for master acknowledged (%A)" },
	[QD_NOTE_MASTER] = { LOG_INFO, "Assuming master role" },
	[QD_NOTE_TAKEOVER] = { LOG_INFO, "Assuming master role, handed over by node %N" },
	[QD_NOTE_MASTER_IS] = { LOG_INFO, "Node %N is the master" },
	[QD_NOTE_MASTER_LOST] = { LOG_NOTICE, "master (node %N) is gone" },
	[QD_NOTE_ABDICATE] = { LOG_WARNING, "Master conflict: abdicating (node %N is master too)" },
	[QD_NOTE_TWO_MASTERS] = { LOG_CRIT, "A master exists, but it's not me?! (node %N)" },
	[QD_NOTE_VOTE] = { LOG_NOTICE, NULL },
	[QD_NOTE_MARK_CLEARED] = { LOG_DEBUG, "voting mark cleared: corosync counts the quorum device no longer" },
	[QD_NOTE_STALE_VOTE] = { LOG_CRIT, "corosync may count a vote of its last ring in this one, which has lost: ending it" },
	[QD_NOTE_LATE_VOTE] = { LOG_CRIT, "corosync stood still with a vote in its hands, and may count it in the next ring: ending it" },
	[QD_NOTE_SILENCE] = { LOG_WARNING, "no write has landed for %A ms, vote withdrawn" },
	[QD_NOTE_NEW_LIFE] = { LOG_ERR, "no write has landed for %A ms, others take me for dead: starting anew" },
	[QD_NOTE_PUT_OFF] = { LOG_CRIT, "quorum disk is dead for every member of this ring, which needs no votes of it "
		"(%B suffice): self-fencing put off, for %A s so far" },
	[QD_NOTE_LUN_BACK] = { LOG_CRIT, "node %N has the quorum disk again: without it this node fences itself in %A ms" },
	[QD_NOTE_PUT_OFF_RING] = { LOG_CRIT, "self-fencing no longer put off: the ring has changed, or needs the votes "
		"of the quorum disk" },
	[QD_NOTE_PUT_OFF_LATE] = { LOG_CRIT, "self-fencing no longer put off: for %A ms not every member has said that "
		"its quorum disk is dead" },
	[QD_NOTE_PUT_OFF_OVER] = { LOG_NOTICE, "quorum disk is back, no self-fencing is due" },
	[QD_NOTE_OWN_SLOT_BAD] = { LOG_ERR, "own block (node %N) is unreadable; until it reads well no write of mine counts" },
	[QD_NOTE_OWN_STALE] = { LOG_ERR, "quorum disk shows an old block of mine (beat %A, written %B); what it shows is not believed" },
	[QD_NOTE_STRANGER] = { LOG_ERR, "label of the quorum disk has changed under us, nothing is written any more" },
	[QD_NOTE_FOREIGN] = { LOG_ERR, "own block (node %N) was written by node %A with state %B, vote withdrawn" },
	[QD_NOTE_TWIN] = { LOG_CRIT, "another node uses node id %N on this quorum disk, exiting" },
	[QD_NOTE_COROSYNC_GONE] = { LOG_ERR, "corosync is gone, heartbeating as state none until it is back" },
	[QD_NOTE_COROSYNC_BACK] = { LOG_NOTICE, "corosync is back" },
	[QD_NOTE_COROSYNC_STALLED] = { LOG_ERR, "corosync does not answer, heartbeating as state none until it does" },
	[QD_NOTE_FENCE_WANTED] = { LOG_NOTICE, "fencing of node %N was asked for" },
	[QD_NOTE_FENCE_START] = { LOG_NOTICE, "fencing node %N (try %A)" },
	[QD_NOTE_FENCE_OK] = { LOG_NOTICE, "fence node %N success" },
	[QD_NOTE_FENCE_FAILED] = { LOG_ERR, "fence node %N failed, next try in %A ms" },
	[QD_NOTE_FENCE_UNDEFINED] = { LOG_WARNING, "fence node %N undefined: there is no fence method for it, data is not protected" },
	[QD_NOTE_FENCE_UNARMED] = { LOG_ERR, "fence node %N over the LUN refused: it was not seen with an armed watchdog, nothing would reset it" },
	[QD_NOTE_FENCE_LIED] = { LOG_ALERT, "node %N beats although its fencing reported success: it was not fenced, fencing it again" },
	[QD_NOTE_FENCE_DROPPED] = { LOG_NOTICE, "node %N came back as a new incarnation, no more fencing" },
	[QD_NOTE_IO_ERRORS] = { LOG_ALERT, "Too many I/O errors; giving up. (%A in a row)" },
	[QD_NOTE_STOPPING] = { LOG_INFO, "stopping: withdrawing the vote" },
	[QD_NOTE_HANDED_OVER] = { LOG_INFO, "mastership handed over to node %N" },
	[QD_NOTE_STOPPED] = { LOG_INFO, "stopped" },
	[QD_NOTE_STOP_UNWRITTEN] = { LOG_WARNING, "stopped without a leaving block: the quorum disk does not answer" },
	[QD_NOTE_IO_SLOW] = { LOG_WARNING, "quorum disk is slow: %Ds, p99 of the last 64 is %A us, half the interval is %B us" },
	[QD_NOTE_IO_WELL] = { LOG_NOTICE, "quorum disk is quick again: %Ds, p99 of the last 64 is %A us, half the interval is %B us" },
	[QD_NOTE_IO_OUT] = { LOG_WARNING, "quorum disk does not answer: %D, out for %A ms, the interval is %B ms" },
	[QD_NOTE_IO_BACK] = { LOG_NOTICE, "quorum disk answers again: %D, back after %A ms" },
	[QD_NOTE_VOTE_FORGOTTEN] = { LOG_WARNING, "the vote that stands was cast %A ms ago, corosync counts it for %B ms" },
};

/* Writes that land are no beats while the own block does not read well. */
static const char *note_text(const struct qd_note *note)
{
	if (note->id == QD_NOTE_SILENCE && note->b)
		return "own block has not read well for %A ms, vote withdrawn";
	if (note->id == QD_NOTE_NEW_LIFE && note->b)
		return "own block has not read well for %A ms, others take me for dead: starting anew";
	return note->id < QD_NOTE_COUNT ? words[note->id].text : NULL;
}

static const char *const why_words[QD_WHY_COUNT] = {
	[QD_WHY_MASTER] = "the master counts this node in",
	[QD_WHY_IO_OUT] = "this cycle's I/O has not landed yet",
	[QD_WHY_ELECTION] = "a new master is being elected",
	[QD_WHY_MASTER_SLOW] = "the master has not shown the new ring yet",
	[QD_WHY_NOT_CONNECTED] = "corosync does not answer",
	[QD_WHY_STOPPING] = "stopping",
	[QD_WHY_STARTING] = "still starting",
	[QD_WHY_SCORE] = "score insufficient",
	[QD_WHY_SILENCE] = "own writes do not land",
	[QD_WHY_NO_MASTER] = "no master",
	[QD_WHY_TWO_MASTERS] = "more than one master",
	[QD_WHY_NOT_IN_MASK] = "the master does not count this node in",
	[QD_WHY_OTHER_RING] = "the master is in another partition",
	[QD_WHY_MASTER_WINS] = "only the master votes (master_wins)",
	[QD_WHY_STRANGER_ACK] = "a node of another partition bids for master",
	[QD_WHY_FOREIGN] = "somebody else writes this node's block",
};

const char *qd_why_text(enum qd_why why)
{
	return why < QD_WHY_COUNT ? why_words[why] : "unknown";
}

const char *qd_vote_text(enum qd_vote vote)
{
	switch (vote) {
	case QD_VOTE_NONE:
		return "none";
	case QD_VOTE_CASTS:
		return "cast";
	case QD_VOTE_STANDS:
		return "stands";
	case QD_VOTE_HOLDS:
		return "held";
	case QD_VOTE_CASTS_0:
		return "withdrawn";
	}
	return "unknown";
}

const char *qd_self_fence_text(enum qd_self_fence reason)
{
	switch (reason) {
	case QD_FENCED_SCORE:
		return "score insufficient and reboot=\"1\"";
	case QD_FENCED_EVICTED:
		return "evicted by the master";
	case QD_FENCED_SILENCE:
		return "Failed to send a heartbeat in time";
	case QD_FENCED_QUORATE:
		return "Failed to send a heartbeat in time, and corosync still counts the quorum device";
	}
	return "unknown";
}

const char *qd_fence_answer_text(enum qd_fence_answer answer)
{
	switch (answer) {
	case QD_ASK_MAY:
		return "it may be fenced";
	case QD_ASK_DONE:
		return "it has been fenced with success";
	case QD_ASK_RUNS:
		return "it is being fenced";
	case QD_ASK_MASTER_DOES:
		return "the master has evicted it, and fences it";
	case QD_ASK_NOT_MASTER:
		return "this node is not the master, only the master fences";
	case QD_ASK_NO_MASTER:
		return "there is no master as yet";
	case QD_ASK_NO_QUORUM:
		return "this node is not quorate, stops, or has just been silent itself";
	case QD_ASK_NO_SUCH_NODE:
		return "no node of this cluster";
	case QD_ASK_MYSELF:
		return "a node does not fence itself";
	case QD_ASK_UNSEEN:
		return "its slot on the LUN has never been read";
	case QD_ASK_OFF:
		return "fencing is switched off in <quorumd fence=>";
	case QD_ASK_UNDEFINED:
		return "there is no fence method for it";
	case QD_ASK_UNARMED:
		return "it was not seen with an armed watchdog, nothing would reset it";
	}
	return "unknown";
}

int qd_note_level(const struct qd_note *note)
{
	return note->id < QD_NOTE_COUNT ? words[note->id].level : LOG_ERR;
}

static size_t put_number(char *text, size_t size, uint64_t n)
{
	return (size_t)snprintf(text, size, "%llu", (unsigned long long)n);
}

static size_t put_word(char *text, size_t size, char which, const struct qd_note *note)
{
	switch (which) {
	case 'N':
		return put_number(text, size, note->node);
	case 'A':
		return put_number(text, size, note->a);
	case 'B':
		return put_number(text, size, note->b);
	case 'D':
		return (size_t)snprintf(text, size, "%s", note->c ? "write" : "read");
	case 'L':
		return (size_t)snprintf(text, size, "%u/%u; required=%u", (unsigned)note->a,
					(unsigned)(note->b >> 32), (unsigned)note->b);
	default:
		return 0;
	}
}

size_t qd_note_format(const struct qd_note *note, char *text, size_t size)
{
	const char *p = note_text(note);
	size_t used = 0;

	assert(size > 0);
	if (note->id == QD_NOTE_VOTE)
		return (size_t)snprintf(text, size, "vote %s: %s", qd_vote_text((enum qd_vote)note->a),
					qd_why_text((enum qd_why)note->b));
	for (; p && *p && used + 1 < size; p++) {
		if (*p == '%' && p[1]) {
			used += put_word(text + used, size - used, *++p, note);
			if (used >= size)
				used = size - 1;
		} else {
			text[used++] = *p;
		}
	}
	text[used] = '\0';
	return used;
}
