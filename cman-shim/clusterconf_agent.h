/* What a fence agent takes, by its own word, and what it is given (floor 3: a hand).
 *
 * An agent that is run with -o metadata tells its parameters as XML. What cluster.conf
 * gives it beyond these it passes over; what it needs and is not given is found out when
 * a node has died, if not before.
 */
#ifndef CLUSTERCONF_AGENT_H
#define CLUSTERCONF_AGENT_H

#include <stdbool.h>
#include <stddef.h>

#define CLUSTERCONF_PARAMETERS_MAX 256u
#define CLUSTERCONF_WORD_LEN 64u

struct clusterconf_parameter {
	char name[CLUSTERCONF_WORD_LEN];
	char obsoletes[CLUSTERCONF_WORD_LEN];	/* the name that it had before */
	char option[CLUSTERCONF_WORD_LEN];	/* on a command line; two names of one option are one thing */
	bool required, has_default, deprecated;
};

/* Large; the caller's. */
struct clusterconf_agent {
	unsigned count;
	struct clusterconf_parameter parameter[CLUSTERCONF_PARAMETERS_MAX];
};

/* Read the metadata. No document type, no entity, no other file. 0; -EBADMSG it is not
 * well-formed, or not of an agent; -E2BIG it has too many parameters; -ENOMEM. */
int clusterconf_agent(const char *xml, size_t size, struct clusterconf_agent *ret_agent);

/* One attribute. Unknown: the agent does not take it; `device`: it stands in <device>, else
 * in <fencedevice>. Missing: the agent needs it. `other`: another name for it, or "". */
enum clusterconf_wrong { CLUSTERCONF_UNKNOWN_ATTRIBUTE, CLUSTERCONF_MISSING_ATTRIBUTE };
typedef void (*clusterconf_wrong_fn)(void *arg, enum clusterconf_wrong wrong, bool device,
				     const char *attribute, const char *other);

/* Compare with what a device is given: key=value lines as of struct qd_fence_device. Values
 * are not looked at. What cman itself gives, or gave a meaning, is never unknown. */
void clusterconf_agent_judge(const struct clusterconf_agent *agent, const char *args,
			     clusterconf_wrong_fn tell, void *arg);

#endif
