/* See privileges.h. By the system calls: a library for one of them would be one more to install. */
#include "privileges.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(capability) ((uint64_t)1 << (capability))

/* Whoever adds one adds it to qdiskd(8). */
static const uint64_t kept =
	BIT(CAP_SYS_BOOT) |	/* to end this node */
	BIT(CAP_SYS_NICE) |	/* scheduler and priority, again at a reload */
	BIT(CAP_IPC_LOCK) |	/* MCL_FUTURE: every new page counts against a limit without it */
	BIT(CAP_KILL) |		/* a reader that became nobody, a heuristic that became somebody */
	BIT(CAP_DAC_OVERRIDE);	/* logfile and status_file in a directory of another user */

static int limit_to(uint64_t keep)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct half[2];

	if (syscall(SYS_capget, &head, half) < 0)
		return -errno;
	for (unsigned i = 0; i < 2; i++) {
		uint32_t mask = (uint32_t)(keep >> (32 * i));

		half[i].effective &= mask;
		half[i].permitted &= mask;
		half[i].inheritable = 0;
	}
	return syscall(SYS_capset, &head, half) < 0 ? -errno : 0;
}

int privileges_drop(void)
{
	return limit_to(kept);
}

int privileges_drop_to_reading(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return limit_to(BIT(CAP_DAC_READ_SEARCH));
}
