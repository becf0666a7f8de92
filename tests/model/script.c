/* The language of the scenarios; see README. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "model.h"

/* Words, how many words may stand behind them, and whether they make something happen. */
static const struct {
	const char *word;
	unsigned min, max;
	bool cause;
} words[] = {
	{ "device", 1, 7, true },     { "start", 1, 4, true },	  { "register", 1, 4, true },
	{ "unregister", 1, 4, true }, { "cast", 2, 5, true },	  { "once", 2, 5, true },
	{ "stale", 2, 5, true },      { "mute", 1, 4, true },	  { "wins", 2, 5, true },
	{ "client", 2, 5, true },     { "cut", 2, 4, true },	  { "unlink", 2, 2, true },
	{ "deaf", 2, 2, true },	      { "heal", 0, 0, true },	  { "corosync", 2, 5, true },
	{ "killnode", 2, 2, true },   { "pause", 1, 1, false },  { "await", 4, 4, false },
	{ "expect", 2, 3, false },    { "begin", 0, 5, true },
};

static int word_find(const char *word)
{
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].word, word) == 0)
			return (int)i;
	}
	return -1;
}

bool script_is_cause(const char *word)
{
	int i = word_find(word);

	return i >= 0 && words[i].cause;
}

sim_set script_nodes(const char *text)
{
	sim_set set = 0;

	for (;; text++) {
		if (*text < '1' || *text > '0' + (int)MODEL_NODES)
			return 0;
		set |= 1u << (*text++ - '1');
		if (*text == '\0')
			return set;
		if (*text != ',')
			return 0;
	}
}

/* One line; false: it is wrong. An empty one adds nothing. */
static bool line_parse(char *text, unsigned line, struct model_script *script)
{
	struct model_step *step = &script->step[script->count];
	char *save = NULL;
	int known;

	text[strcspn(text, "#\n")] = '\0';
	*step = (struct model_step){ .line = line };
	for (char *w = strtok_r(text, " \t", &save); w; w = strtok_r(NULL, " \t", &save)) {
		if (step->count == MODEL_WORDS || strlen(w) >= MODEL_WORD_MAX)
			return false;
		memcpy(step->word[step->count++], w, strlen(w) + 1);
	}
	if (step->count == 0)
		return true;
	known = word_find(step->word[0]);
	if (known < 0 || step->count - 1 < words[known].min || step->count - 1 > words[known].max)
		return false;
	return ++script->count < MODEL_STEPS;
}

int script_read(const char *path, struct model_script *ret_script)
{
	FILE *file = fopen(path, "re");
	char text[256];
	int rc = 0;

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	ret_script->count = 0;
	for (unsigned line = 1; rc == 0 && fgets(text, sizeof(text), file); line++) {
		if (line_parse(text, line, ret_script))
			continue;
		fprintf(stderr, "%s:%u: not understood; the words are in tests/model/README\n", path, line);
		rc = -1;
	}
	(void)fclose(file);	/* only read */
	return rc;
}
