/* What answers at the status socket need not be qdiskd: qdisk-tool shows it, or says that it
 * is none, and an operator's terminal takes no orders from it. */
#include "fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../qdiskd/tool_status.h"
#include "qd_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };
	char *reply = fuzz_text(&f);
	char path[QD_PATH_LEN];
	struct fuzz_out out;
	int code = tool_status_show(reply, NULL), shown;

	MUST(code == TOOL_OK || code == TOOL_NO || code == TOOL_COROSYNC || code == -EBADMSG);
	fuzz_out_open(&out);
	shown = tool_status_show(reply, out.stream);
	MUST(shown == code);
	fuzz_out_check(&out);
	memset(path, 'x', sizeof(path));
	if (tool_status_device(reply, path, sizeof(path)))
		MUST(strnlen(path, sizeof(path)) > 0 && strnlen(path, sizeof(path)) < sizeof(path));
	free(reply);
	return 0;
}
