// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cipher in tc on a device: packets larger than BPF_PROG_TEST_RUN takes, up to the limit, and packets that
 * somebody else holds too. A private network namespace with nothing but its loopback.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sodium.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loader/cipher.h"
#include "tests/packet/cipher_run.h"

enum { ROOM = CIPHER_HEAD + AEAD_MOST + 1, LOOPBACK = 1, WAIT_MS = 200, TYPE_NOTHING = 0x9000 };

static struct cipher cipher;
static int wire; /* sends on the loopback and sees what passes there */
static __u64 seed = 88172645463325252ULL;

static void open_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	struct sockaddr_ll all = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = LOOPBACK };

	assert_int_equal(unshare(CLONE_NEWNET), 0);
	wire = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	assert_true(wire >= 0);
	assert_int_equal(ioctl(wire, SIOCSIFFLAGS, &request), 0);
	assert_int_equal(bind(wire, (struct sockaddr *)&all, sizeof(all)), 0);
}

static int open_all(void **state)
{
	(void)state;
	open_loopback();
	cipher_open(&cipher, mf_cipher_multiplies() ? MULTIPLIES : SHIFTS);
	return sodium_init() < 0;
}

static int close_all(void **state)
{
	(void)state;
	cipher_close(&cipher);
	return close(wire);
}

static void attach(enum bpf_tc_attach_point where, enum cipher_program program)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = LOOPBACK, .attach_point = where);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = 1, .priority = 1, .prog_fd = cipher.fd[program]);

	assert_int_equal(bpf_tc_hook_create(&hook), 0);
	assert_int_equal(bpf_tc_attach(&hook, &options), 0);
}

static int detach(void **state)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = LOOPBACK, .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);

	(void)state;
	return bpf_tc_hook_destroy(&hook);
}

/* The next frame of this test as it arrives, before tc sees it there; its bytes, or -1 if none comes. */
static int receive(__u8 *frame)
{
	struct pollfd ready = { .fd = wire, .events = POLLIN };
	struct sockaddr_ll from;
	socklen_t from_bytes = sizeof(from);

	while (poll(&ready, 1, WAIT_MS) == 1) {
		int bytes = recvfrom(wire, frame, ROOM, 0, (struct sockaddr *)&from, &from_bytes);

		if (from.sll_protocol == htons(TYPE_NOTHING) && from.sll_pkttype != PACKET_OUTGOING)
			return bytes;
	}
	return -1;
}

static void draw(__u8 *frame, __u32 bytes)
{
	struct aead_job *job = &cipher.work->job;

	memset(frame, 0, ETH_BYTES);
	frame[12] = TYPE_NOTHING >> 8;
	cipher_draw_bytes(&seed, frame + ETH_BYTES, CIPHER_HEAD - ETH_BYTES + bytes);
	cipher_draw_bytes(&seed, job->state, sizeof(job->state));
	cipher_draw_bytes(&seed, job->associated, sizeof(job->associated));
	cipher.work->bytes = bytes;
}

static void seal_wanted(__u8 *frame, __u32 bytes, __u8 *tag)
{
	const struct aead_job *job = &cipher.work->job;
	unsigned long long tag_bytes;

	crypto_aead_chacha20poly1305_ietf_encrypt_detached(frame + CIPHER_HEAD, tag, &tag_bytes, frame + CIPHER_HEAD,
							   bytes, (const __u8 *)job->associated, 16, NULL,
							   (const __u8 *)job->nonce, (const __u8 *)job->key);
}

static void large_packets(void **state)
{
	static const __u32 lengths[] = { 3000, 4095, 4096, 5001, 8191, 8192, 8900, 9151, 9152, 9153, 9215, AEAD_MOST };
	static __u8 frame[ROOM], got[ROOM];
	__u8 tag[AEAD_TAG];

	(void)state;
	attach(BPF_TC_EGRESS, SEAL_LARGE_TC);
	for (__u32 i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		__u32 bytes = CIPHER_HEAD + lengths[i];

		draw(frame, lengths[i]);
		assert_int_equal(send(wire, frame, bytes, 0), bytes);
		seal_wanted(frame, lengths[i], tag);
		assert_int_equal(receive(got), bytes);
		if (memcmp(got, frame, bytes) || memcmp(tag, cipher.work->job.tag, sizeof(tag)))
			fail_msg("%u bytes are sealed otherwise than by libsodium", lengths[i]);
	}
	draw(frame, AEAD_MOST + 1);
	send(wire, frame, ROOM, 0);
	assert_int_equal(receive(got), -1);
}

/* A capture holds the same bytes: it must go on showing what came. */
static void shared_packets(void **state)
{
	static const __u32 lengths[] = { 0, 1, 16, 100, 400 };
	static __u8 frame[ROOM], got[ROOM];
	__u8 tag[AEAD_TAG];

	(void)state;
	attach(BPF_TC_INGRESS, SEAL_TC);
	for (__u32 i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		__u32 bytes = CIPHER_HEAD + lengths[i];

		draw(frame, lengths[i]);
		assert_int_equal(send(wire, frame, bytes, 0), bytes);
		assert_int_equal(receive(got), bytes);
		assert_memory_equal(got, frame, bytes);
		seal_wanted(frame, lengths[i], tag);
		assert_memory_equal(cipher.work->job.tag, tag, sizeof(tag));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(large_packets, detach),
		cmocka_unit_test_teardown(shared_packets, detach),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
