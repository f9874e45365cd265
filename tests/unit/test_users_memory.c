/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * No memory, at each place where some is asked for: dialogs, credentials, registrations and REFERs then fail
 * whole, keep nothing, and leave what was there as it was.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ctl/sip/dialog.h"
#include "ctl/sip/refer.h"
#include "tests/unit/registrar_stage.h"
#include "tests/unit/scarce_memory.h"

static struct sip_message *invite, *answer, *registration;
static struct dialogs *dialogs;
static struct auth *auth;
static const struct auth_secret secret = {.password = "x", .offer = AUTH_OFFER_BOTH};

static int open_all(void **state)
{
	assert_int_equal(setup(state), 0);
	assert_int_equal(dialogs_new(&dialogs), 0);
	assert_int_equal(auth_new(&auth, timers), 0);
	invite = text_message("10.90.0.2:5060",
	        "INVITE sip:102@acme.example SIP/2.0\nVia: SIP/2.0/UDP 10.90.0.2:5060;branch=z9hG4bK1\n"
	        "Max-Forwards: 70\nFrom: \"A\" <sip:101@acme.example>;tag=f1;x=y\nTo: "
	        "<sip:102@acme.example>\n"
	        "Call-ID: c1@10.90.0.2\nCSeq: 7 INVITE\nContact: <sip:101@10.90.0.2>\n"
	        "Record-Route: <sip:old.example>, <sip:new.example;lr>\nReferred-By: <sip:a@b.example>\n"
	        "Refer-To: \"P\" <sip:701@acme.example;x=y?Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2>\n"
	        "Authorization: Digest username=\"101\", realm=\"acme.example\", nonce=\"1\", "
	        "uri=\"sip:102@acme.example\", response=\"00112233445566778899aabbccddeeff\", cnonce=\"1\", "
	        "nc=00000001, qop=auth\nContent-Length: 0\n");
	answer = text_message("10.90.0.2:5060",
	        "SIP/2.0 200 OK\nVia: SIP/2.0/UDP 10.90.0.1;branch=z9hG4bK1\nFrom: "
	        "<sip:102@acme.example>;tag=f\n"
	        "To: <sip:101@acme.example>;tag=t\nCall-ID: c\nCSeq: 1 INVITE\nContact: <sip:101@10.90.0.2>\n"
	        "Record-Route: <sip:one.example;lr>, <sip:two.example;lr>\nContent-Length: 0\n");
	registration = text_message("10.90.0.2:5060",
	        "REGISTER sip:acme.example SIP/2.0\nVia: SIP/2.0/UDP 10.90.0.2:5060;branch=z9hG4bKr\n"
	        "Max-Forwards: 70\nFrom: <sip:101@acme.example>;tag=f1\nTo: <sip:101@acme.example>\n"
	        "Call-ID: r2\nCSeq: 1 REGISTER\nContact: <sip:101@10.90.0.2>;expires=0, <sip:101@10.90.0.3>, "
	        "<sip:101@10.90.0.4;transport=udp>;expires=600\nContent-Length: 0\n");
	return 0;
}

static int close_all(void **state)
{
	sip_message_free(invite);
	sip_message_free(answer);
	sip_message_free(registration);
	auth_free(auth);
	dialogs_free(dialogs);
	return teardown(state);
}

/*
 * Calls `attempt` with ever more memory until none of it fails. It says whether all went right. `exact`:
 * nothing may be left behind, once it went right again: OpenSSL gives up what it kept, and gets it anew.
 */
static void until_it_suffices(bool (*attempt)(void), bool exact)
{
	assert_true(attempt());
	for (uint64_t spare = 0;; spare++) {
		int64_t before = memory.living;
		bool done, failed;

		memory_watch(spare);
		done = attempt();
		failed = memory_failed();
		if (!failed) {
			assert_true(done);
			return;
		}
		assert_true(attempt());
		if (exact && memory.living != before)
			fail_msg("with %llu allocations: %lld blocks are left", (unsigned long long)spare,
			        (long long)(memory.living - before));
	}
}

static bool try_dialogs(void)
{
	struct dialogs *made;

	if (dialogs_new(&made) < 0)
		return false;
	dialogs_free(made);
	return true;
}

static bool try_server(void)
{
	struct dialog dialog = {0};
	osip_message_t *bye, *ack;
	bool done;
	int error = dialog_open_server(dialogs, &dialog, invite, "<sip:xdpark@10.90.0.1>", NULL);

	if (error) {
		assert_int_equal(error, -ENOMEM);
		assert_null(dialog.dialogs);
		return false;
	}
	bye = dialog_request(&dialog, "INVITE");
	assert_int_equal(dialog.local_cseq, bye != NULL);
	ack = dialog_ack(&dialog, 1);
	done = bye && ack;
	osip_message_free(bye);
	osip_message_free(ack);
	dialog_close(&dialog);
	return done;
}

static bool try_client(void)
{
	struct flow flow = text_flow("10.90.0.2:5060");
	struct dialog dialog = {0};
	osip_message_t *bye;
	bool done;

	if (dialog_open_client(dialogs, &dialog, NULL, "<sip:102@acme.example>", "<sip:101@acme.example>",
	            "sip:101@10.90.0.2", "<sip:xdpark@10.90.0.1>", &flow, NULL) < 0)
		return false;
	done = dialog_established(&dialog, answer) == 0;
	bye = done ? dialog_request(&dialog, "BYE") : NULL;
	done = bye != NULL;
	osip_message_free(bye);
	dialog_close(&dialog);
	return done;
}

static bool try_refer(void)
{
	struct refer refer;
	int error = refer_read(invite, &refer);

	return error == 0;
}

static bool try_challenge(void)
{
	osip_message_t *response = sip_response(invite, 407, NULL, "t");
	bool done = response && auth_challenge(auth, response, "acme.example", true, false, &secret) == 0;

	osip_message_free(response);
	return done;
}

static bool try_credentials(void)
{
	struct auth_replay replay = {0};

	return auth_check(auth, invite, "acme.example", false, &secret, &replay) == AUTH_WRONG;
}

static bool try_auth(void)
{
	struct auth *made;

	if (auth_new(&made, timers) < 0)
		return false;
	auth_free(made);
	return true;
}

static bool (*const ATTEMPTS[])(void) = {
        try_dialogs, try_server, try_client, try_refer, try_challenge, try_credentials, try_auth};

static void try_all(bool exact)
{
	for (size_t i = 0; i < sizeof(ATTEMPTS) / sizeof(*ATTEMPTS); i++)
		until_it_suffices(ATTEMPTS[i], exact);
}

/* Of ours: osip is spared, because its lists lose what they had when a copy fails. */
static void nothing_is_left_of_what_failed(void **state)
{
	(void)state;
	if (!MEMORY_IS_SCARCE)
		skip();
	osip_set_allocators(memory_spared_malloc, memory_spared_realloc, free);
	try_all(true);
	osip_set_allocators(NULL, NULL, NULL);
}

static void nothing_breaks_where_anything_fails(void **state)
{
	(void)state;
	if (!MEMORY_IS_SCARCE)
		skip();
	try_all(false);
}

/* Two bindings come and one goes: or nothing changes. */
static void registrations_are_whole_or_nothing(void **state)
{
	(void)state;
	if (!MEMORY_IS_SCARCE)
		skip();
	for (uint64_t spare = 0;; spare++) {
		osip_message_t *response;
		bool failed;

		expect("Contact: *\nExpires: 0\n", 200);
		expect("Contact: <sip:101@10.90.0.2>\n", 200);
		memory_watch(spare);
		response = registrar_register(registrar, alice, registration);
		failed = memory_failed();
		if (response && response->status_code == 200) {
			assert_int_equal(count_of(alice), 2);
			assert_string_equal(contacts_of(alice)->uri, "sip:101@10.90.0.3");
		} else {
			assert_int_equal(count_of(alice), 1);
			assert_string_equal(contacts_of(alice)->uri, "sip:101@10.90.0.2");
			assert_int_equal(registrar_count(registrar), 1);
		}
		osip_message_free(response);
		if (!failed)
			break;
	}
	assert_int_equal(count_of(alice), 2);
}

#define memory_test(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        memory_test(nothing_is_left_of_what_failed),
	        memory_test(nothing_breaks_where_anything_fails),
	        memory_test(registrations_are_whole_or_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
