/* mkqdisk -c and -l: ask, refuse, or go on. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "mkqdisk.h"

/* What would be destroyed, before the question is asked. */
static void content_tell(const struct mk_options *o, const struct discover_probe *p)
{
	struct qd_label label = p->label;
	char created[MK_TIME_MAX];

	if (p->error < 0)
		return;	/* told when the answer is y */
	if (p->why == QD_FINE) {
		mk_clean(label.name);
		mk_clean(label.host);
		mk_time_text(label.created_s, created);
		mk_say("%s holds a quorum disk labelled '%s', made by %s on %s", o->device,
		       label.name, label.host, created);
	}
	if (p->content.found)
		mk_say("%s holds %s", o->device, p->content.text);
}

/* Only y as the first byte goes on. */
static bool question_answered_yes(const struct mk_options *o)
{
	char answer[64];

	printf("WARNING: About to destroy all data on %s; proceed [N/y] ? ", o->device);
	(void)fflush(stdout);	/* main() looks at the end */
	if (o->yes)
		return true;
	return fgets(answer, sizeof(answer), stdin) != NULL && answer[0] == 'y';
}

static void error_tell(const struct mk_options *o, const struct discover_probe *p)
{
	const char *device = o->device;

	switch (-p->error) {
	case ENOTBLK:
		mk_say("%s is not a block device; a quorum disk needs a shared block device",
		       device);
		break;
	case ENOSPC:
		mk_say("%s is too small: it has %llu bytes, a quorum disk needs at least %llu",
		       device, (unsigned long long)p->size,
		       (unsigned long long)device_size_min(p->sector_size));
		break;
	case EMEDIUMTYPE:
		mk_say("%s has sectors of %u bytes; at most %u are supported", device,
		       p->sector_size, QD_SECTOR_MAX);
		break;
	case ETIMEDOUT:
		mk_say("%s did not answer within %u ms; a quorum disk needs a device that works",
		       device, (unsigned)DISCOVER_DEADLINE_MS);
		break;
	case EACCES:
	case EPERM:
		mk_say("%s cannot be opened: %s; run as root", device, strerror(-p->error));
		break;
	default:
		mk_say("%s cannot be read: %s; give a block device that can be", device,
		       strerror(-p->error));
		break;
	}
}

/* Say who uses it. true: that forbids it. */
static bool use_forbids(const struct mk_options *o, const char *who)
{
	if (o->force) {
		mk_say("%s: %s; --force: destroyed all the same", o->device, who);
		return false;
	}
	mk_say("%s is in use: %s; nothing was written; free it first, or destroy what is there "
	       "with --force",
	       o->device, who);
	return true;
}

static bool device_free_to_write(const struct mk_options *o, const struct discover_probe *p)
{
	char who[MK_USE_MAX];
	int beating;

	if (mk_use_local(o, p, who) && use_forbids(o, who))
		return false;
	beating = mk_use_beating(o, p, who);
	if (beating < 0) {
		mk_say("%s: status blocks cannot be read: %s", o->device, strerror(-beating));
		return false;
	}
	return beating == 0 || !use_forbids(o, who);
}

static bool label_fits(const struct mk_options *o)
{
	if (o->label[0] == 0) {
		mk_say("label '' is empty; give 1 to %u characters", QD_LABEL_WRITE_MAX);
		return false;
	}
	if (strlen(o->label) > QD_LABEL_WRITE_MAX)
		mk_say("label '%s' is cut to its first %u bytes", o->label, QD_LABEL_WRITE_MAX);
	return true;
}

int mk_label(const struct mk_options *o)
{
	struct discover_probe probe;
	int error;

	if (!label_fits(o))
		return MK_EXIT_REFUSED;
	printf("Writing new quorum disk label '%s' to %s.\n", o->label, o->device);
	error = discover_probe(o->device, &probe);
	if (error < 0) {
		mk_say("%s cannot be examined: %s", o->device, strerror(-error));
		return MK_EXIT_REFUSED;
	}
	content_tell(o, &probe);
	if (!question_answered_yes(o)) {
		printf("Good thinking.\n");
		return 0;
	}
	(void)fflush(stdout);	/* main() looks at the end */
	if (probe.error < 0) {
		error_tell(o, &probe);
		return MK_EXIT_REFUSED;
	}
	if (!device_free_to_write(o, &probe))
		return MK_EXIT_REFUSED;
	return mk_write(o, &probe);
}
