/* The simulator; see sim.h, and sim_options.c for its command line.
 *
 * Exit status: 0 nothing is violated, 1 something is, 2 usage.
 */
#include <stdlib.h>

#include "sim.h"

static int run(struct sim_world *w, const struct sim_options *o)
{
	switch (o->mode) {
	case SIM_SEEDS:
		return sim_seeds(w, o);
	case SIM_TAP:
		return sim_tap(w, o);
	case SIM_WRITE_TRACES:
		return sim_golden_write(w, o->traces);
	case SIM_STORY:
		return sim_story(w, o->story);
	}
	return 2;
}

int main(int argc, char **argv)
{
	struct sim_options o;
	struct sim_world *w;
	int status;

	if (!sim_options_parse(argc, argv, &o))
		return sim_options_usage(argv[0]);
	w = calloc(1, sizeof(*w));
	if (!w) {
		perror("sim");
		return 1;
	}
	status = run(w, &o);
	free(w);
	return status;
}
