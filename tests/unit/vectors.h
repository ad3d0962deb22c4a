/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * docs/vectors.json: each vector is of a kind, has what goes in and what comes out. Each kind has one test here that checks
 * it, and a function of that test; whatever such a function does not compare of what comes out fails the test.
 */
#ifndef MAYFLY_TESTS_UNIT_VECTORS_H
#define MAYFLY_TESTS_UNIT_VECTORS_H

#include <arpa/inet.h>
#include <jansson.h>
#include <sodium.h>
#include <string.h>

#include "ctl/parse.h"
#include "tests/unit/tree.h"

enum { VECTOR_BYTES_MOST = 2048 };

struct vector {
	const char *kind;
	json_t *in, *out;
	size_t number, compared; /* words of `out` */
};

struct vector_kind {
	const char *name;
	void (*check)(struct vector *vector, void *context);
	unsigned int seen;
};

enum vector_test { VECTORS_SESSION, VECTORS_RENDEZVOUS, VECTORS_PACKET };

/* All kinds, and whose they are. */
static const struct {
	const char *name;
	enum vector_test test;
} vector_kinds[] = {
	{ "public_key", VECTORS_SESSION },
	{ "static_keys", VECTORS_SESSION },
	{ "rotation", VECTORS_SESSION },
	{ "place", VECTORS_SESSION },
	{ "digest", VECTORS_SESSION },
	{ "handshake", VECTORS_SESSION },
	{ "sealed_keys", VECTORS_SESSION },
	{ "request", VECTORS_SESSION },
	{ "response", VECTORS_SESSION },
	{ "notice", VECTORS_SESSION },
	{ "message", VECTORS_SESSION },
	{ "pair", VECTORS_RENDEZVOUS },
	{ "period", VECTORS_RENDEZVOUS },
	{ "meeting", VECTORS_RENDEZVOUS },
	{ "item", VECTORS_RENDEZVOUS },
	{ "item_signature", VECTORS_RENDEZVOUS },
	{ "value", VECTORS_RENDEZVOUS },
	{ "boxed", VECTORS_RENDEZVOUS },
	{ "stuffed", VECTORS_RENDEZVOUS },
	{ "long_window", VECTORS_RENDEZVOUS },
	{ "common_item", VECTORS_RENDEZVOUS },
	{ "long_value", VECTORS_RENDEZVOUS },
	{ "common_value", VECTORS_RENDEZVOUS },
	{ "common_signature", VECTORS_RENDEZVOUS },
	{ "encap", VECTORS_PACKET },
	{ "rewritten", VECTORS_PACKET },
	{ "ecn", VECTORS_PACKET },
	{ "sealed_packet", VECTORS_PACKET },
	{ "padding", VECTORS_PACKET },
	{ "arrival", VECTORS_PACKET },
};

static inline json_t *vector_word(const json_t *object, const char *name)
{
	json_t *word = json_object_get(object, name);

	if (!word)
		fail_msg("no word \"%s\"", name);
	return word;
}

/* Hexadecimal text of any length to bytes. */
static inline size_t vector_hex(const char *text, __u8 *bytes, size_t most)
{
	size_t length = strlen(text) / 2;

	assert_true(length <= most && strlen(text) % 2 == 0);
	for (size_t at = 0; at < length; at++) {
		char digits[3] = { text[2 * at], text[2 * at + 1] };

		assert_int_equal(parse_hex(digits, bytes + at, 1), 0);
	}
	return length;
}

/* Of what goes in, or of an object within it. */
static inline const char *in_text(const json_t *in, const char *name)
{
	const char *text = json_string_value(vector_word(in, name));

	if (!text)
		fail_msg("\"%s\" is no text", name);
	return text;
}

static inline size_t in_any(const json_t *in, const char *name, __u8 *bytes, size_t most)
{
	return vector_hex(in_text(in, name), bytes, most);
}

static inline void in_bytes(const json_t *in, const char *name, __u8 *bytes, size_t size)
{
	if (in_any(in, name, bytes, size) != size)
		fail_msg("\"%s\" has not %zu bytes", name, size);
}

static inline __u64 in_number(const json_t *in, const char *name)
{
	json_t *word = vector_word(in, name);

	assert_true(json_is_integer(word));
	return json_integer_value(word);
}

/* A hopping prefix: "prefix" and, where there is one, "hop_bits". */
static inline void in_template(const json_t *in, struct mf_template *template)
{
	assert_int_equal(parse_template(in_text(in, "prefix"), template), 0);
	if (json_object_get(in, "hop_bits"))
		template->hop_bits = in_number(in, "hop_bits");
}

static inline void in_address(const json_t *in, const char *name, __u8 address[static 16])
{
	assert_int_equal(inet_pton(AF_INET6, in_text(in, name), address), 1);
}

/* What has come out, against what the vector says. */
static inline void out_bytes(struct vector *vector, const char *name, const void *bytes, size_t size)
{
	__u8 wanted[VECTOR_BYTES_MOST];
	size_t length = in_any(vector->out, name, wanted, sizeof(wanted));

	if (length != size || memcmp(wanted, bytes, size))
		fail_msg("vector %zu, %s: \"%s\" differs", vector->number, vector->kind, name);
	vector->compared++;
}

static inline void out_number(struct vector *vector, const char *name, __u64 number)
{
	__u64 wanted = in_number(vector->out, name);

	if (wanted != number)
		fail_msg("vector %zu, %s: \"%s\" is %llu, should be %llu", vector->number, vector->kind, name, number, wanted);
	vector->compared++;
}

static inline void out_yes_no(struct vector *vector, const char *name, bool yes)
{
	json_t *wanted = vector_word(vector->out, name);

	assert_true(json_is_boolean(wanted));
	if (json_is_true(wanted) != yes)
		fail_msg("vector %zu, %s: \"%s\" should not be so", vector->number, vector->kind, name);
	vector->compared++;
}

static inline void out_text(struct vector *vector, const char *name, const char *text)
{
	if (strcmp(in_text(vector->out, name), text))
		fail_msg("vector %zu, %s: %s, should be %s", vector->number, vector->kind, text, in_text(vector->out, name));
	vector->compared++;
}

static inline void out_address(struct vector *vector, const char *name, const __u8 address[static 16])
{
	__u8 wanted[16];

	in_address(vector->out, name, wanted);
	if (memcmp(wanted, address, 16))
		fail_msg("vector %zu, %s: \"%s\" differs", vector->number, vector->kind, name);
	vector->compared++;
}

static inline struct vector_kind *vector_kind_of(const char *name, struct vector_kind *kinds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

/* Whose kind this is; a kind that nobody knows fails. */
static inline enum vector_test vector_test_of(const char *name)
{
	for (size_t i = 0; i < sizeof(vector_kinds) / sizeof(vector_kinds[0]); i++)
		if (!strcmp(vector_kinds[i].name, name))
			return vector_kinds[i].test;
	fail_msg("\"%s\" is a kind that no test knows", name);
	return VECTORS_SESSION;
}

static inline void vector_check(struct vector *vector, struct vector_kind *kind, void *context)
{
	if (!kind)
		fail_msg("kind \"%s\" has no function", vector->kind);
	kind->seen++;
	kind->check(vector, context);
	if (vector->compared != json_object_size(vector->out))
		fail_msg("vector %zu, %s: %zu words of %zu compared", vector->number, vector->kind, vector->compared,
			 json_object_size(vector->out));
}

/* All vectors of the kinds of this test, which these are; `context` goes to their functions. Each kind must have one. */
static inline void vectors_check(enum vector_test test, struct vector_kind *kinds, size_t count, void *context)
{
	char *text = read_file("docs/vectors.json");
	json_error_t error;
	json_t *file = json_loads(text, 0, &error), *one;
	size_t number;

	if (!file)
		fail_msg("docs/vectors.json:%d: %s", error.line, error.text);
	json_array_foreach(vector_word(file, "vectors"), number, one) {
		struct vector vector = { in_text(one, "kind"), vector_word(one, "in"), vector_word(one, "out"), number };

		if (vector_test_of(vector.kind) == test)
			vector_check(&vector, vector_kind_of(vector.kind, kinds, count), context);
	}
	for (size_t i = 0; i < count; i++)
		if (!kinds[i].seen)
			fail_msg("no vector of kind \"%s\"", kinds[i].name);
	json_decref(file);
	free(text);
}

struct vectors_of {
	enum vector_test test;
	struct vector_kind *kinds;
	size_t count;
};

static inline void test_vectors(void **state)
{
	const struct vectors_of *of = *state;

	assert_true(sodium_init() >= 0);
	vectors_check(of->test, of->kinds, of->count, NULL);
}

/* All that a test of vectors alone has to do; for main() to return. */
static inline int vectors_run(enum vector_test test, struct vector_kind *kinds, size_t count)
{
	struct vectors_of of = { test, kinds, count };
	const struct CMUnitTest tests[] = { cmocka_unit_test_prestate(test_vectors, &of) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
