/* A watchdog without hardware: a file that answers the ioctls of watchdog(4) and
 * says when a real one would have reset the machine.
 *
 *	fakedog MOUNTPOINT [--min S] [--max S] [--nowayout] [--reset COMMAND]
 *
 * The file is MOUNTPOINT/watchdog. On standard output, a line for each event, with
 * the ms of CLOCK_MONOTONIC before it: armed, timeout N, pet, disarmed (by the
 * magic close), left armed (by any other), refused (opened twice), expired. It
 * goes on after that: a node that is reset would open it anew. COMMAND, for the shell,
 * is what resets the machine then.
 * SIGTERM and the end of its parent end it, and the mount with it.
 */
#define FUSE_USE_VERSION 35
#include <errno.h>
#include <fuse_lowlevel.h>
#include <linux/watchdog.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define INODE 2u	/* of the file; 1 is the root */
#define NAME "watchdog"

struct dog {
	int least_s, most_s, timeout_s;
	bool nowayout;
	const char *reset;
	bool open, armed, magic;
	uint64_t bites_at_ms;	/* 0: not armed, or it has */
};

static struct dog dog = { .least_s = 1, .most_s = 600, .timeout_s = 60 };

static uint64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

__attribute__((format(printf, 1, 2)))
static void say(const char *format, ...)
{
	va_list ap;

	printf("%llu ", (unsigned long long)now_ms());
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

static void time_anew(void)
{
	dog.bites_at_ms = now_ms() + 1000 * (uint64_t)dog.timeout_s;
}

/* ---- The file ---- */

static void attributes(fuse_ino_t ino, struct stat *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->st_ino = ino;
	ret->st_mode = ino == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0600;
	ret->st_nlink = 1;
}

static void on_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param e = { .ino = INODE };

	(void)parent;
	if (strcmp(name, NAME) != 0) {
		(void)fuse_reply_err(req, ENOENT);
		return;
	}
	attributes(INODE, &e.attr);
	(void)fuse_reply_entry(req, &e);
}

static void on_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st;

	(void)fi;
	attributes(ino, &st);
	(void)fuse_reply_attr(req, &st, 0);
}

static void on_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	if (dog.open) {
		say("refused");
		(void)fuse_reply_err(req, EBUSY);
		return;
	}
	dog.open = dog.armed = true;
	dog.magic = false;
	fi->direct_io = 1;
	time_anew();
	say("armed");
	(void)fuse_reply_open(req, fi);
}

static void on_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	(void)fi;
	dog.open = false;
	if (dog.magic && !dog.nowayout) {
		dog.armed = false;
		dog.bites_at_ms = 0;
	}
	say(dog.armed ? "left armed" : "disarmed");
	(void)fuse_reply_err(req, 0);
}

static void on_write(fuse_req_t req, fuse_ino_t ino, const char *bytes, size_t size, off_t offset,
		     struct fuse_file_info *fi)
{
	(void)ino;
	(void)offset;
	(void)fi;
	dog.magic = memchr(bytes, 'V', size) != NULL;
	time_anew();
	(void)fuse_reply_write(req, size);
}

static int timeout_set(int wanted)
{
	if (wanted < 1)
		return EINVAL;
	dog.timeout_s = wanted < dog.least_s ? dog.least_s : wanted > dog.most_s ? dog.most_s : wanted;
	time_anew();
	say("timeout %d", dog.timeout_s);
	return 0;
}

static void on_ioctl(fuse_req_t req, fuse_ino_t ino, unsigned int command, void *arg,
		     struct fuse_file_info *fi, unsigned flags, const void *in, size_t in_size,
		     size_t out_size)
{
	const struct watchdog_info info = { .options = WDIOF_SETTIMEOUT | WDIOF_MAGICCLOSE |
							WDIOF_KEEPALIVEPING, .identity = "fakedog" };
	int number, error = 0;

	(void)ino;
	(void)arg;
	(void)fi;
	(void)flags;
	switch (command) {
	case WDIOC_GETSUPPORT:
		(void)fuse_reply_ioctl(req, 0, &info, sizeof(info) < out_size ? sizeof(info) : out_size);
		return;
	case WDIOC_SETTIMEOUT:
		number = 0;
		if (in_size == sizeof(number))
			memcpy(&number, in, sizeof(number));
		error = timeout_set(number);
		break;
	case WDIOC_KEEPALIVE:
		time_anew();
		say("pet");
		break;
	case WDIOC_GETTIMEOUT:
		break;
	default:
		error = ENOTTY;
	}
	number = dog.timeout_s;
	if (error)
		(void)fuse_reply_err(req, error);
	else
		(void)fuse_reply_ioctl(req, 0, &number, sizeof(number) < out_size ? sizeof(number) : out_size);
}

/* ---- The loop ---- */

static void bite(void)
{
	if (dog.bites_at_ms == 0 || now_ms() < dog.bites_at_ms)
		return;
	dog.bites_at_ms = 0;
	say("expired");
	if (dog.reset && system(dog.reset) != 0)
		say("reset failed");
}

static void loop(struct fuse_session *session)
{
	struct fuse_buf buf = { .mem = NULL };

	while (!fuse_session_exited(session)) {
		struct pollfd p = { .fd = fuse_session_fd(session), .events = POLLIN };

		if (poll(&p, 1, 20) > 0) {
			if (fuse_session_receive_buf(session, &buf) <= 0)
				break;
			fuse_session_process_buf(session, &buf);
		}
		bite();
	}
	free(buf.mem);
}

static bool options_parse(int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--nowayout") == 0)
			dog.nowayout = true;
		else if (strcmp(argv[i], "--reset") == 0 && i + 1 < argc)
			dog.reset = argv[++i];
		else if (strcmp(argv[i], "--min") == 0 && i + 1 < argc)
			dog.least_s = atoi(argv[++i]);
		else if (strcmp(argv[i], "--max") == 0 && i + 1 < argc)
			dog.most_s = atoi(argv[++i]);
		else
			return false;
	}
	return argc >= 2;
}

int main(int argc, char **argv)
{
	static const struct fuse_lowlevel_ops ops = {
		.lookup = on_lookup, .getattr = on_getattr, .open = on_open, .release = on_release,
		.write = on_write, .ioctl = on_ioctl,
	};
	char *mount_argv[] = { argv[0], NULL };
	struct fuse_args args = FUSE_ARGS_INIT(1, mount_argv);
	struct fuse_session *session;

	if (!options_parse(argc, argv)) {
		fprintf(stderr, "usage: fakedog MOUNTPOINT [--min S] [--max S] [--nowayout] [--reset COMMAND]\n");
		return 2;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	session = fuse_session_new(&args, &ops, sizeof(ops), NULL);
	if (!session || fuse_set_signal_handlers(session) != 0 || fuse_session_mount(session, argv[1]) != 0)
		return 1;
	say("ready");
	loop(session);
	fuse_session_unmount(session);
	fuse_remove_signal_handlers(session);
	fuse_session_destroy(session);
	return 0;
}
