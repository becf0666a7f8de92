/* The configuration file as the daemon sees it (floor 3: a hand).
 *
 * The daemon does not parse: it runs qdisk-readconf (cman-shim/readconf.c) and
 * takes a struct qd_config through a pipe. What comes is not trusted: a file
 * that got hold of the reader must not get hold of the daemon.
 *
 * At start: config_load(). While the cycle runs nothing may wait, so a reload
 * is config_start(), then config_receive() whenever config_fd() is readable,
 * and config_stop() at its end or when the caller's deadline has passed.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "qd_config.h"

#define CONFIG_ERROR_LEN 1024u
#define CONFIG_DEADLINE_MS 5000
#define CONFIG_READER "qdisk-readconf"
#define CONFIG_WIRE_MAGIC 0x51444346u	/* "QDCF" */

/* In front of what the reader sends; both ends are of one build. */
struct config_wire {
	uint32_t magic;
	uint32_t config_size;	/* sizeof(struct qd_config): same build */
	int32_t status;		/* 0: a config follows; negative errno: a line of text */
	uint32_t length;	/* bytes that follow */
};

/* A reading in progress; large, the caller's. */
struct config_reader {
	pid_t pid;		/* 0: nothing runs */
	int pidfd, fd;
	size_t received;	/* bytes, head included */
	struct config_wire head;
	union {
		struct qd_config config;
		char text[CONFIG_ERROR_LEN];
	} body;
	char file[QD_PATH_LEN];
};

/* Where a helper of ours is: in $QDISK_LIBEXECDIR if that is set, else beside this
 * program (a build tree), else in the directory fixed when building. False: its path is
 * too long. */
bool config_program(const char *name, char ret_path[QD_PATH_LEN]);

/* Find and start the reader for `path` (made absolute; at most QD_PATH_LEN - 1
 * bytes). 0, or negative errno and one line in `error`; nothing is left running then. */
int config_start(struct config_reader *ret_reader, const char *path, char *error,
		 size_t error_size);

/* The pipe to wait on: readable when config_receive() has work. */
int config_fd(const struct config_reader *reader);

/* Take what has come; never waits. -EAGAIN: more must come. 0: *ret is a valid
 * configuration. Else refused: the reader's errno (-ENOENT, -EACCES no such
 * file, -EINVAL its content), or -EPROTO: the reader misbehaved; `error` holds
 * one line and *ret is untouched. After any but -EAGAIN: config_stop(). */
int config_receive(struct config_reader *reader, struct qd_config *ret, char *error,
		   size_t error_size);

/* Kill and reap the reader; waits for its death, at most 100 ms. */
void config_stop(struct config_reader *reader);

/* All of it, waiting at most `deadline_ms`; -ETIMEDOUT beyond. Results as of
 * config_start() and config_receive(). For start and for `qdiskd -t`. */
int config_load_within(const char *path, int deadline_ms, struct qd_config *ret, char *error,
		       size_t error_size);
int config_load(const char *path, struct qd_config *ret, char *error, size_t error_size);

/* Does this configuration name a quorum device? 0; -ENOENT no <quorumd>;
 * -ENODEV neither device= nor label=; with one line in `error`. At start both
 * are refusals, on reload they mean: leave and stop. */
int config_names_device(const struct qd_config *config, char *error, size_t error_size);

/* Does this configuration name none of the five timings? Then those that the cluster
 * has agreed on, or runs with, are as good as any: set them, and leave them open again
 * once the laws have judged. Pure. */
bool config_timings_open(const struct qd_config *config);
void config_timings_set(struct qd_config *config, const struct qd_timings *t);
void config_timings_unset(struct qd_config *config);

/* ---- config_agents.c ---- */

#define CONFIG_AGENTS "qdisk-agents"

/* Have qdisk-agents compare what the file gives to the fence agents (of `node`; NULL: of all)
 * with what they take, and wait for it: some seconds. `tell` gets each line that it
 * writes, without its end. 0; negative errno: it cannot be run. */
typedef void (*config_agents_fn)(void *arg, const char *line);
int config_agents(const char *path, const char *node, config_agents_fn tell, void *arg);

/* May everything in here be used without looking again: texts end, counts and
 * indexes are within their arrays, numbers within the limits of qd_config.h,
 * node ids unique? NULL, or the name of the first field that is wrong. Pure. */
const char *config_invalid(const struct qd_config *config);

#endif
