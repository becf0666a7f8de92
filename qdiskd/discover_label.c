/* Which quorum disk has this label (hand): see discover.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "discover.h"

bool discover_label_matches(const char *stored, const char *wanted)
{
	if (strcmp(stored, wanted) == 0)
		return true;
	return strlen(wanted) > QD_LABEL_WRITE_MAX && strlen(stored) == QD_LABEL_WRITE_MAX &&
	       strncmp(stored, wanted, QD_LABEL_WRITE_MAX) == 0;
}

/* Legacy labels have no UUID: they are taken as different LUNs. */
static bool same_lun(const struct qd_label *a, const struct qd_label *b)
{
	return a->has_ext && b->has_ext && memcmp(a->uuid, b->uuid, QD_UUID_LEN) == 0;
}

int discover_by_label(const struct discover_roots *roots, const char *label,
		      struct discover_list *ret_list)
{
	int error = discover_scan(roots, ret_list);
	unsigned count = 0;

	if (error < 0)
		return error;
	for (unsigned i = 0; i < ret_list->count; i++) {
		if (discover_label_matches(ret_list->lun[i].probe.label.name, label))
			ret_list->lun[count++] = ret_list->lun[i];
	}
	ret_list->count = count;
	if (count == 0)
		return -ENODEV;
	for (unsigned i = 1; i < count; i++) {
		if (!same_lun(&ret_list->lun[0].probe.label, &ret_list->lun[i].probe.label))
			return -ENOTUNIQ;
	}
	return count == 1 ? 0 : -EMLINK;
}

/* ---- Words ---- */

struct words {
	char *text;
	size_t size, used;
};

__attribute__((format(printf, 2, 3))) static void words_add(struct words *w, const char *format,
							     ...)
{
	va_list args;
	int n;

	if (w->used + 1 >= w->size)
		return;
	va_start(args, format);
	n = vsnprintf(w->text + w->used, w->size - w->used, format, args);
	va_end(args);
	w->used = n < 0 ? w->used : w->used + (size_t)n;
}

static void words_add_uuid(struct words *w, const struct qd_label *label)
{
	const uint8_t *u = label->uuid;

	if (!label->has_ext) {
		words_add(w, "no UUID");
		return;
	}
	words_add(w, "UUID ");
	for (unsigned i = 0; i < QD_UUID_LEN; i++)
		words_add(w, "%02x%s", u[i], i == 3 || i == 5 || i == 7 || i == 9 ? "-" : "");
}

static void words_add_luns(struct words *w, const struct discover_list *list, bool uuid)
{
	for (unsigned i = 0; i < list->count; i++) {
		words_add(w, "%s%s", i > 0 ? ", " : "", list->lun[i].path);
		if (!uuid)
			continue;
		words_add(w, " (");
		words_add_uuid(w, &list->lun[i].probe.label);
		words_add(w, ", made by '%s')", list->lun[i].probe.label.host);
	}
}

void discover_skip_text(const struct discover_skip *skip, char *ret_text, size_t size)
{
	int n = 0;

	switch (skip->reason) {
	case DISCOVER_SILENT:
		n = snprintf(ret_text, size, "%s did not answer within %u ms", skip->path,
			     (unsigned)DISCOVER_DEADLINE_MS);
		break;
	case DISCOVER_FAILED:
		n = snprintf(ret_text, size, "%s cannot be read: %s", skip->path,
			     strerror(-skip->error));
		break;
	case DISCOVER_SECTOR:
		n = snprintf(ret_text, size, "%s has %u-byte sectors but its label says %u",
			     skip->path, skip->kernel, skip->recorded);
		break;
	case DISCOVER_MD:
		n = snprintf(ret_text, size, "%s is a member of an md array", skip->path);
		break;
	case DISCOVER_DAMAGED:
		n = snprintf(ret_text, size, "%s: %s", skip->path, qd_corrupt_text(skip->why));
		break;
	}
	(void)n;	/* cut where it is too long */
}

/* A wanted LUN may be among those that could not be looked at. */
static void words_add_skips(struct words *w, const struct discover_list *list)
{
	char text[DISCOVER_PATH_MAX + 128];

	for (unsigned i = 0; i < list->skip_count; i++) {
		discover_skip_text(&list->skip[i], text, sizeof(text));
		words_add(w, "; %s", text);
	}
}

void discover_explain(int error, const char *label, const struct discover_list *list,
		      char *ret_text, size_t size)
{
	struct words w = { .text = ret_text, .size = size };

	if (size > 0)
		ret_text[0] = 0;
	if (error == 0) {
		words_add(&w, "label '%s' is on %s", label, list->lun[0].path);
	} else if (error == -ENODEV) {
		words_add(&w, "no device has the label '%s'", label);
		words_add_skips(&w, list);
	} else if (error == -EMLINK) {
		words_add(&w, "label '%s' is on %u paths of one LUN: ", label, list->count);
		words_add_luns(&w, list, false);
		words_add(&w, "; use the multipath device");
	} else if (error == -ENOTUNIQ) {
		words_add(&w, "label '%s' is on %u devices: ", label, list->count);
		words_add_luns(&w, list, true);
		words_add(&w, "; give one of them another label, or name the device");
	} else {
		words_add(&w, "devices cannot be listed: %s", strerror(-error));
	}
}
