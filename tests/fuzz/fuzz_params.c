/* See fuzz_params.h. */
#include "fuzz_params.h"

#include <string.h>

#include "fuzz.h"
#include "qd_laws.h"

static void check_laws(const struct qd_params *p, const struct qd_facts *facts)
{
	MUST(p->t.interval_ms >= 1 && p->t.tko >= QD_TKO_MIN);
	MUST(p->t.interval_ms <= QD_INTERVAL_MS_MAX && p->t.tko <= QD_CYCLES_MAX);
	MUST(p->v_ms <= qd_law_withdraw_ms(&p->t));				/* L3 */
	MUST(qd_law_master_recovery_ms(&p->t) < p->token_ms ||		/* L4, or */
	     p->y_ms >= qd_law_sync_ms(&p->t));					/* L5 */
	MUST(p->node_count >= 1 && p->node_count <= QD_NODE_MAX);
	MUST(p->node_count == (uint32_t)__builtin_popcountll(p->nodes));
	MUST(!facts->known || qd_has(p->nodes, p->node_id));
	MUST(p->votes >= 1 && p->votes <= QD_VOTES_MAX);
	MUST(strnlen(p->node_name, sizeof(p->node_name)) < sizeof(p->node_name));
	MUST(qd_law_forget_ms(p) < UINT32_MAX * 8ull);
}

const struct qd_params *fuzz_params_check(const struct qd_config *config, const struct qd_facts *facts)
{
	static struct qd_findings findings;
	static struct qd_params params;
	char lines[1024];
	unsigned errors;

	memset(&findings, 0x77, sizeof(findings));
	memset(&params, 0, sizeof(params));
	errors = qd_config_check(config, facts, &params, &findings);
	MUST(errors == findings.errors);
	MUST(findings.count <= QD_FINDINGS_MAX);
	MUST(errors == 0 || findings.count > 0);
	for (uint32_t i = 0; i < findings.count; i++) {
		const char *text = findings.finding[i].text;

		MUST(strnlen(text, QD_FINDING_LEN) < QD_FINDING_LEN);
		MUST(text[0]);
		MUST(fuzz_one_line(text));
	}
	if (errors)
		return NULL;
	check_laws(&params, facts);
	MUST(qd_corosync_lines(&params, lines, sizeof(lines)) < sizeof(lines));
	return &params;
}
