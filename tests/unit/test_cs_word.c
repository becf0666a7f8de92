/* cs_word.c: who says in this ring that its LUN is dead, and as of when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../qdiskd/cs_word.h"

enum { NOW = 100000, NODES = 3, SHORT = 40 };

static struct cs_word node[NODES + 1];	/* by node id */
static uint8_t bytes[CS_WORD_BYTES];
static size_t size;
static const struct qd_ring ring_8 = { 1, 8 }, ring_12 = { 1, 12 };

/* Three nodes in one ring that have said nothing. */
static int three(void **state)
{
	(void)state;
	for (uint32_t id = 1; id <= NODES; id++) {
		cs_word_begin(&node[id], 1000 * id);
		cs_word_ring(&node[id], ring_8);
	}
	return 0;
}

static void put(uint32_t id, bool dead, uint64_t now_ms)
{
	memset(bytes, 0xA5, sizeof(bytes));
	size = cs_word_put(&node[id], id, dead, now_ms, bytes);
	assert_in_range(size, SHORT, sizeof(bytes));
}

/* Everybody hears what was put last. */
static void heard_by_all(uint32_t from)
{
	for (uint32_t id = 1; id <= NODES; id++)
		assert_int_equal(cs_word_take(&node[id], from, bytes, size), id != from);
}

static void say(uint32_t id, bool dead, uint64_t now_ms)
{
	put(id, dead, now_ms);
	heard_by_all(id);
}

static qd_mask dead_to(uint32_t id, uint64_t *ret_as_of_ms)
{
	return cs_word_dead(&node[id], 7, ret_as_of_ms);
}

static void nobody_is_dead_to(uint32_t id)
{
	uint64_t as_of_ms = 1;

	assert_int_equal(dead_to(id, &as_of_ms), 0);
	assert_int_equal(as_of_ms, 0);
}

/* All three ask at NOW + id, and answer at NOW + 10. */
static int asked_and_answered(void **state)
{
	(void)three(state);
	for (uint32_t id = 1; id <= NODES; id++)
		say(id, true, NOW + id);
	for (uint32_t id = 1; id <= NODES; id++)
		say(id, true, NOW + 10 + id);
	return 0;
}

/* ---- What counts ---- */

static void word_before_any_question_does_not_count(void **state)
{
	(void)state;
	say(2, true, NOW);
	nobody_is_dead_to(1);
}

static void word_before_mine_does_not_count(void **state)
{
	(void)state;
	say(2, true, NOW);
	say(1, true, NOW + 5);
	nobody_is_dead_to(1);
}

static void word_that_answers_is_as_old_as_the_question(void **state)
{
	uint64_t as_of_ms;

	(void)state;
	say(1, true, NOW);
	say(2, true, NOW + 70);
	assert_int_equal(dead_to(1, &as_of_ms), qd_bit(2));
	assert_int_equal(as_of_ms, NOW);
}

static void words_of_many_are_as_old_as_the_oldest_question(void **state)
{
	uint64_t as_of_ms;

	(void)state;
	say(1, true, NOW);
	say(2, true, NOW + 20);
	say(1, true, NOW + 50);
	say(3, true, NOW + 60);
	assert_int_equal(dead_to(1, &as_of_ms), 2 | 4);
	assert_int_equal(as_of_ms, NOW);
	say(2, true, NOW + 70);
	assert_int_equal(dead_to(1, &as_of_ms), 2 | 4);
	assert_int_equal(as_of_ms, NOW + 50);
}

/* It waited while the token was lost. */
static void word_that_comes_late_is_as_old_as_the_question(void **state)
{
	uint64_t as_of_ms;

	(void)state;
	say(1, true, NOW);
	put(2, true, NOW + 10);
	for (uint64_t ms = 50; ms <= 500; ms += 50) {	/* mine wait too: nobody has heard them */
		uint8_t unheard[CS_WORD_BYTES];

		(void)cs_word_put(&node[1], 1, true, NOW + ms, unheard);
	}
	assert_true(cs_word_take(&node[1], 2, bytes, size));
	assert_int_equal(dead_to(1, &as_of_ms), qd_bit(2));
	assert_int_equal(as_of_ms, NOW);
}

static void word_that_answers_a_question_too_old_does_not_count(void **state)
{
	uint8_t unheard[CS_WORD_BYTES];

	(void)state;
	say(1, true, NOW);
	put(2, true, NOW + 10);
	for (uint32_t i = 0; i < CS_WORD_ASKED; i++)
		(void)cs_word_put(&node[1], 1, true, NOW + 50, unheard);
	assert_true(cs_word_take(&node[1], 2, bytes, size));
	nobody_is_dead_to(1);
}

static void word_is_taken_back(void **state)
{
	uint64_t as_of_ms;

	(void)state;
	say(2, false, NOW + 20);
	assert_int_equal(dead_to(1, &as_of_ms), qd_bit(3));
	assert_int_equal(dead_to(3, &as_of_ms), qd_bit(1));
}

static void word_counts_only_of_those_asked_for(void **state)
{
	uint64_t as_of_ms;

	(void)state;
	assert_int_equal(cs_word_dead(&node[1], 1 | 4, &as_of_ms), qd_bit(3));
	assert_int_equal(as_of_ms, NOW + 11);	/* node 1 had asked again before node 3 said it */
}

/* ---- Rings and lives ---- */

static void word_ends_with_its_ring(void **state)
{
	(void)state;
	cs_word_ring(&node[1], ring_12);
	nobody_is_dead_to(1);
}

static void word_of_another_ring_is_ignored(void **state)
{
	(void)state;
	put(2, true, NOW + 20);
	cs_word_ring(&node[1], ring_12);
	assert_false(cs_word_take(&node[1], 2, bytes, size));
	nobody_is_dead_to(1);
}

/* Its new life has heard nothing of me: what it says answers nothing. */
static void word_of_a_daemon_started_anew_does_not_count_until_it_answers(void **state)
{
	uint64_t as_of_ms;

	(void)state;
	cs_word_begin(&node[2], 555);
	cs_word_ring(&node[2], ring_8);
	say(2, true, NOW + 20);
	assert_int_equal(dead_to(1, &as_of_ms), qd_bit(3));
	say(1, true, NOW + 30);
	say(2, true, NOW + 40);
	assert_int_equal(dead_to(1, &as_of_ms), 2 | 4);
}

/* It answers a question of the daemon that ran here before, whose numbers are others. */
static void answer_to_the_daemon_before_does_not_count(void **state)
{
	(void)state;
	cs_word_begin(&node[1], 777);
	cs_word_ring(&node[1], ring_8);
	put(1, true, NOW + 20);		/* nobody has heard it */
	say(2, true, NOW + 30);
	nobody_is_dead_to(1);
}

/* ---- Bytes ---- */

static void word_of_64_nodes_fits(void **state)
{
	(void)state;
	for (uint32_t id = 2; id <= QD_NODE_MAX; id++) {
		struct cs_word other;

		cs_word_begin(&other, id);
		cs_word_ring(&other, ring_8);
		size = cs_word_put(&other, id, true, NOW, bytes);
		assert_true(cs_word_take(&node[1], id, bytes, size));
	}
	put(1, true, NOW);
	assert_int_equal(size, SHORT + 8 * (QD_NODE_MAX - 1));
	assert_true(cs_word_take(&node[2], 1, bytes, size));
}

/* As it lies on the wire: another version of this program must find it so. */
static void word_is_made_of_these_bytes(void **state)
{
	static const uint8_t wanted[48] = {
		'Q', 'D', 'L', 'W', 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1,
		0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0x01, 0xF5,
		0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0x03, 0xE9,
	};

	(void)state;
	say(2, true, NOW);
	put(1, true, NOW);
	assert_int_equal(size, sizeof(wanted));
	assert_memory_equal(bytes, wanted, sizeof(wanted));
}

static void word_cut_or_longer_is_ignored(void **state)
{
	(void)state;
	put(2, true, NOW + 20);
	for (size_t cut = 0; cut <= sizeof(bytes); cut++)
		assert_int_equal(cs_word_take(&node[1], 2, bytes, cut), cut == size);
}

/* Each byte that must have one value: magic, version, flags, node, ring. */
static void word_with_a_wrong_byte_is_ignored(void **state)
{
	(void)state;
	put(2, true, NOW + 20);
	for (size_t i = 0; i < 24; i++) {
		bytes[i] ^= 0x40;
		assert_false(cs_word_take(&node[1], 2, bytes, size));
		bytes[i] ^= 0x40;
	}
	assert_true(cs_word_take(&node[1], 2, bytes, size));
}

static void word_of_no_node_or_of_myself_is_ignored(void **state)
{
	(void)state;
	put(2, true, NOW + 20);
	assert_false(cs_word_take(&node[1], 0, bytes, size));
	assert_false(cs_word_take(&node[1], 3, bytes, size));
	assert_false(cs_word_take(&node[1], QD_NODE_MAX + 2, bytes, size));
	assert_false(cs_word_take(&node[2], 2, bytes, size));
}

/* Whatever comes: it ends, and reads no byte that is not there (valgrind, ASan). */
static void word_of_random_bytes_is_survived(void **state)
{
	uint64_t as_of_ms;
	uint32_t seed = 1;

	(void)state;
	for (uint32_t round = 0; round < 20000; round++) {
		uint8_t *copy;

		put(2, true, NOW);
		for (uint32_t i = 0; i < 3; i++) {
			seed = seed * 1664525u + 1013904223u;
			bytes[24 + (seed >> 8) % (SHORT - 24)] = (uint8_t)(seed >> 24);
		}
		copy = malloc(size);
		assert_non_null(copy);
		memcpy(copy, bytes, size);
		(void)cs_word_take(&node[1], 2, copy, size);
		free(copy);
		assert_int_equal(dead_to(1, &as_of_ms) & ~(qd_mask)6, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(word_before_any_question_does_not_count, three),
		cmocka_unit_test_setup(word_before_mine_does_not_count, three),
		cmocka_unit_test_setup(word_that_answers_is_as_old_as_the_question, three),
		cmocka_unit_test_setup(words_of_many_are_as_old_as_the_oldest_question, three),
		cmocka_unit_test_setup(word_that_comes_late_is_as_old_as_the_question, three),
		cmocka_unit_test_setup(word_that_answers_a_question_too_old_does_not_count, three),
		cmocka_unit_test_setup(word_is_taken_back, asked_and_answered),
		cmocka_unit_test_setup(word_counts_only_of_those_asked_for, asked_and_answered),
		cmocka_unit_test_setup(word_ends_with_its_ring, asked_and_answered),
		cmocka_unit_test_setup(word_of_another_ring_is_ignored, asked_and_answered),
		cmocka_unit_test_setup(word_of_a_daemon_started_anew_does_not_count_until_it_answers,
				       asked_and_answered),
		cmocka_unit_test_setup(answer_to_the_daemon_before_does_not_count, asked_and_answered),
		cmocka_unit_test_setup(word_of_64_nodes_fits, three),
		cmocka_unit_test_setup(word_is_made_of_these_bytes, three),
		cmocka_unit_test_setup(word_cut_or_longer_is_ignored, asked_and_answered),
		cmocka_unit_test_setup(word_with_a_wrong_byte_is_ignored, asked_and_answered),
		cmocka_unit_test_setup(word_of_no_node_or_of_myself_is_ignored, asked_and_answered),
		cmocka_unit_test_setup(word_of_random_bytes_is_survived, asked_and_answered),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
