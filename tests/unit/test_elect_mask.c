/* elect.c: whom the master counts in. qdisk(5), "Election". */
#include "mind_scene.h"

static qd_mask mask(void)
{
	mind_cycle(&m);
	return written_block(&m)->master_mask;
}

static void mask_has_all_that_run_here(void **state)
{
	(void)state;
	assert_int_equal(mask(), 7);
}

static void mask_without_one_not_up(void **state)
{
	(void)state;
	m.beating &= ~qd_bit(3);
	mind_cycles(&m, K);
	assert_int_equal(mask(), 3);
}

static void mask_without_one_initialising(void **state)
{
	(void)state;
	peer(&m, 3)->state = QD_STATE_INIT;
	assert_int_equal(mask(), 3);
}

static void mask_without_one_outside_my_membership(void **state)
{
	(void)state;
	mind_ring(&m, 2, 3);
	assert_int_equal(mask(), 3);
}

static void mask_without_one_that_shows_another_ring(void **state)
{
	(void)state;
	peer_ring(&m, 3, 77, 7);
	assert_int_equal(mask(), 3);
}

static void mask_has_a_legacy_node_whatever_its_ring(void **state)
{
	(void)state;
	peer(&m, 3)->has_ext = false;
	memset(&peer(&m, 3)->ext, 0, sizeof(peer(&m, 3)->ext));
	mind_cycle(&m);
	assert_int_equal(mask(), 7);
}

static void mask_of_a_follower_is_empty(void **state)
{
	(void)state;
	assert_int_equal(mask(), 0);
}

/* A new ring is heard of, and so many express cycles run in it. */
static void new_ring(unsigned cycles)
{
	mind_ring(&m, 2, 7);
	mind_event(&m, QD_EV_RING, 50);
	for (unsigned i = 0; i < cycles; i++)
		mind_express(&m, 60 + 10 * i);
}

static bool another_express_cycle_is_wanted(void)
{
	mind_forget(&m);
	mind_express(&m, 80);
	return m.express;
}

/* R14: repeated until mask and ring agree. */
static void mask_incomplete_in_a_new_ring_wants_an_express_cycle(void **state)
{
	(void)state;
	m.following &= ~qd_bit(3);
	new_ring(1);
	assert_true(another_express_cycle_is_wanted());
}

static void mask_complete_wants_no_express_cycle(void **state)
{
	(void)state;
	new_ring(2);
	assert_false(another_express_cycle_is_wanted());
}

/* One that never shows it is waited for at its ticks. */
static void mask_incomplete_for_long_wants_no_express_cycle(void **state)
{
	(void)state;
	m.following &= ~qd_bit(3);
	mind_ring(&m, 2, 7);
	mind_cycles(&m, 5);
	mind_forget(&m);
	mind_express(&m, 60);
	assert_false(m.express);
}

static void mask_of_another_is_not_waited_for(void **state)
{
	(void)state;
	m.following &= ~qd_bit(3);
	new_ring(2);
	assert_false(another_express_cycle_is_wanted());
}

static void mask_is_in_the_new_ring_within_two_express_cycles(void **state)
{
	(void)state;
	new_ring(2);
	assert_int_equal(written_block(&m)->master_mask, 7);
	assert_int_equal(written_block(&m)->ext.ring.seq, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_with(master, mask_has_all_that_run_here),
		test_with(master, mask_without_one_not_up),
		test_with(master, mask_without_one_initialising),
		test_with(master, mask_without_one_outside_my_membership),
		test_with(master, mask_without_one_that_shows_another_ring),
		test_with(master, mask_has_a_legacy_node_whatever_its_ring),
		test_with(follower, mask_of_a_follower_is_empty),
		test_with(master, mask_incomplete_in_a_new_ring_wants_an_express_cycle),
		test_with(master, mask_complete_wants_no_express_cycle),
		test_with(master, mask_incomplete_for_long_wants_no_express_cycle),
		test_with(follower, mask_of_another_is_not_waited_for),
		test_with(master, mask_is_in_the_new_ring_within_two_express_cycles),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
