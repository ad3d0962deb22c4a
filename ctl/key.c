// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys and the memory they live in. Files with secrets are refused if anybody but their owner
 * can read them; the sentence says how to mend that.
 */
#include "ctl/key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/parse.h"

int key_confine_process(void)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return 0;
}

void *key_secret_new(size_t size)
{
	/* sodium_malloc puts its canary right behind; 8 keeps structs aligned, as it aligns the end */
	size_t rounded = (size + 7) & ~(size_t)7;
	void *secret = sodium_malloc(rounded);

	if (secret)
		memset(secret, 0, rounded);
	return secret;
}

void key_secret_free(void *secret)
{
	sodium_free(secret);
}

static int check_status(const char *path, const struct stat *status, char why[static SAY_BYTES])
{
	if (!S_ISREG(status->st_mode) && !S_ISFIFO(status->st_mode))
		return say_why(why, -EINVAL, "%s is not a file", path);
	if (status->st_mode & 077)
		return say_why(why, -EPERM, "%s can be read by others (mode %04o): chmod 600 %s", path,
			       status->st_mode & 07777, path);
	if (geteuid() && status->st_uid && status->st_uid != geteuid())
		return say_why(why, -EPERM, "%s belongs to user %u: whoever owns a key file can change it; "
			       "chown it to the user that runs mayflyctl", path, status->st_uid);
	return 0;
}

/* The descriptor is checked, not the name, so that nothing can be put in its place in between. */
static int open_checked(const char *path, char why[static SAY_BYTES])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat status;
	int error;

	if (fd < 0 && errno == ENOENT)
		return say_why(why, -ENOENT, "%s does not exist; to make a key: umask 077; mayflyctl genkey > FILE "
			       "(or genpsk for a KeyFile)", path);
	if (fd < 0)
		return say_why(why, -errno, "cannot open %s: %s", path, strerror(errno));
	error = fstat(fd, &status) ? -errno : check_status(path, &status, why);
	if (error) {
		close(fd);
		return error;
	}
	return fd;
}

int key_check_file(const char *path, char why[static SAY_BYTES])
{
	int fd = open_checked(path, why);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* All of a file that is shorter than KEY_LINE_BYTES; its length, or -errno. */
static ssize_t read_whole(int fd, char text[static KEY_LINE_BYTES])
{
	size_t used = 0;

	while (used < KEY_LINE_BYTES) {
		ssize_t got = read(fd, text + used, KEY_LINE_BYTES - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			return (ssize_t)used;
		used += (size_t)got;
	}
	return -EFBIG;
}

int key_read_line(const char *path, char text[static KEY_LINE_BYTES], char why[static SAY_BYTES])
{
	int fd = open_checked(path, why);
	ssize_t length;

	if (fd < 0)
		return fd;
	length = read_whole(fd, text);
	close(fd);
	if (length < 0)
		return say_why(why, (int)length, "cannot read a key from %s: %s", path, strerror((int)-length));
	while (length && strchr(" \t\r\n", text[length - 1]))
		length--;
	text[length] = 0;
	return 0;
}

int key_parse_hop(const char *text, __u8 key[static KEY_HOP_BYTES])
{
	if (!parse_hex(text, key, KEY_HOP_BYTES))
		return 0;
	return parse_base64(text, key, KEY_HOP_BYTES);
}

int key_parse_32(const char *text, __u8 key[static 32])
{
	if (!parse_hex(text, key, 32))
		return 0;
	return parse_base64(text, key, 32);
}

static int read_key(const char *path, __u8 *key, int (*parse)(const char *, __u8 *), const char *expected,
		    char why[static SAY_BYTES])
{
	char *text = key_secret_new(KEY_LINE_BYTES);
	int error;

	if (!text)
		return say_why(why, -ENOMEM, "no memory for a key");
	error = key_read_line(path, text, why);
	if (!error && parse(text, key))
		error = say_why(why, -EINVAL, "%s holds no such key: expected %s", path, expected);
	key_secret_free(text);
	return error;
}

int key_read_private(const char *path, __u8 key[static KEY_PRIVATE_BYTES], char why[static SAY_BYTES])
{
	return read_key(path, key, key_parse_32,
			"32 bytes in base64, as mayflyctl genkey prints them, or 64 hexadecimal digits", why);
}

int key_read_hop(const char *path, __u8 key[static KEY_HOP_BYTES], char why[static SAY_BYTES])
{
	return read_key(path, key, key_parse_hop,
			"16 bytes in base64, as mayflyctl genpsk prints them, or 32 hexadecimal digits", why);
}

int key_public(__u8 public_key[static KEY_PUBLIC_BYTES], const __u8 private_key[static KEY_PRIVATE_BYTES])
{
	__u8 value[KEY_PUBLIC_BYTES];

	if (crypto_scalarmult_base(value, private_key) || sodium_is_zero(value, sizeof(value)))
		return -EINVAL;
	memcpy(public_key, value, sizeof(value));
	return 0;
}

/* 0, 1, two points of order 8, and p - 1, p, p + 1 with p = 2^255 - 19. The top bit does not count. */
bool key_is_low_order(const __u8 public_key[static KEY_PUBLIC_BYTES])
{
	static const __u8 points[][KEY_PUBLIC_BYTES] = {
		{ 0 },
		{ 1 },
		{ 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
		  0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00 },
		{ 0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
		  0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57 },
		{ 0xec, [1 ... 30] = 0xff, 0x7f },
		{ 0xed, [1 ... 30] = 0xff, 0x7f },
		{ 0xee, [1 ... 30] = 0xff, 0x7f },
	};
	const int last = KEY_PUBLIC_BYTES - 1;

	for (size_t i = 0; i < sizeof(points) / sizeof(*points); i++)
		if (!memcmp(public_key, points[i], (size_t)last) && (public_key[last] & 0x7f) == points[i][last])
			return true;
	return false;
}
