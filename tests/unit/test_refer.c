/* SPDX-License-Identifier: GPL-2.0-or-later */
/* REFER in the shapes that phones send it, and its NOTIFYs over a network that the test rules. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/sip/parse.h"
#include "ctl/sip/refer.h"
#include "tests/unit/fake_net.h"
#include "tests/unit/sip_text.h"

static struct sip_message *refer_make(
        const char *to_tag, const char *call_id, unsigned cseq, const char *headers)
{
	char text[8192];

	snprintf(text, sizeof(text),
	        "REFER sip:xdpark@10.90.0.1 SIP/2.0\nVia: SIP/2.0/UDP "
	        "10.90.0.2:5060;branch=z9hG4bKr%u;rport\n"
	        "Max-Forwards: 70\nFrom: <sip:102@acme.example>;tag=f1\nTo: <sip:101@acme.example>;tag=%s\n"
	        "Call-ID: %s\nCSeq: %u REFER\nContact: <sip:102@10.90.0.2>\n%sContent-Length: 0\n",
	        cseq, to_tag, call_id, cseq, headers);
	return text_try("10.90.0.2:5060", text);
}

/* What refer_read() says; also when the stack refuses the message before. */
static int read_of(const char *headers, struct refer *refer)
{
	struct sip_message *request = refer_make("t", "c", 2, headers);
	int error;

	/* Whatever is left unset must show. */
	memset(refer, 'x', sizeof(*refer));
	if (!request)
		return -EINVAL;
	error = refer_read(request, refer);
	sip_message_free(request);
	return error;
}

static int setup(void **state)
{
	(void)state;
	sip_parser_start();
	return 0;
}

static void understands_every_shape(void **state)
{
	static const struct {
		const char *headers, *user, *host, *method, *replaces;
	} ROWS[] = {
	        {"Refer-To: <sip:701@acme.example>\n", "701", "acme.example", "INVITE", ""},
	        {"Refer-To: sip:701@acme.example\n", "701", "acme.example", "INVITE", ""},
	        {"r: <sip:701@acme.example>\n", "701", "acme.example", "INVITE", ""},
	        {"refer-to:<sip:701@acme.example>;x=y\n", "701", "acme.example", "INVITE", ""},
	        {"Refer-To: \"Park, 1 <x>\" <sip:701@acme.example>\n", "701", "acme.example", "INVITE", ""},
	        {"Refer-To: \"a\\\"b\" <sip:701@acme.example>\n", "701", "acme.example", "INVITE", ""},
	        {"Refer-To: Park <sip:701@acme.example>\n", "701", "acme.example", "INVITE", ""},
	        {"Refer-To: <sip:701@[fd90::1]:5060>\n", "701", "fd90::1", "INVITE", ""},
	        {"Refer-To: <sip:%37%30%31@acme.example>\n", "701", "acme.example", "INVITE", ""},
	        {"Refer-To: <sip:%2A68701@acme.example>\n", "*68701", "acme.example", "INVITE", ""},
	        {"Refer-To: <sip:acme.example>\n", "", "acme.example", "INVITE", ""},
	        {"Refer-To: <sip:701@acme.example;user=phone;transport=udp>\n", "701", "acme.example",
	                "INVITE", ""},
	        {"Refer-To: <sip:callpark@acme.example;orbit=701>\n", "callpark", "acme.example", "INVITE",
	                ""},
	        {"Refer-To: sip:callpark@acme.example;orbit=701\n", "callpark", "acme.example", "INVITE", ""},
	        {"Refer-To: <sip:701@acme.example;method=INVITE>\n", "701", "acme.example", "INVITE", ""},
	        {"Refer-To: <sip:701@acme.example;method=BYE>\n", "701", "acme.example", "BYE", ""},
	        {"Refer-To: <sip:701@acme.example?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2>\n", "701",
	                "acme.example", "INVITE", "a@b;to-tag=1;from-tag=2"},
	        {"Refer-To: sip:701@acme.example?Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2\n", "701",
	                "acme.example", "INVITE", "a;to-tag=1;from-tag=2"},
	        {"Refer-To: <sip:701@acme.example?X=1&replaces=a%3Bto-tag%3D1&Require=replaces>\n", "701",
	                "acme.example", "INVITE", "a;to-tag=1"},
	        {"Refer-To: <sip:701@acme.example?X=1%2C2>\n", "701", "acme.example", "INVITE", ""},
	        {"Refer-To: <sip:701;phone-context=+49@acme.example;user=phone>\n", "701", "acme.example",
	                "INVITE", ""},
	        {"Refer-To: <sip:7-0.1@acme.example>\n", "7-0.1", "acme.example", "INVITE", ""},
	        {"Refer-To: tel:701\n", "701", "", "INVITE", ""},
	        {"Refer-To: <tel:+49-123;ext=4>\n", "+49123", "", "INVITE", ""},
	        {"Refer-To: <http://acme.example/701>\n", "", "", "INVITE", ""},
	        {"Refer-To: <urn:service:sos>\n", "", "", "INVITE", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
		struct refer refer;

		if (read_of(ROWS[i].headers, &refer) != 0)
			fail_msg("row %zu: %s", i, ROWS[i].headers);
		assert_string_equal(refer.user, ROWS[i].user);
		assert_string_equal(refer.host, ROWS[i].host);
		assert_string_equal(refer.method, ROWS[i].method);
		assert_string_equal(refer.replaces, ROWS[i].replaces);
		assert_string_equal(refer.referred_by, "");
		assert_true(refer.subscribe);
	}
}

static void refuses_what_it_cannot_understand(void **state)
{
	static const char *const ROWS[] = {
	        "",
	        "Refer-To: \n",
	        "Refer-To: 701\n",
	        "Refer-To: <>\n",
	        "Refer-To: <701>\n",
	        "Refer-To: tel:\n",
	        "Refer-To: <tel:>\n",
	        "Refer-To: <sip:>\n",
	        "Refer-To: <sip:701@>\n",
	        "Refer-To: <sip:701@acme.example\n",
	        "Refer-To: <sip:701@acme.example>, <sip:702@acme.example>\n",
	        "Refer-To: sip:701@acme.example, sip:702@acme.example\n",
	        "Refer-To: <sip:701@acme.example> x\n",
	        "Refer-To: <sip:701@acme.example>;x, <sip:702@acme.example>\n",
	        "Refer-To: \"a\", <sip:701@acme.example>\n",
	        "Refer-To: <sip:701@acme.example>\nRefer-To: <sip:702@acme.example>\n",
	        "Refer-To: <sip:701@acme.example>\nr: <sip:702@acme.example>\n",
	        "Refer-To: <sip:70%001@acme.example>\n",
	        "Refer-To: <sip:70%0d%0aX:1@acme.example>\n",
	        "Refer-To: <sip:701@acme.example?Replaces=a%0d%0aEvil:%201>\n",
	        "Refer-To: <sip:701@acme.example?Replaces=a%3Bto-tag%3D1&Replaces=b%3Bto-tag%3D1>\n",
	        "Refer-To: <sip:701@acme.example:0>\n",
	        "Refer-To: <sip:701@a@b>\n",
	};
	struct refer refer;
	char headers[1400], filler[600];

	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
		if (read_of(ROWS[i], &refer) != -EINVAL)
			fail_msg("row %zu: %s", i, ROWS[i]);
	}
	memset(filler, 'x', sizeof(filler));
	filler[599] = '\0';
	snprintf(headers, sizeof(headers), "Refer-To: <sip:701@acme.example?Replaces=%s>\n", filler);
	assert_int_equal(read_of(headers, &refer), -EINVAL);
	snprintf(headers, sizeof(headers),
	        "Refer-To: <sip:701@acme.example>\nReferred-By: <sip:%s@x.example>\n", filler);
	assert_int_equal(read_of(headers, &refer), -EINVAL);
	filler[64] = '\0';
	snprintf(headers, sizeof(headers), "Refer-To: <sip:%s@acme.example>\n", filler);
	assert_int_equal(read_of(headers, &refer), -EINVAL);
	filler[63] = '\0';
	snprintf(headers, sizeof(headers), "Refer-To: <sip:%s@acme.example>\n", filler);
	assert_int_equal(read_of(headers, &refer), 0);
}

static void knows_who_refers_and_whether_he_listens(void **state)
{
	static const struct {
		const char *header;
		bool subscribe;
	} ROWS[] = {
	        {"Refer-Sub: false\n", false},
	        {"refer-sub: FALSE \n", false},
	        {"Refer-Sub: false;x=1\n", false},
	        {"Refer-Sub: true\n", true},
	        {"Refer-Sub: falsehood\n", true},
	        {"Supported: norefersub\n", true},
	};
	struct refer refer;

	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
		char headers[256];

		snprintf(headers, sizeof(headers), "Refer-To: <sip:701@acme.example>\n%s", ROWS[i].header);
		assert_int_equal(read_of(headers, &refer), 0);
		if (refer.subscribe != ROWS[i].subscribe)
			fail_msg("row %zu", i);
	}
	assert_int_equal(
	        read_of("Refer-To: <sip:701@acme.example>\nReferred-By: \"B\" <sip:102@acme.example>;x\n",
	                &refer),
	        0);
	assert_string_equal(refer.referred_by, "\"B\" <sip:102@acme.example>;x");
	assert_int_equal(read_of("Refer-To: <sip:701@acme.example>\nb: sip:102@acme.example\n", &refer), 0);
	assert_string_equal(refer.referred_by, "sip:102@acme.example");
}

/* The notifier and the phone that it notifies. */
static struct net net;
static struct net_end *ours, *phone;
static struct sip_stack *stack, *phone_stack;
static struct dialogs *dialogs;
static struct dialog dialog;
static struct refer_notifier notifier;
static int answer_with; /* 0: none */
static int notified, finished;
static char bodies[8][128], states[8][64], events[8][32];
static char cseqs[8][16];
static struct transaction *unanswered;

static void on_notify(void *context, struct transaction *server, const struct sip_message *request)
{
	(void)context;
	assert_string_equal(request->osip->sip_method, "NOTIFY");
	assert_true(notified < 8);
	snprintf(bodies[notified], sizeof(bodies[0]), "%s", request->body);
	snprintf(states[notified], sizeof(states[0]), "%s",
	        sip_header(request->osip, "Subscription-State", 0));
	snprintf(events[notified], sizeof(events[0]), "%s", sip_header(request->osip, "Event", 0));
	snprintf(cseqs[notified], sizeof(cseqs[0]), "%s", request->osip->cseq->number);
	assert_true(sip_body_is(request, "message/sipfrag"));
	assert_string_equal(
	        ((osip_generic_param_t *)osip_list_get(&request->osip->content_type->gen_params, 0))->gvalue,
	        "2.0");
	notified++;
	unanswered = server;
	if (answer_with)
		assert_int_equal(transaction_answer(server, answer_with, NULL), 0);
}

static void on_finished(struct refer_notifier *which)
{
	assert_ptr_equal(which, &notifier);
	finished++;
	/* What an owner does: it ends the call. */
	refer_notifier_stop(which);
}

static int setup_net(void **state)
{
	static const struct sip_user phone_user = {.request = on_notify}, our_user = {0};
	struct sip_stack_options options = {.user = &our_user, .agent = "xdpark"};
	struct flow flow;

	(void)state;
	sip_parser_start();
	net_open(&net, 1);
	notified = finished = 0;
	answer_with = 200;
	memset(&notifier, 0, sizeof(notifier));
	notifier.finished = on_finished;
	options.timers = net.timers;
	assert_int_equal(sip_stack_new(&stack, &options), 0);
	options.user = &phone_user;
	assert_int_equal(sip_stack_new(&phone_stack, &options), 0);
	ours = net_add(&net, "10.90.0.1:5060", false, sip_stack_receive, stack);
	phone = net_add(&net, "10.90.0.2:5060", false, sip_stack_receive, phone_stack);
	flow = net_flow(ours, phone);
	assert_int_equal(dialogs_new(&dialogs), 0);
	assert_int_equal(
	        dialog_open_client(dialogs, &dialog, "c", "<sip:101@acme.example>", "<sip:102@acme.example>",
	                "sip:102@10.90.0.2", "<sip:xdpark@10.90.0.1>", &flow, NULL),
	        0);
	dialog.remote_tag = strdup("f1");
	return 0;
}

static int teardown_net(void **state)
{
	(void)state;
	refer_notifier_stop(&notifier);
	dialog_close(&dialog);
	dialogs_free(dialogs);
	sip_stack_free(stack);
	sip_stack_free(phone_stack);
	transport_free(&ours->transport);
	transport_free(&phone->transport);
	net_close(&net);
	return 0;
}

static int start(unsigned cseq)
{
	return refer_notifier_start(&notifier, stack, &dialog, cseq);
}

static void tells_trying_then_the_result(void **state)
{
	(void)state;
	assert_int_equal(start(2), 0);
	net_run(&net, 100);
	assert_int_equal(notified, 1);
	assert_string_equal(bodies[0], "SIP/2.0 100 Trying\r\n");
	assert_string_equal(states[0], "active;expires=60");
	assert_string_equal(events[0], "refer");
	assert_int_equal(refer_notifier_finish(&notifier, 200, "Parked on 701", "<sip:701@acme.example>"), 0);
	assert_int_equal(refer_notifier_finish(&notifier, 200, "OK", NULL), -EALREADY);
	assert_int_equal(finished, 0);
	net_run(&net, 100);
	assert_int_equal(notified, 2);
	assert_string_equal(bodies[1], "SIP/2.0 200 Parked on 701\r\nContact: <sip:701@acme.example>\r\n");
	assert_string_equal(states[1], "terminated;reason=noresource");
	assert_int_equal(finished, 1);
	net_run(&net, 100000);
	assert_int_equal(notified, 2);
	assert_int_equal(finished, 1);
}

static void the_second_waits_for_the_first(void **state)
{
	(void)state;
	answer_with = 0;
	assert_int_equal(start(2), 0);
	assert_int_equal(refer_notifier_finish(&notifier, 486, "Busy Here", NULL), 0);
	assert_int_equal(refer_notifier_finish(&notifier, 200, "OK", NULL), -EALREADY);
	net_run(&net, 3000);
	assert_int_equal(notified, 1);
	answer_with = 200;
	assert_int_equal(transaction_answer(unanswered, 200, NULL), 0);
	net_run(&net, 100);
	assert_int_equal(notified, 2);
	assert_string_equal(bodies[1], "SIP/2.0 486 Busy Here\r\n");
	assert_int_equal(strtol(cseqs[1], NULL, 10), strtol(cseqs[0], NULL, 10) + 1);
	assert_int_equal(finished, 1);
}

static void later_refers_have_an_id(void **state)
{
	(void)state;
	assert_int_equal(start(2), 0);
	assert_int_equal(refer_notifier_finish(&notifier, 486, "Busy Here", NULL), 0);
	net_run(&net, 1000);
	assert_int_equal(finished, 1);
	assert_int_equal(start(77), 0);
	net_run(&net, 100);
	assert_string_equal(events[1], "refer");
	assert_string_equal(events[2], "refer;id=77");
}

static void who_hung_up_is_not_told(void **state)
{
	(void)state;
	answer_with = 481;
	assert_int_equal(start(2), 0);
	net_run(&net, 100);
	assert_int_equal(notified, 1);
	assert_int_equal(refer_notifier_finish(&notifier, 200, "OK", NULL), -ENOTCONN);
	net_run(&net, 1000);
	assert_int_equal(notified, 1);
	assert_int_equal(finished, 0);
	/* The final one was waiting. */
	refer_notifier_stop(&notifier);
	assert_int_equal(start(3), 0);
	assert_int_equal(refer_notifier_finish(&notifier, 200, "OK", NULL), 0);
	net_run(&net, 1000);
	assert_int_equal(notified, 2);
	assert_int_equal(finished, 1);
}

/* Phones that know no NOTIFY, or are busy with it, still get the result. */
static void refusals_do_not_keep_the_result(void **state)
{
	(void)state;
	answer_with = 501;
	assert_int_equal(start(2), 0);
	net_run(&net, 100);
	assert_int_equal(refer_notifier_finish(&notifier, 200, "OK", NULL), 0);
	net_run(&net, 100);
	assert_int_equal(notified, 2);
	assert_int_equal(finished, 1);
}

static void silence_ends_it(void **state)
{
	(void)state;
	phone->refuse = 0;
	answer_with = 0;
	net.loss = 100;
	assert_int_equal(start(2), 0);
	assert_int_equal(refer_notifier_finish(&notifier, 200, "OK", NULL), 0);
	net_run(&net, 31000);
	assert_int_equal(finished, 0);
	net_run(&net, 2000);
	assert_int_equal(finished, 1);
	assert_int_equal(notified, 0);
}

static void stops_in_silence(void **state)
{
	(void)state;
	answer_with = 0;
	assert_int_equal(start(2), 0);
	assert_int_equal(refer_notifier_finish(&notifier, 200, "OK", NULL), 0);
	net_run(&net, 100);
	refer_notifier_stop(&notifier);
	refer_notifier_stop(&notifier);
	assert_int_equal(refer_notifier_finish(&notifier, 200, "OK", NULL), -ENOTCONN);
	assert_int_equal(transaction_answer(unanswered, 200, NULL), 0);
	net_run(&net, 40000);
	assert_int_equal(notified, 1);
	assert_int_equal(finished, 0);
}

#define net_test(name) cmocka_unit_test_setup_teardown(name, setup_net, teardown_net)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(understands_every_shape, setup),
	        cmocka_unit_test_setup(refuses_what_it_cannot_understand, setup),
	        cmocka_unit_test_setup(knows_who_refers_and_whether_he_listens, setup),
	        net_test(tells_trying_then_the_result),
	        net_test(the_second_waits_for_the_first),
	        net_test(later_refers_have_an_id),
	        net_test(who_hung_up_is_not_told),
	        net_test(refusals_do_not_keep_the_result),
	        net_test(silence_ends_it),
	        net_test(stops_in_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
