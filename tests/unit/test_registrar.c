/* SPDX-License-Identifier: GPL-2.0-or-later */
/* REGISTER: lifetimes, order, and all or nothing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/registrar_stage.h"

static void a_phone_registers_and_leaves(void **state)
{
	osip_message_t *response;
	const struct contact *contact;

	(void)state;
	assert_null(contacts_of(alice));
	response = register_by(alice, "10.90.0.2:5060", "10.90.0.2:5060", "c1", 1,
	        "Contact: <sip:101@10.90.0.2:5060;ob>;+sip.instance=\"x\"\nExpires: 600\n");
	assert_int_equal(response->status_code, 200);
	assert_says(response, "Contact: <sip:101@10.90.0.2:5060;ob>;expires=600\r\n");
	assert_says(response, "Date: ");
	assert_says(response, "To: <sip:101@acme.example>;tag=");
	osip_message_free(response);
	contact = contacts_of(alice);
	assert_non_null(contact);
	assert_string_equal(contact->uri, "sip:101@10.90.0.2:5060;ob");
	assert_false(contact_behind_nat(contact));
	assert_ptr_equal(registrar_by_flow(registrar, &contact->flow), alice);
	assert_int_equal(registrar_count(registrar), 1);

	/* Asks what is there. */
	pass(100500);
	response = register_by(alice, "10.90.0.2:5060", "10.90.0.2:5060", "c1", 2, "");
	assert_says(response, "Contact: <sip:101@10.90.0.2:5060;ob>;expires=500\r\n");
	osip_message_free(response);

	response = register_by(alice, "10.90.0.2:5060", "10.90.0.2:5060", "c1", 3,
	        "Contact: <sip:101@10.90.0.2:5060;ob>;expires=0\n");
	assert_int_equal(response->status_code, 200);
	assert_says_not(response, "Contact");
	osip_message_free(response);
	assert_null(contacts_of(alice));
	assert_int_equal(registrar_count(registrar), 0);
}

static void lifetimes_are_bounded(void **state)
{
	static const struct {
		const char *headers;
		int status;
		uint64_t lifetime_s;
	} ROWS[] = {
	        {"Contact: <sip:101@10.90.0.2>\n", 200, 3600},
	        {"Contact: <sip:101@10.90.0.2>\nExpires: 100\n", 200, 100},
	        {"Contact: <sip:101@10.90.0.2>;expires=200\nExpires: 100\n", 200, 200},
	        {"Contact: <sip:101@10.90.0.2>;expires=60\n", 200, 60},
	        {"Contact: <sip:101@10.90.0.2>;expires=59\n", 423, 0},
	        {"Contact: <sip:101@10.90.0.2>\nExpires: 1\n", 423, 0},
	        {"Contact: <sip:101@10.90.0.2>\nExpires: 7201\n", 200, 7200},
	        {"Contact: <sip:101@10.90.0.2>\nExpires: 99999999999999999999999999\n", 200, 7200},
	        {"Contact: <sip:101@10.90.0.2>\nExpires: 4294967296\n", 200, 7200},
	        {"Contact: <sip:101@10.90.0.2>;expires=soon\n", 200, 3600},
	        {"Contact: <sip:101@10.90.0.2>;expires=-1\n", 200, 3600},
	        {"Contact: <sip:101@10.90.0.2>;expires\n", 200, 3600},
	        {"Contact: <sip:101@10.90.0.2>\nExpires: 60x\n", 200, 3600},
	        {"Contact: <sip:101@10.90.0.2>\nExpires: 0\n", 200, 0},
	        {"Contact: <sip:101@10.90.0.2>;expires=000\n", 200, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
		const struct contact *contact;

		expect(ROWS[i].headers, ROWS[i].status);
		contact = contacts_of(alice);
		if ((contact ? contact->expires_at - now : 0) != ROWS[i].lifetime_s * 1000)
			fail_msg("row %zu", i);
		if (contact)
			expect("Contact: *\nExpires: 0\n", 200);
		assert_null(contacts_of(alice));
	}
}

static void too_brief_says_what_would_do(void **state)
{
	osip_message_t *response = register_by(alice, "10.90.0.2:5060", "10.90.0.2:5060", "c1", 1,
	        "Contact: <sip:101@10.90.0.2>;expires=5\n");

	(void)state;
	assert_int_equal(response->status_code, 423);
	assert_says(response, "Min-Expires: 60\r\n");
	osip_message_free(response);
}

static void contacts_end_by_the_clock(void **state)
{
	(void)state;
	expect("Contact: <sip:101@10.90.0.2>;expires=60\n", 200);
	expect("Contact: <sip:101@10.90.0.3>;expires=120\n", 200);
	pass(59999);
	assert_int_equal(count_of(alice), 2);
	pass(1);
	assert_int_equal(count_of(alice), 1);
	assert_string_equal(contacts_of(alice)->uri, "sip:101@10.90.0.3");
	/* Also before their timer has had its turn. */
	now += 60000;
	assert_null(contacts_of(alice));
	assert_int_equal(registrar_count(registrar), 0);
	pass(1000000);
}

static void refreshing_prolongs_and_comes_first(void **state)
{
	(void)state;
	expect("Contact: <sip:101@10.90.0.2>;expires=60\n", 200);
	expect("Contact: <sip:101@10.90.0.3>;expires=60\n", 200);
	assert_string_equal(contacts_of(alice)->uri, "sip:101@10.90.0.3");
	pass(50000);
	expect("Contact: <sip:101@10.90.0.2>;expires=60\n", 200);
	assert_string_equal(contacts_of(alice)->uri, "sip:101@10.90.0.2");
	assert_int_equal(count_of(alice), 2);
	pass(50000);
	assert_int_equal(count_of(alice), 1);
	pass(10000);
	assert_null(contacts_of(alice));
}

static void bad_contacts_change_nothing(void **state)
{
	static const char *const ROWS[] = {
	        "Contact: *\n",
	        "Contact: *\nExpires: 60\n",
	        "Contact: *\nExpires: x\n",
	        "Contact: *;expires=0\n",
	        "Contact: *, <sip:101@10.90.0.3>\nExpires: 0\n",
	        "Contact: <sip:101@10.90.0.3>, *\nExpires: 0\n",
	        "Contact: <tel:+49123>\n",
	        "Contact: <sips:101@10.90.0.3>\n",
	        "Contact: <mailto:a@b.example>\n",
	        "Contact: <sip:101@10.90.0.3:99999>\n",
	        "Contact: <sip:101@10.90.0.3:0>\n",
	        "Contact: <sip:101@10.90.0.3>\nContact: <sip:101@10.90.0.4:x>\n",
	        "Contact: <sip:101@ho/st.example>\n",
	};
	char headers[1024], user[700];

	(void)state;
	expect("Contact: <sip:101@10.90.0.2>\n", 200);
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++)
		expect(ROWS[i], 400);
	memset(user, 'x', sizeof(user));
	user[sizeof(user) - 1] = '\0';
	snprintf(headers, sizeof(headers), "Contact: <sip:%s@10.90.0.2>\n", user);
	expect(headers, 400);
	assert_int_equal(count_of(alice), 1);
	assert_string_equal(contacts_of(alice)->uri, "sip:101@10.90.0.2");
}

/* Who could only be called over TLS or TCP isn't bound; to unbind him is no harm. */
static void only_udp_can_be_reached(void **state)
{
	static const char *const ROWS[] = {
	        "<sips:101@10.90.0.3>",
	        "<SIPS:101@10.90.0.3>",
	        "<sip:101@10.90.0.3;transport=tcp>",
	        "<sip:101@10.90.0.3;ob;Transport=TLS>",
	        "<sip:101@10.90.0.3;transport=ws>",
	        "<sip:101@10.90.0.2>;expires=0, <sip:101@10.90.0.4>, <sip:101@10.90.0.3;transport=sctp>",
	};
	osip_message_t *response;
	char headers[256];

	(void)state;
	expect("Contact: <sip:101@10.90.0.2>\n", 200);
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
		snprintf(headers, sizeof(headers), "Contact: %s\n", ROWS[i]);
		response =
		        register_by(alice, "10.90.0.2:5060", "10.90.0.2:5060", "c1", ++cseq_of_test, headers);
		assert_says(response, "SIP/2.0 400 Contact Can't Be Reached: UDP Only\r\n");
		osip_message_free(response);
		assert_int_equal(count_of(alice), 1);
		assert_string_equal(contacts_of(alice)->uri, "sip:101@10.90.0.2");
	}
	expect("Contact: <sip:101@10.90.0.2;transport=tcp>\nExpires: 0\n", 200);
	expect("Contact: <sips:101@10.90.0.2>;expires=0\n", 200);
	assert_int_equal(count_of(alice), 1);
	expect("Contact: <sip:101@10.90.0.2;transport>\n", 200);
	expect("Contact: <sip:101@10.90.0.2;transport=Udp>\n", 200);
	assert_int_equal(count_of(alice), 1);
}

static void all_or_nothing(void **state)
{
	(void)state;
	expect("Contact: <sip:101@10.90.0.2>\n", 200);
	/* One that goes, one that comes, one that is too brief. */
	expect("Contact: <sip:101@10.90.0.2>;expires=0, <sip:101@10.90.0.3>, <sip:101@10.90.0.4>;expires=1\n",
	        423);
	assert_int_equal(count_of(alice), 1);
	assert_string_equal(contacts_of(alice)->uri, "sip:101@10.90.0.2");
	expect("Contact: <sip:101@10.90.0.2>;expires=0, <sip:101@10.90.0.3>, <sip:101@10.90.0.4>\n", 200);
	assert_int_equal(count_of(alice), 2);
	assert_string_equal(contacts_of(alice)->uri, "sip:101@10.90.0.3");
	/* The last word of a request about one device counts. */
	expect("Contact: <sip:101@10.90.0.3>, <sip:101@10.90.0.3;ob>;expires=0\n", 200);
	assert_int_equal(count_of(alice), 1);
	expect("Contact: <sip:101@10.90.0.3>;expires=0, <sip:101@10.90.0.3;ob>\n", 200);
	assert_string_equal(contacts_of(alice)->uri, "sip:101@10.90.0.3;ob");
}

static int status_in_order(const char *call_id, unsigned cseq, const char *headers)
{
	osip_message_t *response =
	        register_by(alice, "10.90.0.2:5060", "10.90.0.2:5060", call_id, cseq, headers);
	int status = response->status_code;

	osip_message_free(response);
	return status;
}

/* RFC 3261 10.3 steps 6 and 7. */
static void late_requests_change_nothing(void **state)
{
	const char *stays = "Contact: <sip:101@10.90.0.2>\n",
	           *goes = "Contact: <sip:101@10.90.0.2>;expires=0\n";

	(void)state;
	assert_int_equal(status_in_order("a", 5, stays), 200);
	assert_int_equal(status_in_order("a", 5, goes), 500);
	assert_int_equal(status_in_order("a", 4, stays), 500);
	assert_int_equal(status_in_order("a", 4, "Contact: *\nExpires: 0\n"), 500);
	assert_int_equal(count_of(alice), 1);
	/* About another device, or only asking: nothing is out of order. */
	assert_int_equal(status_in_order("a", 3, ""), 200);
	assert_int_equal(status_in_order("a", 3, "Contact: <sip:101@10.90.0.3>\n"), 200);
	/* A phone that was switched off and on has a new Call-ID. */
	assert_int_equal(status_in_order("b", 1, goes), 200);
	assert_int_equal(status_in_order("b", 2, "Contact: *\nExpires: 0\n"), 200);
	assert_int_equal(count_of(alice), 0);
}

static void long_call_ids_are_refused(void **state)
{
	char call_id[400];

	(void)state;
	memset(call_id, 'c', sizeof(call_id));
	call_id[256] = '\0';
	assert_int_equal(status_in_order(call_id, 1, "Contact: <sip:101@10.90.0.2>\n"), 400);
	call_id[255] = '\0';
	assert_int_equal(status_in_order(call_id, 1, "Contact: <sip:101@10.90.0.2>\n"), 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        registrar_test(a_phone_registers_and_leaves),
	        registrar_test(lifetimes_are_bounded),
	        registrar_test(too_brief_says_what_would_do),
	        registrar_test(contacts_end_by_the_clock),
	        registrar_test(refreshing_prolongs_and_comes_first),
	        registrar_test(bad_contacts_change_nothing),
	        registrar_test(only_udp_can_be_reached),
	        registrar_test(all_or_nothing),
	        registrar_test(late_requests_change_nothing),
	        registrar_test(long_call_ids_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
