/* votequorum and libquorum: membership, quorum and the device's vote. Runs in the
 * helper thread only; see cs.h for what is relied on. */
#include <corosync/corotypes.h>
#include <corosync/quorum.h>
#include <corosync/votequorum.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cs_inner.h"

#define CS_TRY_AGAIN_MAX 5
#define CS_TRY_AGAIN_MS	 2
#define CS_REGISTER_MS	 100  /* between two tries to register while corosync is busy */
#define CS_REFUSED_MS	 5000 /* after a refusal: corosync logs each one */

bool cs_gone(int rc)
{
	return rc == CS_ERR_LIBRARY || rc == CS_ERR_BAD_HANDLE;
}

static const char *rc_text(int rc)
{
	return cs_strerror((cs_error_t)rc);
}

/* ---- Callbacks: from within votequorum_dispatch() and quorum_dispatch() ---- */

static struct cs *cs_of(votequorum_handle_t handle)
{
	void *cs = NULL;

	return votequorum_context_get(handle, &cs) == CS_OK ? cs : NULL;
}

static void on_nodelist(votequorum_handle_t handle, uint64_t context, votequorum_ring_id_t ring,
			uint32_t count, uint32_t ids[])
{
	struct cs *cs = cs_of(handle);

	(void)context;
	if (!cs)
		return;
	if (ring.seq != cs->now.ring.seq) {
		cs_proof_ring(&cs->proof);
		cs_word_ring(&cs->word, (struct qd_ring){ .node_id = ring.nodeid, .seq = ring.seq });
		cs->kill = 0;
	}
	cs_state_ring(&cs->now, (struct qd_ring){ .node_id = ring.nodeid, .seq = ring.seq }, ids,
		      count);
}

/* It names no ring, libquorum's does: only a hint that getinfo is out of date. */
static void on_votes(votequorum_handle_t handle, uint64_t context, uint32_t quorate, uint32_t count,
		     votequorum_node_t nodes[])
{
	struct cs *cs = cs_of(handle);

	(void)context, (void)quorate, (void)count, (void)nodes;
	if (cs)
		cs->info_wanted = true;
}

static void on_expected(votequorum_handle_t handle, uint64_t context, uint32_t expected_votes)
{
	struct cs *cs = cs_of(handle);

	(void)context, (void)expected_votes;
	if (cs)
		cs->info_wanted = true;
}

static void on_quorum(quorum_handle_t handle, uint32_t quorate, uint64_t ring_seq, uint32_t count,
		      uint32_t *ids)
{
	const void *context = NULL;
	struct cs *cs;

	if (quorum_context_get(handle, &context) != CS_OK || !context)
		return;
	cs = (struct cs *)(uintptr_t)context; /* we gave it; the API adds the const */
	cs_state_view(&cs->now, quorate != 0, ring_seq, ids, count);
	if (!cs->now.in_sync)
		cs_proof_synced(&cs->proof);
	cs->info_wanted = true;
}

/* ---- Connection ---- */

static int open_failed(struct cs *cs, const char *what, int rc)
{
	if (cs_gone(rc))
		cs_state_error(&cs->now, "corosync is not running on this node (%s: %s)", what,
			       rc_text(rc));
	else
		cs_state_error(&cs->now, "corosync: %s: %s", what, rc_text(rc));
	cs_quorum_close(cs);
	return -ENOTCONN;
}

static int votequorum_open(struct cs *cs)
{
	votequorum_callbacks_t callbacks = {
		.votequorum_quorum_notify_fn = on_votes,
		.votequorum_expectedvotes_notify_fn = on_expected,
		.votequorum_nodelist_notify_fn = on_nodelist,
	};
	votequorum_handle_t handle;
	int rc;

	rc = CS_CALL(&cs->call, votequorum_initialize(&handle, &callbacks));
	if (rc != CS_OK)
		return open_failed(cs, "votequorum_initialize", rc);
	cs->votequorum = handle;
	rc = (int)votequorum_fd_get(handle, &cs->votequorum_fd);
	if (rc != CS_OK)
		return open_failed(cs, "votequorum_fd_get", rc);
	rc = (int)votequorum_context_set(handle, cs);
	if (rc != CS_OK)
		return open_failed(cs, "votequorum_context_set", rc);
	rc = CS_CALL(&cs->call,
		     votequorum_trackstart(handle, 0, CS_TRACK_CURRENT | CS_TRACK_CHANGES));
	if (rc != CS_OK)
		return open_failed(cs, "votequorum_trackstart", rc);
	return 0;
}

/* First libquorum: it alone says that a corosync runs without votequorum. */
int cs_quorum_open(struct cs *cs)
{
	quorum_callbacks_t callbacks = { .quorum_notify_fn = on_quorum };
	quorum_handle_t handle;
	uint32_t type = QUORUM_FREE;
	int rc;

	rc = CS_CALL(&cs->call, quorum_initialize(&handle, &callbacks, &type));
	if (rc != CS_OK)
		return open_failed(cs, "quorum_initialize", rc);
	cs->quorum = handle;
	if (type != QUORUM_SET) {
		cs_state_error(&cs->now, "corosync runs without votequorum: corosync.conf needs "
					 "\"provider: corosync_votequorum\" in its quorum section");
		cs_quorum_close(cs);
		return -ENOTCONN;
	}
	rc = (int)quorum_fd_get(handle, &cs->quorum_fd);
	if (rc != CS_OK)
		return open_failed(cs, "quorum_fd_get", rc);
	rc = (int)quorum_context_set(handle, cs);
	if (rc != CS_OK)
		return open_failed(cs, "quorum_context_set", rc);
	if (votequorum_open(cs) < 0)
		return -ENOTCONN;
	rc = CS_CALL(&cs->call, quorum_trackstart(handle, CS_TRACK_CURRENT | CS_TRACK_CHANGES));
	if (rc != CS_OK)
		return open_failed(cs, "quorum_trackstart", rc);
	cs_quorum_dispatch(cs);
	return cs->lost ? -ENOTCONN : 0;
}

void cs_quorum_close(struct cs *cs)
{
	/* Whatever they answer, the handles are gone. */
	if (cs->votequorum)
		(void)CS_CALL(&cs->call, votequorum_finalize(cs->votequorum));
	if (cs->quorum)
		(void)CS_CALL(&cs->call, quorum_finalize(cs->quorum));
	cs->votequorum = 0;
	cs->quorum = 0;
	cs->votequorum_fd = -1;
	cs->quorum_fd = -1;
}

/* libquorum first: corosync sends the nodelist long before the view of the same
 * ring, so whoever has read the view finds the nodelist waiting, and never shows
 * a view that is newer than the ring. */
void cs_quorum_dispatch(struct cs *cs)
{
	int rc = CS_CALL(&cs->call, quorum_dispatch(cs->quorum, CS_DISPATCH_ALL));

	if (rc == CS_OK)
		rc = CS_CALL(&cs->call, votequorum_dispatch(cs->votequorum, CS_DISPATCH_ALL));
	if (rc != CS_OK && rc != CS_ERR_TRY_AGAIN)
		cs->lost = true;
}

/* ---- The device ---- */

/* Does anything still say quorate? During sync votequorum's own flag runs ahead of what
 * clients are shown; that is in the callbacks which wait to be read by now. (To ask for
 * it would hang: during sync corosync answers votequorum's clients only, and a new ring
 * would wait for a vote that this thread could not give.) */
static bool still_quorate(struct cs *cs, unsigned flags)
{
	cs_quorum_dispatch(cs);
	return cs->now.in_sync || cs->now.quorate || (flags & VOTEQUORUM_INFO_QUORATE);
}

/* Corosync counts a vote though our last word in this ring was 0: a message of an
 * earlier ring. A poll is bound to its ring, the message it makes corosync send is not:
 * one that waited while the token was lost is delivered in the next ring, after the
 * answer given there. No timer takes that vote away: say the last word again. */
static bool vote_is_stale(const struct cs_snapshot *s, unsigned flags)
{
	return s->polled_accepted && !s->polled_cast && qd_ring_equal(s->polled_ring, s->ring) &&
	       (flags & VOTEQUORUM_INFO_QDEVICE_CAST_VOTE);
}

static void vote_withdraw_again(struct cs *cs)
{
	votequorum_ring_id_t ring = { .nodeid = cs->now.ring.node_id, .seq = cs->now.ring.seq };
	int rc = CS_CALL(&cs->call, votequorum_qdevice_poll(cs->votequorum, cs->name, 0, ring));

	cs->lost = cs->lost || cs_gone(rc);
	cs->info_wanted = rc == CS_ERR_TRY_AGAIN; /* else corosync tells when it has counted */
}

void cs_info(struct cs *cs)
{
	struct votequorum_info info;
	int rc;

	/* An error leaves it unwritten. */
	memset(&info, 0, sizeof(info));
	rc = CS_CALL(&cs->call,
		     votequorum_getinfo(cs->votequorum, VOTEQUORUM_QDEVICE_NODEID, &info));
	if (rc != CS_OK) {
		cs->lost = cs->lost || cs_gone(rc);
		return;
	}
	cs->info_wanted = false;
	cs->now.quorum = info.quorum;
	cs->now.total_votes = info.total_votes;
	cs->now.expected_votes = info.node_expected_votes;
	cs->now.device_votes = info.qdevice_votes;
	if (!(info.flags & VOTEQUORUM_INFO_QDEVICE_REGISTERED))
		cs->now.registered = false;
	cs->now.polled_quorate = true;
	if (cs->now.polled_accepted && !cs->now.polled_cast)
		cs->now.polled_quorate = still_quorate(cs, info.flags);
	if (vote_is_stale(&cs->now, info.flags))
		vote_withdraw_again(cs);
}

bool cs_device_known(struct cs *cs)
{
	struct votequorum_info info;

	memset(&info, 0, sizeof(info));
	return CS_CALL(&cs->call, votequorum_getinfo(cs->votequorum, VOTEQUORUM_QDEVICE_NODEID, &info)) == CS_OK &&
	       (info.flags & VOTEQUORUM_INFO_QDEVICE_REGISTERED);
}

static void register_refused(struct cs *cs, int rc)
{
	struct votequorum_info info;

	memset(&info, 0, sizeof(info));
	if (rc == CS_ERR_EXIST &&
	    CS_CALL(&cs->call,
		    votequorum_getinfo(cs->votequorum, VOTEQUORUM_QDEVICE_NODEID, &info)) == CS_OK)
		cs_state_error(&cs->now,
			       "quorum device \"%s\" refused by corosync: the name registered in "
			       "this cluster is \"%s\", and it must be the same on all nodes",
			       cs->name, info.qdevice_name);
	else if (rc == CS_ERR_ACCESS)
		cs_state_error(&cs->now,
			       "quorum device \"%s\" refused by corosync: its quorum section "
			       "does not go with a device, see corosync's log",
			       cs->name);
	else
		cs_state_error(&cs->now, "quorum device \"%s\" refused by corosync: %s", cs->name,
			       rc_text(rc));
}

void cs_register(struct cs *cs)
{
	int rc = CS_CALL(&cs->call, votequorum_qdevice_register(cs->votequorum, cs->name));

	cs->now.registered = rc == CS_OK;
	cs->retry_ms = cs_now_ms() + (rc == CS_ERR_TRY_AGAIN ? CS_REGISTER_MS : CS_REFUSED_MS);
	if (cs_gone(rc))
		cs->lost = true;
	else if (rc == CS_OK)
		cs->info_wanted = true;
	else if (rc != CS_ERR_TRY_AGAIN)
		register_refused(cs, rc);
}

/* A poll that corosync did not take. A stale ring needs no words: the nodelist
 * callback of the new one is on its way. */
static void poll_refused(struct cs *cs, int rc)
{
	if (rc == CS_ERR_MESSAGE_ERROR)
		return;
	if (cs_gone(rc)) {
		cs->lost = true;
		return;
	}
	if (rc == CS_ERR_NOT_EXIST || rc == CS_ERR_INVALID_PARAM)
		cs->now.registered = false; /* somebody else unregistered or renamed it */
	cs_state_error(&cs->now, "vote of quorum device \"%s\" refused by corosync: %s", cs->name,
		       rc_text(rc));
}

static void pause_shortly(void)
{
	const struct timespec pause = { .tv_nsec = CS_TRY_AGAIN_MS * 1000000L };

	(void)nanosleep(&pause, NULL); /* no signal comes: all are blocked */
}

void cs_poll(struct cs *cs, const struct cs_vote *vote)
{
	votequorum_ring_id_t ring = { .nodeid = vote->ring.node_id, .seq = vote->ring.seq };
	uint64_t now_ms = 0;
	bool cast = false;
	int rc = CS_ERR_NOT_EXIST;

	for (unsigned i = 0; cs->now.registered && i < CS_TRY_AGAIN_MAX; i++) {
		now_ms = cs_now_ms();
		cast = cs_vote_due(vote, now_ms);
		rc = CS_CALL(&cs->call,
			     votequorum_qdevice_poll(cs->votequorum, cs->name, cast, ring));
		if (rc != CS_ERR_TRY_AGAIN)
			break;
		pause_shortly();
	}
	cs_proof_polled(&cs->proof, vote, cast, rc == CS_OK, cs->facts_new.device_timeout_ms, now_ms,
			cs_now_ms());
	if (cs_state_polled(&cs->now, vote, cast, rc == CS_OK) || (rc == CS_OK && !cast))
		cs->info_wanted = true;
	if (rc != CS_OK && cs->now.registered)
		poll_refused(cs, rc);
}

/* While a 1 waits: corosync must go on to expect an answer of this device in the next ring,
 * and not end its sync without one. */
void cs_keep_alive(struct cs *cs, struct qd_ring ring)
{
	votequorum_ring_id_t id = { .nodeid = ring.node_id, .seq = ring.seq };

	if (cs->now.registered &&
	    cs_gone(CS_CALL(&cs->call, votequorum_qdevice_poll(cs->votequorum, cs->name, 0, id))))
		cs->lost = true;
}

void cs_drop_device(struct cs *cs)
{
	int rc = CS_ERR_TRY_AGAIN;

	cs->unregistered = true;
	for (unsigned i = 0; i < CS_TRY_AGAIN_MAX && rc == CS_ERR_TRY_AGAIN; i++) {
		if (i > 0)
			pause_shortly();
		rc = CS_CALL(&cs->call, votequorum_qdevice_unregister(cs->votequorum, cs->name));
	}
	if (cs_gone(rc)) {
		cs->lost = true;
		return;
	}
	cs->info_wanted = true;
	if (rc == CS_OK || rc == CS_ERR_NOT_EXIST)
		cs->now.registered = false;
	else
		cs_state_error(&cs->now,
			       "unregistering quorum device \"%s\" refused by corosync: %s",
			       cs->name, rc_text(rc));
}
