/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dialogs: what they take from messages, what they write, and how they are found. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/dialog_stage.h"

static void a_call_in_is_a_dialog(void **state)
{
	osip_message_t *bye;
	char to[128];

	(void)state;
	assert_int_equal(
	        open_server("10.90.0.2:5060", "Record-Route: <sip:10.90.0.3;lr>, <sip:10.90.0.4:5070;lr>\n"
	                                      "Record-Route: <sip:edge.example;lr;x=1>\n"
	                                      "Contact: \"A\" <sip:101@10.90.0.2:5062;ob>;expires=5\n"),
	        0);
	assert_string_equal(dialog.call_id, "c1@10.90.0.2");
	assert_string_equal(dialog.remote_tag, "f1");
	assert_string_equal(dialog.target, "sip:101@10.90.0.2:5062;ob");
	assert_int_equal(dialog.remote_cseq, 7);
	assert_int_equal(dialog.route_count, 3);
	assert_int_equal(strlen(dialog.local_tag), 32);
	assert_ptr_equal(dialog.owner, &dialog);

	bye = dialog_request(&dialog, "BYE");
	assert_non_null(bye);
	assert_says(bye, "BYE sip:101@10.90.0.2:5062;ob SIP/2.0\r\n");
	assert_says(bye, "Route: <sip:10.90.0.3;lr>\r\nRoute: <sip:10.90.0.4:5070;lr>\r\n"
	                 "Route: <sip:edge.example;lr;x=1>\r\n");
	assert_says(bye, "To: \"Alice, A.\" <sip:101@acme.example;x=1>;y=2;tag=f1\r\n");
	snprintf(to, sizeof(to), "From: <sip:102@acme.example>;tag=%s\r\n", dialog.local_tag);
	assert_says(bye, to);
	assert_says(bye, "Call-ID: c1@10.90.0.2\r\n");
	assert_says(bye, "CSeq: 1 BYE\r\n");
	assert_says(bye, "Max-Forwards: 70\r\n");
	assert_says_not(bye, "Contact");
	osip_message_free(bye);
	bye = dialog_request(&dialog, "INVITE");
	assert_says(bye, "CSeq: 2 INVITE\r\n");
	assert_says(bye, "Contact: " OURS "\r\n");
	osip_message_free(bye);
}

static void a_call_out_becomes_one(void **state)
{
	osip_message_t *request;

	(void)state;
	open_client("10.90.0.2:5060", "sip:101@10.90.0.2");
	assert_null(dialog.remote_tag);
	request = dialog_request(&dialog, "INVITE");
	assert_says(request, "INVITE sip:101@10.90.0.2 SIP/2.0\r\n");
	assert_says(request, "To: <sip:101@acme.example>\r\n");
	assert_says(request, "From: \"Bob\" <sip:102@acme.example>;tag=");
	assert_says(request, "CSeq: 1 INVITE\r\n");
	osip_message_free(request);

	/* Nothing is made of these. */
	assert_int_equal(answer("10.90.0.2:5060", 100, NULL, ""), 0);
	assert_int_equal(answer("10.90.0.2:5060", 486, "t9", ""), 0);
	assert_null(dialog.remote_tag);

	assert_int_equal(answer("10.90.0.2:5060", 180, "t1", "Record-Route: <sip:one.example;lr>\n"), 0);
	assert_string_equal(dialog.remote_tag, "t1");
	assert_string_equal(dialog.target, "sip:101@10.90.0.2");
	assert_int_equal(answer("10.90.0.2:5060", 200, "t1",
	                         "Record-Route: <sip:two.example;lr>, <sip:one.example;lr>\n"
	                         "Contact: <sip:101@10.90.0.2:5064>\n"),
	        0);
	assert_string_equal(dialog.target, "sip:101@10.90.0.2:5064");

	request = dialog_ack(&dialog, 1);
	assert_says(request, "ACK sip:101@10.90.0.2:5064 SIP/2.0\r\n");
	assert_says(request, "Route: <sip:one.example;lr>\r\nRoute: <sip:two.example;lr>\r\n");
	assert_says(request, "CSeq: 1 ACK\r\n");
	assert_says(request, ";tag=t1\r\n");
	osip_message_free(request);
	request = dialog_request(&dialog, "BYE");
	assert_says(request, "CSeq: 2 BYE\r\n");
	osip_message_free(request);

	/* A re-INVITE's 200 moves the target; the routes stay (RFC 3261 12.2.1.2). */
	assert_int_equal(answer("10.90.0.2:5060", 200, "t1", "Contact: <sip:101@10.90.0.2:5066>\n"), 0);
	assert_string_equal(dialog.target, "sip:101@10.90.0.2:5066");
	assert_int_equal(dialog.route_count, 2);
}

static void forks_are_told_apart(void **state)
{
	(void)state;
	open_client("10.90.0.2:5060", "sip:101@10.90.0.2");
	assert_int_equal(answer("10.90.0.2:5060", 180, "t1", ""), 0);
	assert_int_equal(answer("10.90.0.2:5060", 180, "t2", ""), -EEXIST);
	assert_string_equal(dialog.remote_tag, "t1");
	/* The one that answers is the one that we talk to. */
	assert_int_equal(answer("10.90.0.2:5060", 200, "t2", "Contact: <sip:101@10.90.0.2>\n"), 0);
	assert_string_equal(dialog.remote_tag, "t2");
	assert_int_equal(answer("10.90.0.2:5060", 200, "t1", "Contact: <sip:101@10.90.0.9>\n"), -EEXIST);
	assert_string_equal(dialog.target, "sip:101@10.90.0.2");
}

static void is_found_by_all_it_is_named_by(void **state)
{
	struct sip_message *request;
	char tag[40];

	(void)state;
	assert_int_equal(open_server("10.90.0.2:5060", "Contact: <sip:101@10.90.0.2>\n"), 0);
	request = request_make("10.90.0.2:5060", "BYE", "8", dialog.local_tag, "");
	assert_ptr_equal(dialog_find(dialogs, request->osip), &dialog);
	free(request->osip->call_id->number);
	request->osip->call_id->number = osip_strdup("c2");
	assert_null(dialog_find(dialogs, request->osip));
	sip_message_free(request);
	request = request_make("10.90.0.2:5060", "BYE", "8", NULL, "");
	assert_null(dialog_find(dialogs, request->osip));
	sip_message_free(request);
	memcpy(tag, dialog.local_tag, sizeof(tag));
	tag[3] = tag[3] == 'a' ? 'b' : 'a';
	request = request_make("10.90.0.2:5060", "BYE", "8", tag, "");
	assert_null(dialog_find(dialogs, request->osip));
	sip_message_free(request);
	assert_ptr_equal(dialog_find_tags(dialogs, "c1@10.90.0.2", dialog.local_tag, "f1"), &dialog);
	assert_null(dialog_find_tags(dialogs, "c1@10.90.0.2", dialog.local_tag, "f2"));
	assert_null(dialog_find_tags(dialogs, "c1@10.90.0", dialog.local_tag, "f1"));
	assert_null(dialog_find_tags(dialogs, "c1@10.90.0.2", "f1", dialog.local_tag));
	request = request_make("10.90.0.2:5060", "BYE", "8", dialog.local_tag, "");
	dialog_close(&dialog);
	assert_null(dialog_find(dialogs, request->osip));
	sip_message_free(request);
}

static void counts_are_checked(void **state)
{
	(void)state;
	assert_int_equal(open_server("10.90.0.2:5060", "Contact: <sip:101@10.90.0.2>\n"), 0);
	assert_int_equal(check("10.90.0.2:5060", "ACK", "7", ""), 0);
	assert_int_equal(check("10.90.0.2:5060", "OPTIONS", "6", ""), 500);
	assert_int_equal(check("10.90.0.2:5060", "OPTIONS", "7", ""), 500);
	assert_int_equal(check("10.90.0.2:5060", "OPTIONS", "8", ""), 0);
	assert_int_equal(check("10.90.0.2:5060", "REFER", "20", ""), 0);
	assert_int_equal(check("10.90.0.2:5060", "ACK", "7", ""), 0);
	assert_int_equal(check("10.90.0.2:5060", "BYE", "19", ""), 500);
	assert_int_equal(check("10.90.0.2:5060", "BYE", "2147483647", ""), 0);
	assert_int_equal(dialog.remote_cseq, 2147483647);
}

static void strangers_are_refused(void **state)
{
	(void)state;
	assert_int_equal(open_server("10.90.0.2:5060", "Contact: <sip:101@10.90.0.2>\n"), 0);
	assert_int_equal(check("10.90.0.3:5060", "BYE", "8", ""), 403);
	assert_int_equal(check("[fd90::2]:5060", "BYE", "8", ""), 403);
	/* The refused one's count doesn't stand in the way. */
	assert_int_equal(dialog.remote_cseq, 7);
	assert_int_equal(check("10.90.0.2:40000", "BYE", "8", ""), 0);
}

static void far_ends_without_tags_are_served(void **state)
{
	struct sip_message *request;
	osip_message_t *bye;

	(void)state;
	request = text_message("10.90.0.2:5060",
	        "INVITE sip:102@acme.example SIP/2.0\nVia: SIP/2.0/UDP 10.90.0.2:5060\nMax-Forwards: 70\n"
	        "From: <sip:101@acme.example>\nTo: <sip:102@acme.example>\nCall-ID: old\nCSeq: 1 INVITE\n"
	        "Contact: <sip:101@10.90.0.2>\nContent-Length: 0\n");
	assert_int_equal(dialog_open_server(dialogs, &dialog, request, OURS, NULL), 0);
	sip_message_free(request);
	assert_string_equal(dialog.remote_tag, "");
	bye = dialog_request(&dialog, "BYE");
	assert_says(bye, "To: <sip:101@acme.example>\r\n");
	osip_message_free(bye);
}

static void hidden_tags_are_not_repeated(void **state)
{
	struct sip_message *request = text_message("10.90.0.2:5060",
	        "INVITE sip:102@acme.example SIP/2.0\nVia: SIP/2.0/UDP 10.90.0.2:5060;branch=z9hG4bK1\n"
	        "From: <sip:101@acme.example>;tag=one;TAG=two;tag=three\nTo: <sip:102@acme.example>\n"
	        "Call-ID: c\nCSeq: 1 INVITE\nMax-Forwards: 70\nContact: <sip:101@10.90.0.2>\n"
	        "Content-Length: 0\n");
	osip_message_t *bye;

	(void)state;
	assert_int_equal(dialog_open_server(dialogs, &dialog, request, OURS, NULL), 0);
	sip_message_free(request);
	bye = dialog_request(&dialog, "BYE");
	assert_says(bye, "To: <sip:101@acme.example>;tag=one\r\n");
	osip_message_free(bye);
}

enum { MANY = 3000 };

static void many_are_found(void **state)
{
	static struct dialog many[MANY];
	struct flow flow = text_flow("10.90.0.2:5060");

	(void)state;
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(dialog_open_client(dialogs, &many[i], NULL, "<sip:a@b.example>",
		                         "<sip:c@d.example>", "sip:c@d.example", OURS, &flow, NULL),
		        0);
		many[i].remote_tag = strdup("r");
	}
	for (int i = 0; i < MANY; i += 3)
		dialog_close(&many[i]);
	for (int i = 0; i < MANY; i++)
		if (i % 3)
			assert_ptr_equal(
			        dialog_find_tags(dialogs, many[i].call_id, many[i].local_tag, "r"), &many[i]);
	for (int i = 0; i < MANY; i++)
		dialog_close(&many[i]);
}

static void ends_without_its_table(void **state)
{
	struct dialogs *others;
	struct dialog left = {0};
	struct flow flow = text_flow("10.90.0.2:5060");

	(void)state;
	assert_int_equal(dialogs_new(&others), 0);
	assert_int_equal(dialog_open_client(others, &left, "id", "<sip:a@b.example>", "<sip:c@d.example>",
	                         "sip:c@d.example", OURS, &flow, NULL),
	        0);
	assert_string_equal(left.call_id, "id");
	dialogs_free(others);
	dialog_close(&left);
	dialog_close(&left);
	dialogs_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        dialog_test(a_call_in_is_a_dialog),
	        dialog_test(a_call_out_becomes_one),
	        dialog_test(forks_are_told_apart),
	        dialog_test(is_found_by_all_it_is_named_by),
	        dialog_test(counts_are_checked),
	        dialog_test(strangers_are_refused),
	        dialog_test(far_ends_without_tags_are_served),
	        dialog_test(hidden_tags_are_not_repeated),
	        dialog_test(many_are_found),
	        dialog_test(ends_without_its_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
