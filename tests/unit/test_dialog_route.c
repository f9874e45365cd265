/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Route set and target of a dialog: what is taken for them, and where requests then go. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/dialog_stage.h"

static void needs_a_contact_that_can_be_used(void **state)
{
	static const char *const ROWS[] = {"", "Contact: *\n", "Contact: <tel:+49123>\n",
	        "Contact: <mailto:a@b.example>\n", "Contact: <sip:101@10.90.0.2:0>\n",
	        "Contact: <sip:101@10.90.0.2:65536>\n", "Contact: <sip:101@10.90.0.2:x>\n",
	        "Contact: <sip:a@b@c>\n", "Contact: <sip:101@[fd90::zz]>\n",
	        "Contact: <sip:1@10.90.0.2>\nRecord-Route: <tel:+49123>\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
		if (open_server("10.90.0.2:5060", ROWS[i]) != -EINVAL)
			fail_msg("row %zu: %s", i, ROWS[i]);
		assert_null(dialog.dialogs);
		assert_null(dialog.call_id);
	}
}

static void too_many_routes_are_refused(void **state)
{
	char headers[4096];

	(void)state;
	for (int routes = 16; routes <= 17; routes++) {
		int length = snprintf(headers, sizeof(headers), "Contact: <sip:101@10.90.0.2>\n");

		for (int i = 0; i < routes; i++)
			length += snprintf(headers + length, sizeof(headers) - (size_t)length,
			        "Record-Route: <sip:p.example;lr>\n");
		assert_int_equal(open_server("10.90.0.2:5060", headers), routes > 16 ? -EINVAL : 0);
		dialog_close(&dialog);
	}
}

/* RFC 3261 12.2.1.1: a first hop without ;lr. */
static void strict_routers_get_the_request_uri(void **state)
{
	osip_message_t *request;

	(void)state;
	assert_int_equal(open_server("10.90.0.2:5060",
	                         "Record-Route: <sip:old.example;x=y?Subject=z>, <sip:new.example;lr>\n"
	                         "Contact: <sip:101@10.90.0.2>\n"),
	        0);
	request = dialog_request(&dialog, "BYE");
	assert_says(request, "BYE sip:old.example;x=y SIP/2.0\r\n");
	assert_says(request, "Route: <sip:new.example;lr>\r\nRoute: <sip:101@10.90.0.2>\r\n");
	osip_message_free(request);
}

static void targets_are_refreshed(void **state)
{
	(void)state;
	assert_int_equal(open_server("10.90.0.2:5060", "Contact: <sip:101@10.90.0.2>\n"), 0);
	assert_int_equal(check("10.90.0.2:5060", "INVITE", "8", "Contact: <sip:x@10.90.0.2:5061>\n"), 0);
	assert_string_equal(dialog.target, "sip:x@10.90.0.2:5061");
	assert_flow("10.90.0.2:5061");
	assert_int_equal(check("10.90.0.2:5060", "OPTIONS", "9", "Contact: <sip:y@10.90.0.2>\n"), 0);
	assert_string_equal(dialog.target, "sip:x@10.90.0.2:5061");
	assert_int_equal(check("10.90.0.2:5060", "INVITE", "10", "Contact: <tel:+49123>\n"), 0);
	assert_int_equal(check("10.90.0.2:5060", "INVITE", "11", ""), 0);
	assert_string_equal(dialog.target, "sip:x@10.90.0.2:5061");
	assert_int_equal(check("10.90.0.3:5060", "INVITE", "12", "Contact: <sip:evil@10.90.0.3>\n"), 403);
	assert_int_equal(check("10.90.0.2:5060", "INVITE", "11", "Contact: <sip:evil@10.90.0.3>\n"), 500);
	assert_string_equal(dialog.target, "sip:x@10.90.0.2:5061");
}

/* From whom the INVITE came (`via!source` when its Via says something else), and where requests then go. */
static void requests_go_where_the_far_end_is(void **state)
{
	static const struct {
		const char *from, *headers, *flow;
	} ROWS[] = {
	        /* As it says. */
	        {"10.90.0.2:5060", "Contact: <sip:101@10.90.0.2:5060>\n", "10.90.0.2:5060"},
	        {"10.90.0.2:5062", "Contact: <sip:101@10.90.0.2>\n", "10.90.0.2:5060"},
	        /* Somebody else's machine takes over: its proxy's word counts. */
	        {"10.90.0.2:5060", "Contact: <sip:101@10.90.0.3:5080>\n", "10.90.0.3:5080"},
	        {"10.90.0.2:5060", "Contact: <sip:101@10.90.0.3>\nRecord-Route: <sip:10.90.0.4:5070;lr>\n",
	                "10.90.0.4:5070"},
	        {"[fd90::2]:5060", "Contact: <sip:101@[fd90::3]:5070>\n", "[fd90::3]:5070"},
	        /* Names mean the way it came. */
	        {"10.90.0.2:5060", "Contact: <sip:101@10.90.0.3>\nRecord-Route: <sip:p.example;lr>\n",
	                "10.90.0.2:5060"},
	        {"10.90.0.2:5062", "Contact: <sip:101@phone.example>\n", "10.90.0.2:5062"},
	        /* Behind NAT: only the way it came. */
	        {"nat!203.0.113.7:40000", "Contact: <sip:101@192.168.7.7:5060>\n", "203.0.113.7:40000"},
	        {"nat!203.0.113.7:40000", "Contact: <sip:101@198.51.100.1:5060>\n", "203.0.113.7:40000"},
	        /* Via was rewritten on the way, Contact wasn't. */
	        {"203.0.113.7:5060", "Contact: <sip:101@192.168.7.7:5060>\n", "203.0.113.7:5060"},
	        {"203.0.113.7:5060", "Contact: <sip:101@127.0.0.1:5060>\n", "203.0.113.7:5060"},
	        {"10.90.0.2:5060", "Contact: <sip:101@0.0.0.0>\n", "10.90.0.2:5060"},
	        {"10.90.0.2:5060", "Contact: <sip:101@[fd90::3]>\n", "10.90.0.2:5060"},
	        {"10.90.0.2:5060", "Contact: <sip:101@10.90.0.3;transport=tcp>\n", "10.90.0.2:5060"},
	        {"10.90.0.2:5060", "Contact: <sip:101@10.90.0.3;transport=UDP>\n", "10.90.0.3:5060"},
	        /* What asks for TLS from a far end that speaks UDP: the way it came. */
	        {"10.90.0.2:5062", "Contact: <sip:101@10.90.0.2:5061;transport=tls>\n", "10.90.0.2:5062"},
	        {"10.90.0.2:5062", "Contact: <sips:101@10.90.0.2>\n", "10.90.0.2:5062"},
	        {"10.90.0.2:5062", "Contact: <sips:101@10.90.0.3:5061>\n", "10.90.0.2:5062"},
	        {"10.90.0.2:5062", "Contact: <sip:1@10.90.0.3>\nRecord-Route: <sips:10.90.0.4:5061;lr>\n",
	                "10.90.0.2:5062"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
		char text[ADDRESS_TEXT];

		assert_int_equal(open_server(ROWS[i].from, ROWS[i].headers), 0);
		if (strcmp(address_format(&dialog.flow.remote, text), ROWS[i].flow) != 0)
			fail_msg("row %zu: %s", i, text);
		/* Who called is heard, wherever our requests go. */
		assert_int_equal(check(ROWS[i].from, "OPTIONS", "8", ""), 0);
		dialog_close(&dialog);
	}
}

static void answers_lead_on_only_without_nat(void **state)
{
	(void)state;
	open_client("10.90.0.2:5060", "sip:101@10.90.0.2:5060");
	assert_int_equal(answer("10.90.0.2:5060", 200, "t", "Contact: <sip:101@10.90.0.3:5070>\n"), 0);
	assert_flow("10.90.0.3:5070");
	assert_int_equal(check("10.90.0.3:5070", "OPTIONS", "1", ""), 0);
	assert_int_equal(check("10.90.0.2:5060", "OPTIONS", "2", ""), 0);
	dialog_close(&dialog);
	/* A registered phone behind NAT. */
	open_client("203.0.113.7:40000", "sip:101@192.168.7.7:5060");
	assert_int_equal(answer("203.0.113.7:40000", 200, "t", "Contact: <sip:101@192.168.7.7:5060>\n"), 0);
	assert_flow("203.0.113.7:40000");
	/* Its NAT gives it another port. */
	assert_int_equal(check("203.0.113.7:41000", "INVITE", "1", "Contact: <sip:101@192.168.7.7>\n"), 0);
	assert_flow("203.0.113.7:41000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        dialog_test(needs_a_contact_that_can_be_used),
	        dialog_test(too_many_routes_are_refused),
	        dialog_test(strict_routers_get_the_request_uri),
	        dialog_test(targets_are_refreshed),
	        dialog_test(requests_go_where_the_far_end_is),
	        dialog_test(answers_lead_on_only_without_nat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
