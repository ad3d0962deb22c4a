// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads the programs of cipher.bpf.c and runs one on a frame by BPF_PROG_TEST_RUN.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "packet/cipher.skel.h"
#include "packet/cipher_plain.skel.h"
#include "tests/packet/cipher_run.h"

enum { PASSED_XDP = 2, DROPPED_XDP = 1, PASSED_TC = 0, DROPPED_TC = 2, TYPE_NOTHING = 0x9000, WORK_BYTES = 4096 };

_Static_assert(sizeof(struct cipher_work) <= WORK_BYTES, "a page");

static const char *const names[CIPHER_PROGRAMS] = {
	"seal_xdp", "open_xdp", "seal_tc", "open_tc", "stream_xdp", "authenticate_xdp", "hash_xdp", "nothing_xdp",
	"seal_large_tc",
};

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

/* mf_multiplies is all that is in the object's read-only data. */
static int set_multiplies(struct bpf_object *object, __u32 multiplies)
{
	return bpf_map__set_initial_value(bpf_object__find_map_by_name(object, ".rodata"), &multiplies, sizeof(multiplies));
}

void cipher_open(struct cipher *cipher, enum cipher_version version)
{
	size_t bytes;
	const void *elf = version == PLAIN_C ? cipher_plain_bpf__elf_bytes(&bytes) : cipher_bpf__elf_bytes(&bytes);
	const struct bpf_map *map;

	cipher->object = bpf_object__open_mem(elf, bytes, NULL);
	if (!cipher->object || set_multiplies(cipher->object, version == MULTIPLIES) || bpf_object__load(cipher->object))
		give_up("cipher.bpf.c");
	for (int i = 0; i < CIPHER_PROGRAMS; i++)
		cipher->fd[i] = bpf_program__fd(bpf_object__find_program_by_name(cipher->object, names[i]));
	map = bpf_object__find_map_by_name(cipher->object, "work");
	cipher->work = mmap(NULL, WORK_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	if (cipher->work == MAP_FAILED)
		give_up("mmap of a map");
}

void cipher_close(struct cipher *cipher)
{
	munmap(cipher->work, WORK_BYTES);
	bpf_object__close(cipher->object);
}

__u64 cipher_draw(__u64 *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed * 0x2545f4914f6cdd1d;
}

void cipher_draw_bytes(__u64 *seed, void *bytes, __u32 count)
{
	for (__u8 *byte = bytes; count; count--)
		*byte++ = cipher_draw(seed) >> 56;
}

void cipher_frame(struct frame *frame, __u32 bytes, __u32 more, __u64 *seed)
{
	frame_ethernet(frame, mac_nic, mac_gateway, TYPE_NOTHING);
	frame->length = CIPHER_HEAD + bytes + more;
	cipher_draw_bytes(seed, frame->byte + ETH_BYTES, frame->length - ETH_BYTES);
}

int cipher_run(const struct cipher *cipher, enum cipher_program program, const struct frame *in, struct frame *out)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = in->byte, .data_size_in = in->length,
		    .data_out = out->byte, .data_size_out = sizeof(out->byte), .repeat = 1);
	int is_tc = program == SEAL_TC || program == OPEN_TC;

	if (bpf_prog_test_run_opts(cipher->fd[program], &options))
		give_up(names[program]);
	out->length = options.data_size_out;
	if (options.retval == (is_tc ? PASSED_TC : PASSED_XDP))
		return 0;
	if (options.retval != (is_tc ? DROPPED_TC : DROPPED_XDP))
		give_up(names[program]);
	return -1;
}
