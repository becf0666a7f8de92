/* The corosync hand (floor 3): votes, membership and configuration of the
 * local corosync, through one helper thread.
 *
 * No call to corosync has a timeout: a stopped corosync blocks its caller until
 * it goes on. So one helper thread owns every handle (votequorum, quorum, cmap,
 * and cfg while it is needed). The caller leaves requests in a slot and looks
 * at a snapshot; neither ever waits. The hand decides nothing, logs nothing and
 * never touches the LUN.
 *
 * What it relies on, seen in corosync 3.1.7 and tested by cs_hand.sh:
 * - votequorum's nodelist callback comes at the start of sync with the new ring;
 *   libquorum's callback comes when sync has ended and carries that ring's
 *   sequence number. So "in sync" is: the two numbers differ. The sequence
 *   number alone names a ring here: on one node it only grows.
 * - During sync votequorum may already have counted anew while clients are still
 *   shown the old view: its QUORATE flag alone is no proof.
 * Works with corosync >= 3.0 (libquorum's model v0).
 *
 * A request that is on its way to a stopped corosync is carried out when it goes
 * on, however late; no clock read can prevent that. The ring id in it does.
 */
#ifndef CS_H
#define CS_H

#include "qd_config.h"

#define CS_NAME_MAX   254 /* bytes of a quorum device's name; corosync's limit */
#define CS_ERROR_LEN  384
#define CS_REASON_LEN 64

struct cs;

/* What corosync shows, as of the helper's last look. All 0 while not connected,
 * but for the counters, `error` and `ended`. */
struct cs_snapshot {
	bool connected;	     /* votequorum and quorum are open and tracked */
	bool stalled;	     /* a call has been out for longer than the interval */
	bool ended;	     /* the corosync that we were last connected to is known to be dead */
	struct qd_ring ring; /* newest membership, during sync already */
	qd_mask members;     /* of that ring */
	uint32_t members_dropped; /* members with an id above 64: not in the mask */
	bool in_sync;		  /* `quorate` and `view` are still those of an older ring */
	bool quorate;		  /* what clients are shown */
	qd_mask view;		  /* the member list that is shown with it */
	uint64_t view_seq;	  /* sequence number of that list's ring */
	/* votequorum_getinfo, looked at after a callback, after every accepted 0, and
	 * after an answer that differs from the one before */
	uint32_t quorum, total_votes, expected_votes, device_votes;
	bool registered;
	uint64_t polled_seq;  /* of the newest vote request that was answered */
	bool polled_accepted; /* false: refused, or lost with corosync; nothing has changed there */
	bool polled_cast;     /* what was asked of corosync: 0 where a 1 came too late */
	struct qd_ring polled_ring;
	/* Does anything still say quorate: votequorum's QUORATE flag or what clients
	 * are shown, both looked at after an accepted 0 and again after each callback; true
	 * after anything else. False is a proof even where a new ring is on its way. */
	bool polled_quorate;
	/* A 1 that was polled in an older ring may yet be counted in this one, whatever is
	 * polled now: its message is not bound to its ring. */
	bool stale_one;
	bool stale_late; /* the same of a 1 that corosync carried out after it had stood still */
	bool stale_past; /* the same of a daemon before this one: not known, but it may be */
	bool unheard_one; /* a 1 that was polled may still be on its way round the ring */
	bool unheard_late; /* one among it that corosync carried out after it had stood still */
	bool unheard;	 /* something that was polled may still be on its way round the ring */
	qd_mask lun_dead;     /* members that say in this ring that their LUN is dead, see cs_word.h */
	uint64_t lun_dead_ms; /* CLOCK_BOOTTIME: all of these said so after this */
	uint64_t facts_changes;	  /* +1 when cs_facts() has something new */
	uint64_t error_changes;	  /* +1 with every new `error` */
	char error[CS_ERROR_LEN]; /* newest refusal, for the log */
};

/* Start the helper. `device_name`: 1..254 bytes, the same on every node; it is
 * registered as soon as corosync is there, and again after each restart of it.
 * `interval_ms`: I, the age above which a call counts as stalled. Call it when daemonizing and scheduling are done: the helper runs with
 * the caller's policy and priority (asked for by name, since RESET_ON_FORK takes
 * them from new threads), all signals blocked. Allocates once, here.
 * 0; -EINVAL name, -EPERM scheduling, -ENOMEM, -EMFILE, -EAGAIN. */
int cs_start(const char *device_name, uint32_t interval_ms, struct cs **ret_cs);

/* End the helper, without unregistering or casting anything, and free `cs`.
 * 0; -ETIMEDOUT: it hangs in a call after `wait_ms`; it is left alone, with `cs`,
 * until the process ends. Ignores NULL. */
int cs_stop(struct cs *cs, uint32_t wait_ms);

/* An eventfd that is readable when something that matters has changed: not when
 * an accepted vote was accepted once more, or a member says again what it said. Owned
 * by `cs`. */
int cs_fd(const struct cs *cs);

/* Take note of the event: one read(2). Call before cs_look(). */
void cs_event_clear(struct cs *cs);

/* Copy the newest snapshot; no system call. `now_ms`: CLOCK_BOOTTIME. */
void cs_look(struct cs *cs, uint64_t now_ms, struct cs_snapshot *ret_snapshot);

/* I has changed (reload). */
void cs_set_interval(struct cs *cs, uint32_t interval_ms);

struct cs_vote {
	uint64_t seq; /* +1 with every request */
	struct qd_ring ring;
	bool cast;
	uint64_t good_until_ms;	/* CLOCK_BOOTTIME: a 1 is cast as 0 after that */
};

/* Ask for one poll. The slot holds one request: a newer one replaces one that the
 * helper has not begun, a waiting 1 by a 0 as well as a 0 by a 1. A 1 that changes
 * what corosync has waits, outside sync, until the ring is known to carry messages
 * (cs_proof.h); it is not answered until then. The clock is read directly before
 * the poll: a 1 that is no longer good is cast as 0. Refused (stale ring, not
 * registered): dropped, not repeated. */
void cs_vote(struct cs *cs, const struct cs_vote *vote);

/* Unregister the device, behind a waiting vote; for good. Done when the snapshot
 * says so: registered false. */
void cs_unregister(struct cs *cs);

/* End the corosync of another member: a courtesy, refused during sync and dropped when
 * the ring is broken (a message of then would end the corosync of its next life).
 * One reason for all that wait; an id outside 1..64 is ignored. */
void cs_kill(struct cs *cs, uint32_t node_id, const char *reason);

/* Tell the other members of the ring that the LUN of this node is dead, again and again,
 * four times in I; or that it no longer is: once. */
void cs_say(struct cs *cs, uint32_t node_id, bool lun_dead);

/* Ask the local corosync to shut down; its clients may object. */
void cs_leave(struct cs *cs);

/* Before cs_start(): have the local corosync leave the cluster and end, whatever its
 * clients say; in a child, which a corosync that does not answer keeps for `limit_s` at
 * most. 0; -ENOTCONN none runs, -ETIMEDOUT, -EPERM refused, -EAGAIN no child. */
int cs_leave_now(unsigned limit_s);

/* End the local corosync at once, stopped or not, by SIGKILL to its pidfd, from
 * the caller's thread. 0, also when it is dead already; -ENOTCONN never connected,
 * -ENOSYS no pidfds in this kernel, -EPERM. */
int cs_end(struct cs *cs);

/* Copy the newest facts; read after each connect and each change of cmap. False:
 * none read yet. No system call. */
bool cs_facts(struct cs *cs, struct qd_facts *ret_facts);

/* Copy what corosync.conf says to us, of the same moment as cs_facts(). No system call. */
bool cs_native(struct cs *cs, struct qd_native *ret_native);

/* sbd's watchdog timeout in ms, 0 where it does not run. Needs no corosync. */
uint32_t cs_sbd_read(void);

/* Read the facts now, in a thread of its own, for start-up and `qdiskd -t`. What
 * changes later is in cs_facts(): cs_start() reads once more.
 * `ret_native` may be NULL. 0; -ENOTCONN no corosync, -ETIMEDOUT it does not answer within `deadline_ms`
 * (the thread is left behind), -EAGAIN it is still starting, -EACCES not allowed,
 * -ENODATA a key is missing, -E2BIG more nodes than fit, -EIO a value of the wrong
 * kind, -ENOMEM. `error` then says it in words. */
int cs_facts_read(uint32_t deadline_ms, struct qd_facts *ret_facts, struct qd_native *ret_native,
		  char *error, size_t size);

#endif
