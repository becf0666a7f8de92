// SPDX-License-Identifier: BSD-3-Clause
/*
 * A client that fetches a web page again and again, and writes down how it went.
 *
 *	fetch ADDRESS PORT FILE
 *
 * Asks every 50 ms, on a new connection each time, waits 250 ms for the whole answer,
 * and appends one line per request, with the time of its end (CLOCK_MONOTONIC, ns):
 *
 *	<ns> page <the page's last line>
 *	<ns> none
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_NS   (50 * 1000 * 1000)
#define LIMIT_MS   250u
#define ANSWER_MAX 4096u

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Wait for an event on the socket; false when the request's time is over. */
static bool wait_for(int fd, short events, uint64_t end_ns)
{
	struct pollfd p = { .fd = fd, .events = events };
	uint64_t now = now_ns();

	return now < end_ns && poll(&p, 1, (int)((end_ns - now) / 1000000u) + 1) == 1;
}

/* Ask on a socket that is connecting; true: `answer` is all the server said. */
static bool request(int fd, uint64_t end_ns, char *answer)
{
	static const char question[] = "GET / HTTP/1.0\r\n\r\n";
	size_t used = 0;
	ssize_t n;

	if (!wait_for(fd, POLLOUT, end_ns) ||
	    send(fd, question, sizeof(question) - 1, MSG_NOSIGNAL) < 0)
		return false;
	do {
		if (!wait_for(fd, POLLIN, end_ns))
			return false;
		n = recv(fd, answer + used, ANSWER_MAX - used, 0);
		if (n < 0)
			return false;
		used += (size_t)n;
	} while (n > 0 && used < ANSWER_MAX);
	answer[used] = '\0';
	return strncmp(answer, "HTTP/1.", 7) == 0 && strstr(answer, " 200 ") != NULL;
}

static bool fetch(const struct sockaddr_in *server, char *answer)
{
	uint64_t end_ns = now_ns() + LIMIT_MS * 1000000u;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool ok;

	if (fd < 0)
		return false;
	ok = (connect(fd, (const struct sockaddr *)server, sizeof(*server)) == 0 ||
	      errno == EINPROGRESS) && request(fd, end_ns, answer);
	(void)close(fd);	/* nothing was written that could be lost */
	return ok;
}

/* The last line of a text, which it cuts. */
static const char *last_line(char *text)
{
	size_t n = strlen(text);
	char *start;

	while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		text[--n] = '\0';
	start = strrchr(text, '\n');
	return start ? start + 1 : text;
}

int main(int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	struct sockaddr_in server = { .sin_family = AF_INET };
	static char answer[ANSWER_MAX + 1];
	FILE *out;

	if (argc != 4 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1) {
		fprintf(stderr, "usage: fetch ADDRESS PORT FILE\n");
		return 2;
	}
	server.sin_port = htons((uint16_t)atoi(argv[2]));
	out = fopen(argv[3], "ae");
	if (!out) {
		perror(argv[3]);
		return 1;
	}
	setlinebuf(out);
	for (;;) {
		if (fetch(&server, answer))
			fprintf(out, "%" PRIu64 " page %s\n", now_ns(), last_line(answer));
		else
			fprintf(out, "%" PRIu64 " none\n", now_ns());
		nanosleep(&pause, NULL);
	}
}
