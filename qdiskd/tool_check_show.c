/* What `qdisk-tool check` found, for an operator and for a program; see tool_check.h. */
#include "tool_check.h"

#include <string.h>

#include "tool_text.h"

static const char *severity_text(enum qd_severity severity)
{
	switch (severity) {
	case QD_SEV_ERROR:
		return "ERROR";
	case QD_SEV_WARNING:
		return "warning";
	case QD_SEV_INFO:
		break;
	}
	return "info";
}

static void show_finding(const struct check_finding *c, FILE *out)
{
	(void)fprintf(out, "%-8s %s: ", severity_text(c->severity), c->name);
	tool_text_show(out, c->text);
	(void)fputc('\n', out);
	if (c->remedy[0])
		(void)fprintf(out, "         remedy: %s\n", c->remedy);
}

/* The values in force, one to a line. */
static void show_times(const struct qd_params *p, FILE *out)
{
	const struct {
		const char *name, *words;
		unsigned long long ms;
	} rows[] = {
		{ "interval", "I, from one cycle to the next", p->t.interval_ms },
		{ "vote gone", "(K-1)*I, silence after which a node casts 0", qd_law_withdraw_ms(&p->t) },
		{ "dead", "K*I, no sooner is a node declared dead", qd_law_dead_ms(&p->t) },
		{ "recovery", "I*(K+M+W), must be under the token", qd_law_master_recovery_ms(&p->t) },
		{ "token", "in force", p->token_ms },
		{ "consensus", "in force", p->consensus_ms },
		{ "timeout", "V, quorum.device.timeout, at most (K-1)*I", p->v_ms },
		{ "sync_timeout", "Y, at least I*(K+M+W+2)", p->y_ms },
		{ "forget", "Z, how long a silent vote may count", qd_law_forget_ms(p) },
	};

	(void)fprintf(out, "tko K %u, tko_up U %u, upgrade_wait W %u, master_wait M %u, votes %u, nodes %u\n", p->t.tko,
		      p->t.tko_up, p->t.upgrade_wait, p->t.master_wait, p->votes, p->node_count);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		(void)fprintf(out, "%-13s %6llu ms  %s\n", rows[i].name, rows[i].ms, rows[i].words);
}

void tool_check_show(const struct check_facts *facts, const struct check_report *report, FILE *out)
{
	char drawing[CHECK_DRAWING_BYTES];

	(void)fputs("checked: ", out);
	tool_text_show(out, facts->config->file);
	(void)fprintf(out, "%s\n", facts->corosync->known ? ", with the corosync that runs" : ", without a corosync");
	if (facts->params->t.interval_ms) {
		show_times(facts->params, out);
		check_draw(facts->params, "", drawing);
		(void)fprintf(out, "\n%s\n", drawing);
	}
	for (unsigned i = 0; i < report->count; i++)
		show_finding(&report->finding[i], out);
	(void)fprintf(out, "%u errors, %u warnings\n", report->errors, report->warnings);
}

/* ---- JSON ---- */

static void put_string(const char *text, FILE *out)
{
	(void)fputc('"', out);
	for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
		if (*s == '"' || *s == '\\')
			(void)fprintf(out, "\\%c", *s);
		else if (*s < ' ' || *s >= 0x7f)
			(void)fprintf(out, "\\u%04x", *s);	/* whatever its encoding was */
		else
			(void)fputc(*s, out);
	}
	(void)fputc('"', out);
}

static void put_member(const char *name, const char *text, FILE *out)
{
	(void)fprintf(out, ",\"%s\":", name);
	put_string(text, out);
}

void tool_check_json(const struct check_facts *facts, const struct check_report *report, FILE *out)
{
	const struct qd_params *p = facts->params;

	(void)fprintf(out, "{\"version\":1,\"ok\":%s,\"errors\":%u,\"warnings\":%u,\"corosync\":%s",
		      report->errors ? "false" : "true", report->errors, report->warnings,
		      facts->corosync->known ? "true" : "false");
	put_member("file", facts->config->file, out);
	(void)fprintf(out, ",\"timings\":{\"interval_ms\":%u,\"tko\":%u,\"tko_up\":%u,\"upgrade_wait\":%u,"
		      "\"master_wait\":%u,\"token_ms\":%u,\"consensus_ms\":%u,\"timeout_ms\":%u,"
		      "\"sync_timeout_ms\":%u},\"votes\":%u,\"nodes\":%u,\"findings\":[", p->t.interval_ms, p->t.tko,
		      p->t.tko_up, p->t.upgrade_wait, p->t.master_wait, p->token_ms, p->consensus_ms, p->v_ms,
		      p->y_ms, p->votes, p->node_count);
	for (unsigned i = 0; i < report->count; i++) {
		const struct check_finding *c = &report->finding[i];

		(void)fprintf(out, "%s{\"severity\":\"%s\"", i ? "," : "",
			      c->severity == QD_SEV_ERROR ? "error" : severity_text(c->severity));
		put_member("name", c->name, out);
		put_member("text", c->text, out);
		put_member("remedy", c->remedy, out);
		(void)fputc('}', out);
	}
	(void)fputs("]}\n", out);
}
