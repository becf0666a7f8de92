/* Traces that are kept: each tale is run, told, and compared byte by byte with the
 * file of its name. `make traces` writes the files. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "sim.h"

#define WIDTH 96u	/* of a paragraph */

static const struct sim_tale *const books[] = { sim_tales_quorum, sim_tales_lun, sim_tales_node };

#define BOOKS (sizeof(books) / sizeof(books[0]))

/* ---- The world of a tale ---- */

struct sim_setup sim_tale_setup(uint32_t nodes)
{
	struct sim_setup s = sim_stage_setup(nodes);

	s.no_dice = true;
	return s;
}

void sim_tale_empty(struct sim_world *w, const struct sim_setup *setup)
{
	sim_stage_empty(w, setup);
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		w->node[i].latency = 800 + 100 * i;
		w->node[i].latency_spread = 0;
	}
}

void sim_tale_boot(struct sim_world *w, sim_set machines)
{
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		if (machines >> i & 1)
			sim_push(w, w->now + i * w->interval_us / 6, SIM_EV_BOOT, i, 0, w->node[i].power);
	}
}

const char *sim_tale_begin(struct sim_world *w, const struct sim_setup *setup)
{
	sim_tale_empty(w, setup);
	sim_tale_boot(w, (1u << setup->nodes) - 1);
	if (!sim_stage_until(w, 60, sim_stage_settled))
		return "the cluster does not start";
	sim_run(w, (w->now / w->interval_us + 5) * w->interval_us);
	w->trace.origin = w->now;
	w->trace.origin_line = w->trace.count;
	return w->check.failed ? w->check.text : NULL;
}

/* ---- Telling it ---- */

/* Break at spaces; the text is one long line. */
static void put_paragraph(FILE *to, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (column && column + 1 + word > WIDTH) {
			fputc('\n', to);
			column = 0;
		}
		column += (size_t)fprintf(to, "%s%.*s", column ? " " : "", (int)word, text);
		text += word + (text[word] == ' ');
	}
	fputc('\n', to);
}

static void put_cast(FILE *to, const struct sim_world *w)
{
	const struct sim_setup *s = &w->setup;

	fprintf(to, "%u nodes with one vote each, %u votes of the quorum device, quorum %u.\n"
		"I = %u ms, tko K %u, tko_up U %u, upgrade_wait W %u, master_wait M %u; token %u ms.\n\n",
		s->nodes, w->device_votes, w->quorum, s->t.interval_ms, s->t.tko, s->t.tko_up,
		s->t.upgrade_wait, s->t.master_wait, s->token_ms);
}

static const char *role_text(const struct sim_node *n)
{
	if (n->exited)
		return "qdiskd has ended";
	if (!n->running)
		return "qdiskd does not run";
	if (n->paused)
		return "qdiskd stands still";
	switch (n->engine.state.role) {
	case QD_STATE_NONE:
		return "state none";
	case QD_STATE_EVICTED:
		return "evicted";
	case QD_STATE_INIT:
		return "initialising";
	case QD_STATE_RUN:
		return "running";
	case QD_STATE_MASTER:
		return "master";
	}
	return "?";
}

static void put_ending(FILE *to, const struct sim_world *w)
{
	fprintf(to, "\nIn the end:\n");
	for (uint32_t i = 0; i < w->setup.nodes; i++) {
		const struct sim_node *n = &w->node[i];

		fprintf(to, "  node %u: ", n->id);
		if (!n->on) {
			fprintf(to, "switched off\n");
			continue;
		}
		fprintf(to, "%s, %s; corosync %s", role_text(n), n->co.cast ? "casts 1" : "no vote of the device",
			!n->co.up ? "does not run" : n->co.shown_quorate ? "quorate with {" : "NOT quorate with {");
		for (uint32_t id = 1, many = 0; n->co.up && id <= QD_NODE_MAX; id++) {
			if (qd_has(n->co.shown_view, id))
				fprintf(to, many++ ? ",%u" : "%u", id);
		}
		fprintf(to, n->co.up ? "}\n" : "\n");
	}
}

/* The whole file, to be freed; NULL: `ret_why`. */
static char *tale_text(struct sim_world *w, const struct sim_tale *tale, const char **ret_why)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to) {
		*ret_why = strerror(errno);
		return NULL;
	}
	*ret_why = tale->run(w);
	if (!*ret_why && w->check.failed)
		*ret_why = w->check.text;
	put_paragraph(to, tale->about);
	fputc('\n', to);
	put_cast(to, w);
	sim_trace_tell(w, to);
	put_ending(to, w);
	if (fclose(to) != 0 && !*ret_why)
		*ret_why = "out of memory";
	if (!*ret_why)
		return text;
	free(text);
	return NULL;
}

/* ---- Files ---- */

static void file_name(char *path, size_t size, const char *folder, const struct sim_tale *tale)
{
	int length = snprintf(path, size, "%s/%s.txt", folder, tale->name);

	assert(length > 0);
	assert((size_t)length < size);
}

static bool write_one(struct sim_world *w, const char *folder, const struct sim_tale *tale)
{
	const char *why;
	char path[500];
	char *text = tale_text(w, tale, &why);
	FILE *to;
	bool good;

	if (!text) {
		fprintf(stderr, "%s: %s\n", tale->name, why);
		return false;
	}
	file_name(path, sizeof(path), folder, tale);
	to = fopen(path, "w");
	good = to && fputs(text, to) >= 0;
	if (to && fclose(to) != 0)
		good = false;
	if (!good)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	free(text);
	return good;
}

int sim_golden_write(struct sim_world *w, const char *folder)
{
	bool good = true;

	for (unsigned i = 0; i < BOOKS; i++) {
		for (const struct sim_tale *tale = books[i]; tale->name; tale++)
			good = write_one(w, folder, tale) && good;
	}
	return good ? 0 : 1;
}

/* Print the first line that differs. */
static void put_difference(const char *kept, const char *told)
{
	unsigned line = 1;
	size_t a, b;

	for (;; line++) {
		a = strcspn(kept, "\n");
		b = strcspn(told, "\n");
		if (a != b || memcmp(kept, told, a) != 0 || !kept[a] || !told[b])
			break;
		kept += a + 1;
		told += b + 1;
	}
	printf("# line %u differs; if that is meant: make traces, and read what changed\n"
	       "# kept: %.*s\n# told: %.*s\n", line, (int)a, kept, (int)b, told);
}

static char *file_text(const char *path)
{
	FILE *from = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!from)
		return NULL;
	if (getdelim(&text, &size, '\0', from) < 0) {
		free(text);
		text = NULL;
	}
	(void)fclose(from);	/* read only */
	return text;
}

static bool check_one(struct sim_world *w, const char *folder, const struct sim_tale *tale, unsigned number)
{
	const char *why = NULL;
	char path[500];
	char *told = tale_text(w, tale, &why), *kept;
	bool same;

	file_name(path, sizeof(path), folder, tale);
	kept = file_text(path);
	same = told && kept && strcmp(told, kept) == 0;
	printf("%sok %u - trace_%s_is_as_kept\n", same ? "" : "not ", number, tale->name);
	if (why)
		printf("# %s\n", why);
	else if (!kept)
		printf("# %s: cannot be read\n", path);
	else if (!same)
		put_difference(kept, told);
	free(told);
	free(kept);
	return same;
}

static bool tale_exists(const char *file)
{
	for (unsigned i = 0; i < BOOKS; i++) {
		for (const struct sim_tale *tale = books[i]; tale->name; tale++) {
			size_t length = strlen(tale->name);

			if (strncmp(file, tale->name, length) == 0 && strcmp(file + length, ".txt") == 0)
				return true;
		}
	}
	return false;
}

/* A file that no tale writes is told by nobody any more. */
static bool check_files(const char *folder, unsigned number)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	bool good = dir != NULL;

	while (dir && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' || tale_exists(entry->d_name))
			continue;
		printf("# %s/%s: no tale of this name\n", folder, entry->d_name);
		good = false;
	}
	if (dir)
		(void)closedir(dir);	/* read only */
	printf("%sok %u - every_kept_trace_has_its_tale\n", good ? "" : "not ", number);
	return good;
}

unsigned sim_golden_check(struct sim_world *w, const char *folder, unsigned *number)
{
	unsigned failed = 0;

	for (unsigned i = 0; i < BOOKS; i++) {
		for (const struct sim_tale *tale = books[i]; tale->name; tale++)
			failed += !check_one(w, folder, tale, ++*number);
	}
	failed += !check_files(folder, ++*number);
	return failed;
}
