/* A status server with a snapshot to show, and a client of it, in a directory of its
 * own. The server is served by the test itself. */
#ifndef STATUS_FIXTURE_H
#define STATUS_FIXTURE_H

#include "../../qdiskd/status.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "real.h"

#define NOW_MS 100000u

extern char socket_path[64], file_path[64];	/* in work_dir; nothing is there yet */
extern struct status *status;
extern struct status_snapshot snapshot;	/* node 1 of three, master; node 2 was fenced */
extern char reply[STATUS_REPLY_MAX + 1];	/* the newest of client_ask() */

/* Of each test: the server opened, the snapshot filled, times shown in UTC; closed, all
 * children gone, nothing left in work_dir. */
int setup(void **state);
int teardown(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* Connected and not accepted yet; the caller closes it. */
int client_connect(void);

/* Dispatch until nothing is left to do. */
void serve(void);

/* Ask on a connected socket; the reply's length, 0 hung up. */
ssize_t client_ask(int fd, const char *request);

/* Node 2 is being fenced, by its second device; node 3 could not be, and is tried again. */
void snapshot_fences(void);

#endif
