/* The hardware watchdog (floor 3): one device that resets the node when nobody
 * pets it. Decides nothing: when it is armed, petted and disarmed is the mind's
 * and main's business; with which timeout, the laws'. Kernel interface:
 * Documentation/watchdog/watchdog-api.rst.
 */
#ifndef WATCHDOG_H
#define WATCHDOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WATCHDOG_ERROR_LEN 320

struct watchdog {
	int fd;			/* -1: not armed */
	uint32_t timeout_s;
};

/* Could it be armed? Does not open it: that would start it.
 * `plain_file`: a file of a test that answers the ioctls will do.
 * 0; -ENOENT, -ENOTTY no watchdog, -EBUSY somebody else has armed it, -ERANGE its
 * driver cannot do `timeout_s`. On failure a line that names it is in `error`. */
int watchdog_check(const char *path, uint32_t timeout_s, bool plain_file, char *error, size_t size);

/* Open it, which starts it, with just this timeout. On failure it is stopped
 * again. 0; -EBUSY, -ERANGE another timeout was granted, or what open(2) or an
 * ioctl said. */
int watchdog_arm(const char *path, uint32_t timeout_s, struct watchdog *ret_w, char *error, size_t size);

/* Start its time anew. 0, -EBADF not armed, or negative errno. */
int watchdog_pet(const struct watchdog *w);

/* Would that stop it? Not where the kernel was told "nowayout". Not armed: yes. */
bool watchdog_stoppable(const struct watchdog *w);

/* Stop it by the magic close. 0, or -EPERM: it goes on, its driver does not let
 * itself be stopped. Not armed: 0. */
int watchdog_disarm(struct watchdog *w);

#endif
