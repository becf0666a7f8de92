/* note.c: words for what the mind notes. */
#include <syslog.h>

#include "mind_fixture.h"

static char text[200];

static const char *line(enum qd_note_id id, uint32_t node, uint64_t a, uint64_t b)
{
	struct qd_note note = { .id = id, .node = node, .a = a, .b = b };

	memset(text, 'x', sizeof(text));
	(void)qd_note_format(&note, text, sizeof(text));
	return text;
}

static void note_every_id_has_words_and_a_level(void **state)
{
	(void)state;
	for (unsigned id = 0; id < QD_NOTE_COUNT; id++) {
		struct qd_note note = { .id = (enum qd_note_id)id, .node = 3, .a = 1, .b = 2 };
		size_t size = qd_note_format(&note, text, sizeof(text));

		assert_in_range(size, 5, sizeof(text) - 1);
		assert_int_equal(strlen(text), size);
		assert_in_range(qd_note_level(&note), LOG_EMERG, LOG_DEBUG);
	}
}

static void note_no_words_are_left_unfilled(void **state)
{
	(void)state;
	for (unsigned id = 0; id < QD_NOTE_COUNT; id++) {
		assert_null(strchr(line((enum qd_note_id)id, 3, 1, 2), '%'));
		assert_null(strchr(text, '\n'));
	}
}

static void note_every_node_note_names_the_node(void **state)
{
	static const enum qd_note_id ids[] = {
		QD_NOTE_NODE_UP, QD_NOTE_NODE_DOWN, QD_NOTE_NODE_SHUTDOWN, QD_NOTE_NODE_MISSED,
		QD_NOTE_NODE_SILENT, QD_NOTE_NODE_DEAD, QD_NOTE_NODE_EVICTED, QD_NOTE_EVICTION,
		QD_NOTE_EVICTION_AGAIN, QD_NOTE_NODE_UNDEAD, QD_NOTE_KILL, QD_NOTE_SLOT_BAD,
		QD_NOTE_SLOT_GOOD, QD_NOTE_BID_HELD, QD_NOTE_ACK, QD_NOTE_TAKEOVER, QD_NOTE_MASTER_IS,
		QD_NOTE_MASTER_LOST, QD_NOTE_ABDICATE, QD_NOTE_TWO_MASTERS, QD_NOTE_OWN_SLOT_BAD,
		QD_NOTE_FOREIGN, QD_NOTE_TWIN, QD_NOTE_FENCE_START, QD_NOTE_FENCE_OK,
		QD_NOTE_FENCE_FAILED, QD_NOTE_FENCE_UNDEFINED, QD_NOTE_FENCE_DROPPED,
		QD_NOTE_FENCE_WANTED, QD_NOTE_FENCE_UNARMED, QD_NOTE_FENCE_LIED,
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		assert_non_null(strstr(line(ids[i], 57, 1, 2), "57"));
}

/* What administrators of cman grep for. */
static void note_keeps_the_words_of_cman(void **state)
{
	static const struct { enum qd_note_id id; uint32_t node; uint64_t a, b; const char *words; } rows[] = {
		{ QD_NOTE_INITIAL_SCORE, 0, 1, 2, "Initial score 1/2" },
		{ QD_NOTE_INITIALIZED, 0, 0, 0, "Initialization complete" },
		{ QD_NOTE_SCORE_OK, 0, 3, (uint64_t)4 << 32 | 2,
		  "Score sufficient for master operation (3/4; required=2); upgrading" },
		{ QD_NOTE_SCORE_SHORT, 0, 1, (uint64_t)4 << 32 | 3,
		  "Score insufficient for master operation (1/4; required=3); downgrading" },
		{ QD_NOTE_MASTER, 0, 0, 0, "Assuming master role" },
		{ QD_NOTE_MASTER_IS, 3, 0, 0, "Node 3 is the master" },
		{ QD_NOTE_NODE_SHUTDOWN, 3, 0, 0, "Node 3 shutdown" },
		{ QD_NOTE_NODE_EVICTED, 3, 0, 0, "Node 3 evicted" },
		{ QD_NOTE_EVICTION, 3, 0, 0, "Writing eviction notice for node 3" },
		{ QD_NOTE_EVICTION_AGAIN, 3, 0, 0, "Writing eviction notice (again) for node 3" },
		{ QD_NOTE_BID, 0, 1, 0, "Making bid for master" },
		{ QD_NOTE_NODE_UP, 3, 0, 0, "Node 3 is UP" },
		{ QD_NOTE_NODE_DOWN, 3, 0, 0, "Node 3 DOWN" },
		{ QD_NOTE_NODE_MISSED, 3, 4, 10, "Node 3 missed an update (4/10)" },
		{ QD_NOTE_KILL, 3, 0, 0, "Telling CMAN to kill the node" },
		{ QD_NOTE_NODE_UNDEAD, 3, 0, 0, "Node 3 is undead." },
		{ QD_NOTE_ABDICATE, 3, 0, 0, "Master conflict: abdicating" },
		{ QD_NOTE_TWO_MASTERS, 3, 0, 0, "A master exists, but it's not me?!" },
		{ QD_NOTE_SLOT_BAD, 3, 0, 0, "Error reading node ID block 3" },
		{ QD_NOTE_IO_ERRORS, 0, 5, 0, "Too many I/O errors; giving up." },
		{ QD_NOTE_FENCE_OK, 3, 0, 0, "fence node 3 success" },
		{ QD_NOTE_FENCE_FAILED, 3, 1000, 0, "fence node 3 failed" },
		{ QD_NOTE_FENCE_UNDEFINED, 3, 0, 0, "fence node 3 undefined" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(strncmp(line(rows[i].id, rows[i].node, rows[i].a, rows[i].b),
					 rows[i].words, strlen(rows[i].words)), 0);
}

static void note_vote_says_what_and_why(void **state)
{
	(void)state;
	assert_string_equal(line(QD_NOTE_VOTE, 2, QD_VOTE_CASTS_0, QD_WHY_SCORE),
			    "vote withdrawn: score insufficient");
}

/* "no write has landed" would send him to the wrong cable. */
static void note_of_a_silence_says_whether_writes_land(void **state)
{
	(void)state;
	assert_string_equal(line(QD_NOTE_SILENCE, 2, 1400, 0), "no write has landed for 1400 ms, vote withdrawn");
	assert_string_equal(line(QD_NOTE_SILENCE, 2, 1400, 1),
			    "own block has not read well for 1400 ms, vote withdrawn");
	assert_string_equal(line(QD_NOTE_NEW_LIFE, 2, 1600, 1),
			    "own block has not read well for 1600 ms, others take me for dead: starting anew");
}

static void note_of_an_io_says_which(void **state)
{
	struct qd_note note = { .id = QD_NOTE_IO_SLOW, .a = 61000, .b = 50000 };

	(void)state;
	(void)qd_note_format(&note, text, sizeof(text));
	assert_string_equal(text, "quorum disk is slow: reads, p99 of the last 64 is 61000 us, half the interval is 50000 us");
	note = (struct qd_note){ .id = QD_NOTE_IO_BACK, .a = 300, .c = 1 };
	(void)qd_note_format(&note, text, sizeof(text));
	assert_string_equal(text, "quorum disk answers again: write, back after 300 ms");
}

static void note_every_vote_and_reason_has_words(void **state)
{
	(void)state;
	for (unsigned why = 0; why < QD_WHY_COUNT; why++) {
		assert_non_null(qd_why_text((enum qd_why)why));
		assert_string_not_equal(qd_why_text((enum qd_why)why), "unknown");
		for (unsigned other = 0; other < why; other++)
			assert_string_not_equal(qd_why_text((enum qd_why)why),
						qd_why_text((enum qd_why)other));
	}
	for (unsigned vote = 0; vote <= QD_VOTE_CASTS_0; vote++)
		assert_string_not_equal(qd_vote_text((enum qd_vote)vote), "unknown");
}

static void note_every_self_fence_has_words(void **state)
{
	(void)state;
	for (unsigned reason = 0; reason <= QD_FENCED_QUORATE; reason++)
		assert_string_not_equal(qd_self_fence_text((enum qd_self_fence)reason), "unknown");
}

static void note_out_of_range_is_survived(void **state)
{
	struct qd_note note = { .id = (enum qd_note_id)9999 };

	(void)state;
	assert_int_equal(qd_note_format(&note, text, sizeof(text)), 0);
	assert_string_equal(text, "");
	assert_in_range(qd_note_level(&note), LOG_EMERG, LOG_DEBUG);
	assert_string_equal(qd_why_text((enum qd_why)9999), "unknown");
}

/* Whatever the room, it ends with a NUL inside it and nothing is written behind. */
static void note_too_long_for_the_room_is_cut(void **state)
{
	struct qd_note note = { .id = QD_NOTE_SCORE_SHORT, .node = 64, .a = UINT64_MAX, .b = UINT64_MAX };

	(void)state;
	for (size_t size = 1; size < 120; size++) {
		for (unsigned id = 0; id < QD_NOTE_COUNT; id++) {
			note.id = (enum qd_note_id)id;
			if (id == QD_NOTE_VOTE)
				note.a = note.b = 0;
			else
				note.a = note.b = UINT64_MAX;
			memset(text, 'x', sizeof(text));
			(void)qd_note_format(&note, text, size);
			assert_non_null(memchr(text, '\0', size));
			assert_int_equal(text[size], 'x');
		}
	}
}

static void note_levels_tell_who_must_act(void **state)
{
	static const struct { enum qd_note_id id; int level; } rows[] = {
		{ QD_NOTE_SCORE_OK, LOG_NOTICE }, { QD_NOTE_MASTER, LOG_INFO },
		{ QD_NOTE_NODE_MISSED, LOG_DEBUG }, { QD_NOTE_NODE_UNDEAD, LOG_CRIT },
		{ QD_NOTE_EVICTION_AGAIN, LOG_ALERT }, { QD_NOTE_EVICTION, LOG_NOTICE },
		{ QD_NOTE_ABDICATE, LOG_WARNING }, { QD_NOTE_TWO_MASTERS, LOG_CRIT },
		{ QD_NOTE_IO_ERRORS, LOG_ALERT },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct qd_note note = { .id = rows[i].id };

		assert_int_equal(qd_note_level(&note), rows[i].level);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(note_every_id_has_words_and_a_level),
		cmocka_unit_test(note_no_words_are_left_unfilled),
		cmocka_unit_test(note_every_node_note_names_the_node),
		cmocka_unit_test(note_keeps_the_words_of_cman),
		cmocka_unit_test(note_vote_says_what_and_why),
		cmocka_unit_test(note_of_a_silence_says_whether_writes_land),
		cmocka_unit_test(note_of_an_io_says_which),
		cmocka_unit_test(note_every_vote_and_reason_has_words),
		cmocka_unit_test(note_every_self_fence_has_words),
		cmocka_unit_test(note_out_of_range_is_survived),
		cmocka_unit_test(note_too_long_for_the_room_is_cut),
		cmocka_unit_test(note_levels_tell_who_must_act),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
