// SPDX-License-Identifier: BSD-3-Clause
/*
 * s1check: prove invariant S1 from the files of the samplers.
 *
 *	s1check [-n 1,2,3] [-f NS] [-v] FILE...
 *
 * S1: at no instant do two disjoint memberships both hold quorum. A sample is one
 * quorum callback (quorate, members) held until the next one of the same node, until
 * its corosync ended, or until the node died. Two samples of different nodes that
 * overlap in time, both quorate, with disjoint member lists, are a violation.
 *
 *	-n 1,2,3  these nodes must have delivered at least one sample each
 *	-v        print what each node said, in the order of time, in seconds since NS
 *	-f NS     look only at what lasted beyond NS, or with -v came later (default: all)
 *
 * Exit 0: S1 holds; 1: violated; 2: the files prove nothing (missing, malformed, a
 * node without a sample). The lines it reads are described in sampler.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define S1_NODES_MAX   64
#define S1_SAMPLES_MAX 65536

struct sample {
	uint64_t from_ns;
	uint64_t to_ns;
	uint64_t members; /* bit id-1 */
	unsigned node_id;
	bool quorate;
	bool open; /* not ended yet */
};

struct event {
	uint64_t at_ns;
	unsigned node_id;
	char text[200];
};

struct store {
	struct sample *sample;
	struct event *event;
	size_t sample_count;
	size_t event_count;
	size_t open[S1_NODES_MAX + 1]; /* index + 1 of the sample that still runs */
	bool seen[S1_NODES_MAX + 1];
	uint64_t first_ns;
	uint64_t last_ns;
};

/* Parse "1,2,3" or "-". False: anything else. */
static bool members_parse(const char *text, uint64_t *ret_members)
{
	uint64_t members = 0;

	if (strcmp(text, "-") == 0) {
		*ret_members = 0;
		return true;
	}
	for (;;) {
		char *end;
		unsigned long id = strtoul(text, &end, 10);

		if (end == text || id < 1 || id > S1_NODES_MAX)
			return false;
		members |= UINT64_C(1) << (id - 1);
		if (*end == '\0')
			break;
		if (*end != ',')
			return false;
		text = end + 1;
	}
	*ret_members = members;
	return true;
}

static void sample_end(struct store *st, unsigned node_id, uint64_t at_ns)
{
	size_t i = st->open[node_id];

	if (i == 0)
		return;
	st->sample[i - 1].to_ns = at_ns;
	st->sample[i - 1].open = false;
	st->open[node_id] = 0;
}

/* Take the rest of a "quorum" line: "<0|1> <ring> <members>". */
static bool sample_begin(struct store *st, unsigned node_id, uint64_t at_ns, const char *rest)
{
	struct sample s = { .from_ns = at_ns, .node_id = node_id, .open = true };
	char ring[64], members[256];
	unsigned quorate;

	if (sscanf(rest, "%u %63s %255s", &quorate, ring, members) != 3 || quorate > 1 ||
	    !members_parse(members, &s.members))
		return false;
	if (st->sample_count == S1_SAMPLES_MAX)
		return false;
	s.quorate = quorate == 1;
	sample_end(st, node_id, at_ns);
	st->sample[st->sample_count++] = s;
	st->open[node_id] = st->sample_count;
	st->seen[node_id] = true;
	return true;
}

static bool event_add(struct store *st, unsigned node_id, uint64_t at_ns, const char *text)
{
	struct event *e;

	if (st->event_count == S1_SAMPLES_MAX)
		return false;
	e = &st->event[st->event_count++];
	e->at_ns = at_ns;
	e->node_id = node_id;
	(void)snprintf(e->text, sizeof(e->text), "%.199s", text);
	return true;
}

static bool line_take(struct store *st, const char *line, uint64_t *last_ns)
{
	uint64_t at_ns;
	unsigned node_id;
	char word[16];
	int at = 0;

	if (sscanf(line, "%" SCNu64 " n%u %15s%n", &at_ns, &node_id, word, &at) != 3)
		return false;
	if (node_id < 1 || node_id > S1_NODES_MAX || at_ns < *last_ns)
		return false;
	*last_ns = at_ns;
	if (st->first_ns == 0 || at_ns < st->first_ns)
		st->first_ns = at_ns;
	if (at_ns > st->last_ns)
		st->last_ns = at_ns;
	if (!event_add(st, node_id, at_ns, line + at - strlen(word)))
		return false;
	if (strcmp(word, "quorum") == 0)
		return sample_begin(st, node_id, at_ns, line + at);
	if (strcmp(word, "end") == 0 || strcmp(word, "dead") == 0)
		sample_end(st, node_id, at_ns);
	else if (strcmp(word, "up") != 0 && strcmp(word, "ring") != 0)
		return false;
	return true;
}

static bool file_take(struct store *st, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[1024];
	uint64_t last_ns = 0;
	unsigned number = 0;
	bool good = true;

	if (!f) {
		fprintf(stderr, "s1check: %s: %s\n", path, strerror(errno));
		return false;
	}
	while (good && fgets(line, sizeof(line), f)) {
		size_t len = strlen(line);

		number++;
		if (len == 0 || line[len - 1] != '\n')
			good = false;
		else
			line[len - 1] = '\0';
		good = good && line_take(st, line, &last_ns);
		if (!good)
			fprintf(stderr, "s1check: %s:%u: not a sampler's line: %s\n", path, number,
				line);
	}
	(void)fclose(f); /* only read */
	return good;
}

static void members_print(uint64_t members)
{
	const char *comma = "";

	putchar('{');
	for (unsigned id = 1; id <= S1_NODES_MAX; id++) {
		if (members & (UINT64_C(1) << (id - 1))) {
			printf("%s%u", comma, id);
			comma = ",";
		}
	}
	putchar('}');
}

static double seconds(uint64_t ns, uint64_t origin_ns)
{
	return ns >= origin_ns ? (double)(ns - origin_ns) / 1e9 : -(double)(origin_ns - ns) / 1e9;
}

/* Is this pair a violation of S1? Prints it if so. */
static bool pair_violates(const struct sample *a, const struct sample *b, uint64_t origin_ns)
{
	uint64_t from = a->from_ns > b->from_ns ? a->from_ns : b->from_ns;
	uint64_t to = a->to_ns < b->to_ns ? a->to_ns : b->to_ns;

	if (a->node_id == b->node_id || !a->quorate || !b->quorate || (a->members & b->members) ||
	    from >= to || to <= origin_ns)
		return false;
	printf("S1 violated: n%u ", a->node_id);
	members_print(a->members);
	printf(" and n%u ", b->node_id);
	members_print(b->members);
	printf(" both quorate for %.3f ms, from %.6f to %.6f s\n", (double)(to - from) / 1e6,
	       seconds(from, origin_ns), seconds(to, origin_ns));
	return true;
}

static int event_compare(const void *left, const void *right)
{
	const struct event *a = left;
	const struct event *b = right;

	if (a->at_ns != b->at_ns)
		return a->at_ns < b->at_ns ? -1 : 1;
	return a->node_id < b->node_id ? -1 : a->node_id > b->node_id;
}

static void events_print(struct store *st, uint64_t origin_ns)
{
	qsort(st->event, st->event_count, sizeof(*st->event), event_compare);
	for (size_t i = 0; i < st->event_count; i++)
		if (st->event[i].at_ns >= origin_ns)
			printf("%10.3f n%u %s\n", seconds(st->event[i].at_ns, origin_ns),
			       st->event[i].node_id, st->event[i].text);
}

/* Judge all pairs. Samples that still run last until just after the last line of all. */
static unsigned store_judge(struct store *st, uint64_t origin_ns)
{
	unsigned violations = 0;

	for (size_t i = 0; i < st->sample_count; i++)
		if (st->sample[i].open)
			st->sample[i].to_ns = st->last_ns + 1;
	for (size_t i = 0; i < st->sample_count; i++)
		for (size_t j = i + 1; j < st->sample_count; j++)
			violations += pair_violates(&st->sample[i], &st->sample[j], origin_ns);
	return violations;
}

static int store_run(struct store *st, int count, char **paths, uint64_t nodes, uint64_t origin_ns,
		     bool verbose)
{
	for (int i = 0; i < count; i++)
		if (!file_take(st, paths[i]))
			return 2;
	for (unsigned id = 1; id <= S1_NODES_MAX; id++) {
		if ((nodes & (UINT64_C(1) << (id - 1))) && !st->seen[id]) {
			fprintf(stderr, "s1check: no sample of n%u: nothing is proven\n", id);
			return 2;
		}
	}
	if (st->sample_count == 0) {
		fprintf(stderr, "s1check: no sample at all: nothing is proven\n");
		return 2;
	}
	if (origin_ns == 0)
		origin_ns = st->first_ns;
	if (verbose)
		events_print(st, origin_ns);
	if (store_judge(st, origin_ns))
		return 1;
	printf("S1 holds: %zu samples in %.1f s\n", st->sample_count,
	       seconds(st->last_ns, st->first_ns));
	return 0;
}

int main(int argc, char **argv)
{
	static struct store st;
	uint64_t nodes = 0;
	uint64_t origin_ns = 0;
	bool verbose = false;
	int opt;

	while ((opt = getopt(argc, argv, "n:f:v")) != -1) {
		switch (opt) {
		case 'n':
			if (!members_parse(optarg, &nodes))
				return 2;
			break;
		case 'f':
			origin_ns = strtoull(optarg, NULL, 10);
			break;
		case 'v':
			verbose = true;
			break;
		default:
			return 2;
		}
	}
	if (optind == argc) {
		fprintf(stderr, "usage: s1check [-n 1,2,3] [-f NS] [-v] FILE...\n");
		return 2;
	}
	st.sample = calloc(S1_SAMPLES_MAX, sizeof(*st.sample));
	st.event = calloc(S1_SAMPLES_MAX, sizeof(*st.event));
	if (!st.sample || !st.event) {
		fprintf(stderr, "s1check: out of memory\n");
		return 2;
	}
	return store_run(&st, argc - optind, argv + optind, nodes, origin_ns, verbose);
}
