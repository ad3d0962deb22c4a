/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs at their hooks. Every attachment has a pin that says what and where: `link_PROGRAM_IFINDEX` for links
 * (XDP, tcx), `filter_PROGRAM_IFINDEX` for a clsact filter, `clsact_PROGRAM_IFINDEX` where the qdisc is ours too.
 * What nothing may pass without is held besides: it stands on, and is pinned anew, when somebody removes pins.
 */
#ifndef MAYFLY_LOADER_ATTACH_H
#define MAYFLY_LOADER_ATTACH_H

#include "loader/control.h"
#include "loader/netlink.h"
#include "loader/object.h"

/* Guards are not held: there may be thousands. */
struct mf_attach_held {
	int ifindex; /* 0: nothing */
	int kind;    /* of its pin */
	int fd;      /* of a link */
};

struct mf_attach {
	const struct mf_pins *pins;
	const struct mf_object *object;
	struct mf_netlink *netlink;
	__u32 handle;         /* of our clsact filters: instances on one interface differ in it */
	enum mf_hook_mode tc; /* NONE: not tried yet */
	struct mf_attach_held held[MF_PROGRAMS];
};

/* All-zero, or again: what is held stays so. */
void mf_attach_init(struct mf_attach *attach, const struct mf_pins *pins, const struct mf_object *object,
		    struct mf_netlink *netlink, const struct mf_options *options);

/* `mode`: MF_XDP_NATIVE or MF_XDP_GENERIC. -EBUSY: another program is there. */
int mf_attach_xdp(struct mf_attach *attach, enum mf_program program, int ifindex, enum mf_hook_mode mode);

/* tcx where the kernel has it, clsact otherwise. Doing it twice does no harm. */
int mf_attach_tc(struct mf_attach *attach, enum mf_program program, int ifindex);

/* Is this program at this interface, by the kernel's word? A pin of what stands there no more is dropped, one that is missing made. */
int mf_attach_stands(struct mf_attach *attach, enum mf_program program, int ifindex);

void mf_attach_drop(struct mf_attach *attach, enum mf_program program, int ifindex);

/* Every attachment of `ifindex` (0: of all interfaces). */
void mf_attach_drop_all(struct mf_attach *attach, int ifindex);

/* Puts the object's programs in the place of an earlier loader's, one by one and each at once. */
void mf_attach_adopt(struct mf_attach *attach);

/* Visits (program, ifindex) of every attachment. */
typedef void mf_attach_visitor(enum mf_program program, int ifindex, void *context);
void mf_attach_each(const struct mf_attach *attach, mf_attach_visitor *visitor, void *context);

/* Mode and id of whatever XDP program is at the interface; NONE: none. */
enum mf_hook_mode mf_attach_xdp_mode(int ifindex, __u32 *id);

#endif
