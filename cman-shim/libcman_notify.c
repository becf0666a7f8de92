/* libcman: notifications and membership changes, from corosync's events to
 * messages for cman_dispatch(). */
#include <errno.h>
#include <string.h>

#include "libcman_private.h"
#include "libcman_text.h"

#define KEY_VERSION "totem.config_version"

static void push_event(struct cman_handle *h, int reason, int argument)
{
	struct cman_message *m;

	if (!h->notify) /* not yet, or no longer */
		return;
	m = queue_push(&h->queue, MESSAGE_EVENT, 0);
	if (!m)
		return;
	m->reason = reason;
	m->argument = argument;
}

void notify_port(struct cman_handle *h, bool opened, uint32_t node_id)
{
	push_event(h, opened ? CMAN_REASON_PORTOPENED : CMAN_REASON_PORTCLOSED, (int)node_id);
}

/* votequorum says so each time it has counted, changed or not; so did cman. */
static void on_quorum(void *to, bool quorate)
{
	push_event(to, CMAN_REASON_STATECHANGE, quorate);
}

static void on_shutdown(void *to, unsigned flags)
{
	bool anyway = flags == COROSYNC_CFG_SHUTDOWN_FLAG_REGARDLESS;

	push_event(to, CMAN_REASON_TRY_SHUTDOWN, anyway ? CMAN_SHUTDOWN_ANYWAY : 0);
}

static void on_version(cmap_handle_t cmap, cmap_track_handle_t track, int32_t event,
		       const char *key, struct cmap_notify_value new_value,
		       struct cmap_notify_value old_value, void *to)
{
	struct cman_handle *h = to;
	uint64_t version;

	(void)cmap;
	(void)track;
	(void)event;
	(void)key;
	(void)new_value;
	(void)old_value;
	/* Read as for cman_get_version(), whatever integer it is. */
	if (stack_get_uint(&h->stack, KEY_VERSION, &version) == 0)
		push_event(h, CMAN_REASON_CONFIG_UPDATE, (int)version);
}

static const struct conn_events votes_events = { .quorum = on_quorum };
static const struct conn_events cfg_events = { .shutdown = on_shutdown };

void notify_open(struct cman_handle *h)
{
	h->stack.votes.events = &votes_events;
	h->stack.votes.to = h;
	h->stack.cfg.events = &cfg_events;
	h->stack.cfg.to = h;
}

/* ---- Notifications ---- */

static void untrack(struct cman_handle *h)
{
	struct cman_stack *s = &h->stack;

	/* What was not tracked, or is gone with corosync, needs no end. */
	(void)votequorum_trackstop(s->votes.handle);
	(void)corosync_cfg_trackstop(s->cfg.handle);
	if (h->version_track)
		(void)cmap_track_delete(s->cmap.handle, h->version_track);
	h->version_track = 0;
}

static cs_error_t track(struct cman_handle *h)
{
	struct cman_stack *s = &h->stack;
	cs_error_t rc;

	do
		rc = votequorum_trackstart(s->votes.handle, 0, CS_TRACK_CHANGES);
	while (stack_again(s, rc));
	if (rc == CS_OK) {
		do
			rc = corosync_cfg_trackstart(s->cfg.handle, 0);
		while (stack_again(s, rc));
	}
	if (rc == CS_OK) {
		do
			rc = cmap_track_add(s->cmap.handle, KEY_VERSION,
					    CMAP_TRACK_ADD | CMAP_TRACK_MODIFY, on_version, h,
					    &h->version_track);
		while (stack_again(s, rc));
	}
	return rc;
}

static int start_notification(struct cman_handle *h, cman_callback_t callback)
{
	cs_error_t rc;
	int error;

	if (!callback)
		return -EINVAL;
	if (h->notify) {
		h->notify = callback;
		return 0;
	}
	rc = track(h);
	error = rc == CS_OK ? conn_take_all(&h->stack.votes) : -text_errno(rc);
	if (!error && !h->cfg_listens) {
		error = handle_listen(h, &h->stack.cfg);
		if (!error)
			error = handle_listen(h, &h->stack.cmap);
		h->cfg_listens = !error;
	}
	if (error) {
		untrack(h);
		return error;
	}
	h->notify = callback;
	return 0;
}

CMAN_PUBLIC int cman_start_notification(cman_handle_t handle, cman_callback_t callback)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_CLIENT);

	return h ? handle_leave(h, start_notification(h, callback)) : -1;
}

static void stop_notification(struct cman_handle *h)
{
	if (!h->notify)
		return;
	untrack(h);
	h->notify = NULL;
	queue_drop(&h->queue, MESSAGE_EVENT);
}

CMAN_PUBLIC int cman_stop_notification(cman_handle_t handle)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ANY);

	if (!h)
		return -1;
	stop_notification(h);
	return handle_leave(h, 0);
}

/* ---- Membership changes ---- */

static void on_nodelist(void *to, struct quorum_ring_id ring, struct conn_nodes members,
			struct conn_nodes left, struct conn_nodes joined)
{
	const struct conn_nodes lists[] = { members, left, joined };
	struct cman_handle *h = to;
	struct cman_message *m;
	size_t length = 0;
	unsigned char *at;

	(void)ring;
	if (!h->confchg) /* the state before the first change */
		return;
	for (unsigned i = 0; i < 3; i++)
		length += lists[i].count * sizeof(uint32_t);
	m = queue_push(&h->queue, MESSAGE_CONFCHG, length);
	if (!m)
		return;
	at = m->body;
	for (unsigned i = 0; i < 3; i++) {
		m->counts[i] = lists[i].count;
		if (lists[i].count)
			memcpy(at, lists[i].ids, lists[i].count * sizeof(uint32_t));
		at += lists[i].count * sizeof(uint32_t);
	}
}

static const struct conn_events nodelist_events = { .nodelist = on_nodelist };

static int track_nodelist(struct cman_handle *h)
{
	int error = conn_add(&h->nodelist, &h->stack.guard, SERVICE_QUORUM);
	cs_error_t rc;

	if (error)
		return error;
	h->nodelist.events = &nodelist_events;
	h->nodelist.to = h;
	do
		rc = quorum_trackstart(h->nodelist.handle, CS_TRACK_CHANGES);
	while (stack_again(&h->stack, rc));
	error = rc == CS_OK ? conn_take_all(&h->nodelist) : -text_errno(rc);
	return error ? error : handle_listen(h, &h->nodelist);
}

static int start_confchg(struct cman_handle *h, cman_confchgcallback_t callback)
{
	int error = 0;

	if (!callback)
		return -EINVAL;
	if (h->admin) /* as cman: accepted, and nothing ever comes */
		return 0;
	if (!h->nodelist.handle)
		error = track_nodelist(h);
	if (error)
		conn_close(&h->nodelist, &h->stack.guard);
	else
		h->confchg = callback;
	return error;
}

CMAN_PUBLIC int cman_start_confchg(cman_handle_t handle, cman_confchgcallback_t callback)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ANY);

	return h ? handle_leave(h, start_confchg(h, callback)) : -1;
}

static void stop_confchg(struct cman_handle *h)
{
	conn_close(&h->nodelist, &h->stack.guard);
	h->confchg = NULL;
	queue_drop(&h->queue, MESSAGE_CONFCHG);
}

CMAN_PUBLIC int cman_stop_confchg(cman_handle_t handle)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ANY);

	if (!h)
		return -1;
	stop_confchg(h);
	return handle_leave(h, 0);
}

void notify_close(struct cman_handle *h)
{
	/* The connections that track end with the handle. */
	conn_close(&h->nodelist, &h->stack.guard);
}

int notify_pump(struct cman_handle *h)
{
	const struct cman_conn *sources[] = { &h->stack.votes, &h->stack.cfg, &h->stack.cmap,
					      &h->nodelist, NULL };

	return conn_dispatch_each(sources);
}
