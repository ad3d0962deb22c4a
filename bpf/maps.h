/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every map of an instance. The loader sets the sizes that depend on the capacity
 * (written as 1 here) between open and load. docs/DESIGN.md says who writes what.
 */
#ifndef MAYFLY_BPF_MAPS_H
#define MAYFLY_BPF_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "bpf/abi.h"
#include "bpf/verdict.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mf_node);
} mf_node SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mf_clock);
} mf_clock SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE); /* for its alignment: what the way in needs is one line */
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mf_association);
} mf_assoc SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mf_seed);
} mf_seed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mf_assoc_state);
} mf_state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mf_seal);
} mf_seal SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mf_traffic);
} mf_traffic SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mf_slot);
} mf_slots SEC(".maps");

struct mf_address {
	__u8 byte[16];
};

/* Buckets of one half of mf_live; set by the loader. */
const volatile __u32 mf_half = 1;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct mf_bucket);
} mf_live SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MF_LENT_MAX);
	__type(key, struct mf_address);
	__type(value, struct mf_loan);
} mf_lent SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct mf_lpm_key);
	__type(value, __u32);
} mf_remote SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct mf_lpm_key);
	__type(value, __u32);
} mf_local SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct mf_pair_key);
	__type(value, __u32);
} mf_pair SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct mf_address);
	__type(value, __u32);
} mf_own SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct mf_address);
	__type(value, __u32);
} mf_router SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MF_VERDICT_ROOM);
	__type(key, __u32);
	__type(value, __u64);
} mf_verdict SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct mf_probe);
} mf_probe SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} mf_events SEC(".maps");

/* A route that a CPU has looked up: holds while `epoch` is that of mf_clock. */
struct mf_route {
	struct mf_address destination;
	__u32 association;
	__u32 epoch; /* of mf_clock, plus 1; 0: none */
};

enum { MF_ROUTE_BITS = 12, MF_ROUTES = 1 << MF_ROUTE_BITS };

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MF_ROUTES);
	__type(key, __u32);
	__type(value, struct mf_route);
} mf_route SEC(".maps");

static __always_inline void count(__u32 verdict)
{
	__u64 *counter = bpf_map_lookup_elem(&mf_verdict, &verdict);

	if (counter)
		*counter += 1;
}

static __always_inline struct mf_node *node_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&mf_node, &zero);
}

/* The coarse monotonic clock; its step is a kernel tick. jiffies are read inline, the helper is a call. */
static __always_inline __u64 coarse_ns(void)
{
	__u32 zero = 0;
	struct mf_clock *clock = bpf_map_lookup_elem(&mf_clock, &zero);

	if (clock && clock->tick_offset_ns)
		return bpf_jiffies64() * clock->tick_ns + clock->tick_offset_ns;
	return bpf_ktime_get_coarse_ns();
}

/* Unix time in milliseconds. */
static __always_inline __u64 now_ms(__u64 now_ns)
{
	__u32 zero = 0;
	struct mf_clock *clock = bpf_map_lookup_elem(&mf_clock, &zero);

	return clock ? (now_ns + clock->offset_ns) / 1000000 : 0;
}

#endif
