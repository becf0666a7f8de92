/* libcman's data messages and ports: what arrives over CPG in a group that anybody on any node
 * may join and write to. The user gets the bytes that were sent to him, with their sender and
 * port, or nothing; and the names of others' groups mark no port that is none.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

/* The callbacks are the library's own: from within. */
#include "../../cman-shim/libcman_data.c"

enum { ME = 3, EVENTS_MAX = 200, GROUP_MAX = 8 };

static struct cman_handle handle;

/* What it is by the wire's definition, by hand. */
static bool for_me(const uint8_t *b, size_t size)
{
	static const uint8_t all[4] = { 0 }, me[4] = { 0, 0, 0, ME };

	return size >= WIRE_HEADER_SIZE && size <= WIRE_HEADER_SIZE + WIRE_DATA_MAX && memcmp(b, "CMD1", 4) == 0 &&
	       (memcmp(b + 4, all, 4) == 0 || memcmp(b + 4, me, 4) == 0);
}

static void message_comes(struct fuzz *f)
{
	uint8_t how = fuzz_u8(f), bytes[300], *exact;
	uint32_t from = fuzz_u32(f);
	size_t size = fuzz_bytes(f, bytes, fuzz_u8(f));
	struct cman_message *m;

	if ((how & 1) && size >= 8)
		memcpy(bytes, "CMD1\0\0\0", 7);
	exact = malloc(size ? size : 1);
	MUST(exact);
	memcpy(exact, bytes, size);
	data_events.deliver(&handle, from, 77, exact, size);
	m = queue_take(&handle.queue, 0);
	MUST((m != NULL) == for_me(bytes, size));
	if (m) {
		MUST(m->kind == MESSAGE_DATA);
		MUST(m->node_id == (int)from && m->port == bytes[8]);
		MUST(m->length == size - WIRE_HEADER_SIZE);
		MUST(memcmp(m->body, bytes + WIRE_HEADER_SIZE, m->length) == 0);
	}
	free(m);
	free(exact);
}

/* ---- Who listens ---- */

static struct conn_members members_take(struct fuzz *f, struct cpg_address list[GROUP_MAX])
{
	struct conn_members m = { .list = list, .count = fuzz_u8(f) % (GROUP_MAX + 1) };

	for (unsigned i = 0; i < m.count; i++)
		list[i] = (struct cpg_address){ .nodeid = fuzz_u8(f) % 5, .pid = fuzz_u8(f) % 4, .reason = 1 };
	return m;
}

/* An event tells of a node that stands in the lists, and never of both at once. */
static void group_changes(struct fuzz *f)
{
	struct cpg_address now[GROUP_MAX], gone[GROUP_MAX], came[GROUP_MAX];
	struct conn_members members = members_take(f, now), left = members_take(f, gone);
	struct conn_members joined = members_take(f, came);
	struct cman_message *m;

	port_events.group(&handle, members, left, joined);
	MUST(handle.port_state != PORT_JOINING);
	while ((m = queue_take(&handle.queue, 0))) {
		MUST(m->kind == MESSAGE_EVENT);
		MUST(m->reason == CMAN_REASON_PORTOPENED || m->reason == CMAN_REASON_PORTCLOSED);
		free(m);
	}
}

static void name_is_seen(struct fuzz *f)
{
	static const char prefix[] = "cman.port.";
	struct cpg_name group = { .length = 0 };
	char ports[32] = { 0 }, again[40];
	uint8_t how = fuzz_u8(f);
	size_t at = how & 1 ? sizeof(prefix) - 1 : 0;
	unsigned marked = 0, port = 0;

	memcpy(group.value, prefix, at);
	group.length = (uint32_t)(at + fuzz_bytes(f, group.value + at, how % 100));
	if (how == 0xff)
		group.length = UINT32_MAX;	/* as corosync never sends it */
	mark_port(&group, ports);
	for (unsigned p = 0; p < 256; p++) {
		if (ports[p / 8] & 1 << p % 8)
			port = p, marked++;
	}
	MUST(marked <= 1);
	if (!marked)
		return;
	/* the name that a listener at that port joins, and no other */
	(void)snprintf(again, sizeof(again), PORT_GROUP, port);
	MUST(group.length == strlen(again));
	MUST(memcmp(group.value, again, group.length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };

	memset(&handle, 0, sizeof(handle));
	handle.stack.node_id = ME;
	handle.port_state = PORT_JOINING;
	MUST(queue_init(&handle.queue) == 0);
	for (unsigned i = 0; f.left && i < EVENTS_MAX; i++) {
		switch (fuzz_u8(&f) % 3) {
		case 0:
			message_comes(&f);
			break;
		case 1:
			group_changes(&f);
			break;
		default:
			name_is_seen(&f);
		}
	}
	queue_done(&handle.queue);
	return 0;
}
