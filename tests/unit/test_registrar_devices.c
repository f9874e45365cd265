/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices of users: which are the same, how many, and how they are reached. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/registrar_stage.h"

/* What is one device (RFC 3261 19.1.4, reduced), and what is another. */
static void devices_are_told_apart(void **state)
{
	static const struct {
		const char *contact;
		bool same;
	} ROWS[] = {
	        {"<sip:101@PHONE.example>", true},
	        {"<sip:101@phone.example:5060>", true},
	        {"<sip:101@phone.example;transport=udp>", true},
	        {"<sip:101@phone.example;transport=UDP;ob>", true},
	        {"<SIP:101@phone.example;x=y>", true},
	        {"<sip:%3101@phone.example>", true},
	        {"\"A\" <sip:101@phone.example?Subject=x>", true},
	        {"sip:101@phone.example", true},
	        {"<sip:102@phone.example>", false},
	        {"<sip:phone.example>", false},
	        {"<sip:101@phone.example:5061>", false},
	        {"<sip:101@other.example>", false},
	        {"<sip:101@10.90.0.2>", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
		char headers[256];

		expect("Contact: <sip:101@phone.example>\n", 200);
		snprintf(headers, sizeof(headers), "Contact: %s\n", ROWS[i].contact);
		expect(headers, 200);
		if (count_of(alice) != (ROWS[i].same ? 1 : 2))
			fail_msg("row %zu", i);
		expect("Contact: *\nExpires: 0\n", 200);
		assert_int_equal(count_of(alice), 0);
	}
	expect("Contact: <sip:a@[fd90::1]>\n", 200);
	expect("Contact: <sip:a@[FD90:0::0:1]:5060>\n", 200);
	assert_int_equal(count_of(alice), 1);
	expect("Contact: <sip:A@[fd90::1]>\n", 200);
	assert_int_equal(count_of(alice), 2);
}

static void devices_are_limited(void **state)
{
	(void)state;
	expect("Contact: <sip:1@10.90.0.2>, <sip:2@10.90.0.2>, <sip:3@10.90.0.2>, <sip:4@10.90.0.2>\n", 403);
	assert_int_equal(count_of(alice), 0);
	expect("Contact: <sip:1@10.90.0.2>, <sip:2@10.90.0.2>, <sip:3@10.90.0.2>\n", 200);
	expect("Contact: <sip:4@10.90.0.2>\n", 403);
	expect("Contact: <sip:3@10.90.0.2>\n", 200);
	/* A refusal forgets what it was about to remove. */
	expect("Contact: <sip:1@10.90.0.2>;expires=0, <sip:4@10.90.0.2>, <sip:5@10.90.0.2>\n", 403);
	expect("Contact: <sip:3@10.90.0.2>\n", 200);
	assert_int_equal(count_of(alice), 3);
	/* In exchange for another one. */
	expect("Contact: <sip:4@10.90.0.2>, <sip:1@10.90.0.2>;expires=0\n", 200);
	assert_int_equal(count_of(alice), 3);
	pass(3600000);
	expect("Contact: <sip:5@10.90.0.2>\n", 200);
	assert_int_equal(count_of(alice), 1);
}

static void phones_behind_nat_are_reached_as_they_came(void **state)
{
	const struct contact *contact;
	struct flow flow = text_flow("203.0.113.7:40000");
	char text[ADDRESS_TEXT];

	(void)state;
	osip_message_free(register_by(alice, "192.168.7.7:5060", "203.0.113.7:40000", "c1", 1,
	        "Contact: <sip:101@192.168.7.7:5060>\n"));
	contact = contacts_of(alice);
	assert_true(contact_behind_nat(contact));
	assert_true(flow_equal(&contact->flow, &flow));
	assert_ptr_equal(registrar_by_flow(registrar, &flow), alice);
	flow.remote.port = 5060;
	assert_null(registrar_by_flow(registrar, &flow));
	/* No NAT, but another port to listen on. */
	osip_message_free(register_by(
	        bob, "10.90.0.2:49152", "10.90.0.2:49152", "c2", 1, "Contact: <sip:102@10.90.0.2:5066>\n"));
	assert_string_equal(address_format(&contacts_of(bob)->flow.remote, text), "10.90.0.2:5066");
	/* Somebody else's address is no reason to send there. */
	osip_message_free(register_by(
	        carol, "10.90.0.3:5060", "10.90.0.3:5060", "c3", 1, "Contact: <sip:201@10.90.0.99:5066>\n"));
	assert_string_equal(address_format(&contacts_of(carol)->flow.remote, text), "10.90.0.3:5060");
	osip_message_free(register_by(
	        carol, "phone.example", "10.90.0.3:5060", "c3", 2, "Contact: <sip:201@10.90.0.3:5070>\n"));
	assert_true(contact_behind_nat(contacts_of(carol)));
}

static void a_flow_of_several_is_nobodys(void **state)
{
	struct flow flow = text_flow("10.90.0.2:5060");
	struct transport other = {.ops = &TEXT_TRANSPORT_OPS};

	(void)state;
	assert_null(registrar_by_flow(registrar, &flow));
	osip_message_free(register_by(alice, "10.90.0.2", "10.90.0.2:5060", "c1", 1,
	        "Contact: <sip:101@10.90.0.2>, <sip:line2@10.90.0.2>\n"));
	assert_ptr_equal(registrar_by_flow(registrar, &flow), alice);
	osip_message_free(
	        register_by(carol, "10.90.0.2", "10.90.0.2:5060", "c2", 1, "Contact: <sip:201@10.90.0.2>\n"));
	assert_null(registrar_by_flow(registrar, &flow));
	osip_message_free(
	        register_by(alice, "10.90.0.2", "10.90.0.2:5060", "c1", 2, "Contact: *\nExpires: 0\n"));
	assert_ptr_equal(registrar_by_flow(registrar, &flow), carol);
	flow.transport = &other;
	assert_null(registrar_by_flow(registrar, &flow));
}

static void static_contacts_are_always_there(void **state)
{
	const struct contact *contact;
	osip_message_t *response;
	struct flow flow = text_flow("10.90.0.11:5060");

	(void)state;
	contact = contacts_of(bob);
	assert_string_equal(contact->uri, "sip:1@10.90.0.11:5060");
	assert_ptr_equal(registrar_by_flow(registrar, &flow), bob);
	assert_false(contact_behind_nat(contact));
	assert_int_equal(registrar_count(registrar), 0);
	response = register_by(
	        bob, "10.90.0.2:5060", "10.90.0.2:5060", "c1", 1, "Contact: <sip:102@10.90.0.2>\n");
	assert_says_not(response, "10.90.0.11");
	osip_message_free(response);
	/* After those that registered, whatever happens to these. */
	assert_int_equal(count_of(bob), 2);
	assert_string_equal(contacts_of(bob)->uri, "sip:102@10.90.0.2");
	assert_string_equal(contacts_of(bob)->next->uri, "sip:1@10.90.0.11:5060");
	osip_message_free(
	        register_by(bob, "10.90.0.2", "10.90.0.2:5060", "c1", 2, "Contact: *\nExpires: 0\n"));
	pass(1000000000);
	assert_int_equal(count_of(bob), 1);
	assert_string_equal(contacts_of(bob)->uri, "sip:1@10.90.0.11:5060");
}

static void many_flows_are_kept_apart(void **state)
{
	enum { MANY = 500 };

	(void)state;
	acme_users[0].max_contacts = MANY;
	for (int i = 0; i < MANY; i++) {
		char headers[128], from[32], call_id[16];

		snprintf(from, sizeof(from), "10.90.0.2:%d", 10000 + i);
		snprintf(headers, sizeof(headers), "Contact: <sip:%d@%s>\n", i, from);
		snprintf(call_id, sizeof(call_id), "m%d", i);
		osip_message_free(register_by(alice, from, from, call_id, 1, headers));
	}
	assert_int_equal(registrar_count(registrar), MANY);
	for (int i = 0; i < MANY; i++) {
		char from[32];
		struct flow flow;

		snprintf(from, sizeof(from), "10.90.0.2:%d", 10000 + i);
		flow = text_flow(from);
		assert_ptr_equal(registrar_by_flow(registrar, &flow), alice);
	}
	acme_users[0].max_contacts = 3;
	/* More than allowed since then: refreshing goes on. */
	osip_message_free(register_by(
	        alice, "10.90.0.2:10000", "10.90.0.2:10000", "m0", 2, "Contact: <sip:0@10.90.0.2:10000>\n"));
	assert_string_equal(contacts_of(alice)->uri, "sip:0@10.90.0.2:10000");
	pass(3600000);
	assert_int_equal(registrar_count(registrar), 0);
	assert_null(contacts_of(alice));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        registrar_test(devices_are_told_apart),
	        registrar_test(devices_are_limited),
	        registrar_test(phones_behind_nat_are_reached_as_they_came),
	        registrar_test(a_flow_of_several_is_nobodys),
	        registrar_test(static_contacts_are_always_there),
	        registrar_test(many_flows_are_kept_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
