/* The hardware watchdog behind the engine's port (floor 4). Armed by the first
 * pet that the mind asks for, which is after a write of this node has landed;
 * disarmed only where a clean stop has left its leaving block on the LUN. */
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "daemon.h"

bool ports_watchdog_good(const struct qd_config *c, const struct qd_timings *t, char *error, size_t size)
{
	return c->watchdog[0] == '\0' ||
	       watchdog_check(c->watchdog, qd_law_watchdog_s(t), self_fence_is_test(), error, size) == 0;
}

int ports_watchdog_check(const struct daemon *d)
{
	char error[WATCHDOG_ERROR_LEN];

	if (!d->params.watchdog || ports_watchdog_good(&d->config, &d->params.t, error, sizeof(error)))
		return EXIT_OK;
	fprintf(stderr, "qdiskd: %s\n", error);
	return EXIT_DEVICE;
}

static void stop_for_watchdog(void *data)
{
	struct daemon *d = data;

	d->exit_override = true;
	d->exit_status = EXIT_DEVICE;
	daemon_stop(d);
}

/* Without it the node must not go on to vote; it has not yet: it is initialising. */
static void arm(struct daemon *d)
{
	char error[WATCHDOG_ERROR_LEN];

	if (watchdog_arm(d->config.watchdog, qd_law_watchdog_s(&d->params.t), &d->watchdog, error,
			 sizeof(error)) == 0) {
		log_line(LOG_NOTICE, "watchdog %s armed, timeout %u s", d->config.watchdog,
			 d->watchdog.timeout_s);
		return;
	}
	log_line(LOG_CRIT, "%s; leaving", error);
	d->watchdog_failed = true;
	(void)qb_loop_job_add(d->loop, QB_LOOP_HIGH, d, stop_for_watchdog);
}

uint32_t ports_pet(void *ctx)
{
	struct daemon *d = ctx;
	int rc;

	if (d->watchdog.fd < 0 && !d->watchdog_failed)
		arm(d);
	if (d->watchdog.fd < 0)
		return 0;
	rc = watchdog_pet(&d->watchdog);
	if (rc != 0 && !d->watchdog_failed)
		log_line(LOG_ALERT, "watchdog %s cannot be petted: %s", d->config.watchdog, strerror(-rc));
	d->watchdog_failed = rc != 0;
	return 1000 * d->watchdog.timeout_s;
}

void ports_watchdog_leave(struct daemon *d, bool clean)
{
	if (d->watchdog.fd < 0)
		return;
	if (!clean)
		log_line(LOG_CRIT, "watchdog %s stays armed, this node ends within %u s", d->config.watchdog,
			 d->watchdog.timeout_s);
	else if (watchdog_disarm(&d->watchdog) != 0)
		log_line(LOG_CRIT, "watchdog %s does not let itself be stopped (nowayout), this node ends "
			 "within %u s", d->config.watchdog, d->watchdog.timeout_s);
	else
		log_line(LOG_NOTICE, "watchdog %s disarmed", d->config.watchdog);
}
