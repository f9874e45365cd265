/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and networks: text, ranges, sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <errno.h>
#include <netinet/in.h>

#include <cmocka.h>

#include "ctl/address.h"

static void text_goes_in_and_out(void **state)
{
	static const struct {
		const char *in, *out; /* out NULL: refused */
	} rows[] = {
	        {"10.0.0.1", "10.0.0.1:5060"},
	        {"10.0.0.1:5061", "10.0.0.1:5061"},
	        {"fd00::1", "[fd00::1]:5060"},
	        {"[fd00::1]", "[fd00::1]:5060"},
	        {"[fd00::1]:65535", "[fd00::1]:65535"},
	        {"::ffff:10.0.0.1", "10.0.0.1:5060"},
	        {"0.0.0.0", "0.0.0.0:5060"},
	        {"10.0.0.1:65536", NULL},
	        {"10.0.0.1:", NULL},
	        {"10.0.0.1:+1", NULL},
	        {"10.0.0.1:05", NULL},
	        {"10.0.0.256", NULL},
	        {"10.0.0", NULL},
	        {"[10.0.0.1", NULL},
	        {"[10.0.0.1]", NULL},
	        {"[fd00::1", NULL},
	        {"fd00::1]", NULL},
	        {"[]", NULL},
	        {"", NULL},
	        {"localhost", NULL},
	        {"1111111111111111111111111111111111111111111111111111111111111111111:1", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct address address = {.port = 9};
		char text[ADDRESS_TEXT];
		int result = address_parse(rows[i].in, 5060, &address);

		if (rows[i].out) {
			assert_int_equal(result, 0);
			assert_string_equal(address_format(&address, text), rows[i].out);
		} else {
			assert_int_equal(result, -EINVAL);
			assert_int_equal(address.port, 9); /* nothing was written */
		}
	}
}

static void networks_hold_what_lies_in_them(void **state)
{
	static const struct {
		const char *network, *in, *out; /* in NULL: refused */
	} rows[] = {
	        {"10.90.0.0/24", "10.90.0.255", "10.90.1.0"},
	        {"10.0.0.0/9", "10.127.0.1", "10.128.0.0"},
	        {"10.90.0.7", "10.90.0.7", "10.90.0.6"},
	        {"0.0.0.0/0", "255.1.2.3", "fd00::1"},
	        {"fd00::/8", "fdff::1", "fe00::1"},
	        {"fd00::1/128", "fd00::1", "fd00::2"},
	        {"::/0", "10.0.0.1", NULL},
	        {"10.90.0.1/24", NULL, NULL},
	        {"10.90.0.0/33", NULL, NULL},
	        {"10.90.0.0/", NULL, NULL},
	        {"10.90.0.0/2 4", NULL, NULL},
	        {"fd00::/129", NULL, NULL},
	        {"fd00::1/64", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct network network;
		uint8_t ip[16];

		assert_int_equal(network_parse(rows[i].network, &network), rows[i].in ? 0 : -EINVAL);
		if (rows[i].in) {
			assert_int_equal(address_parse_ip(rows[i].in, ip), 0);
			assert_true(network_holds(&network, ip));
		}
		if (rows[i].out) {
			assert_int_equal(address_parse_ip(rows[i].out, ip), 0);
			assert_false(network_holds(&network, ip));
		}
	}
}

static void private_addresses_are_told_apart(void **state)
{
	static const char *const private[] = {"10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
	        "100.64.0.1", "100.127.0.1", "169.254.1.1", "127.0.0.1", "::1", "fe80::1", "fc00::1",
	        "fd12::1"};
	static const char *const public[] = {"11.0.0.1", "172.32.0.1", "192.169.0.1", "100.128.0.1",
	        "8.8.8.8", "2001:db8::1", "::2", "fec0::1"};
	uint8_t ip[16];

	(void)state;
	for (size_t i = 0; i < sizeof(private) / sizeof(*private); i++) {
		assert_int_equal(address_parse_ip(private[i], ip), 0);
		assert_true(address_is_private(ip));
	}
	for (size_t i = 0; i < sizeof(public) / sizeof(*public); i++) {
		assert_int_equal(address_parse_ip(public[i], ip), 0);
		assert_false(address_is_private(ip));
	}
}

static void any_and_family_are_seen(void **state)
{
	uint8_t ip[16];

	(void)state;
	assert_int_equal(address_parse_ip("0.0.0.0", ip), 0);
	assert_true(address_is_any(ip) && address_is_ipv4(ip));
	assert_int_equal(address_parse_ip("::", ip), 0);
	assert_true(address_is_any(ip) && !address_is_ipv4(ip));
	assert_int_equal(address_parse_ip("0.0.0.1", ip), 0);
	assert_false(address_is_any(ip));
	assert_int_equal(address_parse_ip("fd00::", ip), 0);
	assert_false(address_is_any(ip));
}

static void sockets_take_and_give_them(void **state)
{
	static const char *const texts[] = {"10.0.0.1:5060", "[fd00::1]:5061"};
	struct sockaddr_storage socket_address;
	struct address in, out;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(address_parse(texts[i], 0, &in), 0);
		assert_int_equal(address_to_socket(&in, &socket_address),
		        i ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
		assert_int_equal(socket_address.ss_family, i ? AF_INET6 : AF_INET);
		assert_int_equal(address_from_socket(&socket_address, &out), 0);
		assert_true(address_equal(&in, &out));
		out.port++;
		assert_false(address_equal(&in, &out));
		assert_true(address_same_ip(in.ip, out.ip));
	}
	socket_address.ss_family = AF_UNIX;
	assert_int_equal(address_from_socket(&socket_address, &out), -EAFNOSUPPORT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(text_goes_in_and_out),
	        cmocka_unit_test(networks_hold_what_lies_in_them),
	        cmocka_unit_test(private_addresses_are_told_apart),
	        cmocka_unit_test(any_and_family_are_seen),
	        cmocka_unit_test(sockets_take_and_give_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
