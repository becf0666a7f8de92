/* See log_fixture.h. */
#include "log_fixture.h"

#include <regex.h>
#include <sys/socket.h>
#include <sys/un.h>

char syslog_path[64], file_path[64], dump_path[64];
int syslogd;

struct qd_log_config config_default(void)
{
	struct qd_log_config c = { .to_syslog = true, .to_logfile = true, .facility = "local4",
				   .priority = "info", .logfile_priority = "info" };

	(void)snprintf(c.logfile, sizeof(c.logfile), "%s", file_path);
	return c;
}

void init(bool foreground, bool debug)
{
	const struct log_options options = { .foreground = foreground, .debug = debug,
					     .syslog_path = syslog_path };

	assert_int_equal(log_init(&options), 0);
}

void apply(void)
{
	const struct qd_log_config c = config_default();

	assert_int_equal(log_apply(&c), 0);
}

int setup(void **state)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	(void)state;
	(void)snprintf(syslog_path, sizeof(syslog_path), "%s/devlog", work_dir);
	(void)snprintf(file_path, sizeof(file_path), "%s/log/qdiskd.log", work_dir);
	(void)snprintf(dump_path, sizeof(dump_path), "%s/dump", work_dir);
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", syslog_path);
	syslogd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return syslogd < 0 ? -1 : bind(syslogd, (const struct sockaddr *)&a, sizeof(a));
}

int teardown(void **state)
{
	char dir[64];

	(void)state;
	log_done();
	(void)close(syslogd);
	(void)unlink(syslog_path);
	(void)unlink(file_path);
	(void)unlink(dump_path);
	(void)snprintf(dir, sizeof(dir), "%s/log", work_dir);
	(void)rmdir(dir);
	while (waitpid(-1, NULL, 0) > 0)
		;
	return 0;
}

const char *file_text(const char *needle)
{
	return file_text_with(file_path, needle);
}

const char *syslog_text(void)
{
	static char text[2048];
	ssize_t n = recv(syslogd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

void assert_like(const char *text, const char *pattern)
{
	regex_t r;

	assert_int_equal(regcomp(&r, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&r, text, 0, NULL, 0) != 0)
		fail_msg("\"%s\" is not like %s", text, pattern);
	regfree(&r);
}
