/* cpg: an echo, a message of our own that comes back to us round the ring; and what each
 * says of its LUN. Runs in the helper thread only. Totem delivers one sender's messages in the order in which they
 * were sent, votequorum's and cpg's alike. */
#include <corosync/corotypes.h>
#include <corosync/cpg.h>
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "cs_inner.h"

#define GROUP "qdiskd"
#define ECHO_MAGIC 0x71646563u	/* "qdec" */

struct echo {
	uint32_t magic, zero;
	uint64_t sender;	/* this process, whichever node it runs on */
	uint64_t number;
};

static void on_message(cpg_handle_t handle, const struct cpg_name *group, uint32_t node_id, uint32_t pid,
		       void *bytes, size_t size)
{
	struct echo echo;
	void *context = NULL;
	struct cs *cs;

	(void)group, (void)pid;
	if (cpg_context_get(handle, &context) != CS_OK || !context)
		return;
	cs = context;
	if (size != sizeof(echo)) {
		(void)cs_word_take(&cs->word, node_id, bytes, size);
		return;
	}
	memcpy(&echo, bytes, sizeof(echo));
	if (echo.magic == ECHO_MAGIC && echo.sender == cs->sender && cs_proof_back(&cs->proof, echo.number))
		cs->vote_proven = true;
}

static int failed(struct cs *cs, const char *what, int rc)
{
	cs_state_error(&cs->now, "corosync: %s: %s", what, cs_strerror((cs_error_t)rc));
	cs_cpg_close(cs);
	return -ENOTCONN;
}

int cs_cpg_open(struct cs *cs)
{
	cpg_callbacks_t callbacks = { .cpg_deliver_fn = on_message };
	cpg_handle_t handle;
	int rc = CS_CALL(&cs->call, cpg_initialize(&handle, &callbacks));

	if (rc != CS_OK)
		return failed(cs, "cpg_initialize", rc);
	cs->cpg = handle;
	rc = (int)cpg_fd_get(handle, &cs->cpg_fd);
	if (rc == CS_OK)
		rc = (int)cpg_context_set(handle, cs);
	cs_proof_begin(&cs->proof, cs->now.in_sync && cs_device_known(cs));
	cs_word_begin(&cs->word, cs->sender);
	cs_word_ring(&cs->word, cs->now.ring);
	return rc == CS_OK ? 0 : failed(cs, "cpg_fd_get", rc);
}

void cs_cpg_close(struct cs *cs)
{
	if (cs->cpg)
		(void)CS_CALL(&cs->call, cpg_finalize(cs->cpg));	/* gone either way */
	cs->cpg = 0;
	cs->cpg_fd = -1;
	cs->cpg_joined = false;
	memset(&cs->proof, 0, sizeof(cs->proof));
	cs->vote_proven = false;
}

void cs_cpg_dispatch(struct cs *cs)
{
	int rc = CS_CALL(&cs->call, cpg_dispatch(cs->cpg, CS_DISPATCH_ALL));

	if (rc != CS_OK && rc != CS_ERR_TRY_AGAIN)
		cs->lost = true;
}

/* Refused during sync, and while corosync has too much to send: again later. */
static bool message_send(struct cs *cs, void *bytes, size_t size)
{
	const struct cpg_name group = { .length = sizeof(GROUP) - 1, .value = GROUP };
	const struct iovec iov = { .iov_base = bytes, .iov_len = size };
	int rc = CS_OK;

	if (!cs->cpg_joined)
		rc = CS_CALL(&cs->call, cpg_join(cs->cpg, &group));
	cs->cpg_joined = rc == CS_OK;
	if (rc == CS_OK)
		rc = CS_CALL(&cs->call, cpg_mcast_joined(cs->cpg, CPG_TYPE_AGREED, &iov, 1));
	if (cs_gone(rc))
		cs->lost = true;
	else if (rc != CS_OK && rc != CS_ERR_TRY_AGAIN)
		cs_state_error(&cs->now, "corosync: cpg: %s", cs_strerror((cs_error_t)rc));
	return rc == CS_OK;
}

void cs_cpg_echo(struct cs *cs)
{
	struct echo echo = { .magic = ECHO_MAGIC, .sender = cs->sender,
			     .number = cs_proof_next(&cs->proof) };

	if (message_send(cs, &echo, sizeof(echo)))
		cs_proof_sent(&cs->proof);
}

void cs_cpg_word(struct cs *cs)
{
	uint8_t bytes[CS_WORD_BYTES];
	uint64_t now_ms = cs_now_ms();
	size_t size = cs_word_put(&cs->word, cs->node_id, cs->says_dead, now_ms, bytes);

	if (message_send(cs, bytes, size))
		cs->word_waits = false;
	cs->word_ms = now_ms + atomic_load(&cs->interval_ms) / CS_WORDS_PER_INTERVAL;
}
