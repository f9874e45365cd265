/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of xdpark-dp: what it takes, what it refuses and how it says so; how packets end, as the
 * man page has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmod-free/ip.h"
#include "kmod-free/options.h"

enum { WORDS = 40 };

static char error[OPTIONS_ERROR];

/* Parses a command line of words separated by one space. */
static int parse(struct options *options, char *line)
{
	char *words[WORDS + 1] = {"xdpark-dp"}, *rest = line;
	int count = 1;

	while (rest && *rest && count < WORDS)
		words[count++] = strsep(&rest, " ");
	error[0] = '\0';
	return options_parse(options, count, words, error);
}

#define PARSE(options, text)                                                                                 \
	({                                                                                                   \
		static char line[] = text;                                                                   \
		parse(options, line);                                                                        \
	})

#define REFUSED(text, says)                                                                                  \
	do {                                                                                                 \
		struct options refused;                                                                      \
		assert_int_equal(PARSE(&refused, text), -EINVAL);                                            \
		if (!strstr(error, says))                                                                    \
			fail_msg("'%s' should mention '%s'", error, says);                                   \
	} while (0)

static void test_defaults(void **state)
{
	struct options options;
	uint8_t address[16];

	(void)state;
	assert_int_equal(PARSE(&options, "--interface eth0 --address 192.0.2.1"), 0);
	assert_int_equal(options.mode, OPTIONS_RUN);
	assert_string_equal(options.interfaces[0], "eth0");
	ip_parse("::ffff:192.0.2.1", address);
	assert_memory_equal(options.addresses[0], address, 16);
	assert_int_equal(options.port_first, 10000);
	assert_int_equal(options.port_last, 32767);
	assert_int_equal(options_endpoints_each(&options), 11384);
	assert_int_equal(options.audio_bytes, 256 << 20);
	assert_int_equal(options.early_ns, 5000000);
	assert_int_equal(options.grace_ns, 5000000);
	assert_int_equal(options.dscp, 46);
	assert_int_equal(options.cpu_count, 0);
	assert_string_equal(options.pins, "/sys/fs/bpf/xdpark");
	assert_string_equal(options.socket_path, "/run/xdpark/dataplane.sock");
	assert_false(options.generic || options.socket_group_given);
}

static void test_values(void **state)
{
	struct options options;

	(void)state;
	assert_int_equal(
	        PARSE(&options,
	                "--interface a --interface b --address fd00::1 --address 10.0.0.1 --ports "
	                "2000-2999 --audio-memory 2G --early-us 0 --grace-us 60000 --dscp 0 --generic "
	                "--pump-cpus 0,4-6 --socket-group 77 --log-level debug"),
	        0);
	assert_int_equal(options.interface_count, 2);
	assert_int_equal(options.address_count, 2);
	assert_int_equal(options_endpoints_each(&options), 500);
	assert_int_equal(options.audio_bytes, 2ULL << 30);
	assert_int_equal(options.early_ns, 0);
	assert_int_equal(options.grace_ns, 60000000);
	assert_true(options.generic && options.socket_group_given);
	assert_int_equal(options.socket_group, 77);
	assert_int_equal(options.cpu_count, 4);
	assert_int_equal(options.cpus[3], 6);
	assert_int_equal(options.level, LOG_LEVEL_DEBUG);
	assert_int_equal(PARSE(&options, "--prepare --user 4711"), 0);
	assert_int_equal(options.mode, OPTIONS_PREPARE);
	assert_int_equal(options.user, 4711);
	assert_int_equal(PARSE(&options, "--detach"), 0);
	assert_int_equal(PARSE(&options, "--check --interface x"), 0);
	assert_int_equal(PARSE(&options, "--help --nonsense"), 0);
	assert_int_equal(PARSE(&options, "--version"), 0);
}

static void test_refusals(void **state)
{
	(void)state;
	REFUSED("--address 192.0.2.1", "--interface");
	REFUSED("--interface eth0", "--address");
	REFUSED("--interface eth0 --interface eth0 --address 192.0.2.1", "given twice");
	REFUSED("--interface far-too-long-name --address 192.0.2.1", "--interface");
	REFUSED("--address 192.0.2.256", "192.0.2.256");
	REFUSED("--interface eth0 --address 0.0.0.0", "'0.0.0.0' is no address of one host");
	REFUSED("--interface eth0 --address 127.0.0.1", "name the one that phones send to");
	REFUSED("--interface eth0 --address 224.0.0.1", "is no address of one host");
	REFUSED("--interface eth0 --address 239.255.255.255", "is no address of one host");
	REFUSED("--interface eth0 --address 255.255.255.255", "is no address of one host");
	REFUSED("--interface eth0 --address ::", "is no address of one host");
	REFUSED("--interface eth0 --address ::1", "is no address of one host");
	REFUSED("--interface eth0 --address ff02::1", "is no address of one host");
	REFUSED("--address 192.0.2.1 --address ::ffff:192.0.2.1", "given twice");
	REFUSED("--ports 10001-20000", "--ports");
	REFUSED("--ports 10000-20000", "--ports");
	REFUSED("--ports 10000-10001", "--ports");
	REFUSED("--ports 20000-10001", "--ports");
	REFUSED("--ports 1000-2001", "--ports");
	REFUSED("--ports 10000-65537", "--ports");
	REFUSED("--ports 10000", "--ports");
	REFUSED("--ports 10000-20001x", "--ports");
	REFUSED("--ports -5", "--ports");
	REFUSED("--audio-memory 12X", "--audio-memory");
	REFUSED("--audio-memory 1K", "--audio-memory");
	REFUSED("--audio-memory 18446744073709551615G", "--audio-memory");
	REFUSED("--audio-memory M", "--audio-memory");
	REFUSED("--audio-memory 65G", "--audio-memory");
	REFUSED("--audio-memory 1023K", "--audio-memory");
	REFUSED("--early-us -1", "--early-us");
	REFUSED("--grace-us 60001", "--grace-us");
	REFUSED("--dscp 64", "--dscp");
	REFUSED("--dscp 0x10", "--dscp");
	REFUSED("--pump-cpus 1,1", "--pump-cpus");
	REFUSED("--pump-cpus 3-1", "--pump-cpus");
	REFUSED("--pump-cpus 64", "--pump-cpus");
	REFUSED("--socket relative.sock", "--socket");
	REFUSED("--socket-group no-such-group-here", "nobody here is called");
	REFUSED("--prepare", "--user");
	REFUSED("--prepare --user 0", "--user");
	REFUSED("--user 5", "--prepare");
	REFUSED("--prepare --check --user 5", "--check");
	REFUSED("--log-level loud", "loud");
	REFUSED("--frobnicate", "--frobnicate");
	REFUSED("--dscp", "value is missing");
	REFUSED("stray", "stray");
}

/* The man page's source, to be freed. */
static char *man_read(void)
{
	char *man = calloc(1, 1 << 20);
	FILE *page = fopen("kmod-free/xdpark-dp.8", "r");

	assert_non_null(page);
	assert_true(fread(man, 1, (1 << 20) - 1, page) > 0);
	fclose(page);
	return man;
}

/* Every way a packet can end has its row in the man page. */
static void test_endings_in_man(void **state)
{
	static const char *const rows[] = {
#define ENDING(name, verdict, meaning) "\n" #name "|" #verdict "|T{\n" meaning "\nT}\n",
#include "bpf/endings.def"
#undef ENDING
	};
	char *man = man_read();

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char wanted[256];
		size_t used = 0;

		/* A straight apostrophe is written \(aq. */
		for (const char *from = rows[i]; *from; from++)
			used += (size_t)snprintf(
			        wanted + used, sizeof(wanted) - used, *from == '\'' ? "\\(aq" : "%c", *from);
		if (!strstr(man, wanted))
			fail_msg("xdpark-dp.8 has no row%s", wanted);
	}
	free(man);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_defaults),
	        cmocka_unit_test(test_values),
	        cmocka_unit_test(test_refusals),
	        cmocka_unit_test(test_endings_in_man),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
