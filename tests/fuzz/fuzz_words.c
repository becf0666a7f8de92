/* The small texts: keys of cmap, sbd's settings, addresses, a stored label and a wanted one,
 * a message that another node has sent to a port. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "../../cman-shim/libcman_text.h"
#include "../../cman-shim/libcman_wire.h"
#include "../../qdiskd/cs_state.h"
#include "../../qdiskd/discover.h"

static void check_keys(const char *text)
{
	static const char prefix[] = "nodelist.node.";
	char key[400], again[440];
	const char *field = NULL;
	uint32_t position = 7, number = 7;

	(void)snprintf(key, sizeof(key), "%s%s", prefix, text);
	if (cs_node_position(key, &position) == 0) {
		MUST(text_split_key(key, prefix, &number, &field));
		MUST(number == position);
		MUST(field > key && field <= key + strlen(key) && field[-1] == '.');
		/* leading zeros are the only other way to write it */
		(void)snprintf(again, sizeof(again), "%s%u.%s", prefix, number, field);
		MUST(strlen(again) <= strlen(key));
	} else {
		MUST(position == 7);
	}
}

static void check_addresses(const char *text)
{
	struct cman_node_address a = text_address(text), b;
	char member[500];

	MUST(a.cna_addrlen >= 0 && (size_t)a.cna_addrlen <= sizeof(a.cna_address));
	(void)snprintf(member, sizeof(member), "r(0) ip(%s) ", text);
	b = text_member_address(member);
	MUST(strchr(text, ')') || memcmp(&a, &b, sizeof(a)) == 0);
	(void)text_member_address(text);
}

static void check_label(const char *text)
{
	char stored[QD_LABEL_LEN];

	(void)snprintf(stored, sizeof(stored), "%.*s", QD_LABEL_WRITE_MAX, text);
	MUST(discover_label_matches(stored, text));
}

static void check_message(const uint8_t *bytes, size_t size)
{
	struct wire_header h = { .target = 77, .port = 77 }, back;
	unsigned char raw[WIRE_HEADER_SIZE];

	if (wire_decode(bytes, size, &h) != 0) {
		MUST(h.target == 77);
		return;
	}
	MUST(size >= WIRE_HEADER_SIZE && size - WIRE_HEADER_SIZE <= WIRE_DATA_MAX);
	wire_encode(h, raw);
	MUST(memcmp(raw, bytes, 9) == 0);
	MUST(wire_decode(raw, sizeof(raw), &back) == 0);
	MUST(back.target == h.target && back.port == h.port);
	MUST(wire_is_for(h, h.target));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t magic[] = { 'C', 'M', 'D', '1' };
	struct fuzz f = { data, size };
	unsigned how = fuzz_u8(&f);
	uint8_t *bytes = fuzz_rest(&f, &size);
	char *text;

	if ((how & 1) && size >= sizeof(magic))
		memcpy(bytes, magic, sizeof(magic));
	check_message(bytes, size);
	f = (struct fuzz){ bytes, size };
	text = fuzz_text(&f);
	check_keys(text);
	check_addresses(text);
	check_label(text);
	(void)cs_sbd_timeout(text);
	free(text);
	free(bytes);
	return 0;
}
