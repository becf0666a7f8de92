/* What qdisk-agents says of the fence agents of a configuration file. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"

#define LINE_BYTES 1024

extern char **environ;

static int spawn(const char *path, const char *node, int out, pid_t *ret_pid)
{
	char program[QD_PATH_LEN], name[] = CONFIG_AGENTS, file[QD_PATH_LEN], victim[QD_NODE_NAME_LEN] = "";
	char *const argv[] = { name, file, node ? victim : NULL, NULL };
	posix_spawn_file_actions_t actions;
	int error;

	if (!config_program(CONFIG_AGENTS, program))
		return ENAMETOOLONG;
	(void)snprintf(file, sizeof(file), "%s", path);
	(void)snprintf(victim, sizeof(victim), "%s", node ? node : "");
	error = posix_spawn_file_actions_init(&actions);
	if (error)
		return error;
	error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_adddup2(&actions, out, 1);
	if (!error)
		error = posix_spawn(ret_pid, program, &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);	/* cannot fail */
	return error;
}

int config_agents(const char *path, const char *node, config_agents_fn tell, void *arg)
{
	char line[LINE_BYTES];
	int ends[2], error;
	FILE *f;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	error = spawn(path, node, ends[1], &pid);
	(void)close(ends[1]);	/* the child's */
	f = error ? NULL : fdopen(ends[0], "r");
	if (!f)
		(void)close(ends[0]);	/* nothing was written */
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		tell(arg, line);
	}
	if (f)
		(void)fclose(f);	/* only read from */
	if (!error)
		(void)waitpid(pid, NULL, 0);
	return -error;
}
