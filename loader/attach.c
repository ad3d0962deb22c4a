// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP links, tcx links (libbpf 1.1 has no name for them; the system call has), clsact filters.
 */
#include "loader/attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loader/log.h"

enum {
	TCX_INGRESS = 46, /* BPF_TCX_INGRESS, Linux 6.6 */
	TCX_EGRESS = 47,  /* BPF_TCX_EGRESS */
	TCX_BEFORE = 1 << 3, /* BPF_F_BEFORE: first of all where no other is named */
	PRIORITY_IN = 2,
	PRIORITY_GUARD = 49000,
};

enum pin_kind { PIN_LINK, PIN_FILTER, PIN_CLSACT, PIN_KINDS };
static const char *const pin_prefix[PIN_KINDS] = { "link_", "filter_", "clsact_" };

static void pin_path(const struct mf_attach *attach, char path[static MF_PIN_PATH_BYTES], enum pin_kind kind,
		     enum mf_program program, int ifindex)
{
	mf_pins_path(attach->pins, path, "%s%s_%d", pin_prefix[kind], mf_program_name(program), ifindex);
}

void mf_attach_init(struct mf_attach *attach, const struct mf_pins *pins, const struct mf_object *object,
		    struct mf_netlink *netlink, const struct mf_options *options)
{
	static const enum mf_hook_mode mode_of[] = {
		[MF_TC_AUTO] = MF_HOOK_NONE, [MF_TC_BY_LINK] = MF_TC_TCX, [MF_TC_BY_FILTER] = MF_TC_CLSACT,
	};
	__u32 hash = 2166136261u;

	for (const char *byte = options->interface; *byte; byte++)
		hash = (hash ^ (__u8)*byte) * 16777619u;
	attach->pins = pins;
	attach->object = object;
	attach->netlink = netlink;
	attach->handle = (hash & 0x7fffffff) | 1;
	attach->tc = mode_of[options->tc];
}

/* --- what is held -------------------------------------------------------------------- */

static void let_go(struct mf_attach *attach, enum mf_program program)
{
	struct mf_attach_held *held = &attach->held[program];

	if (held->ifindex && held->kind == PIN_LINK)
		close(held->fd);
	*held = (struct mf_attach_held){ 0 };
}

/* Takes `fd`, that of a link. */
static void hold(struct mf_attach *attach, enum pin_kind kind, enum mf_program program, int ifindex, int fd)
{
	if (program == MF_PROGRAM_GUARD) {
		if (kind == PIN_LINK)
			close(fd);
		return;
	}
	let_go(attach, program);
	attach->held[program] = (struct mf_attach_held){ ifindex, (int)kind, fd };
}

static int is_held(const struct mf_attach *attach, enum mf_program program, int ifindex)
{
	return ifindex && attach->held[program].ifindex == ifindex;
}

/* Pins the link, and holds it. */
static int link_keep(struct mf_attach *attach, int fd, enum mf_program program, int ifindex)
{
	char path[MF_PIN_PATH_BYTES];
	int error;

	pin_path(attach, path, PIN_LINK, program, ifindex);
	error = bpf_obj_pin(fd, path);
	if (error)
		close(fd);
	else
		hold(attach, PIN_LINK, program, ifindex, fd);
	return error;
}

/* --- attaching ----------------------------------------------------------------------- */

int mf_attach_xdp(struct mf_attach *attach, enum mf_program program, int ifindex, enum mf_hook_mode mode)
{
	LIBBPF_OPTS(bpf_link_create_opts, options,
		    .flags = mode == MF_XDP_NATIVE ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE);
	int fd;

	if (mf_attach_stands(attach, program, ifindex))
		return 0;
	fd = bpf_link_create(attach->object->program[program], ifindex, BPF_XDP, &options);
	return fd < 0 ? fd : link_keep(attach, fd, program, ifindex);
}

/* One program stands where packets leave. */
static int is_egress(enum mf_program program)
{
	return program == MF_PROGRAM_OUT_TC;
}

/*
 * What undoes carriages goes before everything else, so that guards never see what it takes; what carries goes
 * first too, so that whoever else stands there sees what leaves.
 */
static int tcx_attach(struct mf_attach *attach, enum mf_program program, int ifindex)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = program == MF_PROGRAM_GUARD ? 0 : TCX_BEFORE);
	int point = is_egress(program) ? TCX_EGRESS : TCX_INGRESS;
	int fd = bpf_link_create(attach->object->program[program], ifindex, (enum bpf_attach_type)point, &options);

	return fd < 0 ? fd : link_keep(attach, fd, program, ifindex);
}

static enum bpf_tc_attach_point point_of(enum mf_program program)
{
	return is_egress(program) ? BPF_TC_EGRESS : BPF_TC_INGRESS;
}

static int filter_put(const struct mf_attach *attach, enum mf_program program, int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point_of(program));
	LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = attach->object->program[program], .flags = BPF_TC_F_REPLACE,
		    .handle = attach->handle,
		    .priority = program == MF_PROGRAM_GUARD ? PRIORITY_GUARD : PRIORITY_IN);

	return bpf_tc_attach(&hook, &options);
}

static int clsact_attach(struct mf_attach *attach, enum mf_program program, int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point_of(program));
	int made = bpf_tc_hook_create(&hook), error;
	enum pin_kind kind = made ? PIN_FILTER : PIN_CLSACT;
	char path[MF_PIN_PATH_BYTES];

	if (made && made != -EEXIST)
		return made;
	/* The pin first: what stands in the kernel without one would be left behind by a kill. */
	pin_path(attach, path, kind, program, ifindex);
	error = bpf_obj_pin(attach->object->program[program], path);
	if (!error)
		error = filter_put(attach, program, ifindex);
	if (!error)
		hold(attach, kind, program, ifindex, -1);
	return error;
}

int mf_attach_tc(struct mf_attach *attach, enum mf_program program, int ifindex)
{
	int error;

	if (mf_attach_stands(attach, program, ifindex))
		return 0;
	if (attach->tc == MF_TC_CLSACT)
		return clsact_attach(attach, program, ifindex);
	error = tcx_attach(attach, program, ifindex);
	if (attach->tc == MF_HOOK_NONE && error == -EINVAL) {
		error = clsact_attach(attach, program, ifindex);
		if (!error)
			attach->tc = MF_TC_CLSACT;
	} else if (!error) {
		attach->tc = MF_TC_TCX;
	}
	return error;
}

/* A link outlives its interface, and whoever may detach it; then it stands at none. tcx says it where XDP does. */
static int link_is_at(int fd, int ifindex)
{
	struct bpf_link_info info = { 0 };
	__u32 bytes = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &bytes) && info.xdp.ifindex == (__u32)ifindex;
}

static int link_stands(const char *path, int ifindex)
{
	int fd = bpf_obj_get(path), stands;

	if (fd < 0)
		return 0;
	stands = link_is_at(fd, ifindex);
	close(fd);
	return stands;
}

/* Where the kernel cannot tell, it is left as it is. */
static int filter_stands(const struct mf_attach *attach, enum mf_program program, int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point_of(program));
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = attach->handle,
		    .priority = program == MF_PROGRAM_GUARD ? PRIORITY_GUARD : PRIORITY_IN);
	int error = bpf_tc_query(&hook, &options);

	return error != -ENOENT && error != -EINVAL && error != -ENODEV;
}

/* Somebody has removed the pin alone: it is made again. Where it cannot be, the program stands as long as we hold it. */
static int held_stands(struct mf_attach *attach, enum mf_program program, int ifindex)
{
	const struct mf_attach_held *held = &attach->held[program];
	char path[MF_PIN_PATH_BYTES];
	int fd = attach->object->program[program];

	if (!is_held(attach, program, ifindex))
		return 0;
	if (held->kind == PIN_LINK ? !link_is_at(held->fd, ifindex) : !filter_stands(attach, program, ifindex))
		return 0;
	pin_path(attach, path, held->kind, program, ifindex);
	if (access(path, F_OK))
		bpf_obj_pin(held->kind == PIN_LINK ? held->fd : fd, path);
	return 1;
}

int mf_attach_stands(struct mf_attach *attach, enum mf_program program, int ifindex)
{
	char path[MF_PIN_PATH_BYTES];

	if (held_stands(attach, program, ifindex))
		return 1;
	for (int kind = 0; kind < PIN_KINDS; kind++) {
		pin_path(attach, path, kind, program, ifindex);
		if (access(path, F_OK))
			continue;
		if (kind == PIN_LINK ? link_stands(path, ifindex) : filter_stands(attach, program, ifindex))
			return 1;
		mf_attach_drop(attach, program, ifindex);
	}
	return 0;
}

static int filter_seen(const struct nlmsghdr *message, void *context)
{
	*(int *)context |= message->nlmsg_type == RTM_NEWTFILTER;
	return 0;
}

/* Does anybody have a filter in the clsact qdisc of this interface, either way? */
static int clsact_is_used(const struct mf_attach *attach, int ifindex)
{
	static const __u32 parents[] = {
		TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS),
		TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS),
	};
	int used = 0;

	for (int i = 0; i < 2; i++) {
		struct tcmsg *message = mf_netlink_begin(attach->netlink, RTM_GETTFILTER, NLM_F_DUMP, sizeof(*message));

		message->tcm_ifindex = ifindex;
		message->tcm_parent = parents[i];
		mf_netlink_talk(attach->netlink, filter_seen, &used);
	}
	return used;
}

/* Another filter of ours is still there: whoever drops that drops the qdisc. */
static void qdisc_hand_over(struct mf_attach *attach, int ifindex)
{
	char from[MF_PIN_PATH_BYTES], to[MF_PIN_PATH_BYTES];

	for (int program = 0; program < MF_PROGRAMS; program++) {
		pin_path(attach, from, PIN_FILTER, program, ifindex);
		pin_path(attach, to, PIN_CLSACT, program, ifindex);
		if (rename(from, to))
			continue;
		if (is_held(attach, program, ifindex))
			attach->held[program].kind = PIN_CLSACT;
		return;
	}
}

static void filter_drop(struct mf_attach *attach, enum mf_program program, int ifindex, int qdisc)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point_of(program));
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = attach->handle,
		    .priority = program == MF_PROGRAM_GUARD ? PRIORITY_GUARD : PRIORITY_IN);

	bpf_tc_detach(&hook, &options);
	if (!qdisc)
		return;
	if (clsact_is_used(attach, ifindex)) {
		qdisc_hand_over(attach, ifindex);
		return;
	}
	hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	bpf_tc_hook_destroy(&hook);
}

static void link_drop(const char *path)
{
	int fd = bpf_obj_get(path);

	/* Taking the pin away alone would detach it some time later. */
	if (fd >= 0) {
		bpf_link_detach(fd);
		close(fd);
	}
}

/* Its pin may have been removed. */
static void held_drop(struct mf_attach *attach, enum mf_program program, int ifindex)
{
	const struct mf_attach_held *held = &attach->held[program];

	if (!is_held(attach, program, ifindex))
		return;
	if (held->kind == PIN_LINK)
		bpf_link_detach(held->fd);
	else if (filter_stands(attach, program, ifindex))
		filter_drop(attach, program, ifindex, held->kind == PIN_CLSACT);
	let_go(attach, program);
}

void mf_attach_drop(struct mf_attach *attach, enum mf_program program, int ifindex)
{
	char path[MF_PIN_PATH_BYTES];

	for (int kind = 0; kind < PIN_KINDS; kind++) {
		pin_path(attach, path, kind, program, ifindex);
		if (access(path, F_OK))
			continue;
		if (kind == PIN_LINK)
			link_drop(path);
		else
			filter_drop(attach, program, ifindex, kind == PIN_CLSACT);
		unlink(path);
	}
	held_drop(attach, program, ifindex);
}

/* One pin's name taken apart. 0, or -EINVAL: not an attachment's. */
struct pin {
	enum pin_kind kind;
	enum mf_program program;
	int ifindex;
};

static int pin_parse(struct pin *pin, const char *name)
{
	for (int kind = 0; kind < PIN_KINDS; kind++) {
		size_t prefix = strlen(pin_prefix[kind]);
		const char *last = strrchr(name, '_');
		int program;

		if (strncmp(name, pin_prefix[kind], prefix) || last < name + prefix)
			continue;
		program = mf_program_find(name + prefix, last - name - prefix);
		if (program < 0 || atoi(last + 1) <= 0)
			return -EINVAL;
		*pin = (struct pin){ kind, program, atoi(last + 1) };
		return 0;
	}
	return -EINVAL;
}

struct each {
	mf_attach_visitor *visitor;
	void *context;
};

static void each_visit(const char *name, void *context)
{
	struct each *each = context;
	struct pin pin;

	if (!pin_parse(&pin, name))
		each->visitor(pin.program, pin.ifindex, each->context);
}

void mf_attach_each(const struct mf_attach *attach, mf_attach_visitor *visitor, void *context)
{
	struct each each = { visitor, context };

	mf_pins_each(attach->pins, each_visit, &each);
}

struct drop {
	struct mf_attach *attach;
	int ifindex;
};

static void drop_visit(enum mf_program program, int ifindex, void *context)
{
	struct drop *drop = context;

	if (!drop->ifindex || drop->ifindex == ifindex)
		mf_attach_drop(drop->attach, program, ifindex);
}

void mf_attach_drop_all(struct mf_attach *attach, int ifindex)
{
	struct drop drop = { attach, ifindex };

	mf_attach_each(attach, drop_visit, &drop);
	for (int program = 0; program < MF_PROGRAMS; program++)
		if (attach->held[program].ifindex)
			drop_visit(program, attach->held[program].ifindex, &drop);
}

static int link_adopt(struct mf_attach *attach, const struct pin *pin, const char *path)
{
	int fd = bpf_obj_get(path), error;

	if (fd < 0)
		return fd;
	error = bpf_link_update(fd, attach->object->program[pin->program], NULL);
	hold(attach, PIN_LINK, pin->program, pin->ifindex, fd);
	return error;
}

/* The pin of a filter is its program: the new one takes the old one's name in one step. */
static int filter_adopt(struct mf_attach *attach, const struct pin *pin, const char *path)
{
	char fresh[MF_PIN_PATH_BYTES];
	int error = filter_put(attach, pin->program, pin->ifindex);

	if (error)
		return error;
	hold(attach, pin->kind, pin->program, pin->ifindex, -1);
	mf_pins_path(attach->pins, fresh, "new_%s_%d", mf_program_name(pin->program), pin->ifindex);
	unlink(fresh);
	error = bpf_obj_pin(attach->object->program[pin->program], fresh);
	return !error && rename(fresh, path) ? -errno : error;
}

static void adopt_visit(const char *name, void *context)
{
	struct mf_attach *attach = context;
	char path[MF_PIN_PATH_BYTES];
	struct pin pin;
	int error;

	if (pin_parse(&pin, name))
		return;
	if (!mf_attach_stands(attach, pin.program, pin.ifindex)) /* went while no loader looked */
		return;
	mf_pins_path(attach->pins, path, "%s", name);
	error = pin.kind == PIN_LINK ? link_adopt(attach, &pin, path) : filter_adopt(attach, &pin, path);
	if (error)
		mf_log(MF_LOG_WARNING, "%s: the old program stays there: %s", path, strerror(-error));
	if (pin.program != MF_PROGRAM_IN && pin.program != MF_PROGRAM_OUT)
		attach->tc = pin.kind == PIN_LINK ? MF_TC_TCX : MF_TC_CLSACT;
}

void mf_attach_adopt(struct mf_attach *attach)
{
	mf_pins_each(attach->pins, adopt_visit, attach);
}

enum mf_hook_mode mf_attach_xdp_mode(int ifindex, __u32 *id)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, options);

	*id = 0;
	if (bpf_xdp_query(ifindex, 0, &options))
		return MF_HOOK_NONE;
	*id = options.prog_id;
	if (options.attach_mode == XDP_ATTACHED_DRV)
		return MF_XDP_NATIVE;
	return options.attach_mode == XDP_ATTACHED_NONE ? MF_HOOK_NONE : MF_XDP_GENERIC;
}
