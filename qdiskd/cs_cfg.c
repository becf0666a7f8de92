/* cfg: ending a corosync, another node's or our own. The connection is made when it
 * is needed: it is a courtesy, and would cost memory all the time. */
#include <corosync/cfg.h>
#include <corosync/corotypes.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cs_inner.h"

/* 0: no handle, and the error says why. */
static corosync_cfg_handle_t cfg_open(struct cs *cs, const char *what)
{
	corosync_cfg_handle_t handle = 0;
	int rc = CS_CALL(&cs->call, corosync_cfg_initialize(&handle, NULL));

	if (rc == CS_OK)
		return handle;
	cs_state_error(&cs->now, "%s: no connection to corosync's cfg: %s", what,
		       cs_strerror((cs_error_t)rc));
	return 0;
}

void cs_kill_nodes(struct cs *cs, qd_mask nodes, const char *reason)
{
	corosync_cfg_handle_t handle = cfg_open(cs, "kill");

	if (!handle)
		return;
	for (; nodes; nodes &= nodes - 1) {
		int rc = CS_CALL(&cs->call,
				 corosync_cfg_kill_node(handle, qd_lowest(nodes), reason));

		if (rc != CS_OK)
			cs_state_error(&cs->now, "kill of node %u refused by corosync: %s",
				       qd_lowest(nodes),
				       rc == CS_ERR_NOT_EXIST ? "not a member"
							      : cs_strerror((cs_error_t)rc));
	}
	(void)CS_CALL(&cs->call, corosync_cfg_finalize(handle)); /* gone either way */
}

void cs_shutdown(struct cs *cs)
{
	corosync_cfg_handle_t handle = cfg_open(cs, "shutdown");
	int rc;

	if (!handle)
		return;
	rc = CS_CALL(&cs->call,
		     corosync_cfg_try_shutdown(handle, COROSYNC_CFG_SHUTDOWN_FLAG_REQUEST));
	if (rc != CS_OK && !cs_gone(rc))
		cs_state_error(&cs->now, "shutdown refused by corosync: %s",
			       rc == CS_ERR_BUSY ? "a client of it objects"
						 : cs_strerror((cs_error_t)rc));
	(void)CS_CALL(&cs->call, corosync_cfg_finalize(handle)); /* gone either way */
}

/* In the child: its exit status is the errno. */
static int leave(void)
{
	corosync_cfg_handle_t handle = 0;
	int rc = (int)corosync_cfg_initialize(&handle, NULL);

	if (rc != CS_OK)
		return ENOTCONN;
	rc = (int)corosync_cfg_try_shutdown(handle, COROSYNC_CFG_SHUTDOWN_FLAG_REGARDLESS);
	return rc == CS_OK || cs_gone(rc) ? 0 : EPERM; /* gone: that was quick */
}

int cs_leave_now(unsigned limit_s)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		(void)signal(SIGALRM, SIG_DFL); /* ends the child, in whatever call it hangs */
		(void)alarm(limit_s);
		_exit(leave());
	}
	if (pid < 0)
		return -EAGAIN;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -EAGAIN;
	}
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -ETIMEDOUT;
}
