// SPDX-License-Identifier: GPL-2.0-only
/* Clock engine: small differences at once, middling ones slewed, jumps held until they have stood, sleep made up for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "loader/clock.h"

#define MS 1000000LL
#define S 1000000000LL
#define UNIX_NS (1700000000LL * S)

/* Both clocks of a machine, moved by hand. */
struct machine {
	struct mf_clock_sample sample;
	struct mf_clock_engine clock;
};

static struct machine machine(void)
{
	struct machine machine = { .sample = { .monotonic_ns = 50 * S, .offset_ns = UNIX_NS } };

	mf_clock_start(&machine.clock, &machine.sample);
	return machine;
}

/* Beats every half second for `seconds`. */
static void run(struct machine *machine, int seconds)
{
	for (int i = 0; i < 2 * seconds; i++) {
		machine->sample.monotonic_ns += S / 2;
		mf_clock_follow(&machine->clock, &machine->sample);
	}
}

static void steady(void **state)
{
	struct machine m = machine();

	(void)state;
	run(&m, 100);
	assert_int_equal(m.clock.offset_ns, UNIX_NS);
	assert_int_equal(m.clock.state, MF_CLOCK_FOLLOWS);
	assert_int_equal(mf_clock_now_ms(&m.clock), (UNIX_NS + 150 * S) / MS);
}

static void small_at_once(void **state)
{
	struct machine m = machine();

	(void)state;
	m.sample.offset_ns += 20 * MS;
	assert_int_equal(mf_clock_follow(&m.clock, &m.sample), 1);
	assert_int_equal(m.clock.error_ns, 0);
	m.sample.offset_ns -= 20 * MS;
	assert_int_equal(mf_clock_follow(&m.clock, &m.sample), 1);
	assert_int_equal(m.clock.offset_ns, UNIX_NS);
	assert_int_equal(mf_clock_follow(&m.clock, &m.sample), 0);
}

static void middling_slewed(void **state)
{
	struct machine m = machine();

	(void)state;
	for (int sign = -1; sign <= 1; sign += 2) {
		__s64 before = m.clock.offset_ns;

		m.sample.offset_ns += sign * 900 * MS;
		run(&m, 4);
		assert_int_equal(m.clock.state, MF_CLOCK_SLEWS);
		assert_int_equal(m.clock.offset_ns - before, sign * 200 * MS);
		run(&m, 15);
		assert_int_equal(m.clock.state, MF_CLOCK_FOLLOWS);
		assert_int_equal(m.clock.error_ns, 0);
	}
}

static void jump_held_then_believed(void **state)
{
	struct machine m = machine();

	(void)state;
	m.sample.offset_ns += 3600 * S;
	run(&m, 9);
	assert_int_equal(m.clock.state, MF_CLOCK_HOLDS);
	assert_int_equal(m.clock.offset_ns, UNIX_NS);
	assert_int_equal(m.clock.error_ns, 3600 * S);
	run(&m, 2);
	assert_int_equal(m.clock.state, MF_CLOCK_FOLLOWS);
	assert_int_equal(m.clock.offset_ns, UNIX_NS + 3600 * S);
}

static void jump_taken_back(void **state)
{
	struct machine m = machine();

	(void)state;
	m.sample.offset_ns -= 60 * S;
	run(&m, 8);
	m.sample.offset_ns += 60 * S;
	run(&m, 1);
	assert_int_equal(m.clock.state, MF_CLOCK_FOLLOWS);
	assert_int_equal(m.clock.offset_ns, UNIX_NS);
}

/* Every jump starts the wait anew: a clock that is thrown about is never believed. */
static void thrown_about(void **state)
{
	struct machine m = machine();

	(void)state;
	for (int i = 0; i < 50; i++) {
		m.sample.offset_ns = UNIX_NS + (100 + 10 * i) * S;
		run(&m, 5);
		assert_int_equal(m.clock.state, MF_CLOCK_HOLDS);
		assert_int_equal(m.clock.offset_ns, UNIX_NS);
	}
}

static void sleep_made_up_for(void **state)
{
	struct machine m = machine();

	(void)state;
	m.sample.offset_ns += 7200 * S;
	m.sample.suspended_ns += 7200 * S;
	run(&m, 1);
	assert_int_equal(m.clock.offset_ns, UNIX_NS + 7200 * S);
	assert_int_equal(m.clock.state, MF_CLOCK_FOLLOWS);
}

static void taken_over(void **state)
{
	struct mf_clock_sample sample = { .monotonic_ns = S, .offset_ns = UNIX_NS + 500 * MS };
	struct mf_clock_engine clock;

	(void)state;
	mf_clock_adopt(&clock, &sample, UNIX_NS);
	assert_int_equal(clock.offset_ns, UNIX_NS);
	assert_int_equal(clock.error_ns, 500 * MS);
	sample.monotonic_ns += S;
	mf_clock_follow(&clock, &sample);
	assert_int_equal(clock.offset_ns, UNIX_NS + 50 * MS);
}

/* Of this very machine: the pair of clocks is read consistently. */
static void kernel_clocks(void **state)
{
	struct mf_clock_sample first, sample;

	(void)state;
	mf_clock_read(&first, 0);
	for (int i = 0; i < 1000; i++) {
		mf_clock_read(&sample, 0);
		assert_true(sample.monotonic_ns >= first.monotonic_ns);
		assert_in_range(sample.offset_ns - first.offset_ns + MS, 0, 2 * MS);
	}
	mf_clock_read(&sample, 1000);
	assert_in_range(sample.offset_ns - first.offset_ns, 999 * MS, 1001 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steady), cmocka_unit_test(small_at_once), cmocka_unit_test(middling_slewed),
		cmocka_unit_test(jump_held_then_believed), cmocka_unit_test(jump_taken_back),
		cmocka_unit_test(thrown_about), cmocka_unit_test(sleep_made_up_for), cmocka_unit_test(taken_over),
		cmocka_unit_test(kernel_clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
