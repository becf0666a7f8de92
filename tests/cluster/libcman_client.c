/* A program of the cman days, led by a script: reads calls from stdin, makes
 * them through libcman, and prints what came of them.
 *
 *	libcman_client
 *
 * A line is "HANDLE CALL ARGUMENT...", where HANDLE is a number from 0 to 3.
 * Each is answered by a line "= RESULT ERROR MS [MORE]": what the call
 * returned, the errno or "-", how long it took. Callbacks print lines of
 * their own before it: "event HANDLE REASON ARG", "confchg HANDLE members..
 * left.. joined..", "data HANDLE PORT NODE TEXT". Ends at the end of stdin.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libcman.h"

#define HANDLES 4
#define WORDS 6

static cman_handle_t handles[HANDLES];
static int numbers[HANDLES] = { 0, 1, 2, 3 };
static char more[512];		/* what a call has to add to its answer */
static int shutdown_reply = -1; /* what a callback answers, -1 nothing */
static int finish_in_callback;
static int ask_in_callback;

static const char *const reasons[] = { "PORTCLOSED", "STATECHANGE", "PORTOPENED", "TRY_SHUTDOWN",
				       "CONFIG_UPDATE" };

static void on_event(cman_handle_t h, void *privdata, int reason, int arg)
{
	printf("event %d %s %d\n", *(int *)privdata, reasons[reason], arg);
	if (reason == CMAN_REASON_TRY_SHUTDOWN && shutdown_reply >= 0)
		cman_replyto_shutdown(h, shutdown_reply);
	if (ask_in_callback)
		printf("asked %d\n", cman_is_quorate(h));
	if (finish_in_callback) {
		cman_finish(h);
		handles[*(int *)privdata] = NULL;
	}
}

static void print_ids(const char *title, const unsigned int *ids, int count)
{
	int i;

	printf(" %s", title);
	for (i = 0; i < count; i++)
		printf("%s%u", i ? "," : "", ids[i]);
}

static void on_confchg(cman_handle_t h, void *privdata, unsigned int *members, int member_count,
		       unsigned int *left, int left_count, unsigned int *joined, int joined_count)
{
	(void)h;
	printf("confchg %d", *(int *)privdata);
	print_ids("members=", members, member_count);
	print_ids("left=", left, left_count);
	print_ids("joined=", joined, joined_count);
	printf("\n");
}

static void on_data(cman_handle_t h, void *privdata, char *buf, int len, uint8_t port, int nodeid)
{
	(void)h;
	if (len > 40)
		printf("data %d %d %d (%d bytes)\n", *(int *)privdata, port, nodeid, len);
	else
		printf("data %d %d %d %.*s\n", *(int *)privdata, port, nodeid, len, buf);
}

/* ---- Calls ---- */

#define NUMBER(i) atoi(words[i])
#define TEXT(i)	  (strcmp(words[i], "NULL") == 0 ? NULL : words[i])

/* A name of many bytes: "long:300". */
static char *name_of(char *word)
{
	static char name[1024];

	if (strncmp(word, "long:", 5) != 0)
		return strcmp(word, "NULL") == 0 ? NULL : word;
	memset(name, 0, sizeof(name));
	memset(name, 'x', (size_t)atoi(word + 5));
	return name;
}

static int call_finish(int n, char **words)
{
	int result = cman_finish(handles[n]);

	/* "keep": go on using what is no handle any more */
	if (strcmp(words[0], "keep") != 0)
		handles[n] = NULL;
	return result;
}

static int call_ready(int n, char **words)
{
	struct pollfd p = { .fd = cman_get_fd(handles[n]), .events = POLLIN };

	if (p.fd < 0)
		return -1;
	return poll(&p, 1, NUMBER(0));
}

static int call_notify(int n, char **words)
{
	return cman_start_notification(handles[n], TEXT(0) ? on_event : NULL);
}

static int call_confchg(int n, char **words)
{
	return cman_start_confchg(handles[n], TEXT(0) ? on_confchg : NULL);
}

static int call_bind(int n, char **words)
{
	return cman_start_recv_data(handles[n], TEXT(1) ? on_data : NULL, (uint8_t)NUMBER(0));
}

/* send PORT NODE TEXT; a text "bytes:N" is N bytes of noughts */
static int call_send(int n, char **words)
{
	static char noughts[4096];
	const char *text = TEXT(2);
	int len = text ? (int)strlen(text) : 1;

	if (text && strncmp(text, "bytes:", 6) == 0) {
		len = atoi(text + 6);
		text = noughts;
	}
	return cman_send_data(handles[n], text, len, 0, (uint8_t)NUMBER(0), NUMBER(1));
}

static int call_device(int n, char **words)
{
	cman_qdev_info_t info;
	int result = cman_get_quorum_device(handles[n], &info);

	(void)words;
	if (result == 0)
		snprintf(more, sizeof(more), "%s state=%d votes=%d", info.qi_name, info.qi_state,
			 info.qi_votes);
	return result;
}

static int call_version(int n, char **words)
{
	cman_version_t version;
	int result = cman_get_version(handles[n], &version);

	(void)words;
	if (result == 0)
		snprintf(more, sizeof(more), "%u.%u.%u %u", version.cv_major, version.cv_minor,
			 version.cv_patch, version.cv_config);
	return result;
}

static int call_cluster(int n, char **words)
{
	cman_cluster_t cluster;
	int result = cman_get_cluster(handles[n], &cluster);

	(void)words;
	if (result == 0)
		snprintf(more, sizeof(more), "%s %u", cluster.ci_name, cluster.ci_number);
	return result;
}

static int call_set_version(int n, char **words)
{
	cman_version_t version = { 6, 2, 0, 0 };

	if (!TEXT(0))
		return cman_set_version(handles[n], NULL);
	sscanf(words[0], "%u.%u.%u", &version.cv_major, &version.cv_minor, &version.cv_patch);
	version.cv_config = (unsigned int)NUMBER(1);
	return cman_set_version(handles[n], &version);
}

static int call_extra(int n, char **words)
{
	union {
		cman_extra_info_t info;
		char room[4096];
	} u;
	int result = cman_get_extra_info(handles[n], &u.info, sizeof(u));
	int at, port;

	(void)words;
	if (result != 0)
		return result;
	at = snprintf(more, sizeof(more), "flags=%d expected=%d votes=%d ports=", u.info.ei_flags,
		      u.info.ei_expected_votes, u.info.ei_node_votes);
	for (port = 0; port < 256; port++) {
		if (u.info.ei_ports[port / 8] & 1 << port % 8)
			at += snprintf(more + at, sizeof(more) - (size_t)at, "%d,", port);
	}
	return result;
}

static int call_fenceinfo(int n, char **words)
{
	char agent[CMAN_MAX_FENCE_AGENT_NAME_LEN] = "?";
	uint64_t when = 77;
	int fenced = 77;
	int result;

	if (strcmp(words[1], "NULL") == 0)
		return cman_get_fenceinfo(handles[n], NUMBER(0), NULL, &fenced, agent);
	result = cman_get_fenceinfo(handles[n], NUMBER(0), &when, &fenced,
				    strcmp(words[1], "noagent") == 0 ? NULL : agent);
	if (result == 0)
		snprintf(more, sizeof(more), "time=%llu fenced=%d agent=%s",
			 (unsigned long long)when, fenced, agent);
	return result;
}

static int call_nodes(int n, char **words)
{
	cman_node_t nodes[8];
	int count = 77, i, at = 0;
	int result = cman_get_nodes(handles[n], 8, &count, nodes);

	(void)words;
	for (i = 0; result == 0 && i < count; i++)
		at += snprintf(more + at, sizeof(more) - (size_t)at, "%d:%s:%d ",
			       nodes[i].cn_nodeid, nodes[i].cn_name, nodes[i].cn_member);
	return result;
}

static int call_disallowed(int n, char **words)
{
	cman_node_t node;
	int count = 77;
	int result = cman_get_disallowed_nodes(handles[n], NUMBER(0), &count, &node);

	if (result == 0)
		snprintf(more, sizeof(more), "count=%d", count);
	return result;
}

/* The same question asked by a child; its answer is our result. */
static int call_in_child(int n, char **words)
{
	pid_t pid = fork();
	int status;

	(void)words;
	if (pid == 0)
		_exit(cman_is_active(handles[n]) == 1 ? 0 : 1);
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

static void on_alarm(int signal)
{
	(void)signal;
}

/* A signal every so many ms, whose handler restarts no system call. */
static int call_alarm(int n, char **words)
{
	struct itimerval every = { { 0, NUMBER(0) * 1000 }, { 0, NUMBER(0) * 1000 } };
	struct sigaction action;

	(void)n;
	memset(&action, 0, sizeof(action));
	action.sa_handler = on_alarm;
	sigaction(SIGALRM, &action, NULL);
	return setitimer(ITIMER_REAL, &every, NULL);
}

/* Corosync is busy: once more, as any program does, for a second at most. */
static int busy(int failed, int *tries)
{
	if (!failed || errno != EAGAIN || ++*tries > 100)
		return 0;
	usleep(10000);
	return 1;
}

static void *thread_of_calls(void *failures)
{
	cman_handle_t h = cman_init(&numbers[0]);
	int i, result, tries = 0;

	for (i = 0; h && i < 5; i++) {
		*(int *)failures += cman_is_active(h) != 1;
		do
			result = cman_send_data(h, "t", 1, 0, 99, 0);
		while (busy(result < 0, &tries));
		*(int *)failures += result < 0;
	}
	*(int *)failures += !h || cman_finish(h) != 0;
	return NULL;
}

/* So many threads, a handle each; how many calls failed. */
static int call_threads(int n, char **words)
{
	pthread_t threads[8];
	int failures[8] = { 0 };
	int i, sum = 0;

	(void)n;
	for (i = 0; i < NUMBER(0); i++)
		sum += pthread_create(&threads[i], NULL, thread_of_calls, &failures[i]) != 0;
	for (i = 0; i < NUMBER(0); i++) {
		pthread_join(threads[i], NULL);
		sum += failures[i];
	}
	return sum;
}

#define SIMPLE(name, expression)                  \
	static int call_##name(int n, char **words) \
	{                                         \
		(void)words;                      \
		return expression;                \
	}
SIMPLE(init, (handles[n] = cman_init(&numbers[n])) ? 0 : -1)
SIMPLE(admin, (handles[n] = cman_admin_init(&numbers[n])) ? 0 : -1)
SIMPLE(null, (handles[n] = NULL) != NULL)
SIMPLE(dispatch, cman_dispatch(handles[n], NUMBER(0)))
SIMPLE(get_fd, cman_get_fd(handles[n]))
SIMPLE(stop_notify, cman_stop_notification(handles[n]))
SIMPLE(stop_confchg, cman_stop_confchg(handles[n]))
SIMPLE(unbind, cman_end_recv_data(handles[n]))
SIMPLE(is_listening, cman_is_listening(handles[n], NUMBER(0), (uint8_t)NUMBER(1)))
SIMPLE(is_active, cman_is_active(handles[n]))
SIMPLE(is_quorate, cman_is_quorate(handles[n]))
SIMPLE(count, cman_get_node_count(handles[n]))
SIMPLE(subsys, cman_get_subsys_count(handles[n]))
SIMPLE(register, cman_register_quorum_device(handles[n], name_of(words[0]), NUMBER(1)))
SIMPLE(unregister, cman_unregister_quorum_device(handles[n]))
SIMPLE(poll, cman_poll_quorum_device(handles[n], NUMBER(0)))
SIMPLE(set_votes, cman_set_votes(handles[n], NUMBER(0), NUMBER(1)))
SIMPLE(set_expected, cman_set_expected_votes(handles[n], NUMBER(0)))
SIMPLE(kill, cman_kill_node(handles[n], NUMBER(0)))
SIMPLE(leave, cman_leave_cluster(handles[n], CMAN_LEAVEFLAG_DOWN))
SIMPLE(shutdown, cman_shutdown(handles[n], NUMBER(0)))
SIMPLE(replyto, cman_replyto_shutdown(handles[n], NUMBER(0)))
SIMPLE(answer, (shutdown_reply = NUMBER(0)) * 0)
SIMPLE(finish_in_callback, (finish_in_callback = 1) * 0)
SIMPLE(ask_in_callback, (ask_in_callback = 1) * 0)
SIMPLE(dirty, cman_set_dirty(handles[n]))
SIMPLE(debuglog, cman_set_debuglog(handles[n], NUMBER(0)))
SIMPLE(fenced, cman_node_fenced(handles[n], NUMBER(0), (uint64_t)NUMBER(1), name_of(words[2])))
SIMPLE(barrier_register,
       cman_barrier_register(handles[n], name_of(words[0]), NUMBER(1), NUMBER(2)))
SIMPLE(barrier_change, cman_barrier_change(handles[n], name_of(words[0]), NUMBER(1), NUMBER(2)))
SIMPLE(barrier_wait, cman_barrier_wait(handles[n], name_of(words[0])))
SIMPLE(barrier_delete, cman_barrier_delete(handles[n], name_of(words[0])))

static const struct {
	const char *name;
	int (*call)(int n, char **words);
} calls[] = {
#define CALL(name) { #name, call_##name }
	CALL(init), CALL(admin), CALL(null), CALL(finish), CALL(ready), CALL(get_fd),
	CALL(dispatch), CALL(notify), CALL(stop_notify), CALL(confchg), CALL(stop_confchg),
	CALL(bind), CALL(unbind), CALL(send), CALL(is_listening), CALL(is_active),
	CALL(is_quorate), CALL(count), CALL(subsys), CALL(nodes), CALL(disallowed),
	CALL(version), CALL(cluster), CALL(set_version), CALL(extra), CALL(device), CALL(register),
	CALL(unregister), CALL(poll), CALL(set_votes), CALL(set_expected), CALL(kill),
	CALL(leave), CALL(shutdown), CALL(replyto), CALL(answer), CALL(finish_in_callback),
	CALL(dirty), CALL(debuglog), CALL(fenced), CALL(fenceinfo), CALL(barrier_register),
	CALL(barrier_change), CALL(barrier_wait), CALL(barrier_delete), CALL(in_child),
	CALL(ask_in_callback), CALL(alarm), CALL(threads),
};

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void make_call(int n, const char *name, char **words)
{
	long long began = now_ms();
	size_t i;
	int result;

	more[0] = 0;
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, name) != 0)
			continue;
		errno = 0;
		result = calls[i].call(n, words);
		printf("= %d %s %lld %s\n", result, result == -1 ? strerrorname_np(errno) : "-",
		       now_ms() - began, more);
		return;
	}
	printf("= no call %s\n", name);
}

int main(void)
{
	char line[512], name[64];
	char args[WORDS][256];
	char *words[WORDS];
	int n, i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (;;) {
		if (!fgets(line, sizeof(line), stdin)) {
			if (errno != EINTR)
				return EXIT_SUCCESS;
			clearerr(stdin);
			continue;
		}
		memset(args, 0, sizeof(args));
		for (i = 0; i < WORDS; i++)
			words[i] = args[i];
		if (sscanf(line, "%d %63s %255s %255s %255s %255s", &n, name, args[0], args[1],
			   args[2], args[3]) < 2 ||
		    n < 0 || n >= HANDLES)
			return EXIT_FAILURE;
		make_call(n, name, words);
	}
}
