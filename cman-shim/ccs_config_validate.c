/* ccs_config_validate: is this cluster.conf good? The verdict is that of the reader of
 * qdiskd; options, words and exit codes are cman's (floor 4). */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clusterconf.h"
#include "clusterconf_rng.h"

#define SCHEMA_S 2	/* a file can be made so that libxml2 takes for ever */
#define CONFIG_FILE "/etc/cluster/cluster.conf"

/* 255, 254, 253 were -1, -2, -3 */
enum { VALID = 0, NO_XML = 1, INVALID = 3, NO_VERSION = 253, NOT_NEWER = 254, USAGE = 255 };

struct options {
	const char *file;
	unsigned sources;	/* of -f, -l, -r, -C */
	bool verbose, quiet;
	unsigned long newer_than;	/* -R; 0 no check */
};

static void usage(FILE *to)
{
	(void)fputs("usage: ccs_config_validate [-v | -q] [-f FILE | -l FILE] [-R VERSION]\n"
		    "       ccs_config_validate -h | -V\n"
		    "\n"
		    "  -f FILE     validate this file (default " CONFIG_FILE ")\n"
		    "  -l FILE     the same\n"
		    "  -R VERSION  config_version must be greater\n"
		    "  -v          say also what is passed over\n"
		    "  -q          say nothing when the file is valid\n"
		    "  -C LOADER   accepted: xmlconfig\n"
		    "  -t FILE, -n, -o\n"
		    "              accepted and ignored: no temporary file is made\n"
		    "  -r          refused: corosync 3 does not hold cluster.conf\n"
		    "  -h          show this text\n"
		    "  -V          show the version\n", to);
}

static int refuse(const char *text)
{
	(void)fprintf(stderr, "ccs_config_validate: %s\n", text);
	return USAGE;
}

static int parse_version(const char *text, unsigned long *ret_version)
{
	char *end;

	errno = 0;
	*ret_version = strtoul(text, &end, 10);
	if (errno || end == text || *end || text[0] == '-')
		return refuse("-R needs a number; allowed: a config_version, or 0 for none");
	return VALID;
}

/* One letter; VALID goes on. */
static int take_option(int letter, struct options *o)
{
	switch (letter) {
	case 'v': o->verbose = true; return VALID;
	case 'q': o->quiet = true; return VALID;
	case 'f':
	case 'l': o->file = optarg; o->sources++; return VALID;
	case 'C':
		o->sources++;
		return strcmp(optarg, "xmlconfig") == 0 ? VALID : refuse("-C: allowed: xmlconfig");
	case 'r': return refuse("-r: corosync 3 does not hold cluster.conf; validate the file: -f FILE");
	case 'R': return parse_version(optarg, &o->newer_than);
	case 't':
	case 'n':
	case 'o': return VALID;
	default: usage(stderr); return USAGE;
	}
}

static int parse_options(int argc, char **argv, struct options *o)
{
	const char *from_env = getenv("COROSYNC_CLUSTER_CONFIG_FILE");
	int letter, status;

	*o = (struct options){ .file = from_env ? from_env : CONFIG_FILE };
	while ((letter = getopt(argc, argv, "hVvqf:l:rC:t:noR:")) != -1) {
		if (letter == 'h' || letter == 'V') {
			if (letter == 'h')
				usage(stdout);
			else
				(void)puts("ccs_config_validate version " QD_VERSION);
			exit(VALID);
		}
		status = take_option(letter, o);
		if (status != VALID)
			return status;
	}
	if (optind < argc)
		return refuse("an argument without an option; the file is named with -f");
	if (o->verbose && o->quiet)
		return refuse("-v and -q exclude each other");
	return o->sources > 1 ? refuse("only one of -f, -l, -r and -C is allowed") : VALID;
}

/* Scripts know a refusal by this word, and the file by this name. */
static void tell_schema(void *arg, uint32_t line, const char *element, const char *text)
{
	(void)arg;
	(void)printf("tempfile:%u: element %s: Relax-NG validity error : %s\n", line,
		     element ? element : "cluster", text);
}

/* The reader's refusal, "FILE:LINE: TEXT" or "FILE: TEXT". */
static void tell_refusal(const char *file, const char *error)
{
	const char *text = error + strlen(file);
	unsigned long line = 0;

	if (strncmp(text, ": ", 2) == 0) {
		text += 2;
	} else {
		char *end;

		line = strtoul(text + 1, &end, 10);
		text = end + 2;
	}
	(void)printf("tempfile:%lu: Relax-NG validity error : %s\n", line ? line : 1, text);
}

/* What is valid may still be too old. */
static int judge_version(const struct options *o, const struct qd_config *config)
{
	if (o->newer_than == 0)
		return VALID;
	if (config->config_version == 0) {
		(void)puts("Error: Unable to get config_version from configuration file");
		return NO_VERSION;
	}
	if (config->config_version > o->newer_than)
		return VALID;
	(void)puts("Error: Configuration version is older than running config!");
	return NOT_NEWER;
}

/* The verdict stands; the schema has had its time. */
static void on_alarm(int signal_number)
{
	static const char text[] = "Configuration fails to validate\n";

	(void)signal_number;
	(void)!write(STDOUT_FILENO, text, sizeof(text) - 1);
	_exit(INVALID);
}

static int fail(const struct options *o, int status, const char *error)
{
	int rng;

	if (status != -EINVAL) {
		(void)puts(error);
		(void)puts("Configuration fails to validate");
		return NO_XML;
	}
	tell_refusal(o->file, error);
	(void)fflush(stdout);
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)signal(SIGALRM, on_alarm);
	(void)alarm(SCHEMA_S);
	rng = clusterconf_rng(o->file, tell_schema, NULL);
	(void)puts("Configuration fails to validate");
	return rng == -EBADMSG ? NO_XML : INVALID;
}

int main(int argc, char **argv)
{
	char error[CLUSTERCONF_ERROR_LEN] = "";
	static struct qd_config config;	/* large */
	struct options o;
	int status = parse_options(argc, argv, &o);

	if (status != VALID)
		return status;
	if (o.verbose)
		(void)printf("Validating %s\n", o.file);
	status = clusterconf_parse(o.file, &config, error, sizeof(error));
	if (status < 0)
		return fail(&o, status, error);
	for (uint32_t i = 0; o.verbose && i < config.notice_count; i++)
		(void)puts(config.notice[i].text);
	if (!o.quiet)
		(void)puts("Configuration validates");
	return judge_version(&o, &config);
}
