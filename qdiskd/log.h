/* The log (floor 3: a hand; beside main.c the only user of libqb).
 *
 * Lines go through libqb to syslog, a log file, stderr, and the flight recorder
 * (libqb's blackbox: the last lines of every level, in memory, dumped on request
 * or on a crash). A full or stopped log daemon and a hanging file system must not
 * cost the node its beat, so nothing here ever waits:
 * - syslog is one datagram to /dev/log, sent non-blocking;
 * - the log file is written by a child, cat(1), that reads from a socket;
 * - stderr is written only while poll(2) says that it takes something.
 * A line that is not taken is lost, and the next one that is says how many were.
 *
 * Lines of one level look like the legacy daemon's: ident "qdiskd", in the file
 * "Mon DD HH:MM:SS qdiskd TEXT". One sink per process; log_line() may be called
 * from any thread, but libqb drops a line that comes while another thread logs.
 */
#ifndef QD_LOG_H
#define QD_LOG_H

#include <stdbool.h>

#include "qd_config.h"

#define LOG_SYSLOG_PATH "/dev/log"

struct log_options {
	bool foreground;		/* also to stderr */
	bool debug;			/* -d: lasts, whatever the configuration says */
	const char *syslog_path;	/* NULL: LOG_SYSLOG_PATH */
};

/* Begin: syslog local4.info (and stderr), flight recorder on. May be called
 * before daemonizing; log_apply() should be called after. 0 or negative errno. */
int log_init(const struct log_options *options);

/* Apply the configuration; called again at each reload, which also opens the log
 * file anew (for logrotate). Its directory is made when missing. With debug the
 * file and stderr take debug lines; syslog does too if there is no file.
 * 0; -EINVAL an unknown facility or priority (nothing changed); other negative
 * errno: the log file cannot be opened (the rest is in force). */
int log_apply(const struct qd_log_config *c);

/* Switch debug over (SIGUSR1); the new state. */
bool log_debug_toggle(void);

/* One line. `priority` as in syslog(3), LOG_EMERG to LOG_DEBUG. Cut at 511 bytes. */
void log_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Write the flight recorder to a file (qb-blackbox reads it). 0 or negative errno. */
int log_dump(const char *path);

/* Have a crash (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT) write it to `path`
 * before the process dies of that signal as it would have. */
int log_dump_on_crash(const char *path);

/* The numbers behind names in a configuration: "local4", "info". -EINVAL. */
int log_facility(const char *name);
int log_priority(const char *name);

/* End; lines that the file's writer has taken it still writes. */
void log_done(void);

#endif
