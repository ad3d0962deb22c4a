/* SPDX-License-Identifier: GPL-2.0-only */
/* From the configuration to what the loader is asked, and back to the names a person wrote. */
#ifndef MAYFLY_CTL_WANTED_H
#define MAYFLY_CTL_WANTED_H

#include "ctl/config.h"

/* Both fill every byte. `key` may be NULL: then it is zero. */
void wanted_node(struct mf_node_config *request, const struct config_node *node);
void wanted_association(struct mf_assoc_config *request, const struct config_peer *peer, const __u8 *key);

/* "set the node up", "add the association": stands behind "refused to". */
const char *wanted_type_name(unsigned int type);

/* The configuration key that stands at this offset of a message; "an unnamed value" if none does. */
const char *wanted_field_name(unsigned int type, unsigned int offset);

#endif
