/* A bare client of corosync's quorum device, for 85_model.sh: it decides nothing.
 *
 *	model_probe NODE_ID FILE	commands on stdin, what corosync answers to FILE
 *
 *	register, unregister
 *	cast 0|1	poll now, every 100 ms, and at once with the id of each new ring
 *	once 0|1	poll once and then no more
 *	stale 0|1	one poll with the id of the ring before
 *	mute		poll no more
 *	wins 0|1	the flag master_wins
 *
 * Each answer is one line, written with one write(2):
 *
 *	<ns> n<id> register|unregister|wins <word>
 *	<ns> n<id> poll <0|1> <word> 		when it differs from the one before
 *
 * <ns> is CLOCK_MONOTONIC; <word> is ok, stale (another ring's id), none (not
 * registered), gone (no corosync), or corosync's number of the error. A refusal of
 * a repeated poll is left out: the nodelist callback may be on its way.
 */
#include <corosync/corotypes.h>
#include <corosync/votequorum.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PROBE_NAME	"model"
#define PROBE_REPEAT_NS (100 * 1000 * 1000u)
#define PROBE_LINE_MAX	128

struct probe {
	unsigned node_id;
	int log;
	bool connected, repeats;
	votequorum_handle_t handle;
	int fd;
	votequorum_ring_id_t ring, ring_before;
	unsigned cast;
	uint64_t next_ns;		/* of the repeated poll */
	char said[PROBE_LINE_MAX];	/* the last poll, so that repeats are said once */
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail for this clock */
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void probe_say(const struct probe *p, const char *text)
{
	char line[PROBE_LINE_MAX];
	int len = snprintf(line, sizeof(line), "%" PRIu64 " n%u %s\n", now_ns(), p->node_id, text);

	if (len < 0 || (size_t)len >= sizeof(line) || write(p->log, line, (size_t)len) != len) {
		fprintf(stderr, "model_probe: cannot write: %s\n", strerror(errno));
		exit(1);
	}
}

static const char *answer_text(cs_error_t rc, char *number, size_t size)
{
	if (rc == CS_OK)
		return "ok";
	if (rc == CS_ERR_MESSAGE_ERROR)
		return "stale";
	if (rc == CS_ERR_NOT_EXIST)
		return "none";
	if (rc == CS_ERR_LIBRARY || rc == CS_ERR_BAD_HANDLE)
		return "gone";
	(void)snprintf(number, size, "%u", (unsigned)rc);
	return number;
}

static void answer_say(const struct probe *p, const char *what, cs_error_t rc)
{
	char text[PROBE_LINE_MAX / 2], number[16];

	(void)snprintf(text, sizeof(text), "%s %s", what, answer_text(rc, number, sizeof(number)));
	probe_say(p, text);
}

/* ---- Polls ---- */

static cs_error_t poll_call(const struct probe *p, votequorum_ring_id_t ring, unsigned cast)
{
	const struct timespec pause = { .tv_nsec = 2 * 1000 * 1000 };
	cs_error_t rc;

	do {
		rc = votequorum_qdevice_poll(p->handle, PROBE_NAME, cast, ring);
	} while (rc == CS_ERR_TRY_AGAIN && nanosleep(&pause, NULL) == 0);
	return rc;
}

static void poll_repeat(struct probe *p)
{
	char text[PROBE_LINE_MAX];
	cs_error_t rc = poll_call(p, p->ring, p->cast);

	p->next_ns = now_ns() + PROBE_REPEAT_NS;
	(void)snprintf(text, sizeof(text), "%u.%" PRIu64 " %u", p->ring.nodeid, p->ring.seq, p->cast);
	if (rc != CS_OK || strcmp(text, p->said) == 0)
		return;
	memcpy(p->said, text, sizeof(p->said));
	answer_say(p, p->cast ? "poll 1" : "poll 0", rc);
}

/* A poll that was asked for: its answer is always said. */
static void poll_asked(struct probe *p, votequorum_ring_id_t ring, unsigned cast)
{
	cs_error_t rc = poll_call(p, ring, cast);

	p->next_ns = now_ns() + PROBE_REPEAT_NS;
	(void)snprintf(p->said, sizeof(p->said), "%u.%" PRIu64 " %u", ring.nodeid, ring.seq, cast);
	answer_say(p, cast ? "poll 1" : "poll 0", rc);
}

/* ---- Corosync ---- */

static void on_nodelist(votequorum_handle_t handle, uint64_t context, votequorum_ring_id_t ring,
			uint32_t count, uint32_t ids[])
{
	struct probe *p = NULL;
	void *found = NULL;

	(void)context, (void)count, (void)ids;
	if (votequorum_context_get(handle, &found) != CS_OK || !found)
		return;
	p = found;
	if (p->ring.nodeid == ring.nodeid && p->ring.seq == ring.seq)
		return;
	p->ring_before = p->ring;
	p->ring = ring;
	if (p->repeats)
		p->next_ns = 0;
}

static void probe_connect(struct probe *p)
{
	votequorum_callbacks_t callbacks = { .votequorum_nodelist_notify_fn = on_nodelist };

	if (votequorum_initialize(&p->handle, &callbacks) != CS_OK)
		return;
	if (votequorum_fd_get(p->handle, &p->fd) != CS_OK ||
	    votequorum_context_set(p->handle, p) != CS_OK ||
	    votequorum_trackstart(p->handle, 0, CS_TRACK_CURRENT | CS_TRACK_CHANGES) != CS_OK) {
		(void)votequorum_finalize(p->handle); /* half open, nothing to lose */
		return;
	}
	p->connected = true;
	p->repeats = false;
	p->said[0] = '\0';
}

static void probe_dispatch(struct probe *p)
{
	if (votequorum_dispatch(p->handle, CS_DISPATCH_ALL) == CS_OK)
		return;
	(void)votequorum_finalize(p->handle); /* the other side is gone already */
	p->connected = false;
}

/* ---- Commands ---- */

static void device_register(const struct probe *p)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	cs_error_t rc;

	do {
		rc = votequorum_qdevice_register(p->handle, PROBE_NAME);
	} while (rc == CS_ERR_TRY_AGAIN && nanosleep(&pause, NULL) == 0);
	answer_say(p, "register", rc);
}

static void command(struct probe *p, char *line)
{
	char word[16] = "";
	unsigned value = 0;

	(void)sscanf(line, "%15s %u", word, &value);
	if (!p->connected) {
		answer_say(p, word, CS_ERR_LIBRARY);
	} else if (strcmp(word, "register") == 0) {
		device_register(p);
	} else if (strcmp(word, "unregister") == 0) {
		answer_say(p, word, votequorum_qdevice_unregister(p->handle, PROBE_NAME));
	} else if (strcmp(word, "wins") == 0) {
		answer_say(p, word, votequorum_qdevice_master_wins(p->handle, PROBE_NAME, value));
	} else if (strcmp(word, "mute") == 0) {
		p->repeats = false;
	} else if (strcmp(word, "stale") == 0) {
		poll_asked(p, p->ring_before, value);
	} else if (strcmp(word, "cast") == 0 || strcmp(word, "once") == 0) {
		p->repeats = *word == 'c';
		p->cast = value;
		poll_asked(p, p->ring, value);
	} else {
		fprintf(stderr, "model_probe: unknown command: %s\n", line);
		exit(2);
	}
}

/* Commands are short and come one at a time; false at the end of them. */
static bool commands_read(struct probe *p)
{
	char text[PROBE_LINE_MAX], *save = NULL;
	ssize_t len = read(STDIN_FILENO, text, sizeof(text) - 1);

	if (len <= 0)
		return false;
	text[len] = '\0';
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		command(p, line);
	return true;
}

/* ms until the next poll is due, or until corosync is looked for again. */
static int probe_timeout(const struct probe *p)
{
	uint64_t now = now_ns();

	if (!p->connected)
		return 10;
	if (!p->repeats)
		return -1;
	return p->next_ns <= now ? 0 : (int)((p->next_ns - now) / 1000000) + 1;
}

static bool probe_step(struct probe *p)
{
	struct pollfd fds[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
				 { .fd = p->connected ? p->fd : -1, .events = POLLIN } };

	if (poll(fds, 2, probe_timeout(p)) < 0 && errno != EINTR)
		return false;
	if (p->connected && fds[1].revents)
		probe_dispatch(p);
	if (!p->connected)
		probe_connect(p);
	if (fds[0].revents && !commands_read(p))
		return false;
	if (p->connected && p->repeats && now_ns() >= p->next_ns)
		poll_repeat(p);
	return true;
}

int main(int argc, char **argv)
{
	static struct probe probe;
	unsigned long id = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;

	if (id < 1 || id > 64) {
		fprintf(stderr, "usage: model_probe NODE_ID FILE\n");
		return 2;
	}
	probe.node_id = (unsigned)id;
	probe.log = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (probe.log < 0) {
		fprintf(stderr, "model_probe: %s: %s\n", argv[2], strerror(errno));
		return 1;
	}
	while (probe_step(&probe))
		;
	return 0;
}
