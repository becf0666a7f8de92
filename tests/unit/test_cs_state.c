/* The pure half of the corosync hand. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "../../qdiskd/cs_state.h"

static const struct qd_ring ring4 = { .node_id = 1, .seq = 4 };
static const struct qd_ring ring8 = { .node_id = 1, .seq = 8 };
static const uint32_t both[] = { 1, 2 };
static const uint32_t alone[] = { 1 };

static void mask_of_ids_has_their_bits(void **state)
{
	const uint32_t ids[] = { 1, 64, 3 };
	uint32_t dropped = 9;

	(void)state;
	assert_int_equal(cs_mask(ids, 3, &dropped), 0x8000000000000005u);
	assert_int_equal(dropped, 0);
}

static void mask_of_ids_outside_1_to_64_counts_them(void **state)
{
	const uint32_t ids[] = { 0, 2, 65, UINT32_MAX };
	uint32_t dropped = 0;

	(void)state;
	assert_int_equal(cs_mask(ids, 4, &dropped), 2);
	assert_int_equal(dropped, 3);
}

static void ring_new_begins_sync_and_keeps_the_view(void **state)
{
	struct cs_snapshot s = { .connected = true };

	(void)state;
	cs_state_ring(&s, ring4, alone, 1);
	cs_state_view(&s, true, 4, alone, 1);
	assert_false(s.in_sync);
	cs_state_ring(&s, ring8, both, 2);
	assert_true(s.in_sync);
	assert_true(s.quorate);
	assert_int_equal(s.view, 1);
	assert_int_equal(s.members, 3);
}

static void view_of_the_ring_ends_sync(void **state)
{
	struct cs_snapshot s = { .connected = true };

	(void)state;
	cs_state_ring(&s, ring8, both, 2);
	cs_state_view(&s, false, 8, both, 2);
	assert_false(s.in_sync);
	assert_false(s.quorate);
	assert_int_equal(s.view, 3);
}

static void view_of_an_older_ring_leaves_sync(void **state)
{
	struct cs_snapshot s = { .connected = true };

	(void)state;
	cs_state_ring(&s, ring8, both, 2);
	cs_state_view(&s, true, 4, alone, 1);
	assert_true(s.in_sync);
}

static void answer_repeated_differs_not(void **state)
{
	struct cs_snapshot s = { .connected = true };
	struct cs_vote v = { .seq = 1, .ring = ring4, .cast = true };
	struct cs_snapshot before;

	(void)state;
	assert_true(cs_state_polled(&s, &v, true, true));
	before = s;
	v.seq = 2;
	assert_false(cs_state_polled(&s, &v, true, true));
	assert_int_equal(s.polled_seq, 2);
	assert_false(cs_state_differs(&before, &s));
}

static void answer_with_another_outcome_differs(void **state)
{
	const struct {
		struct qd_ring ring;
		bool cast, accepted;
	} rows[] = { { ring8, true, true }, { ring4, false, true }, { ring4, true, false } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cs_snapshot s = { .connected = true };
		struct cs_vote v = { .seq = 1, .ring = ring4, .cast = true };
		struct cs_snapshot before;

		assert_true(cs_state_polled(&s, &v, true, true));
		before = s;
		v.ring = rows[i].ring;
		assert_true(cs_state_polled(&s, &v, rows[i].cast, rows[i].accepted));
		assert_true(cs_state_differs(&before, &s));
	}
}

static void answer_first_refused_differs(void **state)
{
	struct cs_snapshot s = { .connected = true };
	struct cs_vote v = { .seq = 1 };

	(void)state;
	assert_true(cs_state_polled(&s, &v, false, false));
}

static void answer_of_any_kind_forgets_the_last_proof(void **state)
{
	struct cs_snapshot s = { .connected = true, .polled_quorate = false };
	struct cs_vote v = { .seq = 1, .ring = ring4 };

	(void)state;
	(void)cs_state_polled(&s, &v, false, true);
	assert_true(s.polled_quorate);
}

static void snapshot_with_any_news_differs(void **state)
{
	const struct cs_snapshot a = { .connected = true };
	struct cs_snapshot b;

	(void)state;
#define NEWS(field, value) (b = a, b.field = (value), assert_true(cs_state_differs(&a, &b)))
	NEWS(connected, false);
	NEWS(ended, true);
	NEWS(ring, ring4);
	NEWS(members, 1);
	NEWS(in_sync, true);
	NEWS(quorate, true);
	NEWS(view, 1);
	NEWS(quorum, 2);
	NEWS(total_votes, 2);
	NEWS(expected_votes, 2);
	NEWS(device_votes, 2);
	NEWS(registered, true);
	NEWS(polled_quorate, true);
	NEWS(facts_changes, 1);
	NEWS(error_changes, 1);
#undef NEWS
}

static void reset_keeps_counters_error_and_end(void **state)
{
	struct cs_snapshot s = { .connected = true,
				 .ended = true,
				 .registered = true,
				 .members = 3,
				 .quorate = true,
				 .polled_seq = 7,
				 .polled_accepted = true,
				 .facts_changes = 2,
				 .error_changes = 3,
				 .error = "why" };

	(void)state;
	cs_state_reset(&s);
	assert_false(s.connected || s.registered || s.quorate || s.polled_accepted);
	assert_int_equal(s.members, 0);
	assert_int_equal(s.polled_seq, 0);
	assert_true(s.ended);
	assert_int_equal(s.facts_changes, 2);
	assert_int_equal(s.error_changes, 3);
	assert_string_equal(s.error, "why");
}

static void error_repeated_is_counted_once(void **state)
{
	struct cs_snapshot s = { .connected = false };

	(void)state;
	cs_state_error(&s, "node %d", 1);
	cs_state_error(&s, "node %d", 1);
	assert_int_equal(s.error_changes, 1);
	cs_state_error(&s, "node %d", 2);
	assert_int_equal(s.error_changes, 2);
	assert_string_equal(s.error, "node 2");
}

static void error_too_long_is_cut(void **state)
{
	struct cs_snapshot s = { .connected = false };

	(void)state;
	cs_state_error(&s, "%*s", 2 * CS_ERROR_LEN, "x");
	assert_int_equal(strlen(s.error), CS_ERROR_LEN - 1);
}

static void vote_in_time_is_cast(void **state)
{
	const struct cs_vote v = { .cast = true, .good_until_ms = 1200 };

	(void)state;
	assert_true(cs_vote_due(&v, 1000));
	assert_true(cs_vote_due(&v, 1200));
}

static void vote_too_late_is_cast_as_zero(void **state)
{
	const struct cs_vote v = { .cast = true, .good_until_ms = 1200 };

	(void)state;
	assert_false(cs_vote_due(&v, 1201));
	assert_false(cs_vote_due(&v, UINT64_MAX));
}

static void vote_zero_is_never_cast_as_one(void **state)
{
	const struct cs_vote v = { .cast = false, .good_until_ms = 1200 };

	(void)state;
	assert_false(cs_vote_due(&v, 1000));
}

static void node_key_names_its_position(void **state)
{
	uint32_t position = 9;

	(void)state;
	assert_int_equal(cs_node_position("nodelist.node.0.nodeid", &position), 0);
	assert_int_equal(position, 0);
	assert_int_equal(cs_node_position("nodelist.node.4294967295.name", &position), 0);
	assert_int_equal(position, UINT32_MAX);
}

static void node_key_of_another_kind_is_refused(void **state)
{
	static const char *const keys[] = { "nodelist.local_node_pos",
					    "nodelist.node.",
					    "",
					    "nodelist.node.x.name",
					    "nodelist.node.-1.name",
					    "nodelist.node.1",
					    "nodelist.node.1name",
					    "nodelist.node.4294967296.name",
					    "nodelist.node.99999999999999999999.name" };
	uint32_t position = 9;

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_int_equal(cs_node_position(keys[i], &position), -EINVAL);
	assert_int_equal(position, 9);
}

static void sbd_timeout_is_read_in_every_form(void **state)
{
	static const struct {
		const char *text;
		uint32_t ms;
	} rows[] = {
		{ "", 5000 },
		{ "# SBD_WATCHDOG_TIMEOUT=9\n", 5000 },
		{ "SBD_WATCHDOG_TIMEOUT=9", 9000 },
		{ "SBD_DEVICE=/dev/x\nSBD_WATCHDOG_TIMEOUT=\"15\"\n", 15000 },
		{ "SBD_WATCHDOG_TIMEOUT='15'\nSBD_OPTS=\n", 15000 },
		{ "  export SBD_WATCHDOG_TIMEOUT=8s\r\n", 8000 },
		{ "SBD_WATCHDOG_TIMEOUT=2500ms # short", 2500 },
		{ "SBD_WATCHDOG_TIMEOUT=1min", 60000 },
		{ "SBD_WATCHDOG_TIMEOUT=5\nSBD_WATCHDOG_TIMEOUT=7\n", 7000 },
		{ "SBD_WATCHDOG_TIMEOUT=999999999", UINT32_MAX },
		{ "SBD_WATCHDOG_TIMEOUT=never", 0 },
		{ "SBD_WATCHDOG_TIMEOUT=", 0 },
		{ "SBD_WATCHDOG_TIMEOUT=5 parsecs", 5000 },
		{ "SBD_WATCHDOG_TIMEOUT=5parsecs", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(cs_sbd_timeout(rows[i].text), rows[i].ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mask_of_ids_has_their_bits),
		cmocka_unit_test(mask_of_ids_outside_1_to_64_counts_them),
		cmocka_unit_test(ring_new_begins_sync_and_keeps_the_view),
		cmocka_unit_test(view_of_the_ring_ends_sync),
		cmocka_unit_test(view_of_an_older_ring_leaves_sync),
		cmocka_unit_test(answer_repeated_differs_not),
		cmocka_unit_test(answer_with_another_outcome_differs),
		cmocka_unit_test(answer_first_refused_differs),
		cmocka_unit_test(answer_of_any_kind_forgets_the_last_proof),
		cmocka_unit_test(snapshot_with_any_news_differs),
		cmocka_unit_test(reset_keeps_counters_error_and_end),
		cmocka_unit_test(error_repeated_is_counted_once),
		cmocka_unit_test(error_too_long_is_cut),
		cmocka_unit_test(vote_in_time_is_cast),
		cmocka_unit_test(vote_too_late_is_cast_as_zero),
		cmocka_unit_test(vote_zero_is_never_cast_as_one),
		cmocka_unit_test(node_key_names_its_position),
		cmocka_unit_test(node_key_of_another_kind_is_refused),
		cmocka_unit_test(sbd_timeout_is_read_in_every_form),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
