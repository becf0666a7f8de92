/* A path in words. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "explore.h"

void xp_say(const struct xp_run *r, const char *format, ...)
{
	va_list args;

	if (!r->tell)
		return;
	(void)printf("%s", r->tell);
	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	(void)putchar('\n');
}

static const char *event_text(enum xp_kind kind)
{
	switch (kind) {
	case XP_TICK: return "node %u: a tick";
	case XP_READ: return "node %u: its read ends";
	case XP_WRITE: return "node %u: its write lands";
	case XP_EVICTION: return "node %u: the eviction that it wrote lands";
	case XP_ALARM: return "node %u: an alarm";
	case XP_NOTIFY: return "node %u: its daemon hears what corosync shows";
	case XP_CALL: return "node %u: the vote that was decided before it stood still is cast";
	case XP_TOLD: return "node %u and all in its ring: corosync tells of the new ring";
	case XP_SYNCED: return "node %u and all in its ring: sync ends";
	case XP_EXPIRE: return "node %u: corosync has lost contact with the quorum device";
	case XP_GUARD: return "node %u: is reset, its daemon was away for K intervals";
	case XP_FORM: return "node %u and all it can reach form a ring";
	case XP_TIME: return "time passes";
	case XP_RESUME: return "node %u: goes on";
	case XP_ANSWER: return "node %u: its path to the LUN answers again";
	case XP_ORPHAN: return "node %u: a write of its dead daemon lands";
	case XP_QUICK_FORM: return "node %u and all it can reach form a ring, early";
	case XP_SPLIT: return "FAULT: node %u is cut off";
	case XP_MERGE: return "FAULT: the network is whole again";
	case XP_DEATH: return "FAULT: node %u dies";
	case XP_BOOT: return "FAULT: node %u boots";
	case XP_KILL: return "FAULT: the daemon of node %u is killed";
	case XP_RESTART: return "FAULT: the daemon of node %u starts again";
	case XP_PAUSE: return "FAULT: the daemon of node %u stands still";
	case XP_PAUSE_CALL: return "FAULT: the daemon of node %u stands still before it casts its vote";
	case XP_FREEZE: return "FAULT: node %u stands still";
	case XP_HANG: return "FAULT: the path of node %u hangs, requests do not reach the LUN";
	case XP_HANG_LATE: return "FAULT: the path of node %u hangs, answers do not come back";
	case XP_READ_ERROR: return "FAULT: a read of node %u fails";
	case XP_WRITE_ERROR: return "FAULT: a write of node %u fails, and has landed";
	case XP_WRITE_LOST: return "FAULT: a write of node %u fails";
	case XP_STOP: return "FAULT: the daemon of node %u is asked to stop";
	case XP_KINDS: break;
	}
	return "?";
}

void xp_tell_event(struct xp_run *r, const struct xp_event *event)
{
	char text[160];

	if (event->kind == XP_TIME) {
		xp_say(r, "        -- %.2f intervals after the start --",
		       (double)(r->w.now + r->step_ms - XP_BASE) / XP_INTERVAL);
		return;
	}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)snprintf(text, sizeof(text), event_text((enum xp_kind)event->kind), xp_id(event->node));
#pragma GCC diagnostic pop
	xp_say(r, "%5u. %s", ++r->line, text);
}

void xp_tell_note(const struct xp_run *r, uint32_t i, const struct qd_note *note)
{
	char text[300];

	if (!r->tell)
		return;
	(void)qd_note_format(note, text, sizeof(text));
	xp_say(r, "        node %u says: %s", xp_id(i), text);
}
