/* The search through all states that can be reached from a start; see explore.h. */
#ifndef EXPLORE_SEARCH_H
#define EXPLORE_SEARCH_H

#include "explore.h"

struct xp_limits {
	double seconds;
	uint32_t layers;	/* of time: steps; 0 no limit */
	uint64_t bytes;		/* of memory */
};

struct xp_result {
	bool started;		/* there is such a start state */
	bool complete;		/* no state is left that the budget of faults allows */
	const char *stopped_by;	/* why not; "" */
	bool violated;
	char broken[120];
	uint64_t states, tried;	/* states entered; events tried */
	uint32_t layers;	/* of time that were searched in full */
	double seconds;
	/* the path to a violation */
	uint32_t variant, length;
	uint8_t path[4096];	/* which of the events that may come, at each state */
};

/* From every variant of a start at once. In a process of its own: where an assert
 * fails it ends there, and the result has the path. */
void xp_search(const struct xp_setup *setup, const char *start, const struct xp_limits *limits,
	       struct xp_result *ret_result);

/* Tell a path in words, each line behind `before`, with names and times as they
 * come; true: it violates what the search says it violates. */
bool xp_story(const struct xp_setup *setup, const char *start, const struct xp_result *result,
	      const char *before);

#endif
