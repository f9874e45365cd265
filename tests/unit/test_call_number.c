/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Called numbers as phones and carriers write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ctl/call/leg.h"
#include "tests/unit/call_stage.h"

static void leaves(struct call_stage *stage, struct phone *phone, struct phone_dialog *dialog)
{
	phone_request(phone, dialog, "BYE", NULL, NULL);
	stage_run(stage, 10);
	phone_expect(phone, "SIP/2.0 200");
}

/* A call to the park number, and a take of the orbit, each with what may stand behind and in a number. */
static void test_numbers_have_parameters(void **state)
{
	static const char *const parks[] = {"sip:700;npdi@acme.example",
	        "sip:700;phone-context=x@acme.example;user=phone", "sip:7-0-0@acme.example;user=phone"};
	static const char *const takes[] = {"sip:701;rn=+49;npdi@acme.example",
	        "sip:701;phone-context=x@acme.example;user=phone", "sip:(7)01@acme.example;user=phone"};
	struct call_stage *stage = *state;
	struct phone_dialog caller, taker;
	char sdp[PHONE_TEXT];

	for (unsigned i = 0; i < 3; i++) {
		phone_skip(stage->p101);
		phone_invite(stage->p101, &caller, parks[i], phone_sdp(stage->p101, "0", NULL, sdp), NULL);
		stage_run(stage, 10);
		phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"), NULL);
		stage_run(stage, 10);
		assert_int_equal(stage_parked(stage, "701"), PARKED_PARKED);
		phone_invite(stage->p103, &taker, takes[i], phone_sdp(stage->p103, "0", NULL, sdp), NULL);
		stage_run(stage, 10);
		phone_ack(stage->p103, &taker, phone_expect(stage->p103, "SIP/2.0 200"), NULL);
		stage_run(stage, 10);
		assert_int_equal(stage_parked(stage, "701"), -1);
		leaves(stage, stage->p103, &taker);
		phone_respond(stage->p101, NULL, phone_expect(stage->p101, "BYE"), "200 OK", NULL);
		stage_run(stage, 6000);
	}
}

/* A ported number as a carrier delivers it finds its tenant and user. */
static void test_trunks_deliver_ported_numbers(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller;
	char sdp[PHONE_TEXT];

	phone_invite(stage->trunk, &caller, "sip:4930111;npdi;rn=+4930@10.0.0.1;user=phone",
	        phone_sdp(stage->trunk, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	phone_respond(stage->p101, NULL, phone_expect(stage->p101, "INVITE"), "486 Busy", NULL);
	stage_run(stage, 10);
	phone_ack(stage->trunk, &caller, phone_expect(stage->trunk, "SIP/2.0 486"), NULL);
}

/* A transfer to a number that is written so parks, as does one to tel:, whose numbers are ours. */
static void test_transfers_to_numbers_park(void **state)
{
	static const char *const targets[] = {"<sip:702;phone-context=x@acme.example;user=phone>",
	        "<tel:702;phone-context=acme.example>", "tel:702", "<tel:7-0-2>"};
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker;
	char refer[128];

	for (unsigned i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		phone_skip(stage->p102);
		stage_talk(stage, &caller, &parker);
		snprintf(refer, sizeof(refer), "Refer-To: %s\r\nRefer-Sub: false\r\n", targets[i]);
		phone_request(stage->p102, &parker, "REFER", refer, NULL);
		stage_run(stage, 10);
		phone_expect(stage->p102, "SIP/2.0 202");
		assert_int_equal(stage_parked(stage, "702"), PARKED_PARKED);
		leaves(stage, stage->p101, &caller);
		stage_run(stage, 6000);
	}
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, call_stage_open, call_stage_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STAGED(test_numbers_have_parameters),
	        STAGED(test_trunks_deliver_ported_numbers),
	        STAGED(test_transfers_to_numbers_park),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
