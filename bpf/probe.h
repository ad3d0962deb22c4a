/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What strangers try, by source /64, and events for the loader. Work for a flood is bounded:
 * a budget per CPU and tenth of a second; beyond it only the verdict's counter moves. What this host has to tell of its own
 * packets has another budget, or whoever scans would keep sessions on demand from beginning.
 */
#ifndef MAYFLY_BPF_PROBE_H
#define MAYFLY_BPF_PROBE_H

#include "bpf/maps.h"
#include "bpf/parse.h"

enum { BUDGET_NS = 100000000, BUDGET_EVENTS = 64, PREFIX_EVENT_NS = 1000000000 };

enum budget_of { BUDGET_PROBES, BUDGET_REPORTS, BUDGETS };

struct mf_budget {
	__u64 since_ns;
	__u64 suppressed;
	__u32 left;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, BUDGETS);
	__type(key, __u32);
	__type(value, struct mf_budget);
} mf_budget SEC(".maps");

/* The budget with one unit taken, or NULL if it is used up. */
static __always_inline struct mf_budget *budget_take(__u32 of, __u64 now_ns)
{
	struct mf_budget *budget = bpf_map_lookup_elem(&mf_budget, &of);

	if (!budget)
		return NULL;
	if (now_ns - budget->since_ns >= BUDGET_NS) {
		budget->since_ns = now_ns;
		budget->left = BUDGET_EVENTS;
	}
	if (!budget->left) {
		budget->suppressed += 1;
		return NULL;
	}
	budget->left -= 1;
	return budget;
}

static __always_inline void event_send(struct mf_budget *budget, __u64 now_ns, __u32 kind, __u32 association,
				       const void *source, const void *destination, __u32 value)
{
	struct mf_event *event = bpf_ringbuf_reserve(&mf_events, sizeof(*event), 0);

	if (!event) {
		budget->suppressed += 1;
		return;
	}
	event->kind = kind;
	event->association = association;
	event->time_ms = now_ms(now_ns);
	event->suppressed = budget->suppressed;
	COPY(event->source, source, 16);
	COPY(event->destination, destination, 16);
	event->value = value;
	event->pad = 0;
	budget->suppressed = 0;
	bpf_ringbuf_submit(event, 0);
}

static __noinline int report(__u32 kind, __u32 association, const __u8 *source, const __u8 *destination, __u32 value)
{
	__u64 now_ns = coarse_ns();
	struct mf_budget *budget = budget_take(BUDGET_REPORTS, now_ns);

	if (budget)
		event_send(budget, now_ns, kind, association, source, destination, value);
	return 0;
}

static __noinline int probe_count(__u32 kind, __u32 association, struct ipv6hdr *ip6, struct mf_budget *budget,
				  __u64 now_ns)
{
	struct mf_probe *known, fresh = {};
	__u64 prefix;

	prefix = words_of(&ip6->saddr).high;
	known = bpf_map_lookup_elem(&mf_probe, &prefix);
	if (!known) {
		bpf_map_update_elem(&mf_probe, &prefix, &fresh, BPF_NOEXIST);
		known = bpf_map_lookup_elem(&mf_probe, &prefix);
		if (!known)
			return 0;
	}
	if (kind == MF_EVENT_PROBE_EXPIRED)
		__sync_fetch_and_add(&known->expired, 1);
	else
		__sync_fetch_and_add(&known->random, 1);
	if (known->event_ns && now_ns - known->event_ns < PREFIX_EVENT_NS)
		return 0;
	known->event_ns = now_ns;
	event_send(budget, now_ns, kind, association, &ip6->saddr, &ip6->daddr, 0);
	return 0;
}

/* Counts a probe by its source /64; one event a second and prefix. `association`: whose address it was; ~0: nobody's. */
static __always_inline void probe(__u32 kind, __u32 association, struct ipv6hdr *ip6)
{
	__u64 now_ns = coarse_ns();
	struct mf_budget *budget = budget_take(BUDGET_PROBES, now_ns);

	if (budget)
		probe_count(kind, association, ip6, budget, now_ns);
}

#endif
