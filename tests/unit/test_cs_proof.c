/* cs_proof.c: which polls wait for an echo, and what may still be on its way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../qdiskd/cs_proof.h"

enum { V = 1400, NOW = 100000 };

static struct cs_proof p;
static const struct qd_ring ring_8 = { 1, 8 }, ring_12 = { 1, 12 };

static struct cs_vote vote(struct qd_ring ring, bool cast)
{
	return (struct cs_vote){ .seq = 1, .ring = ring, .cast = cast, .good_until_ms = NOW + 200 };
}

static bool asked(struct qd_ring ring, bool cast, bool heard, uint64_t now_ms)
{
	const struct cs_vote v = vote(ring, cast);

	return cs_proof_vote(&p, &v, heard, V, now_ms);
}

static void polled(struct qd_ring ring, bool cast, uint64_t now_ms)
{
	const struct cs_vote v = vote(ring, cast);

	cs_proof_polled(&p, &v, cast, /* accepted */ true, V, now_ms, now_ms + 1);
}

/* The echo that is wanted goes out, and comes back. */
static bool echo(void)
{
	assert_true(p.want);
	cs_proof_sent(&p);
	assert_false(p.want);
	return cs_proof_back(&p, p.sent);
}

/* Connected, nothing of a daemon before is on its way, and 1 was cast in ring 8. */
static int casting(void **state)
{
	(void)state;
	cs_proof_begin(&p, /* past */ false);
	(void)echo();
	assert_false(asked(ring_8, true, false, NOW));
	assert_true(echo());
	polled(ring_8, true, NOW);
	(void)echo();
	assert_false(cs_proof_unheard(&p));
	return 0;
}

static int connected(void **state)
{
	(void)state;
	cs_proof_begin(&p, /* past */ false);
	(void)echo();
	return 0;
}

static void first_one_waits_for_an_echo(void **state)
{
	(void)state;
	assert_false(asked(ring_8, true, false, NOW));
	assert_true(p.waits);
	assert_true(echo());
	assert_int_equal(p.vote.seq, 1);
	assert_false(p.waits);
}

static void zero_never_waits_and_ends_a_wait(void **state)
{
	(void)state;
	assert_false(asked(ring_8, true, false, NOW));
	assert_true(asked(ring_8, false, false, NOW));
	assert_false(p.waits);
	assert_false(echo());
}

static void one_repeated_in_its_ring_does_not_wait(void **state)
{
	(void)state;
	assert_true(asked(ring_8, true, false, NOW + V - 20));
	polled(ring_8, true, NOW + V - 20);
	assert_false(cs_proof_unheard(&p));
}

static void one_that_corosync_may_have_forgotten_waits(void **state)
{
	(void)state;
	assert_false(asked(ring_8, true, false, NOW + V - 10));
}

static void one_in_another_ring_waits_but_in_its_sync(void **state)
{
	(void)state;
	assert_false(asked(ring_12, true, false, NOW + 10));
	assert_true(asked(ring_12, true, /* heard */ true, NOW + 10));
}

static void one_after_a_zero_waits(void **state)
{
	(void)state;
	polled(ring_8, false, NOW + 10);
	assert_false(asked(ring_8, true, false, NOW + 20));
}

static void one_waits_while_an_echo_is_out_and_sends_no_second(void **state)
{
	(void)state;
	assert_false(asked(ring_8, true, false, NOW));
	cs_proof_sent(&p);
	assert_false(asked(ring_8, true, false, NOW + 200));
	assert_false(p.want);
	assert_true(cs_proof_back(&p, p.sent));
}

static void changed_vote_is_unheard_until_a_later_echo(void **state)
{
	(void)state;
	cs_proof_sent(&p);	/* on its way before the poll */
	polled(ring_8, true, NOW);
	assert_true(cs_proof_unheard(&p));
	(void)cs_proof_back(&p, p.sent);
	assert_true(cs_proof_unheard(&p));
	(void)echo();
	assert_false(cs_proof_unheard(&p));
}

static void refused_poll_sends_nothing(void **state)
{
	const struct cs_vote v = vote(ring_8, true);

	(void)state;
	cs_proof_polled(&p, &v, true, /* accepted */ false, V, NOW, NOW + 1);
	assert_false(cs_proof_unheard(&p));
	assert_false(p.one);
}

static void unheard_one_is_stale_in_the_next_ring(void **state)
{
	(void)state;
	polled(ring_8, true, NOW);
	cs_proof_ring(&p);
	assert_true(p.stale_one);
	assert_false(p.stale_late);
	cs_proof_ring(&p);	/* and in the one after that */
	assert_true(p.stale_one);
	cs_proof_synced(&p);
	(void)echo();
	assert_false(p.stale_one);
	assert_false(cs_proof_unheard(&p));
}

static void heard_one_is_not_stale(void **state)
{
	(void)state;
	cs_proof_ring(&p);
	assert_false(p.stale_one);
}

/* Corosync's own message, when V had run out, is among what may be on its way. */
static void every_new_ring_wants_an_echo_of_its_own(void **state)
{
	(void)state;
	p.want = true;
	cs_proof_sent(&p);	/* on its way in the old ring */
	cs_proof_ring(&p);
	polled(ring_12, true, NOW + 20);
	cs_proof_synced(&p);
	(void)cs_proof_back(&p, p.sent);
	assert_false(asked(ring_12, true, false, NOW + 30));
	assert_true(echo());
	assert_true(p.again);
}

/* What was sent in the old ring may have taken it away, and nobody may hear it now. */
static void one_repeated_before_the_first_echo_of_its_ring_waits(void **state)
{
	(void)state;
	cs_proof_ring(&p);
	assert_true(asked(ring_12, true, /* heard */ true, NOW + 20));
	polled(ring_12, true, NOW + 20);
	cs_proof_synced(&p);
	assert_false(asked(ring_12, true, false, NOW + 30));
	assert_false(cs_proof_keeps(&p, V, NOW + 30));	/* the 1 that may be there is left alone */
	assert_true(echo());
}

static void one_undone_and_not_polled_again_in_time_waits(void **state)
{
	(void)state;
	cs_proof_ring(&p);
	polled(ring_12, true, NOW + 20);
	cs_proof_synced(&p);
	(void)echo();
	assert_true(p.again);
	assert_false(asked(ring_12, true, false, NOW + 400));
}

/* The 0 that keeps the device alive while a 1 waits is heard behind a 1 of the next ring. */
static void zero_of_a_wait_is_unheard_and_wants_one_echo(void **state)
{
	(void)state;
	assert_false(asked(ring_8, true, false, NOW + V));
	assert_true(cs_proof_keeps(&p, V, NOW + V));
	assert_true(cs_proof_unheard(&p));
	assert_true(p.want);
	cs_proof_sent(&p);
	assert_false(asked(ring_8, true, false, NOW + V + 200));
	assert_true(cs_proof_keeps(&p, V, NOW + V + 200));
	assert_false(p.want);
}

static void unheard_zero_is_not_stale_as_a_one(void **state)
{
	(void)state;
	polled(ring_8, false, NOW + 10);
	cs_proof_ring(&p);
	assert_false(p.stale_one);
	assert_true(cs_proof_unheard(&p));
}

/* It is heard behind the 1 that answered the ring, and takes it away. */
static void stale_zero_has_the_one_polled_again(void **state)
{
	(void)state;
	polled(ring_8, false, NOW + 10);
	cs_proof_ring(&p);
	polled(ring_12, true, NOW + 20);
	cs_proof_synced(&p);
	(void)echo();
	assert_true(p.again);
	polled(ring_12, true, NOW + 25);
	assert_false(p.again);
	assert_true(cs_proof_unheard(&p));	/* its message is news */
}

static void one_carried_out_late_is_stale_and_late(void **state)
{
	const struct cs_vote v = vote(ring_8, true);

	(void)state;
	cs_proof_polled(&p, &v, true, true, V, NOW + 10, NOW + 10 + V);
	cs_proof_ring(&p);
	assert_true(p.stale_one);
	assert_true(p.stale_late);
}

static void vote_of_the_daemon_before_is_stale_until_the_first_echo(void **state)
{
	(void)state;
	cs_proof_begin(&p, /* past */ false);
	assert_true(cs_proof_unheard(&p));
	cs_proof_ring(&p);
	assert_true(p.stale_past);
	assert_false(p.stale_one);
	(void)echo();
	assert_false(p.stale_past);
}

/* It had polled in the ring before, and was gone when this ring came. */
static void vote_of_the_daemon_before_is_stale_at_once_within_sync(void **state)
{
	(void)state;
	cs_proof_begin(&p, /* past */ true);
	assert_true(p.stale_past);
	assert_true(cs_proof_unheard(&p));
	(void)echo();
	assert_false(p.stale_past);
	assert_false(cs_proof_unheard(&p));
}

static void new_ring_ends_a_wait(void **state)
{
	(void)state;
	assert_false(asked(ring_8, true, false, NOW));
	cs_proof_sent(&p);
	cs_proof_ring(&p);
	assert_false(cs_proof_back(&p, p.sent));
}

static void echo_of_another_number_is_nobodys(void **state)
{
	(void)state;
	assert_false(asked(ring_8, true, false, NOW));
	assert_false(cs_proof_back(&p, p.sent + 1));
	assert_false(cs_proof_back(&p, p.back));
	assert_true(p.waits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(first_one_waits_for_an_echo, connected),
		cmocka_unit_test_setup(zero_never_waits_and_ends_a_wait, connected),
		cmocka_unit_test_setup(one_repeated_in_its_ring_does_not_wait, casting),
		cmocka_unit_test_setup(one_that_corosync_may_have_forgotten_waits, casting),
		cmocka_unit_test_setup(one_in_another_ring_waits_but_in_its_sync, casting),
		cmocka_unit_test_setup(one_after_a_zero_waits, casting),
		cmocka_unit_test_setup(one_waits_while_an_echo_is_out_and_sends_no_second, connected),
		cmocka_unit_test_setup(changed_vote_is_unheard_until_a_later_echo, connected),
		cmocka_unit_test_setup(refused_poll_sends_nothing, connected),
		cmocka_unit_test_setup(unheard_one_is_stale_in_the_next_ring, connected),
		cmocka_unit_test_setup(heard_one_is_not_stale, casting),
		cmocka_unit_test_setup(every_new_ring_wants_an_echo_of_its_own, casting),
		cmocka_unit_test_setup(one_repeated_before_the_first_echo_of_its_ring_waits, casting),
		cmocka_unit_test_setup(one_undone_and_not_polled_again_in_time_waits, casting),
		cmocka_unit_test_setup(zero_of_a_wait_is_unheard_and_wants_one_echo, casting),
		cmocka_unit_test_setup(unheard_zero_is_not_stale_as_a_one, casting),
		cmocka_unit_test_setup(stale_zero_has_the_one_polled_again, casting),
		cmocka_unit_test_setup(one_carried_out_late_is_stale_and_late, casting),
		cmocka_unit_test(vote_of_the_daemon_before_is_stale_until_the_first_echo),
		cmocka_unit_test(vote_of_the_daemon_before_is_stale_at_once_within_sync),
		cmocka_unit_test_setup(new_ring_ends_a_wait, connected),
		cmocka_unit_test_setup(echo_of_another_number_is_nobodys, connected),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
