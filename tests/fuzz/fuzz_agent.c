/* What a fence agent, a heuristic or stonith_admin writes before it fails: any bytes, in any
 * pieces. Its last line goes into the log: one line, and no password of the agent's in it.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

/* How output is kept and told is the hands' own: from within. */
#include "../../qdiskd/fence.c"
#include "../../qdiskd/runner.c"

enum { ARGS_MAX = 300, TOTAL_MAX = 4096 };

static char said[2048];

static void on_note(void *arg, enum fence_note kind, const char *text)
{
	(void)arg;
	MUST(kind == FENCE_NOTE_WHY);
	MUST(strlen(text) < sizeof(said));
	memcpy(said, text, strlen(text) + 1);
}

/* In pieces, as a pipe brings them, the password among them: what is kept is the end of all. */
static void output_fill(struct fuzz *f, const char *password, struct runner_slot *slot)
{
	static char all[TOTAL_MAX];
	size_t total = 0, keep;

	slot->tail_size = 0;
	slot->tail[0] = '\0';
	while (f->left && total < sizeof(all)) {
		size_t room = sizeof(all) - total, piece = fuzz_u8(f) * 4u;
		struct fuzz secret = { (const uint8_t *)password, strlen(password) };
		size_t n = fuzz_bytes(piece ? f : &secret, all + total, piece && piece < room ? piece : room);
		char *exact = malloc(n ? n : 1);

		MUST(exact);
		memcpy(exact, all + total, n);
		tail_append(slot, exact, n);
		free(exact);
		total += n;
	}
	keep = total < RUNNER_TAIL ? total : RUNNER_TAIL;
	MUST(slot->tail_size == keep);
	MUST(memcmp(slot->tail, all + total - keep, keep) == 0);
	MUST(slot->tail[keep] == '\0');
}

/* No password is in it. One with a star or a blank may be made of what is masked and blanked. */
static void check_secrets(const char *args, const char *text)
{
	char value[ARGS_MAX];

	for (const char *line = args; *line; line = strchrnul(line, '\n'), line += *line == '\n') {
		size_t size = strcspn(line, "\n");

		if (size <= 7 || strncmp(line, "passwd=", 7) != 0)
			continue;
		memcpy(value, line + 7, size - 7);
		value[size - 7] = '\0';
		MUST(strpbrk(value, "* ") || !strstr(text, value));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct runner_slot slot;
	struct fence fence = { .note = on_note };
	struct fence_job job = { .fence = &fence, .name = "n2", .agent = "fence_x" };
	struct runner_result result = { .took_ms = 5 };
	struct fuzz f = { data, size };
	char args[ARGS_MAX];
	const char *text;

	result.end = fuzz_u8(&f) % (RUNNER_LOST + 1);
	result.code = fuzz_u8(&f);
	memset(args, 0, sizeof(args));
	memcpy(args, "passwd=", 7);
	(void)fuzz_bytes(&f, args + 7, fuzz_u8(&f));
	output_fill(&f, args + 7, &slot);
	result.output = slot.tail;
	result.output_size = slot.tail_size;
	said[0] = '\0';
	fence_say_why(&job, &result, args);
	MUST(strncmp(said, "fence n2 agent fence_x: ", 24) == 0);
	MUST(fuzz_one_line(said));
	text = strstr(said, ", said: ");
	if (text)
		check_secrets(args, text + 8);
	return 0;
}
