// SPDX-License-Identifier: GPL-2.0-only
/*
 * All that threads do: a Redis store works in libuv's (ctl/store_servers.c), lookups of introductions in their own
 * (ctl/lookups.c), each with a store in it. Built twice, with -fsanitize=address and, as tsan_threads, with =thread.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>
#include <sodium.h>

#include "ctl/lookups.h"
#include "ctl/store_redis.h"
#include "tests/unit/redis.h"

enum { PERIOD_S = 600, JOBS = 12 };

static struct config_rendezvous rendezvous;
static struct rendezvous_pair publishes, reads;
static char loader_path[64], silent_path[64];

#ifdef __SANITIZE_THREAD__
/* That libuv closes a descriptor is not seen, so one thread's seems to become another's when its number comes again. */
const char *__tsan_default_suppressions(void);

const char *__tsan_default_suppressions(void)
{
	return "race:pipe2$\nrace:eventfd$\nrace:epoll_create1$\n";
}
#endif

static int listen_at(const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (void *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 16), 0);
	return fd;
}

static int set_up(void **state)
{
	__u8 one[32], other[32], one_public[32], other_public[32];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	if (sodium_init() < 0 || make_directory())
		return -1;
	snprintf(loader_path, sizeof(loader_path), "%s/loader", directory);
	snprintf(silent_path, sizeof(silent_path), "%s/silent", directory);
	config_rendezvous_init(&rendezvous);
	rendezvous.period_ms = PERIOD_S * 1000;
	rendezvous.store.kind = CONFIG_STORE_REDIS;
	randombytes_buf(one, 32);
	randombytes_buf(other, 32);
	crypto_scalarmult_base(one_public, one);
	crypto_scalarmult_base(other_public, other);
	if (rendezvous_pair(&publishes, one, other_public, 1) || rendezvous_pair(&reads, other, one_public, 0))
		return -1;
	start_server("");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	stop_server();
	unlink(loader_path);
	unlink(silent_path);
	return remove_directory();
}

static void use_redis(const char *path)
{
	snprintf(rendezvous.store.redis, sizeof(rendezvous.store.redis), "unix:%s", path);
}

/* The introduction of the period that holds `unix_s`; how long it is. */
static size_t seal(__u64 unix_s, __u8 value[static RENDEZVOUS_VALUE_BYTES], struct store_place *place)
{
	struct rendezvous_offer offer = {
		.form = RENDEZVOUS_NATIVE, .key = "kkkkkkkkkkkkkkk", .seed = "sssssss", .rotation_ms = 3000,
		.prefix = { .base = { 0x20, 1, 0xd, 0xb8 }, .prefix_length = 64, .hop_bits = 64 },
		.period_s = PERIOD_S, .period = rendezvous_period(unix_s, PERIOD_S),
	};
	char why[SAY_BYTES];
	int length = rendezvous_seal(&publishes, &offer, value, why);

	assert_true(length > 0);
	store_place_of(place, &publishes, PERIOD_S, offer.period);
	return (size_t)length;
}

/* --- the store ----------------------------------------------------------------------- */

struct told {
	unsigned int times, accepted;
	enum store_outcome outcome;
	bool takes;
};

static bool accept_value(void *owner, const __u8 *value, size_t length)
{
	struct told *told = owner;

	(void)value;
	told->accepted += length == RENDEZVOUS_VALUE_BYTES;
	return told->takes;
}

static void on_done(void *owner, const struct store_result *result)
{
	struct told *told = owner;

	told->times++;
	told->outcome = result->outcome;
}

static struct store *open_store(uv_loop_t *loop)
{
	const struct store_settings settings = { .loop = loop, .rendezvous = &rendezvous };
	struct store *store = NULL;
	char why[SAY_BYTES];

	assert_int_equal(uv_loop_init(loop), 0);
	assert_int_equal(store_open(&store, &settings, why), 0);
	return store;
}

static void run_out(uv_loop_t *loop)
{
	uv_run(loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(loop), 0);
}

static void get(struct store *store, const struct store_place *place, struct told *told, bool takes)
{
	*told = (struct told){ .takes = takes };
	assert_int_equal(store->operations->get(store, place, false, accept_value, on_done, told), 0);
}

static void put(struct store *store, const struct store_place *place, const __u8 *value, size_t length, struct told *told)
{
	*told = (struct told){ 0 };
	assert_int_equal(store->operations->put(store, place, value, length, on_done, told), 0);
	assert_int_equal(told->times, 0); /* never from within the call */
}

/* One after the other, in the order that they were asked for in. */
static void test_store(void **state)
{
	__u64 now_s = (__u64)time(NULL);
	__u8 value[RENDEZVOUS_VALUE_BYTES], too_long[STORE_REDIS_VALUE_MOST + 1] = { 0 };
	struct store_place here, elsewhere;
	struct told before, stored, found, refused, nothing, late;
	struct store *store;
	uv_loop_t loop;
	size_t length;

	(void)state;
	use_redis(socket_path);
	store = open_store(&loop);
	assert_string_equal(store->operations->name, "redis");
	length = seal(now_s, value, &here);
	seal(now_s + 10 * PERIOD_S, value, &elsewhere);
	length = seal(now_s, value, &here);
	get(store, &here, &before, true);
	put(store, &here, value, length, &stored);
	get(store, &here, &found, true);
	get(store, &here, &refused, false);
	get(store, &elsewhere, &nothing, true);
	elsewhere.until_s = (__u32)now_s - 100; /* already over: kept for as short as can be */
	put(store, &elsewhere, value, length, &late);
	assert_int_equal(store->operations->put(store, &here, too_long, sizeof(too_long), on_done, &late), -ENOMEM);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(before.outcome, STORE_NOTHING);
	assert_int_equal(stored.outcome, STORE_DONE);
	assert_int_equal(found.outcome, STORE_DONE);
	assert_int_equal(found.accepted, 1);
	assert_int_equal(refused.outcome, STORE_FOREIGN);
	assert_int_equal(nothing.outcome, STORE_NOTHING);
	assert_int_equal(late.outcome, STORE_DONE);
	assert_int_equal(before.times + stored.times + found.times + refused.times + nothing.times + late.times, 6);
	store_close(store);
	run_out(&loop);
}

/* Closed with a job at work and others behind it: nobody is told, and nothing is left. */
static void test_store_closed(void **state)
{
	struct told told[JOBS], lone = { 0 };
	__u8 value[RENDEZVOUS_VALUE_BYTES];
	struct store_place place;
	struct store *store;
	uv_loop_t loop;

	(void)state;
	use_redis(socket_path);
	store = open_store(&loop);
	seal(0, value, &place);
	for (int i = 0; i < JOBS; i++)
		get(store, &place, &told[i], true);
	store_close(store);
	run_out(&loop);
	for (int i = 0; i < JOBS; i++)
		assert_int_equal(told[i].times, 0);

	use_redis("/nonexistent/redis");
	store = open_store(&loop);
	get(store, &place, &lone, true);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(lone.outcome, STORE_FAILED);
	put(store, &place, value, sizeof(value), &lone);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(lone.outcome, STORE_FAILED);
	store_close(store);
	run_out(&loop);
}

static void test_store_none(void **state)
{
	struct store_settings settings = { .rendezvous = &rendezvous };
	struct store *store = NULL;
	char why[SAY_BYTES];

	(void)state;
	snprintf(rendezvous.store.redis, sizeof(rendezvous.store.redis), "redis://");
	snprintf(rendezvous.store_where, sizeof(rendezvous.store_where), "f:5");
	assert_int_equal(store_open(&store, &settings, why), -EINVAL);
	assert_null(store);
	assert_non_null(strstr(why, "f:5: "));
	*rendezvous.store_where = 0;
}

/* --- lookups ------------------------------------------------------------------------- */

struct heard {
	unsigned int times, found, errors;
	__u64 tags;
};

static void on_ended(void *context, __u64 tag, const struct meeting *meeting, const char *why)
{
	const struct meeting_lookup *best = meeting ? meeting_best(meeting) : NULL;
	struct heard *heard = context;

	heard->times++;
	heard->tags |= 1ULL << tag;
	heard->errors += !meeting && *why;
	if (best && !memcmp(best->offer.key, "kkkkkkkkkkkkkkk", 16))
		heard->found++;
}

static void begin(struct lookups *lookups, __u64 tag, const char *loader, __u32 period_s)
{
	const struct lookup_request request = {
		.rendezvous = &rendezvous, .pair = &reads, .period_s = period_s, .loader = loader, .tag = tag,
		.nodes_path = "/nonexistent/nodes",
	};
	char why[SAY_BYTES];

	assert_true(lookups_have_room(lookups));
	assert_int_equal(lookups_begin(lookups, &request, why), 0);
}

/* Turns the loop until so many have ended; four at once. */
static void run_until(uv_loop_t *loop, const struct heard *heard, unsigned int times)
{
	while (heard->times < times)
		uv_run(loop, UV_RUN_ONCE);
}

static void test_lookups(void **state)
{
	const struct lookup_request more = { .rendezvous = &rendezvous, .pair = &reads, .loader = loader_path };
	struct meeting_dead dead = { .next = 1 };
	const struct lookup_request in_vain = { .rendezvous = &rendezvous, .pair = &reads, .loader = loader_path, .dead = &dead,
						.period_s = 2 * PERIOD_S, .tag = 8 };
	int loader = listen_at(loader_path, SOCK_SEQPACKET);
	__u8 value[RENDEZVOUS_VALUE_BYTES];
	struct heard heard = { 0 };
	struct store_place place;
	struct lookups *lookups;
	char why[SAY_BYTES];
	struct told told;
	struct store *store;
	uv_loop_t loop;
	size_t length;

	(void)state;
	use_redis(socket_path);
	store = open_store(&loop);
	length = seal((__u64)time(NULL), value, &place);
	put(store, &place, value, length, &told);
	uv_run(&loop, UV_RUN_DEFAULT);
	store_close(store);

	lookups = lookups_new(&loop, on_ended, &heard);
	assert_non_null(lookups);
	for (__u64 i = 0; i < LOOKUPS_MOST; i++)
		begin(lookups, i, loader_path, i % 2 ? 0 : 2 * PERIOD_S); /* every other tries another period first */
	assert_false(lookups_have_room(lookups));
	assert_int_equal(lookups_begin(lookups, &more, why), -ENOMEM);
	run_until(&loop, &heard, LOOKUPS_MOST);
	assert_int_equal(heard.found, LOOKUPS_MOST);
	assert_int_equal(heard.tags, (1 << LOOKUPS_MOST) - 1);
	memset(dead.key[0], 'k', 15); /* it was in vain, and nothing else is there: found all the same */
	assert_int_equal(lookups_begin(lookups, &in_vain, why), 0);
	run_until(&loop, &heard, LOOKUPS_MOST + 1);
	assert_int_equal(heard.found, LOOKUPS_MOST + 1);
	begin(lookups, 9, "/nonexistent/loader", 0);
	run_until(&loop, &heard, LOOKUPS_MOST + 2);
	assert_int_equal(heard.errors, 1);
	assert_true(lookups_have_room(lookups));
	lookups_close(lookups);
	run_out(&loop);
	close(loader);
	unlink(loader_path);
}

/* Waits until whoever has connected there has gone, as many as there are. */
static void wait_for_gone(int listener, int count)
{
	char byte;

	while (count--) {
		int fd = accept(listener, NULL, NULL);

		assert_true(fd >= 0);
		while (read(fd, &byte, 1) > 0)
			;
		close(fd);
	}
}

/* The owner goes while servers keep all of them waiting. Whoever is last frees what they shared. */
static void test_lookups_closed(void **state)
{
	int loader = listen_at(loader_path, SOCK_SEQPACKET), silent = listen_at(silent_path, SOCK_STREAM);
	struct heard heard = { 0 };
	struct lookups *lookups;
	uv_loop_t loop;

	(void)state;
	use_redis(silent_path);
	assert_int_equal(uv_loop_init(&loop), 0);
	lookups = lookups_new(&loop, on_ended, &heard);
	for (__u64 i = 0; i < LOOKUPS_MOST; i++)
		begin(lookups, i, loader_path, 0);
	sleep_ms(20);
	lookups_close(lookups);
	run_out(&loop);
	assert_int_equal(heard.times, 0);
	close(silent); /* nobody answers any more */
	wait_for_gone(loader, LOOKUPS_MOST);
	sleep_ms(100);
	close(loader);
	lookups_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_store),	cmocka_unit_test(test_store_closed),   cmocka_unit_test(test_store_none),
		cmocka_unit_test(test_lookups), cmocka_unit_test(test_lookups_closed),
	};

	if (!have_server())
		return 77;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
