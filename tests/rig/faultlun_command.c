// SPDX-License-Identifier: BSD-3-Clause
/* faultlun_command: the words on the control socket. See faultlun.c. */
#include "faultlun.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX 8u
#define IMAGE_MAX (1u << 30)

/* ---- Words ---- */

static void say(char *reply, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(char *reply, const char *format, ...)
{
	size_t used = strlen(reply);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(reply + used, REPLY_MAX - used, format, args);	/* cut where too long */
	va_end(args);
}

/* A number up to the first other character, which is returned through `ret_end`. */
static int parse_prefix(const char *text, const char **ret_end, uint64_t *ret_value)
{
	char *end;
	unsigned long long value;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno)
		return -ERANGE;
	*ret_end = end;
	*ret_value = value;
	return 0;
}

static int parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret_value)
{
	const char *end;
	uint64_t value;

	if (parse_prefix(text, &end, &value) < 0 || *end || value < min || value > max)
		return -EINVAL;
	*ret_value = value;
	return 0;
}

/* "all", "2" or "1,3" as a bit for each path; 0: no such. */
static unsigned parse_paths(const struct faultlun *l, const char *text)
{
	unsigned paths = 0;

	if (strcmp(text, "all") == 0)
		return (1u << l->path_count) - 1;
	for (;;) {
		uint64_t number;

		if (parse_prefix(text, &text, &number) < 0 || number < 1 || number > l->path_count)
			return 0;
		paths |= 1u << (number - 1);
		if (*text == '\0')
			return paths;
		if (*text++ != ',')
			return 0;
	}
}

/* "slot=N" or "at=OFFSET+BYTES". */
static int parse_range(const char *word, uint64_t *ret_offset, uint64_t *ret_bytes)
{
	uint64_t offset, bytes = SLOT_BYTES;

	if (strncmp(word, "slot=", 5) == 0) {
		if (parse_u64(word + 5, 0, IMAGE_MAX / SLOT_BYTES, &offset) < 0)
			return -EINVAL;
		offset *= SLOT_BYTES;
	} else if (strncmp(word, "at=", 3) == 0) {
		if (parse_prefix(word + 3, &word, &offset) < 0 || *word != '+' ||
		    parse_u64(word + 1, 1, IMAGE_MAX, &bytes) < 0)
			return -EINVAL;
	} else {
		return -EINVAL;
	}
	*ret_offset = offset;
	*ret_bytes = bytes;
	return 0;
}

/* ---- PATHS MODE[=VALUE] [r|w|rw] [slot=N|at=OFFSET+BYTES] [every=N] ---- */

enum value { NO_VALUE, MS_RANGE, MS, ERRNO, BYTES };

struct mode_word {
	const char *name;
	enum mode mode;
	unsigned ops;		/* a bit for each direction in which it makes sense */
	enum value value;
	uint64_t preset;	/* without a value */
	const char *means;
};

#define R (1u << READ)
#define W (1u << WRITE)

static const struct mode_word modes[] = {
	{ "ok", OK, R | W, NO_VALUE, 0, "work" },
	{ "hang", HANG, R | W, NO_VALUE, 0, "do not answer; carried out when the rule changes" },
	{ "delay", DELAY, R | W, MS_RANGE, 0, "delay=MS or delay=MS-MS: do and answer so much later" },
	{ "tail", TAIL, R | W, MS, 0, "tail=MS: at least so late, now and then a hundred times" },
	{ "err", ERR, R | W, ERRNO, EIO, "err[=ERRNO]: fail, nothing done" },
	{ "ro", ERR, W, NO_VALUE, EROFS, "write-protected" },
	{ "drop", DROP, W, NO_VALUE, 0, "say written, write nothing" },
	{ "tear", TEAR, W, BYTES, 0, "tear=BYTES: say written, write only the first bytes" },
	{ "tearerr", TEARERR, W, BYTES, 0, "tearerr=BYTES: write only the first bytes, fail" },
	{ "stale", STALE, R, NO_VALUE, 0, "read what was there when this was said" },
	{ "lag", LAG, R, NO_VALUE, 0, "read what was there before the last write" },
	{ "zero", ZERO, R, NO_VALUE, 0, "read zeros" },
	{ "flip", FLIP, R, NO_VALUE, 0, "read with one bit wrong" },
	{ "noise", NOISE, R, NO_VALUE, 0, "read random bytes" },
};

#define MODE_COUNT (sizeof(modes) / sizeof(modes[0]))

static const struct mode_word *mode_find(const char *word)
{
	size_t length = strcspn(word, "=");

	for (size_t i = 0; i < MODE_COUNT; i++)
		if (strlen(modes[i].name) == length && strncmp(word, modes[i].name, length) == 0)
			return &modes[i];
	return NULL;
}

static int parse_value(const struct mode_word *m, const char *text, struct rule *r)
{
	r->low = r->high = m->preset;
	switch (m->value) {
	case NO_VALUE:
		return *text ? -EINVAL : 0;
	case ERRNO:
		return *text ? parse_u64(text, 1, 4095, &r->low) : 0;
	case BYTES:
		return parse_u64(text, 1, IMAGE_MAX, &r->low);
	case MS:
		return parse_u64(text, 1, 600000, &r->low);
	case MS_RANGE:
		if (parse_prefix(text, &text, &r->low) < 0 || r->low > 600000)
			return -EINVAL;
		r->high = r->low;
		return *text ? (*text == '-' ? parse_u64(text + 1, r->low, 600000, &r->high) : -EINVAL) : 0;
	}
	return -EINVAL;
}

void rules_clear(struct path *p, enum op op)
{
	for (unsigned i = 0; i < p->rule_count[op]; i++)
		free(p->rule[op][i].image);
	p->rule_count[op] = 0;
}

/* Take the rule for exactly these bytes away, if there is one. */
static void rule_forget(struct path *p, enum op op, const struct rule *like)
{
	struct rule *r = p->rule[op];

	for (unsigned i = 0; i < p->rule_count[op]; i++) {
		if (r[i].offset != like->offset || r[i].bytes != like->bytes)
			continue;
		free(r[i].image);
		p->rule_count[op]--;
		memmove(&r[i], &r[i + 1], (p->rule_count[op] - i) * sizeof(*r));
		return;
	}
}

static int rule_add(struct faultlun *l, unsigned path, enum op op, const struct rule *rule)
{
	struct path *p = &l->path[path];
	struct rule new = *rule;

	if (new.mode == STALE && !(new.image = store_copy(l)))
		return -ENOMEM;
	if (new.bytes == 0)
		rules_clear(p, op);
	else
		rule_forget(p, op, &new);
	if (p->rule_count[op] == RULES_MAX) {
		free(new.image);
		return -ENOSPC;
	}
	p->rule[op][p->rule_count[op]++] = new;
	pending_retry(l, path, op);
	return 0;
}

/* The words behind the mode. */
static int parse_options(char **words, unsigned count, const struct mode_word *m, struct rule *r,
			 unsigned *ret_ops)
{
	unsigned ops = 0;
	uint64_t every = 1;

	for (unsigned i = 0; i < count; i++) {
		if (strcmp(words[i], "r") == 0)
			ops = R;
		else if (strcmp(words[i], "w") == 0)
			ops = W;
		else if (strcmp(words[i], "rw") == 0)
			ops = R | W;
		else if (strncmp(words[i], "every=", 6) == 0) {
			if (parse_u64(words[i] + 6, 1, 1000000, &every) < 0)
				return -EINVAL;
		} else if (parse_range(words[i], &r->offset, &r->bytes) < 0) {
			return -EINVAL;
		}
	}
	if (ops & ~m->ops)
		return -EINVAL;
	r->every = (unsigned)every;
	*ret_ops = ops ? ops : m->ops;
	return 0;
}

static void do_rule(struct faultlun *l, char **words, unsigned count, char *reply)
{
	unsigned paths = parse_paths(l, words[0]), ops;
	const struct mode_word *m = count > 1 ? mode_find(words[1]) : NULL;
	struct rule r = { 0 };
	const char *value = count > 1 ? words[1] + strcspn(words[1], "=") : "";

	if (!paths || !m || parse_value(m, *value ? value + 1 : value, &r) < 0 ||
	    parse_options(words + 2, count - 2, m, &r, &ops) < 0) {
		say(reply, "error: not a command, see faultlun help\n");
		return;
	}
	r.mode = m->mode;
	for (unsigned p = 0; p < l->path_count; p++)
		for (enum op op = READ; op < OP_COUNT; op++)
			if ((paths & 1u << p) && (ops & 1u << op) && rule_add(l, p, op, &r) < 0)
				say(reply, "error: no room for another rule\n");
}

/* ---- The other commands ---- */

/* corrupt noise|flip slot=N|at=OFFSET+BYTES */
static void do_corrupt(struct faultlun *l, char **words, unsigned count, char *reply)
{
	uint64_t offset, bytes;
	uint8_t *what;

	if (count != 3 || (strcmp(words[1], "noise") != 0 && strcmp(words[1], "flip") != 0) ||
	    parse_range(words[2], &offset, &bytes) < 0 || offset + bytes > l->image_bytes) {
		say(reply, "error: corrupt noise|flip slot=N|at=OFFSET+BYTES\n");
		return;
	}
	what = malloc(bytes);
	if (!what || pread(l->store_fd, what, bytes, (off_t)offset) != (ssize_t)bytes) {
		say(reply, "error: cannot read the store\n");
		free(what);
		return;
	}
	if (words[1][0] == 'n')
		random_fill(l, what, bytes);
	else	/* in the first sector, where the block is, and so that a slot's is hit */
		what[(bytes < 512 ? bytes : 512) / 8] ^= 1;
	if (pwrite(l->store_fd, what, bytes, (off_t)offset) != (ssize_t)bytes)
		say(reply, "error: cannot write the store\n");
	free(what);
}

static void do_purge(struct faultlun *l, char **words, unsigned count, char *reply)
{
	unsigned paths = count == 2 ? parse_paths(l, words[1]) : 0;

	if (!paths)
		say(reply, "error: purge PATHS\n");
	for (unsigned p = 0; p < l->path_count; p++)
		if (paths & 1u << p)
			pending_purge(l, p);
}

static void do_size(struct faultlun *l, char **words, unsigned count, char *reply)
{
	if (count != 2 || parse_u64(words[1], SLOT_BYTES, IMAGE_MAX, &l->store_bytes) < 0)
		say(reply, "error: size BYTES\n");
	else if (l->store_bytes > l->image_bytes && ftruncate(l->store_fd, (off_t)l->store_bytes) < 0)
		say(reply, "error: the store cannot grow\n");
}

static void do_maxhang(struct faultlun *l, char **words, unsigned count, char *reply)
{
	uint64_t s;

	if (count != 2 || parse_u64(words[1], 1, 3600, &s) < 0)
		say(reply, "error: maxhang SECONDS\n");
	else
		l->maxhang_ms = s * 1000;
}

static void do_seed(struct faultlun *l, char **words, unsigned count, char *reply)
{
	if (count != 2 || parse_u64(words[1], 1, UINT64_MAX, &l->random) < 0)
		say(reply, "error: seed N\n");
}

static void status_direction(const struct path *p, enum op op, char *reply)
{
	const struct counter *c = &p->counter[op];

	say(reply, " %s=%llu failed=%llu faulty=%llu hung=%u rule=", op == READ ? "reads" : "writes",
	    (unsigned long long)c->requests, (unsigned long long)c->failed,
	    (unsigned long long)c->faulty, c->hung);
	for (unsigned i = 0; i < p->rule_count[op]; i++) {
		const struct rule *r = &p->rule[op][i];
		size_t m = 0;

		while (modes[m].mode != r->mode)
			m++;
		say(reply, "%s%s", i ? "," : "", modes[m].name);
		if (r->bytes)
			say(reply, "@%llu+%llu", (unsigned long long)r->offset, (unsigned long long)r->bytes);
	}
	if (p->rule_count[op] == 0)
		say(reply, "ok");
}

static void do_status(struct faultlun *l, char **words, unsigned count, char *reply)
{
	(void)words;
	(void)count;
	for (unsigned p = 0; p < l->path_count; p++) {
		say(reply, "path %u", p + 1);
		status_direction(&l->path[p], READ, reply);
		status_direction(&l->path[p], WRITE, reply);
		say(reply, "\n");
	}
}

static void do_help(struct faultlun *l, char **words, unsigned count, char *reply);

static const struct command {
	const char *name;
	void (*run)(struct faultlun *l, char **words, unsigned count, char *reply);
	const char *means;
} commands[] = {
	{ "corrupt", do_corrupt, "corrupt noise|flip slot=N|at=OFFSET+BYTES: spoil the store itself" },
	{ "purge", do_purge, "purge PATHS: fail what waits there with EIO, nothing done" },
	{ "size", do_size, "size BYTES: the LUN ends there; what lies behind fails" },
	{ "maxhang", do_maxhang, "maxhang SECONDS: what hangs longer fails (120)" },
	{ "seed", do_seed, "seed N: of what is random here" },
	{ "status", do_status, "status: counters and rules of each path and direction" },
	{ "help", do_help, "help: this" },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void do_help(struct faultlun *l, char **words, unsigned count, char *reply)
{
	(void)l;
	(void)words;
	(void)count;
	say(reply, "PATHS MODE [r|w|rw] [slot=N|at=OFFSET+BYTES] [every=N]\n"
		   "  PATHS: all, 2 or 1,3; slots of %u bytes; every: each Nth request\n", SLOT_BYTES);
	for (size_t i = 0; i < MODE_COUNT; i++)
		say(reply, "  %-8s %s\n", modes[i].name, modes[i].means);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		say(reply, "%s\n", commands[i].means);
}

void command_run(struct faultlun *l, char *line, char *reply)
{
	char *words[WORDS_MAX], *rest;
	unsigned count = 0;

	for (char *w = strtok_r(line, " \n", &rest); w && count < WORDS_MAX; w = strtok_r(NULL, " \n", &rest))
		words[count++] = w;
	if (count == 0) {
		say(reply, "error: no command\n");
		return;
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(words[0], commands[i].name) == 0) {
			commands[i].run(l, words, count, reply);
			return;
		}
	}
	do_rule(l, words, count, reply);
}
