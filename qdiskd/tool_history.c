/* `qdisk-tool history`; see tool_history.h. */
#include "tool_history.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "device.h"
#include "discover.h"
#include "qd_core.h"
#include "tool_status.h"
#include "tool_text.h"

#define AREA_BYTES ((1 + QD_NODE_MAX) * QD_SLOT_BYTES)

/* ---- Words ---- */

static const char *time_text(uint64_t wall_s, char text[32])
{
	time_t t = (time_t)wall_s;
	struct tm tm;

	if (!localtime_r(&t, &tm) || strftime(text, 32, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		(void)snprintf(text, 32, "%" PRIu64 " s", wall_s);
	return text;
}

static void show_nodes(FILE *out, qd_mask nodes)
{
	const char *before = "{";

	for (uint32_t id = 1; id <= QD_NODE_MAX; id++) {
		if (!qd_has(nodes, id))
			continue;
		(void)fprintf(out, "%s%u", before, id);
		before = ",";
	}
	(void)fputs(nodes ? "}" : "{}", out);
}

/* Numbers of another version are not words of this one. */
static const char *vote_text(const struct qd_box_record *r)
{
	return r->vote <= QD_VOTE_CASTS_0 ? qd_vote_text((enum qd_vote)r->vote) : "?";
}

static const char *why_text(const struct qd_box_record *r)
{
	return r->why < QD_WHY_COUNT ? qd_why_text((enum qd_why)r->why) : "?";
}

static const char *state_text(const struct qd_box_record *r)
{
	switch (r->state) {
	case QD_STATE_NONE:
		return "none";
	case QD_STATE_INIT:
		return "starting";
	case QD_STATE_RUN:
		return "running";
	case QD_STATE_MASTER:
		return "master";
	default:
		return "?";
	}
}

static void show_io(FILE *out, const char *what, bool landed, uint32_t us)
{
	if (landed)
		(void)fprintf(out, "  %s %6.2f ms", what, (double)us / 1000);
	else
		(void)fprintf(out, "  %s     NONE", what);
}

static void show_corosync(FILE *out, const struct qd_box_record *r)
{
	if (!(r->flags & QD_BOX_CONNECTED)) {
		(void)fputs("  NO COROSYNC", out);
		return;
	}
	(void)fprintf(out, "  ring %u.%x ", r->ring_node, r->ring_seq);
	show_nodes(out, r->members);
	(void)fputs(r->flags & QD_BOX_QUORATE ? " quorate" : " NOT QUORATE", out);
	if (r->flags & QD_BOX_SYNC)
		(void)fputs(", synchronising", out);
}

/* One cycle, with its time before the last one. */
static void show_record(FILE *out, const struct qd_box_record *r, uint64_t last_ms)
{
	(void)fprintf(out, "  %8.3f s", -(double)(last_ms - r->now_ms) / 1000);
	show_io(out, "read", r->flags & QD_BOX_READ, r->read_us);
	show_io(out, "write", r->flags & QD_BOX_WROTE, r->write_us);
	(void)fprintf(out, "  %-8s score %u/%u  master %u  up ", state_text(r), r->score, r->score_max, r->master);
	show_nodes(out, r->up);
	show_corosync(out, r);
	(void)fprintf(out, "  vote %s: %s", vote_text(r), why_text(r));
	if (r->flags & QD_BOX_BIDS)
		(void)fputs("  bids", out);
	if (r->ack_to)
		(void)fprintf(out, "  acknowledges node %u", r->ack_to);
	if (r->silence_ms >= 1000)
		(void)fprintf(out, "  SILENT for %.1f s", (double)r->silence_ms / 1000);
	if (r->ticks_late)
		(void)fprintf(out, "  STOOD STILL for %u ticks", r->ticks_late);
	(void)fputc('\n', out);
	if (r->end)
		(void)fprintf(out, "  ENDED ITSELF: %s\n", qd_self_fence_text((enum qd_self_fence)(r->end - 1)));
}

static void show_records(FILE *out, const char *what, const struct qd_box_record *list, uint32_t count)
{
	char text[32];

	if (count == 0)
		return;
	(void)fprintf(out, "%s, until %s:\n", what, time_text(list[count - 1].wall_s, text));
	for (uint32_t i = 0; i < count; i++)
		show_record(out, &list[i], list[count - 1].now_ms);
}

static void show_block(FILE *out, const struct qd_block *b)
{
	char text[32];

	(void)fprintf(out, "node %u (", b->node_id);
	tool_text_show(out, b->ext.node_name);
	(void)fprintf(out, "): %s", qd_state_text(b->state));
	if (b->state == QD_STATE_EVICTED)
		(void)fprintf(out, " by node %u", b->writer_id);
	(void)fprintf(out, ", %s", time_text(b->wall_s, text));
	if (b->ext.flags & QD_EXT_FENCED)
		(void)fputs(", fenced with success", out);
	if (b->ext.flags & QD_EXT_LEAVING)
		(void)fputs(", left by a clean stop", out);
	(void)fputc('\n', out);
}

static void show_spread(FILE *out, const char *what, const struct qd_spread *last, const struct qd_spread *ever)
{
	(void)fprintf(out, "its %s: median %.2f, p99 %.2f, longest %.2f ms of the last 64; since the start %.2f, %.2f, %.2f ms\n",
		      what, last->median_us / 1e3, last->p99_us / 1e3, last->max_us / 1e3,
		      ever->median_us / 1e3, ever->p99_us / 1e3, ever->max_us / 1e3);
}

/* As its last block said; an eviction keeps it. */
static void show_latencies(FILE *out, const struct qd_latencies l)
{
	if (l.read.max_us)
		show_spread(out, "reads", &l.read, &l.read_ever);
	if (l.write.max_us)
		show_spread(out, "writes", &l.write, &l.write_ever);
}

static void show_no_box(FILE *out, const uint8_t *slot, size_t size)
{
	uint32_t version = size < QD_SLOT_BYTES ? 0 : qd_box_version(slot + QD_BOX_OFFSET);

	if (version == 0 || version == QD_BOX_VERSION)
		(void)fputs("no cycle is recorded here\n", out);
	else
		(void)fprintf(out, "its cycles are recorded in version %u, this program reads version %u\n", version,
			      QD_BOX_VERSION);
}

int tool_history_show(uint32_t node_id, const uint8_t *slot, size_t size, FILE *out)
{
	static struct qd_box box;	/* large */
	struct qd_block block;
	char text[32];

	if (qd_block_decode(slot, size, node_id, &block) == QD_FINE) {
		show_block(out, &block);
		if (block.has_ext)
			show_latencies(out, qd_block_latencies(slot));
	} else {
		(void)fprintf(out, "node %u: its block cannot be read\n", node_id);
	}
	if (size < QD_SLOT_BYTES || !qd_box_read(slot + QD_BOX_OFFSET, node_id, &box)) {
		show_no_box(out, slot, size);
		return TOOL_NO;
	}
	show_records(out, "the daemon before", box.earlier, box.earlier_count);
	(void)fprintf(out, "the daemon started %s\n", time_text(box.head.start_s, text));
	show_records(out, "its last cycles", box.recent, box.recent_count);
	return TOOL_OK;
}

/* ---- The LUN ---- */

static int device_refused(const char *where, const char *why)
{
	(void)fprintf(stderr, "qdisk-tool: %s: %s\n", where, why);
	return TOOL_DEVICE;
}

/* Path, label and slots of the quorum disk; an exit code. */
static int area_read(const char *where, uint8_t *area, uint32_t *ret_slots)
{
	static struct discover_list list;	/* large */
	static struct discover_probe probe;
	const char *path = where;
	char why[DISCOVER_WHY_MAX];
	int rc;

	if (where[0] != '/') {
		rc = discover_by_label(NULL, where, &list);
		if (rc != 0) {
			discover_explain(rc, where, &list, why, sizeof(why));
			return device_refused(where, why);
		}
		path = list.lun[0].path;
	}
	rc = discover_probe(path, &probe);
	if (rc != 0 || probe.error)
		return device_refused(path, strerror(rc ? -rc : -probe.error));
	if (probe.why != QD_FINE)
		return device_refused(path, qd_corrupt_text(probe.why));
	*ret_slots = qd_label_capacity(&probe.label);
	rc = discover_read(path, 0, area, (size_t)(1 + *ret_slots) * QD_SLOT_BYTES);
	return rc == 0 ? TOOL_OK : device_refused(path, strerror(-rc));
}

/* The node of this id or name; 0 none. */
static uint32_t node_find(const char *node, const uint8_t *area, uint32_t slots)
{
	unsigned long id;
	char *end;

	for (uint32_t i = 1; i <= slots; i++) {
		struct qd_block b;

		if (qd_block_decode(area + (size_t)i * QD_SLOT_BYTES, QD_SLOT_BYTES, i, &b) == QD_FINE &&
		    b.has_ext && strcmp(b.ext.node_name, node) == 0)
			return i;
	}
	id = strtoul(node, &end, 10);
	return node[0] >= '0' && node[0] <= '9' && *end == '\0' && id >= 1 && id <= slots ? (uint32_t)id : 0;
}

int tool_history(const char *where, const char *node, FILE *out)
{
	uint8_t *area = aligned_alloc(QD_SLOT_BYTES, AREA_BYTES);
	uint32_t slots = 0, id;
	int rc;

	if (!area)
		return device_refused(where, "out of memory");
	rc = area_read(where, area, &slots);
	if (rc == TOOL_OK) {
		id = node_find(node, area, slots);
		if (id)
			rc = tool_history_show(id, area + (size_t)id * QD_SLOT_BYTES, QD_SLOT_BYTES, out);
		else
			(void)fprintf(stderr, "qdisk-tool: %s: no node of this name, and no id of 1 to %u\n",
				      node, slots);
		rc = id ? rc : TOOL_USAGE;
	}
	free(area);
	return rc;
}
