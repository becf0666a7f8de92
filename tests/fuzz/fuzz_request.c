/* Requests to fence, at the status socket: any text, by root or not, in any state of the mind.
 * What is no request of ours has no answer and does nothing; nobody but root begins anything,
 * and never against a node that is not configured or is this one.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "../../qdiskd/daemon.h"

/* What a request sets going is only noted. */
#define qd_engine_fence note_begin
#define qd_engine_fenced note_fenced
static void note_begin(struct qd_engine *engine, uint32_t node_id, bool lun);
static void note_fenced(struct qd_engine *engine, uint32_t node_id, uint64_t incarnation,
			enum qd_fence_result result);
#include "../../qdiskd/ports_fence.c"

static struct daemon d;
static bool by_root, pacemaker_waits_for_others;
static unsigned count;

static void begun(uint32_t node_id)
{
	MUST(by_root);
	MUST(qd_has(d.params.nodes, node_id));
	MUST(node_id != d.params.node_id);
	count++;
}

static void note_begin(struct qd_engine *engine, uint32_t node_id, bool lun)
{
	(void)engine, (void)lun;
	begun(node_id);
}

static void note_fenced(struct qd_engine *engine, uint32_t node_id, uint64_t incarnation,
			enum qd_fence_result result)
{
	(void)engine, (void)result;
	MUST(incarnation == d.engine.state.member[node_id - 1].block.incarnation);
	begun(node_id);
}

void fence_cancel(struct fence *f, uint32_t node_id)
{
	(void)f;
	begun(node_id);
}

bool fence_awaited(struct fence *f, uint32_t node_id, uint64_t now_ms)
{
	(void)f, (void)now_ms;
	begun(node_id);
	return pacemaker_waits_for_others;
}

void log_line(int priority, const char *format, ...)
{
	(void)priority, (void)format;
}

uint64_t daemon_now_ms(void)
{
	return 100000;
}

int fence_start(struct fence *f, uint32_t node_id, enum fence_means means, uint32_t silent_s)
{
	(void)f, (void)node_id, (void)means, (void)silent_s;
	return 0;
}

bool fence_busy(const struct fence *f, uint32_t node_id)
{
	(void)f, (void)node_id;
	return false;
}

void fence_drop(struct fence *f, uint32_t node_id)
{
	(void)f, (void)node_id;
}

void fence_dispatch(struct fence *f, uint64_t now_ms)
{
	(void)f, (void)now_ms;
}

/* Three nodes, this one is 1; who beats, is known, was fenced or is master comes from the input. */
static void daemon_fill(struct fuzz *f)
{
	static const char *const names[] = { "n1", "n2", "n3" };
	struct qd_state *s = &d.engine.state;

	memset(s, 0, sizeof(*s));
	d.params.node_id = s->p.node_id = 1;
	d.params.nodes = s->p.nodes = 7;
	s->p.t = (struct qd_timings){ 200, 8, 2, 2, 3 };
	s->p.fencing = fuzz_u8(f) & 1;
	d.facts.node_count = 3;
	d.fence_returned = fuzz_u8(f) & 7;
	s->master = fuzz_u8(f) % 4;
	s->cs.quorate = s->cs.connected = fuzz_u8(f) & 1;
	for (uint32_t i = 0; i < 3; i++) {
		struct qd_member *m = &s->member[i];
		uint8_t how = fuzz_u8(f);

		d.facts.node[i].node_id = i + 1;
		(void)snprintf(d.facts.node[i].name, sizeof(d.facts.node[i].name), "%s", names[i]);
		m->known = how & 1;
		m->beating = how & 2;
		m->fenced = how & 4;
		m->beat_ms = how & 8 ? 99900 : 1;
		m->fencing = how & 16;
		m->fencing_lun = m->fencing && how & 32;
		m->fence_wanted = how & 64;
		m->fence_wanted_lun = m->fence_wanted && how & 128;
		m->block.incarnation = m->fenced_incarnation = 5;
	}
}

/* The words that fence_qdisk, qdisk-tool and fence_node send; else it is not for us. */
static bool is_ours(const char *request)
{
	static const char *const words[] = { "fence", "fence-lun", "fence-wait", "fence-power", "fence-list",
					     "fence-done", "fence-ack" };
	size_t size = strcspn(request, " ");

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i]) == size && strncmp(request, words[i], size) == 0)
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };
	const struct qd_member *m = &d.engine.state.member[1];
	char text[1024], *request;
	size_t used;
	uint8_t how = fuzz_u8(&f);

	by_root = how & 1;
	pacemaker_waits_for_others = how & 2;
	count = 0;
	daemon_fill(&f);
	request = fuzz_text(&f);
	memset(text, 'x', sizeof(text));
	used = ports_on_request(&d, request, by_root, text, sizeof(text));
	MUST(used < sizeof(text));
	if (by_root && !is_ours(request))
		MUST(used == 0 && count == 0);
	if (used) {
		MUST(strnlen(text, sizeof(text)) == used);
		MUST(text[used - 1] == '\n');
		text[used - 1] = '\0';
		MUST(strncmp(request, "fence-list", 10) == 0 || fuzz_one_line(text));
		/* over the LUN, now or at the next tick: no business of a Pacemaker */
		if (strcmp(request, "fence-lun n2") == 0 && (m->fencing_lun || m->fence_wanted_lun))
			MUST(!strstr(text, "Pacemaker"));
	}
	free(request);
	return 0;
}
