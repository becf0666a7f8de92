/* cluster.conf: <quorumd> and <heuristic>. Meanings: qdisk(5). */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clusterconf_parts.h"

struct number {
	const char *name;
	size_t offset;	/* of a uint32_t in struct qd_config */
	uint32_t min, max;
};

static bool read_numbers(struct clusterconf *cc, const struct clusterconf_element *e)
{
	static const struct number numbers[] = {
		{ "tko", offsetof(struct qd_config, tko), QD_TKO_MIN, QD_CYCLES_MAX },
		{ "tko_up", offsetof(struct qd_config, tko_up), 1, QD_CYCLES_MAX },
		{ "upgrade_wait", offsetof(struct qd_config, upgrade_wait), 1, QD_CYCLES_MAX },
		{ "master_wait", offsetof(struct qd_config, master_wait), QD_MASTER_WAIT_MIN,
		  QD_CYCLES_MAX },
		{ "votes", offsetof(struct qd_config, votes), 1, QD_VOTES_MAX },
		{ "min_score", offsetof(struct qd_config, min_score), 0, QD_SCORE_MAX },
		{ "max_error_cycles", offsetof(struct qd_config, max_error_cycles), 0,
		  QD_ERROR_CYCLES_MAX },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const struct number *n = &numbers[i];
		void *field = (char *)cc->config + n->offset;

		if (!clusterconf_u32(cc, e, n->name, n->min, n->max, field))
			return false;
	}
	return clusterconf_ms(cc, e, "interval", QD_INTERVAL_MS_MIN, QD_INTERVAL_MS_MAX,
			      &cc->config->interval_ms);
}

static bool read_flags(struct clusterconf *cc, const struct clusterconf_element *e)
{
	struct qd_config *config = cc->config;

	return clusterconf_flag(cc, e, "reboot", &config->reboot) &&
	       clusterconf_flag(cc, e, "allow_kill", &config->allow_kill) &&
	       clusterconf_flag(cc, e, "master_wins", &config->master_wins) &&
	       clusterconf_flag(cc, e, "paranoid", &config->paranoid) &&
	       clusterconf_flag(cc, e, "io_timeout", &config->io_timeout) &&
	       clusterconf_flag(cc, e, "stop_cman", &config->stop_cman);
}

static bool read_device(struct clusterconf *cc, const struct clusterconf_element *e)
{
	struct qd_config *config = cc->config;

	return clusterconf_path(cc, e, "device", config->device) &&
	       clusterconf_text(cc, e, "label", sizeof(config->label) - 1, config->label) &&
	       clusterconf_text(cc, e, "cman_label", QD_DEVICE_NAME_MAX, config->cman_label);
}

static bool read_status_file(struct clusterconf *cc, const struct clusterconf_element *e)
{
	const char *text = clusterconf_get(e, "status_file");

	if (text && strcmp(text, "-") == 0)
		return clusterconf_text(cc, e, "status_file", 1, cc->config->status_file);
	if (text && text[0] != '/')
		return clusterconf_refuse_value(cc, e, "status_file",
						"an absolute path, or \"-\" for stdout");
	return clusterconf_path(cc, e, "status_file", cc->config->status_file);
}

/* priority= of the class "other" is a nice value, -20..19. */
static bool read_nice(struct clusterconf *cc, const struct clusterconf_element *e)
{
	const char *text = clusterconf_get(e, "priority");
	char *end;
	long value;

	if (!text)
		return true;
	value = strtol(text, &end, 10);
	if (strspn(text, "-0123456789") != strlen(text) || end == text || *end || value < -20 ||
	    value > 19)
		return clusterconf_refuse_value(cc, e, "priority",
						"with scheduler=\"other\" a nice value, -20 .. 19");
	cc->config->nice = (int32_t)value;
	return true;
}

/* Legacy looks at the first letter only; these are the words it documents. */
static bool read_scheduler(struct clusterconf *cc, const struct clusterconf_element *e)
{
	static const char *const words[] = { "rr", "fifo", "other", "r", "f", "o" };
	const char *text = clusterconf_get(e, "scheduler");

	if (text) {
		size_t i = 0;

		while (i < 6 && strcmp(text, words[i]) != 0)
			i++;
		if (i == 6)
			return clusterconf_refuse_value(cc, e, "scheduler", "rr, fifo, other");
		cc->config->scheduler = (uint32_t)text[0];
	}
	if (cc->config->scheduler == 'o')
		return read_nice(cc, e);
	return clusterconf_u32(cc, e, "priority", 1, 99, &cc->config->priority);
}

static bool read_fence(struct clusterconf *cc, const struct clusterconf_element *e)
{
	static const struct {
		const char *word;
		enum qd_fence_mode mode;
	} modes[] = {
		{ "auto", QD_FENCE_AUTO },
		{ "agents", QD_FENCE_AGENTS },
		{ "pacemaker", QD_FENCE_PACEMAKER },
		{ "lun", QD_FENCE_LUN },
		{ "kill", QD_FENCE_KILL },
		{ "none", QD_FENCE_OFF },
	};
	const char *text = clusterconf_get(e, "fence");

	if (!text)
		return true;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(text, modes[i].word) == 0) {
			cc->config->fence = modes[i].mode;
			return true;
		}
	}
	return clusterconf_refuse_value(cc, e, "fence", "auto, pacemaker, agents, lun, kill, none");
}

/* Deprecated attributes that are not acted on: a notice says what holds instead. */
static void note_unused(struct clusterconf *cc, const struct clusterconf_element *e)
{
	static const struct {
		const char *name, *instead;
	} deprecated[] = {
		{ "log_level", "<logging syslog_priority=> and logfile_priority= decide" },
		{ "log_facility", "<logging syslog_facility=> decides" },
		{ "use_uptime", "time is always counted from the start of the machine" },
	};
	char place[CLUSTERCONF_PLACE_LEN];

	for (size_t i = 0; i < sizeof(deprecated) / sizeof(deprecated[0]); i++) {
		const char *text = clusterconf_get(e, deprecated[i].name);

		if (text)
			clusterconf_notice(cc, e->line, "%s\"%.64s\" is deprecated and not acted on: %s",
					   clusterconf_place_of(e, deprecated[i].name, place), text,
					   deprecated[i].instead);
	}
}

static bool read_heuristic(struct clusterconf *cc, const struct clusterconf_element *e,
			   uint32_t *sum)
{
	struct qd_config *config = cc->config;
	struct qd_heuristic *h = &config->heuristic[config->heuristic_count];
	char place[CLUSTERCONF_PLACE_LEN];

	if (config->heuristic_count == QD_HEURISTICS_MAX)
		return clusterconf_refuse(cc, e->line, "<heuristic> number %u is refused; allowed: "
					  "at most %u", QD_HEURISTICS_MAX + 1u, QD_HEURISTICS_MAX);
	h->line = e->line;
	h->score = 1;
	h->interval_ms = h->tko = h->timeout_ms = QD_UNSET;
	if (!clusterconf_need(cc, e, "program", "a command for /bin/sh -c") ||
	    !clusterconf_text(cc, e, "program", sizeof(h->program) - 1, h->program) ||
	    !clusterconf_u32(cc, e, "score", 1, QD_SCORE_MAX, &h->score) ||
	    !clusterconf_ms(cc, e, "interval", QD_INTERVAL_MS_MIN, QD_HEURISTIC_MS_MAX,
			    &h->interval_ms) ||
	    !clusterconf_u32(cc, e, "tko", 1, QD_CYCLES_MAX, &h->tko) ||
	    !clusterconf_ms(cc, e, "timeout", QD_INTERVAL_MS_MIN, QD_HEURISTIC_MS_MAX,
			    &h->timeout_ms))
		return false;
	*sum += h->score;
	if (*sum > QD_SCORE_MAX)
		return clusterconf_refuse(cc, e->line, "%s\"%u\" is refused: the sum of all scores is "
					  "%u; allowed: a sum of at most %u",
					  clusterconf_place_of(e, "score", place), h->score, *sum,
					  QD_SCORE_MAX);
	config->heuristic_count++;
	return true;
}

bool clusterconf_quorumd(struct clusterconf *cc, const struct clusterconf_element *root)
{
	const struct clusterconf_element *quorumd = clusterconf_single(cc, root, "quorumd");
	const struct clusterconf_element *e;
	uint32_t sum = 0;

	if (!quorumd)
		return true;
	cc->config->quorumd_line = quorumd->line;
	if (!read_numbers(cc, quorumd) || !read_flags(cc, quorumd) || !read_device(cc, quorumd) ||
	    !read_status_file(cc, quorumd) || !read_scheduler(cc, quorumd) ||
	    !read_fence(cc, quorumd) ||
	    !clusterconf_path(cc, quorumd, "watchdog", cc->config->watchdog))
		return false;
	note_unused(cc, quorumd);
	for (e = clusterconf_child(quorumd, "heuristic"); e; e = clusterconf_next(e)) {
		if (!read_heuristic(cc, e, &sum))
			return false;
	}
	return true;
}
