/* Fencing with real processes: scripts in a directory of the test's own, what they were
 * told, what was noted, and how it ended. */
#ifndef FENCE_FIXTURE_H
#define FENCE_FIXTURE_H

#include "../../qdiskd/fence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "real.h"

extern struct runner runner;
extern struct fence fence;
extern struct qd_config config;
extern unsigned done_count;
extern uint32_t done_node;
extern enum qd_fence_result done_result;
extern void (*on_end)(uint32_t node_id);	/* may be NULL; called when a fencing has ended */
extern char notes[16384];

/* The path of a file of the test's directory; good until the next call. */
const char *in_dir(const char *name);
void file(const char *name, unsigned mode, const char *bytes);

/* What the scripts have appended to the file ./calls. */
const char *calls(void);

/* Everything forgotten, nothing configured; `path` is what commands get as PATH, NULL: that
 * of the daemon and the test's directory. 0 or -1. */
int fence_setup(const char *path);

/* Kill what runs and wait until it is gone; the files too. 0 or -1. */
int fence_teardown(void);

void turn_once(int timeout_ms);

/* Until so many fencings have ended, at most so long. */
void turn(unsigned count, unsigned limit_ms);

/* Until this is noted. */
void noted(const char *text);

/* All tests in a directory that is made for them. */
int fence_tests_run(const char *name, const struct CMUnitTest *tests, size_t count);

#endif
