// SPDX-License-Identifier: GPL-2.0-only
/* The schedule of publication over simulated days: every item in time, spread, retried, and never twice at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/publish.h"

enum { PERIOD_S = 600 };

static const __u64 start_ms = 1700000000000ULL / 600000 * 600000 + 123456;

static struct publish *begin(__u32 clients, __u32 spread_ms)
{
	const struct publish_settings settings = { .period_s = PERIOD_S, .seed = 42 };
	struct publish *publish = publish_new(&settings, start_ms);

	assert_non_null(publish);
	for (__u32 i = 0; i < clients; i++)
		assert_int_equal(publish_add(publish, start_ms, spread_ms), i);
	return publish;
}

static __u32 period_at(__u64 now_ms)
{
	return (__u32)(now_ms / 1000 - now_ms / 1000 % PERIOD_S);
}

/* Takes all that is due, each with this end. How many. */
static unsigned int take_due(struct publish *publish, __u64 now_ms, bool stands)
{
	struct publish_task task;
	unsigned int count = 0;

	while (publish_next(publish, now_ms, &task)) {
		assert_true(task.period == period_at(now_ms) || task.period == period_at(now_ms) + PERIOD_S);
		publish_done(publish, now_ms, &task, stands);
		count++;
	}
	return count;
}

static void test_first_items(void **state)
{
	struct publish *publish = begin(3, 0);
	struct publish_counts counts;

	(void)state;
	assert_int_equal(take_due(publish, start_ms, true), 3);
	publish_count(publish, &counts);
	assert_int_equal(counts.clients, 3);
	assert_int_equal(counts.current, 3);
	assert_int_equal(counts.next, 0);
	assert_true(publish_wake_ms(publish) > start_ms);
	publish_free(publish);
}

/* A thousand periods: whenever one begins, its items stand already, and each was put once and no more. */
static void test_thousand_periods(void **state)
{
	struct publish *publish = begin(5, 0);
	__u64 now_ms = start_ms, end_ms = start_ms + 1000ULL * PERIOD_S * 1000;
	struct publish_counts counts;
	__u32 period = period_at(now_ms);
	unsigned long puts = 0;

	(void)state;
	while (now_ms < end_ms) {
		puts += take_due(publish, now_ms, true);
		if (period_at(now_ms) != period) {
			assert_int_equal(period_at(now_ms), period + PERIOD_S);
			period = period_at(now_ms);
			publish_count(publish, &counts);
			assert_int_equal(counts.current, 5);
		}
		assert_true(publish_wake_ms(publish) > now_ms);
		now_ms = publish_wake_ms(publish);
	}
	assert_in_range(puts, 5 * 1000, 5 * 1002); /* refreshed after 30 minutes, when the period is long over */
	publish_free(publish);
}

static void test_long_periods_are_refreshed(void **state)
{
	const struct publish_settings settings = { .period_s = 86400, .seed = 1 };
	const __u64 day_ms = 86400000ULL, begin_ms = 1700000000000ULL / 86400000 * 86400000;
	struct publish *publish = publish_new(&settings, begin_ms);
	__u64 now_ms = begin_ms, last_ms[2] = { 0, 0 };
	struct publish_task task;

	(void)state;
	publish_add(publish, now_ms, 0);
	for (; now_ms < begin_ms + day_ms; now_ms = publish_wake_ms(publish)) {
		while (publish_next(publish, now_ms, &task)) {
			unsigned int which = task.period / 86400 & 1;

			if (last_ms[which])
				assert_in_range(now_ms - last_ms[which], 1620000, 1800000);
			last_ms[which] = now_ms;
			publish_done(publish, now_ms, &task, true);
		}
	}
	assert_in_range(last_ms[begin_ms / day_ms & 1], begin_ms + day_ms - 1800000, begin_ms + day_ms);
	publish_free(publish);
}

static void test_spread(void **state)
{
	struct publish *publish = begin(1000, 60000);
	unsigned int most = 0, all = 0;

	(void)state;
	for (__u64 now_ms = start_ms; now_ms < start_ms + 60000; now_ms += 1000) {
		unsigned int count = take_due(publish, now_ms, true);

		most = count > most ? count : most;
		all += count;
	}
	assert_in_range(all, 990, 1300); /* and some of the next period's */
	assert_in_range(most, 10, 60);
	publish_free(publish);
}

/* Failures come back later and later, and no longer apart than the bound; one success ends that. */
static void test_backoff(void **state)
{
	struct publish *publish = begin(1, 0);
	struct publish_counts counts;
	struct publish_task task;
	__u64 now_ms = start_ms, before_ms;
	__u32 pause = PUBLISH_RETRY_FIRST_MS;

	(void)state;
	for (int i = 0; i < 6; i++) {
		assert_true(publish_next(publish, now_ms, &task));
		if (task.period != period_at(now_ms)) {
			publish_done(publish, now_ms, &task, true);
			now_ms = publish_wake_ms(publish);
			i--;
			continue;
		}
		assert_int_equal(task.attempt, i);
		publish_done(publish, now_ms, &task, false);
		publish_count(publish, &counts);
		assert_int_equal(counts.failing, 1);
		before_ms = now_ms;
		now_ms = publish_wake_ms(publish);
		assert_in_range(now_ms - before_ms, 1, pause * 5 / 4 + 1);
		pause *= 2;
	}
	publish_free(publish);
}

static void test_removed(void **state)
{
	struct publish *publish = begin(3, 0);
	struct publish_counts counts;
	struct publish_task task;

	(void)state;
	assert_true(publish_next(publish, start_ms, &task));
	publish_remove(publish, task.client);
	publish_done(publish, start_ms, &task, true); /* came too late */
	publish_count(publish, &counts);
	assert_int_equal(counts.clients, 2);
	assert_int_equal(counts.current, 0);
	assert_int_equal(publish_add(publish, start_ms, 0), task.client);
	assert_int_equal(take_due(publish, start_ms, true), 3);
	publish_remove(publish, 77);
	publish_free(publish);
}

/* A task that ends in a later period than it began in changes nothing there. */
static void test_ends_late(void **state)
{
	struct publish *publish = begin(1, 0);
	__u64 later_ms = start_ms + 2 * PERIOD_S * 1000;
	struct publish_counts counts;
	struct publish_task task, other;

	(void)state;
	assert_true(publish_next(publish, start_ms, &task));
	assert_true(publish_next(publish, later_ms, &other));
	assert_int_equal(other.period, period_at(later_ms));
	publish_done(publish, later_ms, &task, true);
	publish_count(publish, &counts);
	assert_int_equal(counts.current, 0);
	assert_int_equal(counts.busy, 1);
	publish_free(publish);
}

/* An old put that ends after its item was renewed says nothing about the new one. */
static void test_outdated_put(void **state)
{
	struct publish *publish = begin(1, 0);
	struct publish_counts counts;
	struct publish_task old, renewed;

	(void)state;
	assert_true(publish_next(publish, start_ms, &old));
	publish_renew(publish, start_ms, 0);
	assert_true(publish_next(publish, start_ms, &renewed));
	assert_int_equal(renewed.period, old.period);
	publish_done(publish, start_ms, &old, true);
	publish_count(publish, &counts);
	assert_int_equal(counts.current, 0);
	assert_int_equal(counts.busy, 1);
	publish_done(publish, start_ms, &renewed, false);
	publish_count(publish, &counts);
	assert_int_equal(counts.current, 0);
	assert_int_equal(counts.failing, 1);
	publish_free(publish);
}

static void test_clock_steps_back(void **state)
{
	struct publish *publish = begin(2, 0);
	__u64 earlier_ms = start_ms - 5ULL * PERIOD_S * 1000;

	(void)state;
	take_due(publish, start_ms, true);
	assert_true(take_due(publish, earlier_ms, true) >= 2);
	assert_true(take_due(publish, start_ms, true) >= 2);
	publish_free(publish);
}

static void test_renewed(void **state)
{
	struct publish *publish = begin(2, 0);

	(void)state;
	assert_int_equal(take_due(publish, start_ms, true), 2);
	assert_int_equal(take_due(publish, start_ms, true), 0);
	publish_renew(publish, start_ms, 0);
	assert_int_equal(take_due(publish, start_ms, true), 2);
	publish_free(publish);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_items),    cmocka_unit_test(test_thousand_periods),
		cmocka_unit_test(test_long_periods_are_refreshed), cmocka_unit_test(test_spread),
		cmocka_unit_test(test_backoff),        cmocka_unit_test(test_removed),
		cmocka_unit_test(test_ends_late), cmocka_unit_test(test_outdated_put),      cmocka_unit_test(test_clock_steps_back),
		cmocka_unit_test(test_renewed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
