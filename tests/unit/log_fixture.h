/* A log with a socket that stands for /dev/log, and a log file with its writer. */
#ifndef LOG_FIXTURE_H
#define LOG_FIXTURE_H

#include "../../qdiskd/log.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "real.h"

extern char syslog_path[64], file_path[64], dump_path[64];	/* in work_dir */
extern int syslogd;	/* the socket */

/* Of each test: somebody listens, the log is not begun; it is done, all children gone. */
int setup(void **state);
int teardown(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

struct qd_log_config config_default(void);	/* to syslog and file, info */
void init(bool foreground, bool debug);
void apply(void);				/* config_default() takes effect */

/* The log file's text, once it holds `needle`. */
const char *file_text(const char *needle);

/* The next datagram; "" none. */
const char *syslog_text(void);

void assert_like(const char *text, const char *pattern);	/* extended regular expression */

#endif
