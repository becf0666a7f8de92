/* Numbers, lists of words, and plans as they stand on the command line. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "sim.h"

/* ---- Numbers and words ---- */

bool sim_number_parse(const char *text, uint64_t max, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && *ret <= max;
}

/* "12.345" into microseconds, exactly. Returns the end, or NULL. */
static const char *seconds_scan(const char *text, uint64_t *ret_us)
{
	uint64_t us = 0;
	unsigned digits = 0;

	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9' && us < SIM_NEVER / 20000000; text++)
		us = us * 10 + (uint64_t)(*text - '0');
	us *= 1000000;
	if (*text == '.') {
		uint64_t unit = 100000;

		for (text++; *text >= '0' && *text <= '9' && digits < 6; text++, digits++, unit /= 10)
			us += unit * (uint64_t)(*text - '0');
	}
	*ret_us = us;
	return text;
}

bool sim_seconds_parse(const char *text, uint64_t *ret_us)
{
	const char *end = seconds_scan(text, ret_us);

	return end && *end == '\0' && *ret_us > 0;
}

void sim_put_seconds(FILE *to, uint64_t us)
{
	char text[40];
	size_t length = (size_t)snprintf(text, sizeof(text), "%" PRIu64 ".%06" PRIu64, us / 1000000, us % 1000000);

	while (text[length - 1] == '0')
		length--;
	if (text[length - 1] == '.')
		length--;
	fprintf(to, "%.*s", (int)length, text);
}

/* Words of a list, with commas between, into bits. */
bool sim_words_parse(const char *text, const char *const *words, unsigned count, uint32_t *ret_bits)
{
	for (*ret_bits = 0; *text;) {
		size_t length = strcspn(text, ",");
		unsigned i = 0;

		while (i < count && (strlen(words[i]) != length || strncmp(words[i], text, length) != 0))
			i++;
		if (i == count)
			return false;
		*ret_bits |= 1u << i;
		text += length + (text[length] == ',');
	}
	return *ret_bits != 0;
}

void sim_put_words(FILE *to, const char *const *words, unsigned count, uint32_t bits)
{
	bool some = false;

	for (unsigned i = 0; i < count; i++) {
		if (!(bits >> i & 1))
			continue;
		fprintf(to, some ? ",%s" : "%s", words[i]);
		some = true;
	}
}

/* ---- Plans: "12.3:node-dies#0,15:split#2", or "none" ---- */

/* As on the command line: no blanks. */
static void fault_name(enum sim_fault fault, char *name, size_t size)
{
	(void)snprintf(name, size, "%s", sim_fault_text(fault));	/* fits: they are short */
	for (; *name; name++) {
		if (*name == ' ')
			*name = '-';
	}
}

static bool fault_parse(const char *text, size_t length, enum sim_fault *ret)
{
	char name[64];

	for (unsigned i = 0; i < SIM_F_COUNT; i++) {
		fault_name((enum sim_fault)i, name, sizeof(name));
		if (strlen(name) == length && strncmp(name, text, length) == 0) {
			*ret = (enum sim_fault)i;
			return true;
		}
	}
	return false;
}

/* One fault. Returns what is behind it, or NULL. */
static const char *planned_scan(const char *text, struct sim_planned *ret)
{
	char *end;
	size_t length;

	text = seconds_scan(text, &ret->at);
	if (!text || *text++ != ':')
		return NULL;
	length = strcspn(text, "#");
	if (text[length] != '#' || !fault_parse(text, length, &ret->fault))
		return NULL;
	text += length + 1;
	if (*text < '0' || *text > '9')
		return NULL;
	ret->dice = (uint32_t)strtoul(text, &end, 10);
	return end;
}

bool sim_plan_parse(const char *text, struct sim_options *o)
{
	o->planned = true;
	if (strcmp(text, "none") == 0)
		return true;
	while (o->fault_count < SIM_FAULTS) {
		text = planned_scan(text, &o->fault[o->fault_count]);
		if (!text)
			return false;
		o->fault_count++;
		if (*text == '\0')
			return true;
		if (*text++ != ',')
			return false;
	}
	return false;
}

void sim_put_plan(FILE *to, const struct sim_options *o)
{
	char name[64];

	fprintf(to, " --plan ");
	if (o->fault_count == 0)
		fprintf(to, "none");
	for (uint32_t i = 0; i < o->fault_count; i++) {
		fprintf(to, i ? "," : "");
		sim_put_seconds(to, o->fault[i].at);
		fault_name(o->fault[i].fault, name, sizeof(name));
		fprintf(to, ":%s#%" PRIu32, name, o->fault[i].dice);
	}
	if (o->heal_at) {
		fprintf(to, " --heal ");
		sim_put_seconds(to, o->heal_at);
	}
}
