/* What answers fence_qdisk and qdisk-tool fence-ack need not be qdiskd, and what Pacemaker
 * and fenced write to an agent's stdin may be anything: an exit code of a fence agent, and
 * lines that no terminal or log is harmed by. Success only where the word for it came.
 */
#include "fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The asking is the programs' own: from within. No clock and no pause is waited for. */
static int fake_clock(clockid_t clock, struct timespec *t);
static int fake_sleep(const struct timespec *t, struct timespec *ret_left);
int fence_qdisk_main(int argc, char **argv);
#define clock_gettime fake_clock
#define nanosleep fake_sleep
#define main fence_qdisk_main
#include "../../qdiskd/fence_qdisk.c"
#undef main
#undef clock_gettime
#undef nanosleep
#include "../../qdiskd/tool_fence.h"
#include "../../qdiskd/tool_status.h"

static struct fuzz replies;
static time_t now_s;
static bool said_done, said_ok;	/* qdiskd has said the word for success */

static int fake_clock(clockid_t clock, struct timespec *t)
{
	(void)clock;
	*t = (struct timespec){ .tv_sec = now_s };
	now_s += 20;
	return 0;
}

static int fake_sleep(const struct timespec *t, struct timespec *ret_left)
{
	(void)t, (void)ret_left;
	return 0;
}

/* One line of the input for each question: the first byte says whether any answer comes. */
int tool_ask(const char *path, const char *request, unsigned timeout_ms, char *ret_reply, size_t size)
{
	char line[300];

	(void)path, (void)timeout_ms;
	MUST(strncmp(request, "fence", 5) == 0);
	MUST(strlen(request) < 300);
	if (replies.left == 0)
		return -ETIMEDOUT;
	if (fuzz_u8(&replies) & 1)
		return -ECONNREFUSED;
	fuzz_line(&replies, line, sizeof(line) - 1);
	(void)strcat(line, "\n");
	(void)snprintf(ret_reply, size, "%s", line);
	said_done |= strncmp(line, "done ", 5) == 0;
	said_ok |= strncmp(line, "ok ", 3) == 0;
	return (int)strlen(ret_reply);
}

const char *tool_ask_error(int error)
{
	return error ? "qdiskd does not answer" : "";
}

/* Run one of the programs with `text` as its stdin; both its outputs in one. */
static int run(const char *text, bool ack, struct fuzz_out *out)
{
	FILE *in = stdin, *o = stdout, *e = stderr;
	char *argv[] = { "fence_qdisk", NULL };
	int code;

	stdin = fmemopen((void *)(uintptr_t)text, strlen(text) + 1, "r");	/* only read from */
	MUST(stdin);
	stdout = stderr = out->stream;
	code = ack ? tool_fence_ack("/sock", "n2", 2) : fence_qdisk_main(1, argv);
	(void)fclose(stdin);
	stdin = in;
	stdout = o;
	stderr = e;
	return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };
	bool ack = fuzz_u8(&f) & 1;
	const uint8_t *end = f.left ? memchr(f.at, 0, f.left) : NULL;
	struct fuzz in = { f.at, end ? (size_t)(end - f.at) : f.left };
	char *text;
	struct fuzz_out out;
	int code;

	replies = (struct fuzz){ in.at + in.left, f.left - in.left };
	text = fuzz_text(&in);
	now_s = 1;
	said_done = said_ok = false;
	fuzz_out_open(&out);
	code = run(text, ack, &out);
	(void)fflush(out.stream);
	MUST(code == 0 || code == 1 || code == (ack ? TOOL_COROSYNC : OFF));
	if (ack)
		MUST((code == TOOL_OK) == said_ok);
	else if (strstr(text, "action=") == NULL && strstr(text, "option=") == NULL)
		MUST((code == DONE) == said_done);
	if (strstr(out.text, "<?xml"))
		out.stream = (fclose(out.stream), free(out.text), NULL);	/* its own metadata has tabs */
	else
		fuzz_out_check(&out);
	free(text);
	return 0;
}
