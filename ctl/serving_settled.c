// SPDX-License-Identifier: GPL-2.0-only
/* What serve takes from its configuration at the start alone: a reload that changes it is told so. */
#include <string.h>

#include "ctl/serving.h"

static bool differ(const void *one, const void *other, size_t size)
{
	return memcmp(one, other, size) != 0;
}

static void name_one(char names[static SAY_BYTES], bool changed, const char *name)
{
	size_t used = strlen(names);

	if (changed)
		snprintf(names + used, SAY_BYTES - used, "%s%s", used ? ", " : "", name);
}

void serving_settled(char names[static SAY_BYTES], const struct config *before, const struct config *now)
{
	const struct config_rendezvous *old = &before->node.rendezvous, *new = &now->node.rendezvous;

	*names = 0;
	name_one(names, strcmp(before->node.interface, now->node.interface) != 0, "Interface");
	name_one(names, old->period_ms != new->period_ms, "Period");
	name_one(names, differ(&old->store, &new->store, sizeof(new->store)), "Store");
	name_one(names, differ(&before->node.listen, &now->node.listen, sizeof(now->node.listen)), "Listen");
	name_one(names, differ(&before->node.listen_names, &now->node.listen_names, sizeof(now->node.listen_names)),
		 "ListenName");
	name_one(names, old->form != new->form, "Form");
	name_one(names, old->two_stage != new->two_stage, "TwoStage");
	name_one(names, differ(&old->bootstrap, &new->bootstrap, sizeof(new->bootstrap)), "Bootstrap");
	name_one(names, differ(&old->publish_prefix, &new->publish_prefix, sizeof(new->publish_prefix)),
		 "PublishPrefix");
	name_one(names, old->family != new->family, "DhtFamily");
	name_one(names, old->private_network != new->private_network, "PrivateNetwork");
}
