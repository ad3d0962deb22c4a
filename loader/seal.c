// SPDX-License-Identifier: GPL-2.0-only
/* When keys come to mf_seal and when they go. What is sealed with them is for the programs. */
#include "loader/seal.h"

#include <sodium.h>
#include <string.h>

#include "loader/check.h"

/* Keys of their own handshake, whose counters begin with them: an association has had no others, nor will it. */
void mf_seal_begin(struct mf_seal *seal, const struct mf_assoc_config *config)
{
	memset(seal, 0, sizeof(*seal));
	if (config->carriage != MF_CARRIAGE_SEALED)
		return;
	seal->out = config->seal_out;
	seal->in = config->seal_in;
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* before mf_assoc says that it is there */
}

/* 0, or the field of a CHANGE that would take keys away, bring some, or bring others. */
__u16 mf_seal_conflict(const struct mf_seal *seal, const struct mf_association *before,
			   const struct mf_assoc_config *config)
{
	static const struct mf_seal_key none;
	int sealed = before->carriage == MF_CARRIAGE_SEALED;

	if (sealed != (config->carriage == MF_CARRIAGE_SEALED))
		return MF_FIELD(assoc_config.carriage);
	if (!sealed || !sodium_memcmp(&config->seal_out, &none, sizeof(none)))
		return 0;
	if (sodium_memcmp(&config->seal_out, &seal->out, sizeof(seal->out)))
		return MF_FIELD(assoc_config.seal_out);
	return sodium_memcmp(&config->seal_in, &seal->in, sizeof(seal->in)) ? MF_FIELD(assoc_config.seal_in) : 0;
}

/* A packet that is being sealed with it looks at mf_assoc, which has said already that it is gone, once more before it leaves. */
void mf_seal_end(struct mf_seal *seal)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	sodium_memzero(seal, sizeof(*seal));
}

__u16 mf_seal_mtu(__u8 carriage, __u32 link_mtu)
{
	__u32 most = carriage == MF_CARRIAGE_SEALED ? MF_SEALED_MTU_MOST : 0xffff;

	return link_mtu > most ? most : link_mtu;
}
