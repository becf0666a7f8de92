// SPDX-License-Identifier: BSD-3-Clause
/*
 * The resident sampler of a rig node: what corosync says about quorum, and when.
 *
 *	sampler NODE_ID FILE
 *
 * Runs for the life of the node in the node's namespaces and appends one line per
 * fact, each with one write(2), so that a power cut loses nothing that was seen:
 *
 *	<ns> n<id> up                                 the sampler has started
 *	<ns> n<id> ring <node>.<seq> <id,id,..>       a nodelist callback
 *	<ns> n<id> quorum <0|1> <node>.<seq> <id,..>  a quorum callback
 *	<ns> n<id> end <why>                          corosync is gone
 *
 * <ns> is CLOCK_MONOTONIC, one clock for all nodes of a rig. A sample (of invariant S1)
 * is one "quorum" line, held until the next "quorum" or "end" line of its node, or
 * the "dead" line that the chassis adds when the node's init has gone.
 * Waits for corosync for ever, and again each time it has died.
 */
#include <corosync/corotypes.h>
#include <corosync/quorum.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define SAMPLER_RETRY_NS (10 * 1000 * 1000)
#define SAMPLER_LINE_MAX 1024
#define SAMPLER_RT_PRIO	 50 /* below corosync's 99, above everything that loads the machine */

struct sampler {
	unsigned node_id;
	int fd;
};

static struct sampler
	sampler; /* the callbacks of libquorum carry no pointer of ours in v0 and v1 alike */

static uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail for this clock */
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Append one line: the time, the node, the text. A sample that cannot be written ends the sampler: the
 * rig checks at the end of a run that every sampler still lives. */
static void sampler_say(const char *text)
{
	char line[SAMPLER_LINE_MAX];
	int len = snprintf(line, sizeof(line), "%" PRIu64 " n%u %s\n", now_ns(), sampler.node_id,
			   text);

	if (len < 0 || (size_t)len >= sizeof(line) || write(sampler.fd, line, (size_t)len) != len) {
		fprintf(stderr, "sampler: cannot write: %s\n", strerror(errno));
		exit(1);
	}
}

/* `text` receives "1,2,3", or "-" for an empty list. */
static void members_format(const uint32_t *list, uint32_t count, char *text, size_t size)
{
	size_t at = 0;

	(void)snprintf(text, size, "-");
	for (uint32_t i = 0; i < count; i++) {
		int n = snprintf(text + at, size - at, "%s%" PRIu32, i ? "," : "", list[i]);

		if (n < 0 || (size_t)n >= size - at)
			return;
		at += (size_t)n;
	}
}

static void on_quorum(quorum_handle_t handle, uint32_t quorate, struct quorum_ring_id ring,
		      uint32_t count, const uint32_t *list)
{
	char members[512], text[SAMPLER_LINE_MAX - 64];

	(void)handle;
	members_format(list, count, members, sizeof(members));
	(void)snprintf(text, sizeof(text), "quorum %d %" PRIu32 ".%" PRIx64 " %s", quorate ? 1 : 0,
		       ring.nodeid, ring.seq, members);
	sampler_say(text);
}

static void on_nodelist(quorum_handle_t handle, struct quorum_ring_id ring, uint32_t count,
			const uint32_t *list, uint32_t joined_count, const uint32_t *joined,
			uint32_t left_count, const uint32_t *left)
{
	char members[512], text[SAMPLER_LINE_MAX - 64];

	(void)handle, (void)joined_count, (void)joined, (void)left_count, (void)left;
	members_format(list, count, members, sizeof(members));
	(void)snprintf(text, sizeof(text), "ring %" PRIu32 ".%" PRIx64 " %s", ring.nodeid, ring.seq,
		       members);
	sampler_say(text);
}

/* Connect to corosync and start tracking. False: not there yet. */
static bool sampler_connect(quorum_handle_t *ret_handle, int *ret_fd)
{
	quorum_model_v1_data_t data = {
		.model = QUORUM_MODEL_V1,
		.quorum_notify_fn = on_quorum,
		.nodelist_notify_fn = on_nodelist,
	};
	uint32_t type = QUORUM_FREE;
	quorum_handle_t handle;

	if (quorum_model_initialize(&handle, QUORUM_MODEL_V1, (quorum_model_data_t *)&data, &type,
				    NULL) != CS_OK)
		return false;
	if (quorum_fd_get(handle, ret_fd) != CS_OK ||
	    quorum_trackstart(handle, CS_TRACK_CURRENT | CS_TRACK_CHANGES) != CS_OK) {
		(void)quorum_finalize(handle); /* half open, nothing to lose */
		return false;
	}
	*ret_handle = handle;
	return true;
}

/* Follow one life of corosync until it ends. */
static void sampler_follow(quorum_handle_t handle, int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	for (;;) {
		if (poll(&pfd, 1, -1) < 0 && errno != EINTR)
			break;
		if (pfd.revents && quorum_dispatch(handle, CS_DISPATCH_ALL) != CS_OK)
			break;
	}
	sampler_say("end corosync-gone");
	(void)quorum_finalize(handle); /* the other side is gone already */
}

int main(int argc, char **argv)
{
	struct sched_param rt = { .sched_priority = SAMPLER_RT_PRIO };
	const struct timespec retry = { .tv_nsec = SAMPLER_RETRY_NS };
	quorum_handle_t handle = 0;
	unsigned long id = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	int fd = -1;

	if (id < 1 || id > 64) {
		fprintf(stderr, "usage: sampler NODE_ID FILE\n");
		return 2;
	}
	sampler.node_id = (unsigned)id;
	sampler.fd = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (sampler.fd < 0) {
		fprintf(stderr, "sampler: %s: %s\n", argv[2], strerror(errno));
		return 1;
	}
	/* Both only make its stamps more timely; without them it still works. */
	(void)sched_setscheduler(0, SCHED_RR, &rt);
	(void)mlockall(MCL_CURRENT);
	sampler_say("up");
	for (;;) {
		if (sampler_connect(&handle, &fd))
			sampler_follow(handle, fd);
		(void)nanosleep(&retry, NULL); /* cut short by a signal: no harm */
	}
}
