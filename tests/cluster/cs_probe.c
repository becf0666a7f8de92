/* A driver over the corosync hand, for cs_hand.sh.
 *
 *	cs_probe NAME INTERVAL_MS	commands on stdin, one reply line each
 *	cs_probe --facts DEADLINE_MS	one cs_facts_read(); exit 0 or 1
 *
 *	look			the snapshot
 *	wait MS TOKEN...	the snapshot, "ok" as soon as it has all tokens, else "timeout"
 *	vote 0|1 [AGE_MS] [SEQ]	a vote in the present ring, its cycle AGE_MS old, ring seq + SEQ
 *	steady COUNT MS		COUNT votes of 1, MS apart: how often the event fd woke us
 *	cpu MS			CPU time used in MS, in percent of one core
 *	block			the longest that any call of the hand took, in us
 *	facts, kill ID, unregister, leave, end, stop MS
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../../qdiskd/cs.h"

#define GOOD_MS 200u	/* for so long is a vote good that is 0 ms old */
#define PROBE_LINE_MAX 2048

static struct cs *cs;
static uint64_t seq;

static uint64_t now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_BOOTTIME, &ts); /* cannot fail for this clock */
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

static void nap_ms(unsigned long ms)
{
	const struct timespec ts = { .tv_sec = (time_t)(ms / 1000),
				     .tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&ts, NULL); /* cut short: no harm */
}

static void snapshot_get(struct cs_snapshot *s)
{
	cs_look(cs, now_us() / 1000, s);
}

static void snapshot_format(const struct cs_snapshot *s, char *line, size_t size)
{
	(void)snprintf(line, size,
		       "conn=%d stalled=%d ended=%d ring=%u.%" PRIu64 " members=%" PRIx64
		       " sync=%d quorate=%d view=%" PRIx64 " vseq=%" PRIu64
		       " quorum=%u total=%u expected=%u device=%u reg=%d seq=%" PRIu64
		       " acc=%d cast=%d pring=%u.%" PRIu64 " pq=%d facts=%" PRIu64
		       " errors=%" PRIu64 " past=%d late=%d unheard=%d error=[%s]",
		       s->connected, s->stalled, s->ended, s->ring.node_id, s->ring.seq, s->members,
		       s->in_sync, s->quorate, s->view, s->view_seq, s->quorum, s->total_votes,
		       s->expected_votes, s->device_votes, s->registered, s->polled_seq,
		       s->polled_accepted, s->polled_cast, s->polled_ring.node_id,
		       s->polled_ring.seq, s->polled_quorate, s->facts_changes, s->error_changes,
		       s->stale_past, s->unheard_late, s->unheard, s->error);
}

static void facts_print(const struct qd_facts *f)
{
	printf("me=%u cluster=%s nodes=%u", f->node_id, f->cluster, f->node_count);
	for (uint32_t i = 0; i < f->node_count; i++)
		printf(" %u:%s:%u", f->node[i].node_id, f->node[i].name, f->node[i].votes);
	printf(" token=%u consensus=%u provider=%s model=%s dvotes=%d v=%u y=%u expected=%d"
	       " two_node=%d lms=%d atb=%d ads=%d wfa=%d sbd=%u\n",
	       f->token_ms, f->consensus_ms, f->provider, f->model, (int)f->device_votes,
	       f->device_timeout_ms, f->device_sync_timeout_ms, (int)f->expected_votes, f->two_node,
	       f->last_man_standing, f->auto_tie_breaker, f->allow_downscale, f->wait_for_all,
	       f->sbd_watchdog_ms);
}

static void vote(bool cast, unsigned long age_ms, long seq_more)
{
	struct cs_snapshot s;
	struct cs_vote v = { .cast = cast };

	snapshot_get(&s);
	v.seq = ++seq;
	v.ring = s.ring;
	v.ring.seq += (uint64_t)seq_more;
	v.good_until_ms = now_us() / 1000 + GOOD_MS - age_ms;
	cs_vote(cs, &v);
}

/* All words of `want` stand in `line`, each as a word. */
static bool line_has(const char *line, const char *want)
{
	char words[PROBE_LINE_MAX], *save = NULL;

	(void)snprintf(words, sizeof(words), "%s", want);
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		const char *at = strstr(line, w);
		size_t len = strlen(w);

		if (!at || (at != line && at[-1] != ' ') || (at[len] && at[len] != ' '))
			return false;
	}
	return true;
}

/* Woken by the hand's event only, but for `stalled` and `seq`, which make none. */
static void wait_for(unsigned long ms, const char *want)
{
	uint64_t end_us = now_us() + ms * 1000;
	struct pollfd p = { .fd = cs_fd(cs), .events = POLLIN };
	bool quiet = strstr(want, "stalled=") || strstr(want, "seq=");
	struct cs_snapshot s;
	char line[PROBE_LINE_MAX];
	uint64_t us;

	do {
		cs_event_clear(cs);
		snapshot_get(&s);
		snapshot_format(&s, line, sizeof(line));
		if (line_has(line, want)) {
			printf("ok %s\n", line);
			return;
		}
		us = now_us();
		if (us < end_us)
			(void)poll(&p, 1, quiet ? 2 : (int)((end_us - us) / 1000 + 1));
	} while (us < end_us);
	printf("timeout %s\n", line);
}

/* Wait for the answer to the last vote; 2 s at most. */
static bool answered(void)
{
	struct cs_snapshot s;

	for (unsigned i = 0; i < 2000; i++) {
		snapshot_get(&s);
		if (s.polled_seq == seq)
			return s.polled_accepted;
		nap_ms(1);
	}
	return false;
}

static void steady(unsigned long count, unsigned long ms)
{
	struct pollfd p = { .fd = cs_fd(cs), .events = POLLIN };
	unsigned long wakes = 0, accepted = 0;

	for (unsigned long i = 0; i < count; i++) {
		vote(true, 0, 0);
		nap_ms(ms);
		accepted += answered();
		if (poll(&p, 1, 0) > 0) {
			cs_event_clear(cs);
			wakes++;
		}
	}
	printf("wakes=%lu accepted=%lu\n", wakes, accepted);
}

static uint64_t cpu_us(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u); /* cannot fail */
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000u +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void cpu(unsigned long ms)
{
	uint64_t before = cpu_us();

	nap_ms(ms);
	printf("percent=%" PRIu64 "\n", (cpu_us() - before) / (ms * 10));
}

/* Each of the calls that the main loop makes, while corosync may be stopped. */
static void block(void)
{
	struct cs_snapshot s;
	uint64_t worst = 0;

	for (unsigned i = 0; i < 50; i++) {
		uint64_t us = now_us();

		vote(i % 2 != 0, 0, 0);
		cs_event_clear(cs);
		snapshot_get(&s);
		cs_kill(cs, 63, "probe");
		us = now_us() - us;
		worst = us > worst ? us : worst;
		nap_ms(5);
	}
	printf("worst_us=%" PRIu64 " %s\n", worst, worst < 20000 ? "short" : "long");
}

static void facts(void)
{
	static struct qd_facts f;

	if (cs_facts(cs, &f))
		facts_print(&f);
	else
		printf("none\n");
}

static void look(void)
{
	struct cs_snapshot s;
	char line[PROBE_LINE_MAX];

	snapshot_get(&s);
	snapshot_format(&s, line, sizeof(line));
	printf("%s\n", line);
}

static bool command(char *line)
{
	char word[32] = "", rest[PROBE_LINE_MAX] = "";
	char *more;

	line[strcspn(line, "\n")] = '\0';
	(void)sscanf(line, "%31s %2047[^\n]", word, rest);
	if (strcmp(word, "look") == 0) {
		look();
	} else if (strcmp(word, "wait") == 0) {
		unsigned long ms = strtoul(rest, &more, 10);

		wait_for(ms, more);
	} else if (strcmp(word, "vote") == 0) {
		unsigned long cast = strtoul(rest, &more, 10);
		unsigned long age = strtoul(more, &more, 10);

		vote(cast != 0, age, strtol(more, NULL, 10));
		printf("vote %" PRIu64 "\n", seq);
	} else if (strcmp(word, "steady") == 0) {
		unsigned long count = strtoul(rest, &more, 10);

		steady(count, strtoul(more, NULL, 10));
	} else if (strcmp(word, "cpu") == 0) {
		cpu(strtoul(rest, NULL, 10));
	} else if (strcmp(word, "block") == 0) {
		block();
	} else if (strcmp(word, "facts") == 0) {
		facts();
	} else if (strcmp(word, "kill") == 0) {
		cs_kill(cs, (uint32_t)strtoul(rest, NULL, 10), "cs_probe");
		printf("kill\n");
	} else if (strcmp(word, "unregister") == 0) {
		cs_unregister(cs);
		printf("unregister\n");
	} else if (strcmp(word, "leave") == 0) {
		cs_leave(cs);
		printf("leave\n");
	} else if (strcmp(word, "end") == 0) {
		printf("end=%d\n", cs_end(cs));
	} else if (strcmp(word, "stop") == 0) {
		uint64_t us = now_us();
		int rc = cs_stop(cs, (uint32_t)strtoul(rest, NULL, 10));

		printf("stop=%d ms=%" PRIu64 "\n", rc, (now_us() - us) / 1000);
		return false;
	} else {
		printf("unknown command: %s\n", line);
	}
	return true;
}

static int facts_once(uint32_t deadline_ms)
{
	static struct qd_facts f;
	char error[CS_ERROR_LEN] = "";
	int rc = cs_facts_read(deadline_ms, &f, NULL, error, sizeof(error));

	if (rc < 0)
		printf("rc=%d error=[%s]\n", rc, error);
	else
		facts_print(&f);
	return rc < 0;
}

int main(int argc, char **argv)
{
	char line[PROBE_LINE_MAX];
	int rc;

	if (argc != 3) {
		fprintf(stderr, "usage: cs_probe NAME INTERVAL_MS | --facts DEADLINE_MS\n");
		return 2;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0); /* cannot fail on a fresh stream */
	if (strcmp(argv[1], "--facts") == 0)
		return facts_once((uint32_t)strtoul(argv[2], NULL, 10));
	rc = cs_start(argv[1], (uint32_t)strtoul(argv[2], NULL, 10), &cs);
	if (rc < 0) {
		fprintf(stderr, "cs_probe: %s\n", strerror(-rc));
		return 1;
	}
	while (fgets(line, sizeof(line), stdin)) {
		if (!command(line))
			return 0;
	}
	(void)cs_stop(cs, 1000); /* the process ends anyway */
	return 0;
}
