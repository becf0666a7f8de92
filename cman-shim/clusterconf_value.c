/* cluster.conf: one attribute to one value; refusals and notices. */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "clusterconf_parts.h"

static void totem_init(struct qd_totem_config *t)
{
#define UNSET(name) t->name = QD_UNSET;
	QD_TOTEM_NUMBERS(UNSET)
#undef UNSET
	t->secauth = QD_UNSET;
	for (uint32_t i = 0; i < QD_LINKS_MAX; i++)
		t->port[i] = QD_UNSET;
}

void clusterconf_init(struct qd_config *config, const char *file)
{
	memset(config, 0, sizeof(*config));
	config->interval_ms = config->tko = config->tko_up = QD_UNSET;
	config->upgrade_wait = config->master_wait = QD_UNSET;
	config->votes = config->min_score = QD_UNSET;
	config->reboot = config->allow_kill = config->master_wins = QD_UNSET;
	config->paranoid = config->io_timeout = config->stop_cman = QD_UNSET;
	config->max_error_cycles = config->scheduler = config->priority = QD_UNSET;
	config->token_ms = config->expected_votes = config->quorum_dev_poll_ms = QD_UNSET;
	config->cluster_id = config->hash_cluster_id = config->shutdown_timeout_ms = QD_UNSET;
	totem_init(&config->totem);
	config->fence = QD_FENCE_AUTO;
	config->pool_used = 1;
	(void)snprintf(config->file, sizeof(config->file), "%s", file);
}

/* One line for a terminal and for syslog, whatever the file contains. */
static void one_line(char *text)
{
	char *end = text;

	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
		if (*text != ' ')
			end = text + 1;
	}
	*end = '\0';
}

/* "FILE:LINE: TEXT", cut at size. */
__attribute__((format(printf, 5, 0)))
static void say(const struct clusterconf *cc, uint32_t line, char *ret_text, size_t size,
		const char *format, va_list args)
{
	int n = line ? snprintf(ret_text, size, "%s:%" PRIu32 ": ", cc->file, line)
		     : snprintf(ret_text, size, "%s: ", cc->file);

	if (n >= 0 && (size_t)n < size)
		(void)vsnprintf(ret_text + n, size - (size_t)n, format, args);
	one_line(ret_text);
}

bool clusterconf_refuse(struct clusterconf *cc, uint32_t line, const char *format, ...)
{
	if (!cc->failed && cc->error_size > 0) {
		va_list args;

		va_start(args, format);
		say(cc, line, cc->error, cc->error_size, format, args);
		va_end(args);
	}
	cc->failed = true;
	return false;
}

const char *clusterconf_place_of(const struct clusterconf_element *e, const char *name,
				 char text[CLUSTERCONF_PLACE_LEN])
{
	if (!e->key_before)
		(void)snprintf(text, CLUSTERCONF_PLACE_LEN, "<%s> %.64s=", e->name, name);
	else if (strcmp(name, "votes") == 0)
		(void)snprintf(text, CLUSTERCONF_PLACE_LEN, "quorum.device.votes: ");
	else
		(void)snprintf(text, CLUSTERCONF_PLACE_LEN, "%s%.64s%s: ", e->key_before,
			       strcmp(name, "program") == 0 ? "exec" : name, e->key_after);
	return text;
}

bool clusterconf_refuse_value(struct clusterconf *cc, const struct clusterconf_element *e,
			      const char *name, const char *allowed)
{
	char place[CLUSTERCONF_PLACE_LEN];

	return clusterconf_refuse(cc, e->line, "%s\"%.100s\" is refused; allowed: %s",
				  clusterconf_place_of(e, name, place), clusterconf_get(e, name),
				  allowed);
}

__attribute__((format(printf, 4, 0)))
static void note(struct clusterconf *cc, bool corosync, uint32_t line, const char *format,
		 va_list args)
{
	struct qd_config *config = cc->config;
	struct qd_notice *n = &config->notice[config->notice_count];

	if (config->notice_count == QD_NOTICES_MAX) {
		n--;
		n->corosync = false;
		(void)snprintf(n->text, sizeof(n->text), "%s: there is more to remark than fits here",
			       cc->file);
		return;
	}
	n->corosync = corosync;
	say(cc, line, n->text, sizeof(n->text), format, args);
	config->notice_count++;
}

void clusterconf_notice(struct clusterconf *cc, uint32_t line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note(cc, /* corosync */ false, line, format, args);
	va_end(args);
}

void clusterconf_remark(struct clusterconf *cc, uint32_t line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note(cc, /* corosync */ true, line, format, args);
	va_end(args);
}

const char *clusterconf_get(const struct clusterconf_element *e, const char *name)
{
	for (const struct clusterconf_attribute *a = e->attributes; a; a = a->next) {
		if (strcmp(a->name, name) == 0)
			return a->value;
	}
	return NULL;
}

/* `e` or the first behind it that has this name. */
static const struct clusterconf_element *find(const struct clusterconf_element *e, const char *name)
{
	while (e && strcmp(e->name, name) != 0)
		e = e->next;
	return e;
}

const struct clusterconf_element *clusterconf_child(const struct clusterconf_element *parent,
						    const char *name)
{
	return find(parent->children, name);
}

const struct clusterconf_element *clusterconf_next(const struct clusterconf_element *e)
{
	return find(e->next, e->name);
}

const struct clusterconf_element *clusterconf_single(struct clusterconf *cc,
						     const struct clusterconf_element *parent,
						     const char *name)
{
	const struct clusterconf_element *first = clusterconf_child(parent, name);
	const struct clusterconf_element *more = first;

	while (more && (more = clusterconf_next(more)))
		clusterconf_notice(cc, more->line,
				   "<%s> is there twice; only the first, in line %" PRIu32 ", counts",
				   name, first->line);
	return first;
}

/* Digits at *text to a number; false without a digit or beyond 10 of them. */
static bool take_digits(const char **text, uint64_t *ret_value, unsigned *ret_digits)
{
	uint64_t value = 0;
	unsigned digits = 0;

	for (; **text >= '0' && **text <= '9'; (*text)++) {
		if (++digits > 10)
			return false;
		value = value * 10 + (uint64_t)(**text - '0');
	}
	*ret_value = value;
	*ret_digits = digits;
	return digits > 0;
}

bool clusterconf_u32(struct clusterconf *cc, const struct clusterconf_element *e, const char *name,
		     uint32_t min, uint32_t max, uint32_t *value)
{
	const char *text = clusterconf_get(e, name);
	char allowed[64];
	uint64_t number;
	unsigned digits;

	if (!text)
		return true;
	if (take_digits(&text, &number, &digits) && *text == '\0' && number >= min &&
	    number <= max) {
		*value = (uint32_t)number;
		return true;
	}
	(void)snprintf(allowed, sizeof(allowed), "a whole number, %" PRIu32 " .. %" PRIu32, min,
		       max);
	return clusterconf_refuse_value(cc, e, name, allowed);
}

/* "1", "0.25", ".5", "2s", "200ms" to ms; false when it is none of these or
 * not a whole number of ms. */
static bool parse_ms(const char *text, uint64_t *ret_ms)
{
	uint64_t whole = 0, fraction = 0;
	unsigned digits = 0;
	bool point = false;

	if (*text != '.' && !take_digits(&text, &whole, &digits))
		return false;
	if (*text == '.') {
		point = true;
		text++;
		if (!take_digits(&text, &fraction, &digits))
			return false;
		for (; digits < 3; digits++)
			fraction *= 10;
		for (; digits > 3; digits--) {
			if (fraction % 10)
				return false;
			fraction /= 10;
		}
	}
	if (!point && strcmp(text, "ms") == 0) {
		*ret_ms = whole;
		return true;
	}
	*ret_ms = whole * 1000 + fraction;
	return *text == '\0' || strcmp(text, "s") == 0;
}

bool clusterconf_ms(struct clusterconf *cc, const struct clusterconf_element *e, const char *name,
		    uint32_t min_ms, uint32_t max_ms, uint32_t *value)
{
	const char *text = clusterconf_get(e, name);
	char allowed[128];
	uint64_t ms;

	if (!text)
		return true;
	if (parse_ms(text, &ms) && ms >= min_ms && ms <= max_ms) {
		*value = (uint32_t)ms;
		return true;
	}
	(void)snprintf(allowed, sizeof(allowed),
		       "%" PRIu32 ".%02" PRIu32 " .. %" PRIu32 " seconds (\"1\", \"0.2\"), "
		       "or with a unit (\"200ms\", \"2s\")",
		       min_ms / 1000, min_ms % 1000 / 10, max_ms / 1000);
	return clusterconf_refuse_value(cc, e, name, allowed);
}

bool clusterconf_flag(struct clusterconf *cc, const struct clusterconf_element *e,
		      const char *name, uint32_t *value)
{
	static const char words[][4] = { "0", "1", "no", "yes", "off", "on" };
	const char *text = clusterconf_get(e, name);

	if (!text)
		return true;
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text, words[i]) == 0) {
			*value = i & 1;
			return true;
		}
	}
	return clusterconf_refuse_value(cc, e, name, "0, no, off, 1, yes, on");
}

bool clusterconf_text(struct clusterconf *cc, const struct clusterconf_element *e,
		      const char *name, size_t max, char *value)
{
	const char *text = clusterconf_get(e, name);
	size_t length;

	if (!text)
		return true;
	length = strlen(text);
	if (length < 1 || length > max) {
		char allowed[64];

		(void)snprintf(allowed, sizeof(allowed), "1 .. %zu bytes of text", max);
		return clusterconf_refuse_value(cc, e, name, allowed);
	}
	memcpy(value, text, length + 1);
	return true;
}

bool clusterconf_path(struct clusterconf *cc, const struct clusterconf_element *e,
		      const char *name, char *value)
{
	const char *text = clusterconf_get(e, name);

	if (text && text[0] != '/')
		return clusterconf_refuse_value(cc, e, name, "an absolute path");
	return clusterconf_text(cc, e, name, QD_PATH_LEN - 1, value);
}

bool clusterconf_need(struct clusterconf *cc, const struct clusterconf_element *e,
		      const char *name, const char *allowed)
{
	if (clusterconf_get(e, name))
		return true;
	if (e->key_before) {
		char place[CLUSTERCONF_PLACE_LEN];

		return clusterconf_refuse(cc, 0, "%s missing; allowed: %s",
					  clusterconf_place_of(e, name, place), allowed);
	}
	return clusterconf_refuse(cc, e->line, "<%s> needs an attribute %s=; allowed: %s", e->name,
				  name, allowed);
}

bool clusterconf_word(struct clusterconf *cc, const struct clusterconf_element *e,
		      const char *name, const char *const *words, char *value, size_t size)
{
	const char *text = clusterconf_get(e, name);
	char allowed[256] = "";
	size_t used = 0;

	if (!text)
		return true;
	for (; *words; words++) {
		int n;

		if (strcasecmp(text, *words) == 0) {
			(void)snprintf(value, size, "%s", *words);
			return true;
		}
		n = snprintf(allowed + used, sizeof(allowed) - used, "%s%s", used ? " " : "",
			     *words);
		if (n > 0 && (size_t)n < sizeof(allowed) - used)
			used += (size_t)n;
	}
	return clusterconf_refuse_value(cc, e, name, allowed);
}

bool clusterconf_keep(struct clusterconf *cc, const struct clusterconf_element *e,
		      const char *text, qd_text *ret_text)
{
	struct qd_config *config = cc->config;
	size_t size = strlen(text) + 1;

	if (size > QD_POOL_BYTES - config->pool_used)
		return clusterconf_refuse(cc, e->line, "<%s> is too much: the text of all fence "
					  "devices and altnames is more than %u bytes", e->name,
					  QD_POOL_BYTES);
	memcpy(&config->pool[config->pool_used], text, size);
	*ret_text = config->pool_used;
	config->pool_used += (uint32_t)size;
	return true;
}
