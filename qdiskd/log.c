/* Lines to libqb and from there to each sink; see log.h. */
#include "log.h"
#include "log_writer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <qb/qbdefs.h>
#include <qb/qblog.h>

#define IDENT "qdiskd"
#define LINE_MAX_BYTES (QB_LOG_MAX_LEN + 128)
#define RECORDER_BYTES (256 * 1024)

enum sink_kind { SINK_SYSLOG, SINK_FILE, SINK_STDERR, SINK_COUNT };

struct sink {
	int fd;			/* -1: off */
	int32_t target;		/* libqb's number */
	unsigned lost;		/* lines since the last that was taken */
};

/* The one sink of the process. */
static struct {
	struct sink sink[SINK_COUNT];
	struct sockaddr_un syslog;
	int facility;
	int priority[SINK_COUNT];	/* as configured, without debug */
	bool debug_option, debug_config, debug_toggled;
	pid_t writer, old_writer;	/* of the log file; 0 none */
	struct qb_log_callsite *site[LOG_DEBUG + 1];
	char crash_path[QD_PATH_LEN];
} self;

int log_facility(const char *name)
{
	int f = qb_log_facility2int(name);

	return f < 0 ? -EINVAL : f;
}

int log_priority(const char *name)
{
	static const char *const names[] = { "emerg", "alert",  "crit", "err",
					     "warning", "notice", "info", "debug" };

	for (int i = 0; i <= LOG_DEBUG; i++)
		if (strcmp(name, names[i]) == 0)
			return i;
	if (strcmp(name, "warn") == 0)
		return LOG_WARNING;
	return strcmp(name, "error") == 0 ? LOG_ERR : -EINVAL;
}

/* ---- The three sinks ---- */

static ssize_t syslog_send(const char *line, size_t size)
{
	ssize_t n = send(self.sink[SINK_SYSLOG].fd, line, size, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n >= 0 || errno == EAGAIN)
		return n;
	/* Not there yet, or restarted: a datagram socket may be connected again. */
	if (connect(self.sink[SINK_SYSLOG].fd, (const struct sockaddr *)&self.syslog,
		    sizeof(self.syslog)) < 0)
		return -1;
	return send(self.sink[SINK_SYSLOG].fd, line, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static ssize_t stderr_write(const char *line, size_t size)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

	if (poll(&p, 1, 0) != 1 || !(p.revents & POLLOUT))
		return -1;
	return write(STDERR_FILENO, line, size);
}

/* The line as this sink wants it; its length. */
static size_t line_make(enum sink_kind kind, int priority, const struct timespec *at,
			const char *text, char *ret_line, size_t size)
{
	char when[32] = "", lost[32] = "";
	struct tm tm;
	int n;

	/* syslog pads the day with a blank, the legacy file with a zero. */
	if (localtime_r(&at->tv_sec, &tm))
		(void)strftime(when, sizeof(when), kind == SINK_SYSLOG ? "%b %e %T" : "%b %d %T",
			       &tm);
	if (self.sink[kind].lost)
		(void)snprintf(lost, sizeof(lost), "(%u lines lost) ", self.sink[kind].lost);
	if (kind == SINK_SYSLOG)
		n = snprintf(ret_line, size, "<%d>%s " IDENT "[%d]: %s%s",
			     self.facility | priority, when, (int)getpid(), lost, text);
	else
		n = snprintf(ret_line, size, "%s " IDENT " %s%s\n", when, lost, text);
	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

/* Called by libqb with a line that passed the sink's filter. */
static void sink_write(int32_t target, struct qb_log_callsite *cs, struct timespec *at,
		       const char *text)
{
	char line[LINE_MAX_BYTES];
	ssize_t n = -1;
	size_t size;
	int kind = 0;

	while (kind < SINK_COUNT && self.sink[kind].target != target)
		kind++;
	if (kind == SINK_COUNT || self.sink[kind].fd < 0)
		return;
	size = line_make((enum sink_kind)kind, cs->priority, at, text, line, sizeof(line));
	if (kind == SINK_SYSLOG)
		n = syslog_send(line, size);
	else if (kind == SINK_FILE)
		n = send(self.sink[kind].fd, line, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		n = stderr_write(line, size);
	self.sink[kind].lost = n < 0 ? self.sink[kind].lost + 1 : 0;
}

/* ---- The log file's writer ---- */

static void writer_reap(void)
{
	if (self.old_writer && waitpid(self.old_writer, NULL, WNOHANG) != 0)
		self.old_writer = 0;
}

/* End of input: it writes what it has, and exits. */
static void writer_end(void)
{
	if (self.sink[SINK_FILE].fd >= 0)
		(void)close(self.sink[SINK_FILE].fd);
	self.sink[SINK_FILE].fd = -1;
	writer_reap();
	if (self.old_writer)
		(void)kill(self.old_writer, SIGKILL);	/* hung since the last reload */
	if (self.writer)
		self.old_writer = self.writer;
	self.writer = 0;
	writer_reap();
}

/* ---- Levels ---- */

static bool debug_on(void)
{
	return (self.debug_option || self.debug_config) != self.debug_toggled;
}

/* Our lines up to `priority` (-1: none); libqb's own only when something is wrong. */
static void target_filter(int32_t target, int priority)
{
	int foreign = priority < LOG_WARNING ? priority : LOG_WARNING;

	(void)qb_log_filter_ctl(target, QB_LOG_FILTER_CLEAR_ALL, QB_LOG_FILTER_FILE, "*",
				LOG_TRACE);
	if (priority < 0)
		return;
	(void)qb_log_filter_ctl(target, QB_LOG_FILTER_ADD, QB_LOG_FILTER_FILE, IDENT,
				(uint8_t)priority);
	(void)qb_log_filter_ctl(target, QB_LOG_FILTER_ADD, QB_LOG_FILTER_FILE, "*",
				(uint8_t)foreign);
}

static void filters_set(void)
{
	for (int k = 0; k < SINK_COUNT; k++) {
		bool debug = debug_on() && (k != SINK_SYSLOG || self.sink[SINK_FILE].fd < 0);

		target_filter(self.sink[k].target, debug ? LOG_DEBUG : self.priority[k]);
		(void)qb_log_ctl(self.sink[k].target, QB_LOG_CONF_ENABLED,
				 self.sink[k].fd >= 0 ? QB_TRUE : QB_FALSE);
	}
	target_filter(QB_LOG_BLACKBOX, LOG_DEBUG);
}

bool log_debug_toggle(void)
{
	self.debug_toggled = !self.debug_toggled;
	filters_set();
	return debug_on();
}

static int targets_open(void)
{
	for (int k = 0; k < SINK_COUNT; k++) {
		int32_t t = qb_log_custom_open(sink_write, NULL, NULL, NULL);

		if (t < 0)
			return t;
		self.sink[k].target = t;
		self.priority[k] = LOG_INFO;
	}
	/* All lines pass through one callsite per level, so that logging allocates once. */
	for (int p = 0; p <= LOG_DEBUG; p++) {
		self.site[p] = qb_log_callsite_get("log_line", IDENT, "%s", (uint8_t)p,
						   (uint32_t)p + 1, 0);
		if (!self.site[p])
			return -ENOMEM;
	}
	return 0;
}

/* The recorder lives in /dev/shm; without its names nothing stays there when we are
 * killed. Should a libqb name them otherwise, it does stay; no harm. */
static void recorder_unlink(void)
{
	static const char *const parts[] = { "data", "header" };
	char path[64];

	for (int i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "/dev/shm/qb-" IDENT "-%d-blackbox-%s",
			       (int)getpid(), parts[i]);
		(void)unlink(path);
	}
}

int log_init(const struct log_options *options)
{
	const char *path = options->syslog_path ? options->syslog_path : LOG_SYSLOG_PATH;
	int r;

	memset(&self, 0, sizeof(self));
	self.facility = LOG_LOCAL4;
	self.debug_option = options->debug;
	self.syslog.sun_family = AF_UNIX;
	(void)snprintf(self.syslog.sun_path, sizeof(self.syslog.sun_path), "%s", path);
	self.sink[SINK_FILE].fd = -1;
	self.sink[SINK_STDERR].fd = options->foreground ? STDERR_FILENO : -1;
	self.sink[SINK_SYSLOG].fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (self.sink[SINK_SYSLOG].fd < 0)
		return -errno;
	qb_log_init(IDENT, LOG_LOCAL4, LOG_EMERG);
	(void)qb_log_ctl(QB_LOG_SYSLOG, QB_LOG_CONF_ENABLED, QB_FALSE);	/* it would block */
	r = targets_open();
	if (r < 0)
		return r;
	(void)qb_log_ctl(QB_LOG_BLACKBOX, QB_LOG_CONF_SIZE, RECORDER_BYTES);
	r = qb_log_ctl(QB_LOG_BLACKBOX, QB_LOG_CONF_ENABLED, QB_TRUE);
	recorder_unlink();
	filters_set();
	return r < 0 ? r : 0;
}

int log_apply(const struct qd_log_config *c)
{
	int facility = log_facility(c->facility), r = 0;
	int syslog_priority = log_priority(c->priority);
	int file_priority = log_priority(c->logfile_priority);

	if (facility < 0 || syslog_priority < 0 || file_priority < 0)
		return -EINVAL;
	self.facility = facility;
	self.priority[SINK_SYSLOG] = syslog_priority;
	self.priority[SINK_FILE] = self.priority[SINK_STDERR] = file_priority;
	self.debug_config = c->debug;
	writer_end();
	if (c->to_logfile && c->logfile[0])
		r = self.sink[SINK_FILE].fd = log_writer_begin(c->logfile, &self.writer);
	if (!c->to_syslog && self.sink[SINK_SYSLOG].fd >= 0) {
		(void)close(self.sink[SINK_SYSLOG].fd);
		self.sink[SINK_SYSLOG].fd = -1;
	} else if (c->to_syslog && self.sink[SINK_SYSLOG].fd < 0) {
		self.sink[SINK_SYSLOG].fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	}
	filters_set();
	return r < 0 ? r : 0;
}

void log_line(int priority, const char *format, ...)
{
	char text[QB_LOG_MAX_LEN];
	va_list ap;

	if (priority < LOG_EMERG || priority > LOG_DEBUG || !self.site[priority])
		return;
	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);	/* cut is fine */
	va_end(ap);
	qb_log_real_(self.site[priority], text);
}

/* ---- The flight recorder ---- */

int log_dump(const char *path)
{
	ssize_t n = qb_log_blackbox_write_to_file(path);

	return n < 0 ? (int)n : 0;
}

static void crash(int number)
{
	/* Not signal-safe, but we are dying anyway; the handler is reset by now. */
	(void)qb_log_blackbox_write_to_file(self.crash_path);
	(void)raise(number);
}

int log_dump_on_crash(const char *path)
{
	static const int numbers[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };
	struct sigaction action = { .sa_handler = crash, .sa_flags = (int)SA_RESETHAND };
	int n = snprintf(self.crash_path, sizeof(self.crash_path), "%s", path);

	if (n < 0 || (size_t)n >= sizeof(self.crash_path))
		return -ENAMETOOLONG;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (sigaction(numbers[i], &action, NULL) < 0)
			return -errno;
	return 0;
}

void log_done(void)
{
	writer_end();
	for (int k = 0; k < SINK_COUNT; k++) {
		target_filter(self.sink[k].target, -1);
		qb_log_custom_close(self.sink[k].target);
	}
	if (self.sink[SINK_SYSLOG].fd >= 0)
		(void)close(self.sink[SINK_SYSLOG].fd);
	memset(self.site, 0, sizeof(self.site));
	qb_log_fini();
}
