// SPDX-License-Identifier: GPL-2.0-only
/* genkey, pubkey, genpsk: one key on stdout, as WireGuard's tools do. */
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/key.h"
#include "ctl/parse.h"

static int take_no_arguments(const struct ctl *ctl, int argc, char **argv)
{
	const struct option none[] = { { 0 } };
	bool first = true;

	if (ctl_next_option(ctl, argc, argv, none, &first) != -1)
		return CTL_USAGE;
	return ctl_check_arguments(ctl, argc, 0, 0);
}

static void warn_if_readable(void)
{
	struct stat status;

	if (!fstat(STDOUT_FILENO, &status) && S_ISREG(status.st_mode) && status.st_mode & 077)
		say_note("others can read the file that this key goes to: umask 077 before, chmod 600 now");
}

static int print_key(const __u8 *key, size_t size)
{
	char text[KEY_TEXT_BYTES];

	sodium_bin2base64(text, sizeof(text), key, size, sodium_base64_VARIANT_ORIGINAL);
	setvbuf(stdout, NULL, _IONBF, 0); /* no copy of the key is left in a buffer */
	puts(text);
	sodium_memzero(text, sizeof(text));
	return ctl_finish_output();
}

static int generate(size_t size, bool clamp)
{
	__u8 *key = key_secret_new(size);
	int result;

	if (!key) {
		say_error("no memory for a key");
		return CTL_FAILED;
	}
	warn_if_readable();
	randombytes_buf(key, size);
	if (clamp) { /* RFC 7748 section 5 */
		key[0] &= 248;
		key[31] = (key[31] & 127) | 64;
	}
	result = print_key(key, size);
	key_secret_free(key);
	return result;
}

int command_genkey(const struct ctl *ctl, int argc, char **argv)
{
	int usage = take_no_arguments(ctl, argc, argv);

	return usage ? usage : generate(KEY_PRIVATE_BYTES, true);
}

int command_genpsk(const struct ctl *ctl, int argc, char **argv)
{
	int usage = take_no_arguments(ctl, argc, argv);

	return usage ? usage : generate(KEY_HOP_BYTES, false);
}

/* One line from stdin into `text`; its length without the newline, or -1 if there is more than one or too much. */
static ssize_t read_line(char *text, size_t size)
{
	size_t used = 0;
	ssize_t got;

	while (used < size && (got = read(STDIN_FILENO, text + used, size - used)) != 0) {
		if (got < 0 && errno != EINTR)
			return -1;
		used += got > 0 ? (size_t)got : 0;
	}
	if (used == size)
		return -1;
	while (used && strchr(" \t\r\n", text[used - 1]))
		used--;
	text[used] = 0;
	return (ssize_t)used;
}

static int print_public(char *text, size_t size, __u8 *private_key)
{
	__u8 public_key[KEY_PUBLIC_BYTES];

	if (read_line(text, size) < 0 || parse_base64(text, private_key, KEY_PRIVATE_BYTES) ||
	    key_public(public_key, private_key)) {
		say_error("found no private key on stdin, expected 32 bytes in base64, "
			  "as mayflyctl genkey prints them");
		return CTL_FAILED;
	}
	return print_key(public_key, sizeof(public_key));
}

int command_pubkey(const struct ctl *ctl, int argc, char **argv)
{
	enum { TEXT_BYTES = 256 };
	int result = take_no_arguments(ctl, argc, argv);
	char *text;
	__u8 *private_key;

	if (result)
		return result;
	text = key_secret_new(TEXT_BYTES);
	private_key = key_secret_new(KEY_PRIVATE_BYTES);
	if (text && private_key) {
		result = print_public(text, TEXT_BYTES, private_key);
	} else {
		say_error("no memory for a key");
		result = CTL_FAILED;
	}
	key_secret_free(private_key);
	key_secret_free(text);
	return result;
}
