/* Nodes that come and go while the daemon runs (floor 4): which change is allowed,
 * and when it takes effect. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "daemon.h"

bool reload_nodes_allowed(const struct daemon *d, const struct qd_params *next)
{
	const uint32_t capacity = qd_label_capacity(&d->lun.label);

	for (uint32_t id = capacity + 1; id <= QD_NODE_MAX; id++) {
		if (!qd_has(next->nodes, id))
			continue;
		log_line(LOG_ERR, "%s has room for node ids 1 to %u, node %u is configured; label a larger "
			 "LUN; the old configuration stays", d->lun.path, capacity, id);
		return false;
	}
	return true;
}

/* Nodes that are no longer configured, and must be looked at until they have left. */
static qd_mask nodes_kept(const struct daemon *d)
{
	const uint64_t now_ms = daemon_now_ms();
	qd_mask kept = 0;

	for (uint32_t id = 1; id <= QD_NODE_MAX; id++) {
		if (qd_has(d->params.nodes & ~d->next_params.nodes, id) &&
		    !qd_may_remove(&d->engine.state, id, now_ms))
			kept |= qd_bit(id);
	}
	return kept;
}

static void nodes_tell(qd_mask nodes, qd_mask kept)
{
	char text[QD_NODE_MAX * 3 + 1] = "";
	size_t used = 0;

	for (uint32_t id = 1; id <= QD_NODE_MAX && used < sizeof(text); id++) {
		if (qd_has(nodes, id))
			used += (size_t)snprintf(text + used, sizeof(text) - used, " %u", id);
		if (qd_has(kept, id))
			log_line(LOG_WARNING, "node %u is no longer configured and has not left: it counts "
				 "until it has left, or was fenced", id);
	}
	log_line(LOG_NOTICE, "the nodes are now%s", text);
}

/* Between two cycles: a read that is out brings as many slots as it asked for. */
void reload_settle(struct daemon *d)
{
	struct qd_params next;
	qd_mask kept;
	int rc;

	if (!d->nodes_pending || !ports_idle(d))
		return;
	kept = nodes_kept(d);
	next = d->next_params;
	next.nodes |= kept;
	if (memcmp(&next, &d->params, sizeof(next)) == 0) // NOLINT: copies, padding too
		return;
	d->nodes_pending = kept != 0;
	rc = ports_grow(d, next.nodes);
	if (rc != 0) {
		log_line(LOG_ERR, "the slots of more nodes cannot be read: %s; the list of nodes stays",
			 strerror(-rc));
		return;
	}
	d->params = next;
	d->snapshot.node_count = 0;	/* filled anew */
	qd_engine_reconfig(&d->engine, &d->params);
	nodes_tell(d->params.nodes, kept);
}
