/* `qdisk-tool status`; see tool_status.h. */
#include "tool_status.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "tool_ask.h"
#include "tool_text.h"

#define COLUMN 13	/* of values, behind "last fence:" */
#define STATE_COLUMN 12u

int tool_status_fetch(const char *path, unsigned timeout_ms, char *ret_reply, size_t size)
{
	return tool_ask(path, "status", timeout_ms, ret_reply, size);
}

/* ---- Reading the reply; what is not there is 0, "", false ---- */

static json_object *get(json_object *o, const char *name)
{
	json_object *value = NULL;

	(void)json_object_object_get_ex(o, name, &value);
	return value;
}

static int64_t number(json_object *o, const char *name)
{
	return json_object_get_int64(get(o, name));
}

static bool truth(json_object *o, const char *name)
{
	return json_object_get_boolean(get(o, name));
}

static const char *word(json_object *o, const char *name)
{
	json_object *value = get(o, name);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

static size_t count(json_object *array)
{
	return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

static const char *node_name(json_object *reply, int64_t id)
{
	json_object *nodes = get(reply, "nodes");

	for (size_t i = 0; i < count(nodes); i++) {
		json_object *n = json_object_array_get_idx(nodes, i);

		if (number(n, "id") == id)
			return word(n, "name");
	}
	return "";
}

/* ---- Words ---- */

static void show_key(FILE *out, const char *key)
{
	(void)fprintf(out, "%-*s", COLUMN, key);
}

static void show_set(FILE *out, json_object *array)
{
	if (!count(array))
		(void)fprintf(out, " none");
	for (size_t i = 0; i < count(array); i++)
		(void)fprintf(out, " %" PRId64,
			      json_object_get_int64(json_object_array_get_idx(array, i)));
}

static void show_node(FILE *out, json_object *reply, int64_t id)
{
	(void)fprintf(out, "node %" PRId64 " (", id);
	tool_text_show(out, node_name(reply, id));
	(void)fprintf(out, ")");
}

/* A number that is multiplied: at most what fits twice. */
static int64_t factor(json_object *o, const char *name)
{
	int64_t n = number(o, name);

	return n < 0 ? 0 : n > INT32_MAX ? INT32_MAX : n;
}

static void show_seconds(FILE *out, int64_t ms)
{
	int64_t s = ms / 1000;

	if (s < 100)
		(void)fprintf(out, "%" PRId64 ".%" PRId64 " s", s, ms % 1000 / 100);
	else if (s < 7200)
		(void)fprintf(out, "%" PRId64 " min", s / 60);
	else if (s < 172800)
		(void)fprintf(out, "%" PRId64 " h", s / 3600);
	else
		(void)fprintf(out, "%" PRId64 " days", s / 86400);
}

static void show_head(FILE *out, json_object *r)
{
	json_object *cs = get(r, "corosync");

	show_key(out, "node:");
	show_node(out, r, number(r, "node_id"));
	(void)fprintf(out, " of cluster ");
	tool_text_show(out, word(r, "cluster"));
	(void)fprintf(out, ": ");
	tool_text_show(out, word(r, "state"));
	(void)fprintf(out, "%s\n", !truth(cs, "connected") ? ", NO COROSYNC" :
				   truth(cs, "quorate")	    ? ", quorate" : ", NOT QUORATE");
	show_key(out, "master:");
	if (number(r, "master")) {
		show_node(out, r, number(r, "master"));
		(void)fprintf(out, ", counts on");
		show_set(out, get(r, "quorate_set"));
	} else {
		(void)fprintf(out, "none");
	}
	(void)fprintf(out, "\n");
}

static void show_vote(FILE *out, json_object *r)
{
	json_object *vote = get(r, "vote"), *mark = get(r, "voting_mark");
	json_object *cs = get(r, "corosync");

	show_key(out, "vote:");
	tool_text_show(out, word(vote, "state"));
	(void)fprintf(out, " (%" PRId64 " votes): ", number(vote, "votes"));
	tool_text_show(out, word(vote, "why"));
	(void)fprintf(out, "%s\n", truth(vote, "expired") ? ", EXPIRED: corosync counts it no longer" : "");
	show_key(out, "mark:");
	if (truth(mark, "voting")) {
		(void)fprintf(out, "voting in a view of");
		show_set(out, get(mark, "view"));
	} else {
		(void)fprintf(out, "not voting");
	}
	(void)fprintf(out, "\n");
	show_key(out, "corosync:");
	if (!truth(cs, "connected")) {
		(void)fprintf(out, "not connected\n");
		return;
	}
	(void)fprintf(out, "ring ");
	tool_text_show(out, word(cs, "ring"));
	(void)fprintf(out, ", members");
	show_set(out, get(cs, "members"));
	(void)fprintf(out, ", %" PRId64 " of %" PRId64 " votes, quorum %" PRId64 "\n",
		      number(cs, "total_votes"), number(cs, "expected_votes"),
		      number(cs, "quorum"));
}

static void show_ms(FILE *out, json_object *o, const char *name, const char *after)
{
	int64_t us = number(o, name);

	(void)fprintf(out, "%" PRId64 ".%03" PRId64 "%s", us / 1000, us % 1000, after);
}

/* Median, p99 and the longest of the last 64, and since the start. */
static void show_latency(FILE *out, const char *key, json_object *l)
{
	json_object *ever = get(l, "ever");

	show_key(out, key);
	(void)fprintf(out, "median ");
	show_ms(out, l, "median_us", ", p99 ");
	show_ms(out, l, "p99_us", ", longest ");
	show_ms(out, l, "max_us", " ms; since the start ");
	show_ms(out, ever, "median_us", ", ");
	show_ms(out, ever, "p99_us", ", ");
	show_ms(out, ever, "max_us", " ms\n");
}

static void show_lun(FILE *out, json_object *r)
{
	json_object *latency = get(r, "latency"), *t = get(r, "timings");
	int64_t i = factor(t, "interval_ms"), k = factor(t, "tko"), out_ms = number(latency, "out_ms");

	show_key(out, "lun:");
	tool_text_show(out, word(r, "device"));
	(void)fprintf(out, ", label ");
	tool_text_show(out, word(r, "label"));
	(void)fprintf(out, ", read ");
	show_ms(out, latency, "read_us", " ms, write ");
	show_ms(out, latency, "write_us", " ms");
	if (out_ms > i) {
		(void)fprintf(out, ", NO ANSWER for ");
		show_seconds(out, out_ms);
	}
	(void)fprintf(out, "\n");
	show_latency(out, "reads:", get(latency, "read"));
	show_latency(out, "writes:", get(latency, "write"));
	show_key(out, "timings:");
	(void)fprintf(out, "interval %" PRId64 " ms, tko %" PRId64 ": a silent node is dead in ", i, k);
	show_seconds(out, (k + 1) * i);
	(void)fprintf(out, " to ");
	show_seconds(out, (k + 2) * i);
	(void)fprintf(out, "\n");
	show_key(out, "daemon:");
	(void)fprintf(out, "up ");
	show_seconds(out, number(r, "uptime_ms"));
	(void)fprintf(out, ", %" PRId64 " cycles, %" PRId64 " late ticks\n", number(r, "cycles"),
		      number(r, "late_ticks"));
}

/* A new configuration that waits for the other nodes. */
static void show_restart(FILE *out, json_object *r)
{
	json_object *restart = get(r, "restart");

	if (!restart)
		return;
	show_key(out, "restart:");
	(void)fprintf(out, "WAITS for ");
	if (count(get(restart, "awaits"))) {
		(void)fprintf(out, "nodes");
		show_set(out, get(restart, "awaits"));
		(void)fprintf(out, " to be told: ");
	} else {
		(void)fprintf(out, "a quorum of node votes: ");
	}
	tool_text_show(out, word(restart, "changes"));
	(void)fprintf(out, "\n");
}

static void show_fence(FILE *out, json_object *r)
{
	json_object *fence = get(r, "last_fence");

	show_key(out, "last fence:");
	if (!fence) {
		(void)fprintf(out, "none\n");
		return;
	}
	show_node(out, r, number(fence, "node"));
	(void)fprintf(out, " ");
	tool_text_show(out, word(fence, "result"));
	(void)fprintf(out, ", ");
	show_seconds(out, number(fence, "age_ms"));
	(void)fprintf(out, " ago\n");
}

/* A line for each node that is being fenced, or is to be tried again. */
static void show_fencing(FILE *out, json_object *r)
{
	json_object *all = get(r, "fencing");

	for (size_t i = 0; i < count(all); i++) {
		json_object *f = json_object_array_get_idx(all, i);

		show_key(out, "fencing:");
		show_node(out, r, number(f, "node"));
		if (get(f, "next_ms")) {
			(void)fprintf(out, " FAILED %" PRId64 " times, next try in ", number(f, "tries"));
			show_seconds(out, number(f, "next_ms"));
		} else {
			(void)fprintf(out, " by ");
			tool_text_show(out, word(f, "by"));
			if (get(f, "method"))
				(void)fprintf(out, ", method %" PRId64 ", device %" PRId64, number(f, "method"),
					      number(f, "device"));
			(void)fprintf(out, ", try %" PRId64 ", for ", number(f, "tries"));
			show_seconds(out, number(f, "for_ms"));
		}
		(void)fprintf(out, "\n");
	}
}

static bool in_set(json_object *array, int64_t id)
{
	for (size_t i = 0; i < count(array); i++)
		if (json_object_get_int64(json_object_array_get_idx(array, i)) == id)
			return true;
	return false;
}

/* What the state of a node leaves of its column. */
static int state_gap(json_object *node)
{
	size_t used = strlen(truth(node, "evicted") ? "evicted" : word(node, "state"));

	return used < STATE_COLUMN ? (int)(STATE_COLUMN - used) : 0;
}

static void show_nodes(FILE *out, json_object *r)
{
	json_object *nodes = get(r, "nodes"), *members = get(get(r, "corosync"), "members");

	(void)fprintf(out, "\n%4s  %-12s %-5s %6s  %-6s %-8s name\n", "node", "state", "lun",
		      "missed", "votes", "corosync");
	for (size_t i = 0; i < count(nodes); i++) {
		json_object *n = json_object_array_get_idx(nodes, i);

		(void)fprintf(out, "%4" PRId64 "  ", number(n, "id"));
		tool_text_show(out, truth(n, "evicted") ? "evicted" : word(n, "state"));
		(void)fprintf(out, "%*s %-5s %6" PRId64 "  %-6s %-8s ", state_gap(n), "",
			      truth(n, "up") ? "up" : "DOWN", number(n, "missed"),
			      truth(n, "voting") ? "yes" : "no",
			      in_set(members, number(n, "id")) ? "member" : "-");
		tool_text_show(out, word(n, "name"));
		(void)fprintf(out, "\n");
	}
}

static void show_heuristics(FILE *out, json_object *r)
{
	json_object *all = get(r, "heuristics");

	(void)fprintf(out, "\nscore: %" PRId64 " of %" PRId64 ", %" PRId64 " required%s\n",
		      number(r, "score"), number(r, "score_max"), number(r, "score_required"),
		      number(r, "score") < number(r, "score_required") ? ": TOO LOW" :
		      count(all) ? "" : " (no heuristics)");
	for (size_t i = 0; i < count(all); i++) {
		json_object *h = json_object_array_get_idx(all, i);

		(void)fprintf(out, "%6s  score %" PRId64 "  failed %" PRId64 " of %" PRId64 "  ",
			      truth(h, "up") ? "up" : "DOWN", number(h, "score"),
			      number(h, "misses"), number(h, "tko"));
		tool_text_show(out, word(h, "program"));
		(void)fprintf(out, "\n");
	}
}

int tool_status_show(const char *reply, FILE *out)
{
	json_object *r = json_tokener_parse(reply), *cs = get(r, "corosync");
	int code = TOOL_COROSYNC;

	if (number(r, "version") != 1 || !cs) {
		(void)json_object_put(r);
		return -EBADMSG;
	}
	if (out) {
		show_head(out, r);
		show_vote(out, r);
		show_lun(out, r);
		show_fencing(out, r);
		show_restart(out, r);
		show_fence(out, r);
		show_nodes(out, r);
		show_heuristics(out, r);
	}
	if (truth(cs, "connected"))
		code = truth(cs, "quorate") ? TOOL_OK : TOOL_NO;
	(void)json_object_put(r);
	return code;
}

bool tool_status_device(const char *reply, char *ret_path, size_t size)
{
	json_object *r = json_tokener_parse(reply);
	int n = snprintf(ret_path, size, "%s", word(r, "device"));

	(void)json_object_put(r);
	return n > 0 && (size_t)n < size;
}
