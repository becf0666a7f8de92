/* What callbacks, answers and requests make of the snapshot; see cs_state.h. */
#include "cs_state.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CS_SBD_DEFAULT_MS 5000u

qd_mask cs_mask(const uint32_t *ids, uint32_t count, uint32_t *ret_dropped)
{
	qd_mask mask = 0;
	uint32_t dropped = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (qd_bit(ids[i]))
			mask |= qd_bit(ids[i]);
		else
			dropped++;
	}
	*ret_dropped = dropped;
	return mask;
}

void cs_state_ring(struct cs_snapshot *s, struct qd_ring ring, const uint32_t *ids, uint32_t count)
{
	s->ring = ring;
	s->members = cs_mask(ids, count, &s->members_dropped);
	s->in_sync = s->ring.seq != s->view_seq;
}

void cs_state_view(struct cs_snapshot *s, bool quorate, uint64_t ring_seq, const uint32_t *ids,
		   uint32_t count)
{
	uint32_t dropped;

	s->quorate = quorate;
	s->view = cs_mask(ids, count, &dropped);
	s->view_seq = ring_seq;
	s->in_sync = s->ring.seq != s->view_seq;
}

bool cs_state_polled(struct cs_snapshot *s, const struct cs_vote *vote, bool cast, bool accepted)
{
	bool same = s->polled_seq && s->polled_accepted == accepted && s->polled_cast == cast &&
		    qd_ring_equal(s->polled_ring, vote->ring);

	s->polled_seq = vote->seq;
	s->polled_accepted = accepted;
	s->polled_cast = cast;
	s->polled_ring = vote->ring;
	s->polled_quorate = true; /* until corosync has been asked again */
	return !same;
}

void cs_state_reset(struct cs_snapshot *s)
{
	struct cs_snapshot old = *s;

	memset(s, 0, sizeof(*s));
	s->ended = old.ended;
	s->facts_changes = old.facts_changes;
	s->error_changes = old.error_changes;
	memcpy(s->error, old.error, sizeof(s->error));
}

void cs_state_error(struct cs_snapshot *s, const char *format, ...)
{
	char text[CS_ERROR_LEN];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args); /* a message that is cut still says it */
	va_end(args);
	if (strcmp(text, s->error) == 0)
		return;
	memcpy(s->error, text, sizeof(text));
	s->error_changes++;
}

static bool cs_polled_differs(const struct cs_snapshot *a, const struct cs_snapshot *b)
{
	return a->polled_accepted != b->polled_accepted || a->polled_cast != b->polled_cast ||
	       a->polled_quorate != b->polled_quorate ||
	       !qd_ring_equal(a->polled_ring, b->polled_ring);
}

bool cs_state_differs(const struct cs_snapshot *a, const struct cs_snapshot *b)
{
	return a->connected != b->connected || a->ended != b->ended ||
	       !qd_ring_equal(a->ring, b->ring) || a->members != b->members ||
	       a->members_dropped != b->members_dropped || a->in_sync != b->in_sync ||
	       a->quorate != b->quorate || a->view != b->view || a->view_seq != b->view_seq ||
	       a->quorum != b->quorum || a->total_votes != b->total_votes ||
	       a->expected_votes != b->expected_votes || a->device_votes != b->device_votes ||
	       a->registered != b->registered || cs_polled_differs(a, b) ||
	       a->stale_one != b->stale_one || a->stale_past != b->stale_past ||
	       a->stale_late != b->stale_late ||
	       a->unheard != b->unheard || a->unheard_one != b->unheard_one ||
	       a->unheard_late != b->unheard_late ||
	       a->lun_dead != b->lun_dead || a->facts_changes != b->facts_changes || a->error_changes != b->error_changes;
}

bool cs_vote_due(const struct cs_vote *vote, uint64_t now_ms)
{
	return vote->cast && now_ms <= vote->good_until_ms;
}

int cs_node_position(const char *key, uint32_t *ret_position)
{
	static const char prefix[] = "nodelist.node.";
	unsigned long position;
	char *end;

	if (strncmp(key, prefix, sizeof(prefix) - 1) != 0)
		return -EINVAL;
	key += sizeof(prefix) - 1;
	if (*key < '0' || *key > '9')
		return -EINVAL;
	errno = 0;
	position = strtoul(key, &end, 10);
	if (errno || *end != '.' || position > UINT32_MAX)
		return -EINVAL;
	*ret_position = (uint32_t)position;
	return 0;
}

/* A time as sbd writes it, "5", "5s", "5000ms", "1m", quoted or not, in ms; 0 none. */
static uint32_t sbd_time_ms(const char *text)
{
	static const struct {
		const char *unit;
		unsigned long ms;
	} units[] = { { "ms", 1 },     { "msec", 1 },  { "", 1000 },	{ "s", 1000 },
		      { "sec", 1000 }, { "m", 60000 }, { "min", 60000 } };
	unsigned long value;
	size_t len;
	char *end;

	text += *text == '"' || *text == '\'';
	if (*text < '0' || *text > '9')
		return 0;
	errno = 0;
	value = strtoul(text, &end, 10);
	len = strcspn(end, "\"' \t\r\n#");
	for (size_t i = 0; !errno && i < sizeof(units) / sizeof(units[0]); i++) {
		if (len == strlen(units[i].unit) && memcmp(end, units[i].unit, len) == 0)
			return value > UINT32_MAX / units[i].ms ? UINT32_MAX
								: (uint32_t)(value * units[i].ms);
	}
	return 0;
}

uint32_t cs_sbd_timeout(const char *text)
{
	static const char key[] = "SBD_WATCHDOG_TIMEOUT=";
	uint32_t ms = CS_SBD_DEFAULT_MS;

	while (*text) {
		text += strspn(text, " \t");
		if (strncmp(text, "export ", 7) == 0)
			text += 7;
		if (strncmp(text, key, sizeof(key) - 1) == 0)
			ms = sbd_time_ms(text + sizeof(key) - 1);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return ms;
}
