/* libcman: what changes the cluster. */
#include <errno.h>
#include <stdlib.h>
#include <syslog.h>

#include "libcman_private.h"
#include "libcman_text.h"

/* What the victim's log says behind "killed by node N because". */
#define KILL_REASON "we were killed by cman_tool or other application"

/* corosync's own, and what is left for it to answer that it goes. */
#define SHUTDOWN_TIMEOUT_KEY	"cfg.shutdown_timeout"
#define SHUTDOWN_TIMEOUT_MS	5000
#define SHUTDOWN_TIMEOUT_MAX_MS 3600000u

static int answer_of(cs_error_t rc)
{
	return rc == CS_OK ? 0 : -text_errno(rc);
}

/* ---- Votes ---- */

static int set_votes(struct cman_stack *s, int votes, int nodeid)
{
	uint32_t id = nodeid == CMAN_NODEID_US ? s->node_id : (uint32_t)nodeid;
	cs_error_t rc;
	int member;

	if (votes <= 0)
		return -EINVAL;
	member = table_ask_member(s, id);
	if (member <= 0)
		return member ? member : -ENOTCONN;
	do
		rc = votequorum_setvotes(s->votes.handle, id, (unsigned)votes);
	while (stack_again(s, rc));
	return answer_of(rc);
}

CMAN_PUBLIC int cman_set_votes(cman_handle_t handle, int votes, int nodeid)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ADMIN);

	return h ? handle_leave(h, set_votes(&h->stack, votes, nodeid)) : -1;
}

static int set_expected_votes(struct cman_stack *s, int votes)
{
	int error = votes <= 0 ? -EINVAL : stack_need_member(s);
	cs_error_t rc;

	if (error)
		return error;
	do
		rc = votequorum_setexpected(s->votes.handle, (unsigned)votes);
	while (stack_again(s, rc));
	return answer_of(rc);
}

CMAN_PUBLIC int cman_set_expected_votes(cman_handle_t handle, int expected_votes)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ADMIN);

	return h ? handle_leave(h, set_expected_votes(&h->stack, expected_votes)) : -1;
}

/* ---- Nodes that go ---- */

static int kill_node(struct cman_stack *s, int nodeid)
{
	int member = nodeid > 0 ? stack_need_member(s) : -EINVAL;
	cs_error_t rc;

	if (member)
		return member;
	member = table_ask_member(s, (uint32_t)nodeid);
	if (member < 0 && member != -ENOENT)
		return member;
	if (member <= 0)
		return -EINVAL;
	do
		rc = corosync_cfg_kill_node(s->cfg.handle, (unsigned)nodeid, KILL_REASON);
	while (stack_again(s, rc));
	return answer_of(rc);
}

CMAN_PUBLIC int cman_kill_node(cman_handle_t handle, int nodeid)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ADMIN);

	return h ? handle_leave(h, kill_node(&h->stack, nodeid)) : -1;
}

/* A corosync that ends before its answer has come has done what was asked. */
static int try_shutdown(struct cman_stack *s, corosync_cfg_shutdown_flags_t flags)
{
	cs_error_t rc;

	do
		rc = corosync_cfg_try_shutdown(s->cfg.handle, flags);
	while (stack_again(s, rc));
	if (rc == CS_ERR_LIBRARY && !guard_expired(&s->guard))
		return 0;
	return rc == CS_ERR_EXIST ? -EALREADY : answer_of(rc);
}

/* How long corosync will wait for the programs: what <cman> said, else what it has. */
static int shutdown_timeout(struct cman_stack *s, uint64_t *ret_ms)
{
	uint64_t ms = 0;
	int error = stack_get_number(s, CMAN_KEY_SHUTDOWN_TIMEOUT, SHUTDOWN_TIMEOUT_MAX_MS, &ms);

	if (error && error != -ENOENT && error != -EINVAL)
		return error;
	if (ms)
		error = stack_set_u32(s, SHUTDOWN_TIMEOUT_KEY, (uint32_t)ms);
	else
		error = stack_get_uint(s, SHUTDOWN_TIMEOUT_KEY, &ms);
	if (error && error != -ENOENT)
		return error;
	*ret_ms = error ? SHUTDOWN_TIMEOUT_MS : ms;
	return 0;
}

static int do_shutdown(struct cman_stack *s, int flags)
{
	bool anyway = flags & CMAN_SHUTDOWN_ANYWAY;
	uint64_t timeout_ms = 0;
	int error = shutdown_timeout(s, &timeout_ms);

	if (error)
		return error;
	if (flags & CMAN_SHUTDOWN_REMOVED)
		syslog(LOG_WARNING, "libcman: the other nodes' expected votes stay as they are: "
				    "corosync cannot lower them for a node that leaves");
	guard_start(&s->guard, timeout_ms + s->guard.limit_ms); /* all programs are asked */
	return try_shutdown(s, anyway ? COROSYNC_CFG_SHUTDOWN_FLAG_REGARDLESS
				      : COROSYNC_CFG_SHUTDOWN_FLAG_REQUEST);
}

CMAN_PUBLIC int cman_shutdown(cman_handle_t handle, int flags)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ADMIN);

	return h ? handle_leave(h, do_shutdown(&h->stack, flags)) : -1;
}

CMAN_PUBLIC int cman_replyto_shutdown(cman_handle_t handle, int yesno)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ANY);

	if (!h)
		return -1;
	/* As with cman, nothing comes back; an answer too late is none. */
	(void)corosync_cfg_replyto_shutdown(h->stack.cfg.handle,
					    yesno ? COROSYNC_CFG_SHUTDOWN_FLAG_YES
						  : COROSYNC_CFG_SHUTDOWN_FLAG_NO);
	return handle_leave(h, 0);
}

/* Without asking anybody. */
CMAN_PUBLIC int cman_leave_cluster(cman_handle_t handle, int reason)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ADMIN);
	int error;

	(void)reason; /* nobody on corosync's wire wants to know */
	if (!h)
		return -1;
	error = stack_need_member(&h->stack);
	if (!error)
		error = try_shutdown(&h->stack, COROSYNC_CFG_SHUTDOWN_FLAG_IMMEDIATE);
	return handle_leave(h, error == -ENOENT ? -ENOTCONN : error);
}

/* ---- Configuration, flags, logs ---- */

static int config_version(struct cman_stack *s, uint64_t *ret_version)
{
	int error = stack_get_uint(s, "totem.config_version", ret_version);

	if (error == -ENOENT) {
		*ret_version = 0;
		error = 0;
	}
	return error;
}

static int reload(struct cman_stack *s)
{
	cs_error_t rc;

	do
		rc = corosync_cfg_reload_config(s->cfg.handle);
	while (stack_again(s, rc));
	return rc == CS_ERR_INVALID_PARAM ? -ENOENT : answer_of(rc);
}

static int set_version(struct cman_stack *s, const cman_version_t *wanted)
{
	uint64_t running = 0;
	int error;

	if (!wanted || wanted->cv_major != CMAN_PROTOCOL_MAJOR ||
	    wanted->cv_minor != CMAN_PROTOCOL_MINOR || wanted->cv_patch != CMAN_PROTOCOL_PATCH)
		return -EINVAL;
	error = stack_need_member(s);
	if (!error)
		error = config_version(s, &running);
	if (error || (wanted->cv_config && wanted->cv_config == running))
		return error;
	if (wanted->cv_config && wanted->cv_config < running)
		return -EPERM;
	error = reload(s);
	if (!error)
		error = config_version(s, &running);
	return !error && running < wanted->cv_config ? -ENOENT : error;
}

CMAN_PUBLIC int cman_set_version(cman_handle_t handle, const cman_version_t *version)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ADMIN);

	return h ? handle_leave(h, set_version(&h->stack, version)) : -1;
}

CMAN_PUBLIC int cman_set_dirty(cman_handle_t handle)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ADMIN);

	return h ? handle_leave(h, stack_set_uint(&h->stack, CMAN_KEY_DIRTY, 1)) : -1;
}

CMAN_PUBLIC int cman_set_debuglog(cman_handle_t handle, int subsystems)
{
	struct cman_handle *h = handle_enter(handle, HANDLE_ADMIN);
	const char *debug = subsystems > CMAN_DEBUGLOG_NONE ? "on" : "off";

	return h ? handle_leave(h, stack_set_text(&h->stack, "logging.debug", debug)) : -1;
}
