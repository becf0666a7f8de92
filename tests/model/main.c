/* The model of corosync: played by itself, or against what corosync did.
 *
 *	model --tap SCRIPT...		does what each script expects hold in the simulator?
 *	model --compare SCRIPT RECORD	does corosync's record agree with the simulator's?
 *	model --show SCRIPT [SEED]	the simulator's record, and its trace
 *
 * Exit status: 0 yes, 1 no, 2 usage or a file that cannot be read.
 */
#include <stdio.h>
#include <stdlib.h>

#include "model.h"

static struct model_record records[MODEL_SEEDS];

/* Play it with every seed; NULL, or what did not hold. */
static const char *play_all(struct sim_world *w, const struct model_script *script)
{
	const char *why = NULL;

	for (unsigned i = 0; i < MODEL_SEEDS && !why; i++)
		why = model_play(w, script, i + 1, &records[i]);
	return why;
}

static unsigned distinct(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < MODEL_SEEDS; i++) {
		unsigned k = 0;

		while (k < i && !record_same(&records[k], &records[i]))
			k++;
		count += k == i;
	}
	return count;
}

static int tap(struct sim_world *w, unsigned count, char **path)
{
	struct model_script script;
	unsigned failed = 0;

	for (unsigned i = 0; i < count; i++) {
		const char *slash = strrchr(path[i], '/'), *why;

		if (script_read(path[i], &script) < 0)
			return 2;
		why = play_all(w, &script);
		printf("%sok %u - %s\n", why ? "not " : "", i + 1, slash ? slash + 1 : path[i]);
		if (why)
			printf("# %s\n", why);
		else
			printf("# %u ways that it went, in %u seeds\n", distinct(), MODEL_SEEDS);
		failed += why != NULL;
	}
	printf("1..%u\n", count);
	return failed ? 1 : 0;
}

static int compare(struct sim_world *w, const char *path, const char *record)
{
	static struct model_record real;
	struct model_script script;
	const char *why;

	if (script_read(path, &script) < 0 || record_read(record, &script, &real) < 0)
		return 2;
	why = play_all(w, &script);
	if (why)
		printf("# in the model: %s\n", why);
	return !why && record_agrees(records, MODEL_SEEDS, &real) ? 0 : 1;
}

static int show(struct sim_world *w, const char *path, uint64_t seed)
{
	struct model_script script;
	const char *why;

	if (script_read(path, &script) < 0)
		return 2;
	why = model_play(w, &script, seed, &records[0]);
	sim_trace_print(w, SIM_LINES_SHOWN, "");
	record_print(&records[0], "");
	if (why)
		printf("%s\n", why);
	return why ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct sim_world *w = calloc(1, sizeof(*w));
	int status = 2;

	if (!w) {
		perror("model");
		return 2;
	}
	if (argc >= 3 && strcmp(argv[1], "--tap") == 0)
		status = tap(w, (unsigned)argc - 2, argv + 2);
	else if (argc == 4 && strcmp(argv[1], "--compare") == 0)
		status = compare(w, argv[2], argv[3]);
	else if ((argc == 3 || argc == 4) && strcmp(argv[1], "--show") == 0)
		status = show(w, argv[2], argc == 4 ? strtoull(argv[3], NULL, 10) : 1);
	else
		fprintf(stderr, "usage: model --tap SCRIPT... | --compare SCRIPT RECORD | --show SCRIPT [SEED]\n");
	free(w);
	return status;
}
