/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The run that MTD'15 figure 1 prints (T found by search), and what the native form makes of the same
 * keys (docs/PROTOCOL.md 7.6).
 */
#ifndef MAYFLY_TESTS_UNIT_FIGURE_1_H
#define MAYFLY_TESTS_UNIT_FIGURE_1_H

#include "ctl/parse.h"
#include "ctl/rendezvous.h"

#define FIGURE_SERVER_SECRET "94197ec9bbaa690954a8e2d18c7b93aa032229b56289cae2a0ac8ba1f4638bc3"
#define FIGURE_SERVER_PUBLIC "7a1294c77b0c33db228d0572b7ea32117cfce4bd854594a3000faa5c0a537206"
#define FIGURE_CLIENT_PUBLIC "175abafc765430c67893adbbd1dd3a2a4edabd81a03b208bd97135c52fcf0436"
#define FIGURE_SHARED "02b066167260a5624ad0c657876dff73a64170f8d49d613d97ebade7a64b4b40"
#define FIGURE_DESCRIPTOR "89b5b7fe806fa26c9eb22d933f53ca46671ca8cb"
#define FIGURE_MESSAGE "da4e54c638ce622e8539fcb1a195990b267547521bf649698d9c9d97a6231751" \
	"2abc91287f6cc2edcca0ccad89e594dc0598e2b58a869cea5017178b4904551c1f"
#define FIGURE_KEY "20dea16802a9fd9a5658be00e7f507d7"
#define FIGURE_PREFIX "2001:468:c80:c111::/64"
#define FIGURE_READER_SEED "c31d129a6aacd457"
enum { FIGURE_PERIOD = 1431376080, FIGURE_PERIOD_S = 240, FIGURE_ROTATION_MS = 2000 };

/* Not in the paper; computed apart from this code (Python: cryptography, Salsa20 written out). */
#define NATIVE_ITEM_SEED "e214506219779ad29647d72ff1a27c514ed2ec5a3b04446bf123c0b0a731b9c4"
#define NATIVE_ITEM_PUBLIC "e1523a223bb9e9d083a3f1b692609050e120c62b5806f9284d4008ff3e1a1c55"
#define NATIVE_ITEM_TARGET "0dacd606891ea355781595321c4fe531f1664bba"
#define NATIVE_ITEM_PUBLIC_BACK "7d0d413a2ff0b89e57c736cef57709f533565f5ccf084f8621089e55a7b1dbdc"
#define NATIVE_SEED "0102030405060708"
#define NATIVE_NONCE "000102030405060708090a0b0c0d0e0f1011121314151617"
#define NATIVE_VALUE NATIVE_NONCE "45f12501b66864960c9346fb50301a7488c4bd06600e31c7a8f38ca3385a0ad16c9b55854dbd297b4be687d9ed2b" \
	"93a3ff1e6a7c3c8cbcfa04d6b618390d58e01ff48a1a555c78404e789aed170ca6e0fe31a1b16e85336d5f35f1f0100afa5e83b03fec" \
	"5b199f0f347e171b332d59c9c00c1f9cade09ccbf5b2a73d2a457b5a0f2a01bcb8e231b58767da52f17228a92ad700820bc17fea94fc" \
	"a58c542f4530da0d476c15afa46e4943ab566a67c991d24803f20ce7cbcf84a1a64e93d4d45eccaa6d143d9894b27486283523cb3b0d" \
	"db00ee49550ec6b8"
#define NATIVE_FULL NATIVE_NONCE "2ee0af68032f172bc5520a88e1399e64a91b667cf660b751cd70102edaddbaec7e8b2d11a5806d2fde4784d242719e" \
	"f835137d26"
enum { NATIVE_ROTATION_MS = 3000 };

/* Two-stage publication with the same keys: this client the only reader, six periods of 240 s in the window. */
enum { TWO_STAGE_START = 1431375840, TWO_STAGE_LONG_S = 1440 };
#define TWO_STAGE_EPOCH "3eebd28edeb9eb54fbecabf8f7cdeecf7709311cc964a4ac38a5648a36adbad9"
#define TWO_STAGE_PUBLIC "1d064ad57b52d9600d184e7d3dddc25510ec5106029dca4953e58b306b5c5dd1"
#define TWO_STAGE_DECRYPTION "0cee2ab240d782773bc930bffef36365fb8e1bd0abf8eba9b5d00c604a0c2010"
#define TWO_STAGE_ITEM_KEY "e9b460616e4f4a18d049ac022d38e4353485668c0ed242a81954c56077880e3a"
#define TWO_STAGE_LONG_ITEM "480ce508eb6fe0f7626b6feb6d6d4bf464698f1b3354b1ca7f1f389e70655453"
#define TWO_STAGE_LONG_VALUE NATIVE_NONCE "f423f017d1c8f4a8c7637503efeb008788c7bd06600e31c7a8f38ca3385a0ad16c9b55854dbd297b4be687d9ed2b93a3" \
	"ff1e6a7c3c8cbcfa04d6b618390d58e01ff48a1a555c78404e789aed170ca6e0fe31f1b46e8503725f35cc28fbb783a5" \
	"a74a64acab644527f1fc27f6664357d4cb544c7926d0f797a863eb9301f53889885b3d7d3056cf46e40221dceaa28351" \
	"c17eb55207a135e6b4ec558c542f4530da0d476c15afa46e4943ab566a67c991d24803f20ce7cbcf84a1a64e93d4d45e" \
	"ccaa6d143d9894b27486283523cb3b0ddb00ee49550ec6b8"
#define TWO_STAGE_SHORT_VALUE NATIVE_NONCE "8c02953502997ca031a3202a32d85c0beba5f96ae20238d2130a1a1b80b8ce013e3dff50e30175aab8e690d28f7dc22f" \
	"bc113b7acf4072a8c3a416b93bfb543100bca65b9f53d5fa217f128bcfb0e0229bbaa73c45e7aa6d620b28d0bb59a4e9" \
	"cabd02041792babafa309846fdf438480080261ca624822ddaea40b339291aac047e77b9058a33fe25521ba1ca5723a7" \
	"a3f70c44ddc31c616b969861d481fe465548737c6e4f6b3128f00130bf3d3db6ca49e462c7a239b8593e13bc8a1b0f15" \
	"b722d164ea2fea08ae151bb6ef0c8c72cb57aa4175f65554"
/* Of the value "abcd" with sequence 1431376090. */
#define TWO_STAGE_SIGNATURE "21c28b0586659d8e5d6d85d991a4f2e8f431b7befc56081fd15aa0df98d9c8e971bbf8612c8c151f8476f6a808dff0fc" \
	"0e2a46fee9d7471656ace994ff075f0f"

/* Bytes as they stand above. */
static void hex(const char *text, __u8 *bytes, size_t size)
{
	assert_int_equal(parse_hex(text, bytes, size), 0);
}

static void demand(const __u8 *bytes, const char *wanted, size_t size)
{
	__u8 expected[RENDEZVOUS_VALUE_BYTES];

	hex(wanted, expected, size);
	assert_memory_equal(bytes, expected, size);
}

static struct rendezvous_offer native_offer(void)
{
	struct rendezvous_offer offer = { .form = RENDEZVOUS_NATIVE, .rotation_ms = NATIVE_ROTATION_MS,
					  .period_s = FIGURE_PERIOD_S, .period = FIGURE_PERIOD };

	hex(FIGURE_KEY, offer.key, 16);
	hex(NATIVE_SEED, offer.seed, 8);
	assert_int_equal(parse_template(FIGURE_PREFIX, &offer.prefix), 0);
	return offer;
}

#endif
