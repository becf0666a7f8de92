/* qdiskd: options, the order of start and end, the event loop (floor 4). */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/close_range.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "daemon.h"

#define CONFIG_FILE "/etc/cluster/cluster.conf"
#define BLACKBOX RUN_DIR "/blackbox"
#define COROSYNC_WAIT_MS 200u
#define LARGE_BYTES (64 * 1024)

static struct daemon the_daemon;	/* large; the loop's callbacks get it as data */

uint64_t daemon_now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);	/* cannot fail */
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

/* ---- Options ---- */

static void usage(FILE *to)
{
	fputs("usage: qdiskd [-f] [-d] [-Q] [-s] [-t] [-h] [-V] [-c CLUSTER.CONF]\n"
	      "  -f  stay in the foreground, log to stderr too\n"
	      "  -d  log debug messages\n"
	      "  -Q  close stdin, stdout and stderr first\n"
	      "  -s  accepted, ignored\n"
	      "  -t  check the configuration, print effective values and lines for corosync.conf\n"
	      "  -c  configuration file (default " CONFIG_FILE ";\n"
	      "      where that does not exist, corosync.conf alone)\n"
	      "  -h  this help    -V  version\n", to);
}

static int options_parse(int argc, char **argv, struct options *o)
{
	int c;

	*o = (struct options){ .config_file = getenv("COROSYNC_CLUSTER_CONFIG_FILE"),
			       .debug = getenv("QDISK_DEBUG") != NULL };
	while ((c = getopt(argc, argv, "fdQsthVc:")) != -1) {
		switch (c) {
		case 'f': o->foreground = true; break;
		case 'd': o->debug = true; break;
		case 'Q': o->quiet = true; break;
		case 's': break;
		case 't': o->check = true; break;
		case 'c': o->config_file = optarg; break;
		case 'h': usage(stdout); exit(EXIT_OK);
		case 'V': puts("qdiskd " QD_VERSION); exit(EXIT_OK);
		default: usage(stderr); return EXIT_USAGE;
		}
	}
	/* Only a file that is not there: one that cannot be read is refused as such. */
	if (!o->config_file && (access(CONFIG_FILE, F_OK) == 0 || errno != ENOENT))
		o->config_file = CONFIG_FILE;
	if (optind < argc) {
		fprintf(stderr, "qdiskd: unknown argument '%s'\n", argv[optind]);
		usage(stderr);
		return EXIT_USAGE;
	}
	return EXIT_OK;
}

/* ---- Loop ---- */

static int on_tick(int fd, int revents, void *data)
{
	struct daemon *d = data;
	uint64_t expirations = 0;

	(void)revents;
	if (read(fd, &expirations, sizeof(expirations)) != sizeof(expirations) || expirations == 0)
		return 0;
	ports_tick(d);
	reload_settle(d);
	instep_tick(d);
	qd_engine_tick(&d->engine, (uint32_t)(expirations - 1));
	return 0;
}

static int on_alarm(int fd, int revents, void *data)
{
	struct daemon *d = data;
	uint64_t expirations;

	(void)revents;
	if (read(fd, &expirations, sizeof(expirations)) == sizeof(expirations))
		qd_engine_alarm(&d->engine);
	return 0;
}

static int on_signal(int fd, int revents, void *data)
{
	struct daemon *d = data;
	struct signalfd_siginfo info;

	(void)revents;
	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	switch (info.ssi_signo) {
	case SIGTERM:
	case SIGINT:
		daemon_stop(d);
		break;
	case SIGHUP:
		reload_begin(d);
		break;
	case SIGUSR1:
		(void)log_debug_toggle();
		break;
	default:
		(void)log_dump(BLACKBOX);
		break;
	}
	return 0;
}

/* Until the loop runs, a reload or a dump is none, and must not end the process. */
static sigset_t signals_block(bool stops)
{
	static const int number[] = { SIGHUP, SIGUSR1, SIGUSR2, SIGTERM, SIGINT };
	sigset_t set;

	sigemptyset(&set);
	for (int i = 0; i < (stops ? 5 : 3); i++)
		sigaddset(&set, number[i]);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);	/* cannot fail: valid arguments */
	return set;
}

static int signals_open(struct daemon *d)
{
	sigset_t set = signals_block(/* stops */ true);

	(void)signal(SIGPIPE, SIG_IGN);
	d->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return d->signal_fd < 0 ? -errno : 0;
}

static int loop_add(struct daemon *d, enum qb_loop_priority prio, int fd, qb_loop_poll_dispatch_fn fn)
{
	return qb_loop_poll_add(d->loop, prio, fd, POLLIN, d, fn);
}

/* Absolute ticks, from now on: no drift, and a late one tells how many it missed. */
static int timers_open(struct daemon *d)
{
	uint64_t first = daemon_now_ms() + 1, i_ms = d->params.t.interval_ms;
	struct itimerspec tick = {
		.it_value = { .tv_sec = (time_t)(first / 1000), .tv_nsec = (long)(first % 1000) * 1000000 },
		.it_interval = { .tv_sec = (time_t)(i_ms / 1000), .tv_nsec = (long)(i_ms % 1000) * 1000000 },
	};

	d->tick_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	d->alarm_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (d->tick_fd < 0 || d->alarm_fd < 0 ||
	    timerfd_settime(d->tick_fd, TFD_TIMER_ABSTIME, &tick, NULL) != 0)
		return -errno;
	return 0;
}

static int loop_open(struct daemon *d)
{
	int rc;

	d->loop = qb_loop_create();
	if (!d->loop)
		return -ENOMEM;
	rc = ports_open(d);
	if (rc == 0)
		rc = timers_open(d);
	if (rc == 0)
		rc = loop_add(d, QB_LOOP_HIGH, d->tick_fd, on_tick);
	if (rc == 0)
		rc = loop_add(d, QB_LOOP_HIGH, d->alarm_fd, on_alarm);
	if (rc == 0)
		rc = loop_add(d, QB_LOOP_MED, d->signal_fd, on_signal);
	return rc;
}

void daemon_exit(struct daemon *d, int status)
{
	d->exit_status = d->exit_override ? d->exit_status : status;
	qb_loop_stop(d->loop);
}

/* Whoever looks at what we left must not take it for a move to another LUN. */
void daemon_stop(struct daemon *d)
{
	instep_cancel(d, "qdiskd stops");
	qd_engine_stop(&d->engine);
}

/* A process with I/O in flight cannot leave the kernel, and keeps descriptors and
 * locks until then: what the exit owes to others is done by hand. */
static void leave(struct daemon *d) __attribute__((noreturn));
static void leave(struct daemon *d)
{
	const bool idle = ports_idle(d);

	ports_close(d);
	if (cs_stop(d->cs, COROSYNC_WAIT_MS) != 0) {
		log_line(LOG_WARNING, "corosync does not answer, leaving without it");
		if (d->engine.state.voting)
			(void)cs_end(d->cs);
	}
	instance_unlock(d);
	if (d->instep.phase == INSTEP_LEAVING)
		restart_exec(d, idle);
	process_pid_file_remove();
	log_line(LOG_INFO, "Halting qdisk operations, exit code %d", d->exit_status);
	log_done();
	_exit(d->exit_status);
}

int daemon_log(struct daemon *d)
{
	const struct log_options options = { .foreground = d->options.foreground,
					     .debug = d->options.debug };
	int rc = d->log_started ? 0 : log_init(&options);

	if (rc != 0)
		return rc;
	d->log_started = true;
	rc = log_apply(&d->config.log);
	if (rc != 0)
		log_line(LOG_WARNING, "log file %s: %s", d->config.log.logfile, strerror(-rc));
	(void)log_dump_on_crash(BLACKBOX);	/* without it a crash is only less told */
	return 0;
}

static int run(struct daemon *d)
{
	int rc = signals_open(d);

	if (rc == 0)
		rc = daemon_log(d);
	if (rc == 0) {
		log_line(LOG_INFO, "Quorum Daemon Initializing");
		log_line(LOG_INFO, "Quorum Partition: %s Label: %s", d->lun.path, d->lun.label.name);
		reload_log(&d->findings);
		process_priority(d);
		rc = loop_open(d);
	}
	if (rc != 0) {
		fprintf(stderr, "qdiskd: Initialization failed: %s\n", strerror(-rc));
		return EXIT_CONFIG;
	}
	process_pid_file();
	instance_name(d);
	process_ready(d);
	qb_loop_run(d->loop);
	leave(d);
}

static int start_with_lun(struct daemon *d)
{
	int rc = restart_wait(d);

	if (rc == EXIT_OK)
		rc = start_lun(d);
	if (rc == EXIT_OK)
		rc = start_moved(d);
	if (rc == EXIT_OK)
		rc = instance_lock(d);
	if (rc == EXIT_OK)
		rc = start_agree(d);
	if (rc == EXIT_DEVICE && d->params.stop_cman)
		start_leave();
	return rc;
}

int main(int argc, char **argv)
{
	struct daemon *d = &the_daemon;
	int rc = options_parse(argc, argv, &d->options);

	if (rc != EXIT_OK)
		return rc;
	(void)signals_block(/* stops */ false);
	/* What is large is needed at start and for a reload, and goes back when it is freed:
	 * left alone, glibc raises this limit with each such block, and keeps the next. */
	(void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	(void)umask(022);	/* whatever the one who starts us has; and what he left open stays ours */
	(void)close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	if (geteuid() != 0) {
		fputs("qdiskd: must be run by root\n", stderr);
		return EXIT_USAGE;
	}
	if (d->options.quiet)
		process_stdio_close();
	d->ready_fd = -1;
	d->argv = argv;
	restart_recall(d);
	rc = start_config(d);
	if (d->options.check) {
		if (d->params.votes)	/* resolved, if refused: the lines are the remedy */
			start_print(d);
		return rc;
	}
	if (rc == EXIT_OK)
		rc = ports_watchdog_check(d);
	if (rc == EXIT_OK)
		rc = start_with_lun(d);
	restart_tell(d);
	if (rc != EXIT_OK)
		return rc;
	if (!d->options.foreground && !d->past.known)
		process_background(d);
	return run(d);
}
