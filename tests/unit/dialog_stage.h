/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One dialog, and messages of its far end. */
#ifndef XDPARK_TESTS_DIALOG_STAGE_H
#define XDPARK_TESTS_DIALOG_STAGE_H

#include "ctl/sip/dialog.h"
#include "ctl/sip/parse.h"
#include "tests/unit/sip_text.h"

#define OURS "<sip:xdpark@10.90.0.1:5060>"

static struct dialogs *dialogs;
static struct dialog dialog;

static inline int setup(void **state)
{
	(void)state;
	sip_parser_start();
	memset(&dialog, 0, sizeof(dialog));
	return dialogs_new(&dialogs);
}

static inline int teardown(void **state)
{
	(void)state;
	dialog_close(&dialog);
	dialogs_free(dialogs);
	return 0;
}

/* A request; `headers` may hold Contact, Record-Route and others. */
static inline struct sip_message *request_make(
        const char *from, const char *method, const char *cseq, const char *to_tag, const char *headers)
{
	char text[8192];

	snprintf(text, sizeof(text),
	        "%s sip:102@acme.example SIP/2.0\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s%s;rport\n"
	        "Max-Forwards: 70\nFrom: \"Alice, A.\" <sip:101@acme.example;x=1>;y=2;tag=f1\n"
	        "To: <sip:102@acme.example>%s%s\nCall-ID: c1@10.90.0.2\nCSeq: %s %s\n%s"
	        "Content-Length: 0\n",
	        method, strchr(from, '!') ? "192.168.7.7" : from, cseq, method, to_tag ? ";tag=" : "",
	        to_tag ? to_tag : "", cseq, method, headers);
	return text_message(strchr(from, '!') ? strchr(from, '!') + 1 : from, text);
}

static inline int open_server(const char *from, const char *headers)
{
	struct sip_message *invite = request_make(from, "INVITE", "7", NULL, headers);
	int error = dialog_open_server(dialogs, &dialog, invite, OURS, &dialog);

	sip_message_free(invite);
	return error;
}

static inline int check(const char *from, const char *method, const char *cseq, const char *headers)
{
	struct sip_message *request = request_make(from, method, cseq, dialog.local_tag, headers);
	int status = dialog_check(&dialog, request);

	if (!status)
		dialog_refresh(&dialog, request);
	sip_message_free(request);
	return status;
}

static inline void open_client(const char *to, const char *target)
{
	struct flow flow = text_flow(to);

	assert_int_equal(dialog_open_client(dialogs, &dialog, NULL, "\"Bob\" <sip:102@acme.example>",
	                         "<sip:101@acme.example>", target, OURS, &flow, &dialog),
	        0);
}

static inline int answer(const char *from, int status, const char *tag, const char *headers)
{
	struct sip_message *response;
	char text[4096];
	int error;

	snprintf(text, sizeof(text),
	        "SIP/2.0 %d X\nVia: SIP/2.0/UDP 10.90.0.1;branch=z9hG4bK1\n"
	        "From: <sip:102@acme.example>;tag=%s\nTo: <sip:101@acme.example>%s%s\nCall-ID: %s\n"
	        "CSeq: 1 INVITE\n%sContent-Length: 0\n",
	        status, dialog.local_tag, tag ? ";tag=" : "", tag ? tag : "", dialog.call_id, headers);
	response = text_message(from, text);
	error = dialog_established(&dialog, response);
	sip_message_free(response);
	return error;
}

static inline void assert_flow(const char *address)
{
	char text[ADDRESS_TEXT];

	assert_string_equal(address_format(&dialog.flow.remote, text), address);
}

#define dialog_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
