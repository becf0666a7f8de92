// SPDX-License-Identifier: BSD-3-Clause
/* faultlun: a shared LUN with one breakable "SAN path" per node.
 *
 *	faultlun STORE MOUNT SOCKET PATHS SECTOR LOOPS	serve, in the foreground
 *	faultlun ctl SOCKET COMMAND...			send one command, print the answer
 *	faultlun help					list the commands
 *
 * A FUSE file system on the directory MOUNT holds files p1 to pPATHS, which are all
 * the same bytes, those of the file STORE. Each has a loop device of SECTOR bytes a
 * sector, without a cache; their names are in the file LOOPS, one a line, as soon as
 * all of them work. Give the Nth to node N, and break paths by commands on SOCKET:
 *
 *	1 hang				node 1 gets no answer any more, and then
 *	1 ok				what hung is carried out, late
 *	2,3 delay=50-300 w		writes of nodes 2 and 3 are slow
 *	2 tear=256 w slot=2		only half a sector of node 2's own block lands
 *	all stale r			everybody reads the LUN as it is now
 *	corrupt flip slot=3		one bit of a block is wrong, for all
 *	purge 1				node 1 lost its power: what hung is lost
 *
 * One rule acts on a request: the newest one of its path and direction that it
 * touches. A rule for some bytes comes on top of older ones; a rule for all bytes
 * replaces them. A request that has waited for its delay is then served by the newest
 * rule that is no delay. What waits is looked at again when a rule of its path and
 * direction changes.
 *
 * A process whose I/O hangs cannot die, so nothing hangs for ever: after `maxhang`
 * seconds (120) it fails with EIO; so does everything on SIGTERM and on the death of
 * the process that started this one. When this process is killed the kernel does it.
 * Then the file system is unmounted, the loop devices fail all I/O, and each is freed
 * by its last close.
 *
 * One thread, one poll: requests that wait are kept in a list and block nobody, and
 * the kernel may have many of them out at once (the default, 12 for all paths
 * together, lets one hung path starve the others).
 */
#include "faultlun.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKGROUND_MAX 4096
#define INODE_OF_PATH 2u	/* of the first path; 1 is the directory */

/* ---- FUSE: a directory of files p1..pN ---- */

static void ll_init(void *userdata, struct fuse_conn_info *conn)
{
	(void)userdata;
	conn->max_background = BACKGROUND_MAX;
	conn->congestion_threshold = BACKGROUND_MAX;
}

static int attr_of(const struct faultlun *l, fuse_ino_t inode, struct stat *ret_st)
{
	struct stat st = { .st_ino = inode, .st_nlink = 1 };

	if (inode == FUSE_ROOT_ID) {
		st.st_mode = S_IFDIR | 0755;
		st.st_nlink = 2;
	} else if (inode < INODE_OF_PATH + l->path_count) {
		st.st_mode = S_IFREG | 0600;
		st.st_size = (off_t)l->store_bytes;
	} else {
		return ENOENT;
	}
	*ret_st = st;
	return 0;
}

static void ll_lookup(fuse_req_t fuse, fuse_ino_t parent, const char *name)
{
	const struct faultlun *l = fuse_req_userdata(fuse);
	struct fuse_entry_param entry = { 0 };	/* nothing is cached: the size may change */
	int number = name[0] == 'p' ? atoi(name + 1) : 0;

	entry.ino = INODE_OF_PATH - 1 + (fuse_ino_t)number;
	if (parent != FUSE_ROOT_ID || number < 1 || attr_of(l, entry.ino, &entry.attr) != 0)
		(void)fuse_reply_err(fuse, ENOENT);
	else
		(void)fuse_reply_entry(fuse, &entry);
}

static void ll_getattr(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *fi)
{
	struct stat st;
	int error = attr_of(fuse_req_userdata(fuse), inode, &st);

	(void)fi;
	if (error)
		(void)fuse_reply_err(fuse, error);
	else
		(void)fuse_reply_attr(fuse, &st, 0);
}

static void ll_open(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *fi)
{
	(void)inode;
	fi->direct_io = 1;	/* never a cache between a path and the store */
	(void)fuse_reply_open(fuse, fi);
}

static void ll_read(fuse_req_t fuse, fuse_ino_t inode, size_t size, off_t offset,
		    struct fuse_file_info *fi)
{
	const struct request like = { .path = (unsigned)(inode - INODE_OF_PATH), .op = READ,
				      .offset = (uint64_t)offset, .bytes = size };

	(void)fi;
	request_enter(fuse_req_userdata(fuse), fuse, &like, NULL);
}

static void ll_write(fuse_req_t fuse, fuse_ino_t inode, const char *data, size_t size,
		     off_t offset, struct fuse_file_info *fi)
{
	const struct request like = { .path = (unsigned)(inode - INODE_OF_PATH), .op = WRITE,
				      .offset = (uint64_t)offset, .bytes = size };

	(void)fi;
	request_enter(fuse_req_userdata(fuse), fuse, &like, data);
}

static void ll_fsync(fuse_req_t fuse, fuse_ino_t inode, int datasync, struct fuse_file_info *fi)
{
	const struct request like = { .path = (unsigned)(inode - INODE_OF_PATH), .op = WRITE,
				      .flush = true };

	(void)datasync;
	(void)fi;
	request_enter(fuse_req_userdata(fuse), fuse, &like, NULL);
}

static const struct fuse_lowlevel_ops operations = {
	.init = ll_init, .lookup = ll_lookup, .getattr = ll_getattr, .open = ll_open,
	.read = ll_read, .write = ll_write, .fsync = ll_fsync,
};

/* ---- The control socket: a datagram is a command, a datagram the answer ---- */

static int address_of(const char *path, struct sockaddr_un *ret_address)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	memcpy(a.sun_path, path, strlen(path));
	*ret_address = a;
	return 0;
}

static int control_open(const char *path)
{
	struct sockaddr_un a;
	int error = address_of(path, &a);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	(void)unlink(path);	/* of an earlier run */
	if (error == 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		error = -errno;
	if (error == 0)
		return fd;
	(void)close(fd);
	return error;
}

static void control_answer(struct faultlun *l, int fd)
{
	struct sockaddr_un from;
	socklen_t from_size = sizeof(from);
	char line[1024], reply[REPLY_MAX] = "";
	ssize_t n = recvfrom(fd, line, sizeof(line) - 1, 0, (struct sockaddr *)&from, &from_size);

	if (n < 0)
		return;
	line[n] = '\0';
	command_run(l, line, reply);
	/* one who did not wait for the answer does not get it */
	(void)!sendto(fd, reply, strlen(reply), 0, (struct sockaddr *)&from, from_size);
}

/* Words to a line; 0 or -E2BIG. */
static int words_join(char **words, char *line, size_t size)
{
	size_t used = 0;

	for (; *words; words++) {
		int n = snprintf(line + used, size - used, "%s ", *words);

		if (n < 0 || (size_t)n >= size - used)
			return -E2BIG;
		used += (size_t)n;
	}
	return 0;
}

/* The client: 0 done, 1 refused or no answer within 5 s. */
static int control_send(const char *path, char **words)
{
	struct sockaddr_un to, me = { .sun_family = AF_UNIX };	/* no name: one is found */
	struct timeval limit = { .tv_sec = 5 };
	char line[1024], reply[REPLY_MAX];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ssize_t n;

	if (words_join(words, line, sizeof(line)) < 0 || address_of(path, &to) < 0) {
		fputs("faultlun: command or name too long\n", stderr);
		return 1;
	}
	if (fd < 0 || bind(fd, (struct sockaddr *)&me, sizeof(me.sun_family)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ||
	    send(fd, line, strlen(line), 0) < 0 ||
	    (n = recv(fd, reply, sizeof(reply) - 1, 0)) < 0) {
		fprintf(stderr, "faultlun: %s: %m\n", path);
		return 1;
	}
	reply[n] = '\0';
	if (strncmp(reply, "error", 5) == 0) {
		fprintf(stderr, "faultlun: %s", reply);
		return 1;
	}
	fputs(reply, stdout);
	return 0;
}

/* ---- The event loop ---- */

/* Serve until a signal, the end of the parent or of the file system. */
static void serve(struct faultlun *l, struct fuse_session *session, int control_fd, int signal_fd)
{
	struct pollfd fds[3] = { { .fd = fuse_session_fd(session), .events = POLLIN },
				 { .fd = control_fd, .events = POLLIN },
				 { .fd = signal_fd, .events = POLLIN } };
	struct fuse_buf buffer = { 0 };

	while (!fuse_session_exited(session)) {
		int n = poll(fds, 3, pending_look(l));

		if ((n < 0 && errno != EINTR) || (n > 0 && fds[2].revents))
			break;
		if (n <= 0)
			continue;
		if (fds[0].revents) {
			int got = fuse_session_receive_buf(session, &buffer);

			if (got == 0 || (got < 0 && got != -EINTR && got != -EAGAIN))
				break;
			if (got > 0)
				fuse_session_process_buf(session, &buffer);
		}
		if (fds[1].revents)
			control_answer(l, control_fd);
	}
	free(buffer.mem);
}

static int signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);	/* cannot fail */
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int store_open(struct faultlun *l, const char *path)
{
	struct stat st;

	l->store_fd = open(path, O_RDWR | O_CLOEXEC);
	if (l->store_fd < 0 || fstat(l->store_fd, &st) < 0)
		return -errno;
	l->store_bytes = l->image_bytes = (uint64_t)st.st_size;
	l->before = store_copy(l);
	return l->before ? 0 : -ENOMEM;
}

/* Mount, serve, unmount. Closing the session fails what the kernel still has out. */
static int session_run(struct faultlun *l, char **argv, int loops_fd)
{
	char *words[] = { argv[0], (char[]){ "-ofsname=faultlun" }, NULL };
	struct fuse_args args = FUSE_ARGS_INIT(2, words);
	struct fuse_session *session = fuse_session_new(&args, &operations, sizeof(operations), l);
	int control_fd = control_open(argv[3]), signal_fd = signals_open(), fd;

	if (!session || control_fd < 0 || signal_fd < 0 || fuse_session_mount(session, argv[2]) != 0) {
		fprintf(stderr, "faultlun: cannot mount %s or listen on %s\n", argv[2], argv[3]);
		return 1;
	}
	fd = fuse_session_fd(session);
	/* a request may be taken back between poll and read */
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 || write(loops_fd, "", 1) != 1)
		fprintf(stderr, "faultlun: %m\n");
	else
		serve(l, session, control_fd, signal_fd);
	for (unsigned p = 0; p < l->path_count; p++)
		pending_purge(l, p);
	fuse_session_unmount(session);
	fuse_session_destroy(session);
	(void)unlink(argv[3]);
	return 0;
}

int main(int argc, char **argv)
{
	static struct faultlun lun = { .maxhang_ms = 120000, .random = 1 };
	const struct sched_param priority = { .sched_priority = 50 };	/* as the sampler */
	char help[] = "help", reply[REPLY_MAX] = "";
	pid_t parent = getppid();
	int error, loops_fd;

	if (argc > 3 && strcmp(argv[1], "ctl") == 0)
		return control_send(argv[2], argv + 3);
	if (argc == 7 && atoi(argv[4]) > 0)
		lun.path_count = (unsigned)atoi(argv[4]);
	if (lun.path_count < 1 || lun.path_count > PATHS_MAX) {
		command_run(&lun, help, reply);
		printf("usage: faultlun STORE MOUNT SOCKET PATHS SECTOR LOOPS\n"
		       "       faultlun ctl SOCKET COMMAND...\n%s", reply);
		return argc == 2 && strcmp(argv[1], "help") == 0 ? 0 : 2;
	}
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
		return 1;
	error = store_open(&lun, argv[1]);
	if (error) {
		fprintf(stderr, "faultlun: %s: %s\n", argv[1], strerror(-error));
		return 1;
	}
	/* A SAN does not wait for this machine's processors: on a busy one its answers came
	 * hundreds of ms late that nobody had asked for. Where it is not permitted, so be it. */
	(void)sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &priority);
	/* first, so that it never holds the descriptor which keeps the file system alive */
	loops_fd = loops_fork(argv[2], lun.path_count, (unsigned)atoi(argv[5]), argv[6]);
	return loops_fd < 0 ? 1 : session_run(&lun, argv, loops_fd);
}
