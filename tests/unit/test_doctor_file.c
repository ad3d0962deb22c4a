// SPDX-License-Identifier: GPL-2.0-only
/* doctor on a node that is up and a file that says something else: each difference by name, none where there is none. */
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/config_file.h"
#include "ctl/doctor.h"
#include "tests/unit/capture.h"
#include "tests/unit/taken_in.h"

enum { MOST = 16 };

#define NODE "[Node]\nInterface = eth0\nPrefix = 2001:db8:1::/64\nAddress = fd00::1\n"
#define PEER(name, address) "[Peer]\nName = " name "\nAddress = " address "\nPrefix = 2001:db8:2::/64\nLocalSeed = " \
	"00000000000000" name "\nRemoteSeed = 1111111111111111\nKeyFile = KEY\n"
#define USUAL NODE PEER("aa", "fd00::2") PEER("bb", "fd00::3")

static char directory[] = "/tmp/mf-doctor.XXXXXX";
static char file[64], key_file[64];
static struct mf_assoc_status status[MOST];
static struct snapshot state;
static struct doctor doctor;
static char said[1 << 16];

static void write_text(const char *path, const char *text)
{
	FILE *stream = fopen(path, "w");

	assert_non_null(stream);
	fputs(text, stream);
	fclose(stream);
	assert_int_equal(chmod(path, 0600), 0);
}

/* `text` with the file of the key in it. */
static void write_config(const char *text)
{
	char whole[8192] = "";
	const char *mark;

	for (; (mark = strstr(text, "KEY\n")); text = mark + 3) {
		strncat(whole, text, (size_t)(mark - text));
		strcat(whole, key_file);
	}
	strcat(whole, text);
	write_text(file, whole);
}

static void read_config(struct config *config, struct config_keys *keys)
{
	__u8 node_public[KEY_PUBLIC_BYTES];
	char why[SAY_BYTES];

	if (config_file_read(config, node_public, file, why) || config_keys_read(keys, config, why))
		fail_msg("%s", why);
}

/* The loader has what `text` says. */
static void let_run(const char *text)
{
	struct config_keys keys;
	struct config config;

	write_config(text);
	read_config(&config, &keys);
	state = (struct snapshot){ .node.nic = "eth0", .socket = "/run/mayfly/eth0.sock" };
	take_all_in(&state, status, &config, keys.key);
	config_keys_close(&keys);
	config_close(&config);
}

/* What is said of it by a file that says `text`. */
static void look(const char *text)
{
	struct capture capture;
	struct config_keys keys;
	struct config config;

	write_config(text);
	read_config(&config, &keys);
	config_keys_close(&keys);
	doctor = (struct doctor){ .config = &config, .state = &state, .nic = "eth0" };
	capture = capture_begin();
	doctor_check_file(&doctor);
	capture_end(&capture, said, sizeof(said));
	config_close(&config);
}

static void says(enum doctor_level level, const char *words)
{
	if (doctor.count[DOCTOR_WARN] + doctor.count[DOCTOR_FAIL] != (level != DOCTOR_OK) || doctor.count[level] != 1 ||
	    !strstr(said, words))
		fail_msg("expected once, and nothing else: %s\n%s", words, said);
}

static int set_up(void **unused)
{
	(void)unused;
	if (sodium_init() < 0 || !mkdtemp(directory))
		return -1;
	snprintf(file, sizeof(file), "%s/eth0.conf", directory);
	snprintf(key_file, sizeof(key_file), "%s/key", directory);
	write_text(key_file, "00112233445566778899aabbccddeeff\n");
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	unlink(file);
	unlink(key_file);
	return rmdir(directory);
}

static void test_same(void **unused)
{
	(void)unused;
	let_run(USUAL);
	look(USUAL);
	says(DOCTOR_OK, "the node that is up is what ");
	state.node.config.capacity = 4096; /* more than the file asks for, which names none */
	look(USUAL);
	says(DOCTOR_OK, "the node that is up is what ");
	state.node.attached = 0;
	look(USUAL);
	assert_string_equal(said, "");
}

static void test_node(void **unused)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "[Node]\nInterface = eth0\nAddress = fd00::1\nPrefix = 2001:db8:9::/64, 2001:db8:1::/64\n",
		  "the node hops in 2001:db8:1::/64, " },
		{ "[Node]\nInterface = eth0\nAddress = fd00::1\nPrefix = 2001:db8:9::/64\n", " says 2001:db8:9::/64\n" },
		{ NODE "LookAhead = 1h\nDark = no\n", ": Mode or Dark, LookAhead\n" },
		{ NODE "Device = hop0\n", ": Device\n      -> mayflyctl down eth0, then up " },
		{ NODE "Capacity = 7\n", ": Capacity\n      -> mayflyctl down eth0, then up " },
		{ NODE "ThreadedNapi = yes\n", ": ThreadedNapi\n      -> mayflyctl reload " },
		{ "[Node]\nInterface = eth0\nPrefix = 2001:db8:1::/64\nAddress = fd00::5\n", ": Address\n" },
		{ "[Node]\nInterface = eth1\nPrefix = 2001:db8:1::/64\nAddress = fd00::1\n", "serves eth0, " },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		let_run(NODE);
		look(rows[i].text);
		says(DOCTOR_FAIL, rows[i].words);
	}
}

/* Sessions leave the prefix that was by and by; where nothing hops any more it is of no use. */
static void test_moving(void **unused)
{
	struct mf_node_config *present = &state.node.config;

	(void)unused;
	let_run(NODE);
	present->template[1] = present->template[0];
	present->template[1].base[5] = 9;
	present->templates = 2;
	look(NODE);
	says(DOCTOR_FAIL, "the node hops in 2001:db8:1::/64, 2001:db8:9::/64, ");
	strcpy(status[0].config.name, "laptop@a");
	status[0].config.shares = 1;
	status[0].config.local = present->template[1];
	state.count = 1;
	look(NODE);
	says(DOCTOR_WARN, "the node hops in 2001:db8:9::/64 as well");
	status[0].config.local = present->template[0]; /* the file has changed, and nobody has reloaded it */
	present->templates = 1;
	memset(&present->template[1], 0, sizeof(present->template[1]));
	look("[Node]\nInterface = eth0\nAddress = fd00::1\nPrefix = 2001:db8:9::/64\n");
	says(DOCTOR_FAIL, "the node hops in 2001:db8:1::/64, ");
	assert_non_null(strstr(said, " says 2001:db8:9::/64\n"));
}

static void test_peers(void **unused)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ NODE PEER("aa", "fd00::2"), "the loader has bb, whom " },
		{ USUAL PEER("cc", "fd00::4"), "the loader has no cc, whom " },
		{ USUAL "ZeroChecksum = yes\n", ": Firewall or ZeroChecksum\n" },
		{ USUAL "Carriage = rewrite\nPort = 5\n", "bb is not what " },
		{ USUAL "Carriage = rewrite\nPort = 5\n", ": Carriage, ports\n" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		let_run(USUAL);
		look(rows[i].text);
		says(DOCTOR_FAIL, rows[i].words);
	}
	let_run(USUAL);
	write_text(key_file, "ff112233445566778899aabbccddeeff\n");
	look(USUAL);
	assert_int_equal(doctor.count[DOCTOR_FAIL], 2);
	assert_non_null(strstr(said, "aa is not what "));
	assert_non_null(strstr(said, ": key\n"));
}

static void test_many(void **unused)
{
	(void)unused;
	let_run(NODE);
	look(NODE PEER("01", "fd00::1:1") PEER("02", "fd00::1:2") PEER("03", "fd00::1:3") PEER("04", "fd00::1:4")
	     PEER("05", "fd00::1:5") PEER("06", "fd00::1:6") PEER("07", "fd00::1:7") PEER("08", "fd00::1:8")
	     PEER("09", "fd00::1:9") PEER("0a", "fd00::1:a"));
	assert_int_equal(doctor.count[DOCTOR_FAIL], 9);
	assert_non_null(strstr(said, "2 more peers are not what "));
}

/* What `text` has in files of keys; `doctor` and `said` are of it. */
static void look_at_keys(const char *text)
{
	__u8 node_public[KEY_PUBLIC_BYTES];
	struct capture capture;
	struct config config;
	char why[SAY_BYTES];

	write_config(text);
	if (config_file_read(&config, node_public, file, why))
		fail_msg("%s", why);
	doctor = (struct doctor){ .config = &config };
	capture = capture_begin();
	doctor_check_keys(&doctor);
	capture_end(&capture, said, sizeof(said));
	config_close(&config);
}

static void test_store(void **unused)
{
	(void)unused;
	look_at_keys(NODE "Store = redis://host:70000\n");
	says(DOCTOR_FAIL, "eth0.conf:5: Store: ");
	look_at_keys(NODE "Store = redis://host:7000?password-file=/nonexistent\n");
	says(DOCTOR_FAIL, "password file /nonexistent: No such file");
	look_at_keys(NODE "Store = redis://host:7000\n");
	assert_string_equal(said, "");
}

/* What up refuses is found. */
static void test_keys(void **unused)
{
	static char huge[5 << 20];
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "garbage\n", "aa: /tmp/" }, { "garbage\n", "holds no such key" }, { "", "holds no such key" },
		{ "00112233445566778899aabbccddee\n", "holds no such key" }, { huge, "cannot read a key from " },
	};

	(void)unused;
	look_at_keys(USUAL);
	says(DOCTOR_OK, "key files hold keys, and are closed to others");
	look_at_keys(NODE);
	assert_string_equal(said, "");
	look_at_keys(NODE PEER("aa", "fd00::2") "[Peer]\nName = bb\nAddress = fd00::3\nPrefix = 2001:db8:2::/64\n"
		     "LocalSeed = 00000000000000aa\nRemoteSeed = 2222222222222222\nKeyFile = KEY\n");
	says(DOCTOR_FAIL, "found the same key and LocalSeed for the peers aa and bb");
	memset(huge, 'x', sizeof(huge) - 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		write_text(key_file, rows[i].text);
		look_at_keys(NODE PEER("aa", "fd00::2"));
		says(DOCTOR_FAIL, rows[i].words);
		assert_null(strstr(said, "closed to others"));
		assert_null(strstr(said, "garbage"));
	}
	write_text(key_file, "00112233445566778899aabbccddeeff\n");
	assert_int_equal(chmod(key_file, 0640), 0);
	look_at_keys(NODE PEER("aa", "fd00::2") "Carriage = sealed\n"); /* stands among those that have sessions */
	says(DOCTOR_FAIL, "aa: /tmp/");
	look_at_keys(USUAL);
	assert_int_equal(doctor.count[DOCTOR_FAIL], 2);
	assert_non_null(strstr(said, "bb: /tmp/"));
	assert_int_equal(chmod(key_file, 0600), 0);
}

static void test_clients(void **unused)
{
	char text[512], clients[96], path[128];

	(void)unused;
	snprintf(clients, sizeof(clients), "%s/clients", directory);
	snprintf(text, sizeof(text), NODE "Clients = %s\n", clients);
	look_at_keys(text);
	says(DOCTOR_FAIL, "cannot read the directory ");
	assert_int_equal(mkdir(clients, 0755), 0);
	look_at_keys(text);
	assert_string_equal(said, "");
	assert_int_equal(chmod(clients, 0777), 0);
	look_at_keys(text);
	says(DOCTOR_FAIL, "of Clients can be written by others (mode 0777): chmod go-w ");
	assert_int_equal(chmod(clients, 0755), 0);
	snprintf(path, sizeof(path), "%s/laptop.pub", clients);
	write_text(path, "garbage\n");
	look_at_keys(text);
	says(DOCTOR_WARN, "1 file in /tmp/");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(clients), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),  cmocka_unit_test(test_node), cmocka_unit_test(test_moving),
		cmocka_unit_test(test_peers), cmocka_unit_test(test_many),
		cmocka_unit_test(test_store), cmocka_unit_test(test_keys),
		 cmocka_unit_test(test_clients),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
