/* How runner.c starts a process; private to it. */
#ifndef QD_RUNNER_SPAWN_H
#define QD_RUNNER_SPAWN_H

#include <sys/types.h>

#include "runner.h"

/* Close *fd unless it is -1; it is -1 then. */
void runner_fd_close(int *fd);

/* Start `c` with `path` ("PATH=...") in a new session. With c->keep_output,
 * *ret_output is the non-blocking read end of a pipe that its stdout and stderr
 * go to; else -1. The process id (>= 0); on failure negative errno, nothing is
 * left, and *ret_output is -1. Blocks until the child runs /bin/sh. */
pid_t runner_spawn(const char *path, const struct runner_command *c, int *ret_output);

#endif
