/* Passwords among the arguments of an agent: never in a log, a status, a terminal. */
#include "fence_inner.h"

#include <string.h>

static bool key_is_secret(const char *key, size_t size)
{
	static const char *const words[] = { "passw", "passphrase", "secret", "community", "token", "api_key" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (memmem(key, size, words[i], strlen(words[i])))
			return true;
	}
	return false;
}

/* The longest password that `at` begins with, or of all where that is NULL; its length, or 0.
 * A password_script and what ends in _file name a program or a file: those are no secrets, and
 * are masked all the same. */
static size_t secret_at(const char *args, const char *at)
{
	size_t longest = 0;

	for (const char *line = args; *line;) {
		const char *end = strchrnul(line, '\n'), *equal = memchr(line, '=', (size_t)(end - line));
		size_t size = equal ? (size_t)(end - equal) - 1 : 0;

		if (size > longest && key_is_secret(line, (size_t)(equal - line)) &&
		    (!at || strncmp(at, equal + 1, size) == 0))
			longest = size;
		line = *end ? end + 1 : end;
	}
	return longest;
}

size_t fence_secret_longest(const char *args)
{
	return secret_at(args, NULL);
}

void fence_secret_mask(const char *args, const char *text, char *ret_text, size_t size)
{
	size_t used = 0;

	while (*text && used + 4 < size) {
		size_t secret = secret_at(args, text);

		if (secret) {
			memcpy(ret_text + used, "***", 3);
			used += 3;
			text += secret;
		} else {
			ret_text[used++] = *text++;
		}
	}
	ret_text[used] = '\0';
}
