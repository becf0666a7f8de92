/* fence_qdisk: a fence agent for Pacemaker that has qdiskd do it; fence_qdisk(8).
 *
 * The master of the quorum disk begins to fence a dead node before corosync has noticed
 * its death. This agent joins that fencing and reports its outcome, so that there is one
 * and not two; and where none runs it asks for one. Each question is a request of its
 * own: a daemon that restarts meanwhile is only asked again. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "status.h"
#include "tool_ask.h"
#include "tool_text.h"

#ifndef QD_VERSION
#define QD_VERSION "unknown"
#endif

#define ASK_MS 3000u
#define PAUSE_MS 100
#define TIMEOUT_S 60u		/* what Pacemaker gives a device */
#define VALUE_MAX 256

enum { DONE = 0, FAILED = 1, OFF = 2 };	/* exit codes of fence agents */

struct parameters {
	char action[VALUE_MAX], plug[VALUE_MAX], method[VALUE_MAX], socket[VALUE_MAX];
	char timeout[VALUE_MAX];
	unsigned timeout_s;
	bool verbose;
};

static const char metadata[] =
	"<?xml version=\"1.0\" ?>\n"
	"<resource-agent name=\"fence_qdisk\" shortdesc=\"Fencing by the master of the quorum disk\">\n"
	"<longdesc>fence_qdisk has the master of the quorum disk fence a node: it joins the fencing that "
	"runs or has just succeeded, and asks for one otherwise. With method=lun the node gets its poison "
	"pill over the quorum disk, and counts as fenced when its watchdog must have reset it.</longdesc>\n"
	"<vendor-url>qdisk(5)</vendor-url>\n"
	"<parameters>\n"
	"\t<parameter name=\"action\" unique=\"0\" required=\"1\">\n"
	"\t\t<getopt mixed=\"-o, --action=[action]\" />\n"
	"\t\t<content type=\"string\" default=\"reboot\" />\n"
	"\t\t<shortdesc lang=\"en\">Fencing action: off and reboot are one</shortdesc>\n"
	"\t</parameter>\n"
	"\t<parameter name=\"plug\" unique=\"0\" required=\"1\" obsoletes=\"port\">\n"
	"\t\t<getopt mixed=\"-n, --plug=[node]\" />\n"
	"\t\t<content type=\"string\" />\n"
	"\t\t<shortdesc lang=\"en\">Node to act on, its name in corosync.conf or its id</shortdesc>\n"
	"\t</parameter>\n"
	"\t<parameter name=\"method\" unique=\"0\" required=\"0\">\n"
	"\t\t<getopt mixed=\"-m, --method=[method]\" />\n"
	"\t\t<content type=\"select\" default=\"configured\">\n"
	"\t\t\t<option value=\"configured\" />\n"
	"\t\t\t<option value=\"lun\" />\n"
	"\t\t</content>\n"
	"\t\t<shortdesc lang=\"en\">As qdiskd is configured, or over the LUN</shortdesc>\n"
	"\t</parameter>\n"
	"\t<parameter name=\"timeout\" unique=\"0\" required=\"0\">\n"
	"\t\t<getopt mixed=\"-t, --timeout=[seconds]\" />\n"
	"\t\t<content type=\"second\" default=\"60\" />\n"
	"\t\t<shortdesc lang=\"en\">How long to wait for the outcome</shortdesc>\n"
	"\t</parameter>\n"
	"\t<parameter name=\"socket_path\" unique=\"0\" required=\"0\">\n"
	"\t\t<getopt mixed=\"-S, --socket-path=[path]\" />\n"
	"\t\t<content type=\"string\" default=\"" STATUS_SOCKET "\" />\n"
	"\t\t<shortdesc lang=\"en\">Where qdiskd answers</shortdesc>\n"
	"\t</parameter>\n"
	"\t<parameter name=\"verbose\" unique=\"0\" required=\"0\">\n"
	"\t\t<getopt mixed=\"-v, --verbose\" />\n"
	"\t\t<content type=\"boolean\" />\n"
	"\t\t<shortdesc lang=\"en\">Say what qdiskd answers</shortdesc>\n"
	"\t</parameter>\n"
	"</parameters>\n"
	"<actions>\n"
	"\t<action name=\"on\" automatic=\"0\" />\n"
	"\t<action name=\"off\" />\n"
	"\t<action name=\"reboot\" />\n"
	"\t<action name=\"status\" />\n"
	"\t<action name=\"list\" />\n"
	"\t<action name=\"monitor\" />\n"
	"\t<action name=\"metadata\" />\n"
	"\t<action name=\"validate-all\" />\n"
	"</actions>\n"
	"</resource-agent>\n";

/* Both may come from elsewhere: who answers at a socket need not be qdiskd. */
static void say(const char *what, const char *why)
{
	(void)fputs("fence_qdisk: ", stderr);
	tool_text_show(stderr, what);
	(void)fputs(": ", stderr);
	tool_text_show(stderr, why);
	(void)fputc('\n', stderr);
}

static int fail(const char *what, const char *why)
{
	say(what, why);
	return FAILED;
}

/* ---- Asking qdiskd ---- */

/* The word of its answer, and what follows it; "absent" and why, where none came. */
static const char *ask(const struct parameters *p, const char *word, const char *node, const char **ret_why)
{
	static char reply[STATUS_REPLY_MAX + 1];
	char request[VALUE_MAX + 32];
	int r;

	(void)snprintf(request, sizeof(request), "%s%s%s", word, *node ? " " : "", node);
	r = tool_ask(p->socket, request, ASK_MS, reply, sizeof(reply));
	*ret_why = tool_ask_error(r);
	if (r < 0)
		return "absent";
	reply[strcspn(reply, "\n")] = '\0';
	if (p->verbose)
		say(request, reply);
	*ret_why = strchr(reply, ' ');
	if (!*ret_why) {
		*ret_why = "no qdiskd of this version answers there";
		return "absent";
	}
	reply[*ret_why - reply] = '\0';
	++*ret_why;
	return reply;
}

static bool is(const char *text, const char *word)
{
	return strcmp(text, word) == 0;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void pause_a_little(void)
{
	const struct timespec t = { .tv_nsec = PAUSE_MS * 1000000L };

	(void)nanosleep(&t, NULL);
}

/* Until it has been fenced, a try that was joined or begun here has failed, or the time
 * is over. What is not ours to do, or not yet, may become so: an election goes on. */
static int fence(const struct parameters *p)
{
	const char *begin = is(p->method, "lun") ? "fence-lun" : "fence";
	uint64_t end_ms = now_ms() + 1000u * (uint64_t)p->timeout_s;
	bool joined = false;

	for (;;) {
		const char *why, *said = ask(p, joined ? "fence-wait" : begin, p->plug, &why);

		if (is(said, "done"))
			return DONE;
		if (is(said, "refused"))
			return fail(p->plug, why);
		if (joined && is(said, "may"))
			return fail(p->plug, "its fencing has failed, see the log of qdiskd");
		joined = is(said, "runs") || is(said, "may");
		if (now_ms() >= end_ms)
			return fail(p->plug, why);
		pause_a_little();
	}
}

static int power(const struct parameters *p)
{
	const char *why, *said = ask(p, "fence-power", p->plug, &why);

	if (is(said, "on") || is(said, "off")) {
		(void)printf("Status: %s\n", is(said, "on") ? "ON" : "OFF");
		return is(said, "on") ? DONE : OFF;
	}
	return fail(p->plug, why);
}

/* Nothing here can switch a machine on; a node that beats is. */
static int power_on(const struct parameters *p)
{
	const char *why, *said = ask(p, "fence-power", p->plug, &why);

	return is(said, "on") ? DONE : fail(p->plug, "it does not beat on the LUN, and this agent cannot switch it on");
}

static int list(const struct parameters *p, bool show)
{
	char reply[STATUS_REPLY_MAX + 1];
	int r = tool_ask(p->socket, "fence-list", ASK_MS, reply, sizeof(reply));

	if (r < 0)
		return fail(p->socket, tool_ask_error(r));
	if (!strchr(reply, ',')) {
		reply[strcspn(reply, "\n")] = '\0';
		return fail(p->socket, reply);
	}
	for (char *rest = reply, *line; show && (line = strsep(&rest, "\n")) && *line;) {
		tool_text_show(stdout, line);
		(void)putchar('\n');
	}
	return DONE;
}

/* ---- Parameters ---- */

static char *value_of(struct parameters *p, const char *name)
{
	return is(name, "action") || is(name, "option") ? p->action :
	       is(name, "plug") || is(name, "port") ? p->plug :
	       is(name, "method") ? p->method :
	       is(name, "timeout") ? p->timeout :
	       is(name, "socket_path") ? p->socket : NULL;
}

static void set(char *value, const char *text)
{
	(void)snprintf(value, VALUE_MAX, "%.*s", VALUE_MAX - 1, text);
}

static void verbose_set(struct parameters *p, const char *value)
{
	p->verbose = is(value, "1") || is(value, "yes") || is(value, "true") || is(value, "on");
}

/* name=value lines; what is unknown is said and passed over, as agents do. nodename, which
 * Pacemaker and fenced send beside, counts where there is no plug. */
static void stdin_read(struct parameters *p)
{
	char line[2 * VALUE_MAX], nodename[VALUE_MAX] = "";

	while (fgets(line, sizeof(line), stdin)) {
		char *value;

		line[strcspn(line, "\r\n")] = '\0';
		value = strchr(line, '=');
		if (!value || line[0] == '#')
			continue;
		*value++ = '\0';
		if (value_of(p, line))
			set(value_of(p, line), value);
		else if (is(line, "nodename"))
			set(nodename, value);
		else if (is(line, "verbose"))
			verbose_set(p, value);
		else if (!is(line, "agent"))
			say(line, "unknown parameter, ignored");
	}
	if (!p->plug[0])
		set(p->plug, nodename);
}

static void usage(FILE *out)
{
	(void)fprintf(out,
		      "usage: fence_qdisk [-o ACTION] [-n NODE] [-m configured|lun] [-t SECONDS]\n"
		      "                   [-S SOCKET] [-v] [-h] [-V]\n"
		      "\n"
		      "  -o, --action=ACTION  reboot (default) or off: have the node fenced; on;\n"
		      "                       status, list, monitor, metadata, validate-all\n"
		      "  -n, --plug=NODE      the node, its name or id\n"
		      "  -m, --method=METHOD  configured (default): as qdiskd is configured;\n"
		      "                       lun: a poison pill over the quorum disk\n"
		      "  -t, --timeout=SECONDS\n"
		      "                       how long to wait for the outcome (%u)\n"
		      "  -S, --socket-path=PATH\n"
		      "                       where qdiskd answers (%s)\n"
		      "  -v, --verbose        say what qdiskd answers\n"
		      "  -h, --help           this text\n"
		      "  -V, --version        the version\n"
		      "\n"
		      "Without options they are read from standard input, one name=value a line.\n",
		      TIMEOUT_S, STATUS_SOCKET);
}

static void options_read(int argc, char **argv, struct parameters *p)
{
	static const struct option longs[] = {
		{ "action", required_argument, NULL, 'o' },  { "plug", required_argument, NULL, 'n' },
		{ "method", required_argument, NULL, 'm' },  { "timeout", required_argument, NULL, 't' },
		{ "socket-path", required_argument, NULL, 'S' }, { "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },	     { "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "o:n:m:t:S:vhV", longs, NULL)) != -1) {
		switch (c) {
		case 'o': set(p->action, optarg); break;
		case 'n': set(p->plug, optarg); break;
		case 'm': set(p->method, optarg); break;
		case 't': set(p->timeout, optarg); break;
		case 'S': set(p->socket, optarg); break;
		case 'v': p->verbose = true; break;
		case 'h':
			usage(stdout);
			exit(DONE);
		case 'V':
			(void)printf("fence_qdisk %s\n", QD_VERSION);
			exit(DONE);
		default:
			usage(stderr);
			exit(FAILED);
		}
	}
}

/* What is wrong with the parameters; NULL: nothing. */
static const char *refuse(struct parameters *p, bool needs_plug)
{
	char *end;
	unsigned long timeout_s = strtoul(p->timeout, &end, 10);

	if (p->timeout[0] < '0' || p->timeout[0] > '9' || *end || timeout_s < 1 || timeout_s > 86400)
		return "timeout: expected are whole seconds, 1 to 86400";
	p->timeout_s = (unsigned)timeout_s;
	if (!is(p->method, "configured") && !is(p->method, "lun"))
		return "method: expected: configured, lun";
	if (needs_plug && !p->plug[0])
		return "plug: the name of the node is missing";
	return NULL;
}

int main(int argc, char **argv)
{
	struct parameters p = { .action = "reboot", .method = "configured", .socket = STATUS_SOCKET };
	const char *why;
	bool on, node;

	(void)snprintf(p.timeout, sizeof(p.timeout), "%u", TIMEOUT_S);
	if (argc > 1)
		options_read(argc, argv, &p);
	else
		stdin_read(&p);
	if (is(p.action, "metadata"))
		return fputs(metadata, stdout) < 0 || fflush(stdout) != 0 ? FAILED : DONE;
	on = is(p.action, "on");
	node = on || is(p.action, "off") || is(p.action, "reboot") || is(p.action, "status");
	why = refuse(&p, node);
	if (why)
		return fail(p.action, why);
	if (is(p.action, "validate-all"))
		return DONE;
	if (is(p.action, "list") || is(p.action, "monitor"))
		return list(&p, is(p.action, "list"));
	if (!node)
		return fail(p.action, "unknown action");
	return on ? power_on(&p) : is(p.action, "status") ? power(&p) : fence(&p);
}
