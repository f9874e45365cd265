/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/random_phone.h"

#include "tests/unit/random_text.h"

static void next_request(
        struct random_phone *phone, struct random_dialog *dialog, const char *method, const char *headers)
{
	random_request(phone, dialog, method, ++phone->serial, ++dialog->cseq, headers, "");
}

static void invite(struct random_phone *phone, struct random_dialog *dialog, const char *headers)
{
	char sdp[RANDOM_TEXT] = "";

	dialog->late = random_percent(phone, 20);
	if (!dialog->late)
		random_offer(phone, sdp);
	dialog->invite_branch = ++phone->serial;
	dialog->invite_cseq = ++dialog->cseq;
	random_request(phone, dialog, "INVITE", dialog->invite_branch, dialog->invite_cseq, headers, sdp);
}

static struct random_dialog *find(struct random_phone *phone, const char *call_id)
{
	for (unsigned i = 0; i < RANDOM_DIALOGS; i++)
		if (phone->dialogs[i].state != RANDOM_FREE && !strcmp(phone->dialogs[i].call_id, call_id))
			return &phone->dialogs[i];
	return NULL;
}

const struct random_dialog *random_phone_find(const struct random_phone *phone, const char *call_id)
{
	return find((struct random_phone *)phone, call_id);
}

static struct random_dialog *dialog_new(struct random_phone *phone)
{
	for (unsigned i = 0; i < RANDOM_DIALOGS; i++) {
		struct random_dialog *dialog = &phone->dialogs[i];

		if (dialog->state != RANDOM_FREE && dialog->state != RANDOM_OVER)
			continue;
		memset(dialog, 0, sizeof(*dialog));
		return dialog;
	}
	return NULL;
}

static void call_somebody(struct random_phone *phone)
{
	static const char *const users[] = {"101", "102", "103", "105", "700", "700", "701", "702", "703",
	        "701", "199", "106", "201", "4930111"};
	static const char *const hosts[] = {"acme.example", "acme.example", "acme.example", "10.0.0.1",
	        "globex.example", "nowhere.example"};
	static const char *const extras[] = {"", "", "", "", "Referred-By: <sip:102@acme.example>\r\n",
	        "Referred-By: <sip:x@elsewhere.example>\r\n", "Require: 100rel\r\n"};
	struct random_dialog *dialog = dialog_new(phone);
	char uri[64];

	if (!dialog)
		return;
	dialog->state = RANDOM_CALLING;
	dialog->acked = true;
	snprintf(dialog->call_id, sizeof(dialog->call_id), "r%u-%s", ++phone->serial, phone->text);
	snprintf(dialog->local, sizeof(dialog->local), "<sip:%s@acme.example>;tag=c%u", phone->name,
	        phone->serial);
	snprintf(uri, sizeof(uri), "sip:%s@%s", PICK(phone, users), PICK(phone, hosts));
	snprintf(dialog->target, sizeof(dialog->target), "%s", uri);
	snprintf(dialog->remote, sizeof(dialog->remote), "<%s>", uri);
	invite(phone, dialog, PICK(phone, extras));
}

static void contact_of(const char *message, char *target)
{
	char contact[RANDOM_HEADER];

	if (random_header(message, "Contact", contact, sizeof(contact)) && contact[0] == '<')
		snprintf(target, RANDOM_HEADER, "%.*s", (int)strcspn(contact + 1, ">"), contact + 1);
}

/* A BYE arrives sooner or later: these phones don't send it again, so it isn't lost. */
static void hang_up(struct random_phone *phone, struct random_dialog *dialog)
{
	unsigned loss = phone->net->loss;

	if (!dialog->acked)
		return;
	phone->net->loss = 0;
	dialog->left = true;
	dialog->state = RANDOM_OVER;
	next_request(phone, dialog, "BYE", "");
	phone->net->loss = loss;
}

static void on_success(
        struct random_phone *phone, struct random_dialog *dialog, const char *message, unsigned cseq)
{
	char sdp[RANDOM_TEXT] = "";

	random_header(message, "To", dialog->remote, sizeof(dialog->remote));
	contact_of(message, dialog->target);
	if (random_fails(phone, 6)) {
		dialog->left = true; /* the server hears no ACK */
		return;
	}
	if (dialog->late && cseq == dialog->invite_cseq) {
		if (random_fails(phone, 10))
			dialog->left = true;
		else
			random_answer(phone, message, sdp);
		/* It may name an unknown codec, or lead nowhere. */
		dialog->left = dialog->left || !phone->polite;
	}
	random_request(phone, dialog, "ACK", ++phone->serial, cseq, "", sdp);
	if (dialog->cancelled || dialog->state == RANDOM_OVER)
		hang_up(phone, dialog);
	else
		dialog->state = RANDOM_UP;
}

static void on_response(struct random_phone *phone, const char *message)
{
	int status = atoi(message + strlen("SIP/2.0 "));
	struct random_dialog *dialog;
	char value[RANDOM_HEADER];
	unsigned cseq;

	random_header(message, "Call-ID", value, sizeof(value));
	dialog = find(phone, value);
	random_header(message, "CSeq", value, sizeof(value));
	cseq = (unsigned)strtoul(value, NULL, 10);
	if (!dialog || !strstr(value, "INVITE") || status <= 100)
		return;
	if (status >= 200 && status < 300) {
		on_success(phone, dialog, message, cseq);
		return;
	}
	if (dialog->state == RANDOM_CALLING)
		random_header(message, "To", dialog->remote, sizeof(dialog->remote));
	if (status < 200)
		return;
	random_request(phone, dialog, "ACK", dialog->invite_branch, cseq, "", "");
	if (dialog->state == RANDOM_CALLING)
		dialog->state = RANDOM_OVER;
}

/* Answers the INVITE that came last. */
static void answer_invite(struct random_phone *phone, struct random_dialog *dialog, const char *status)
{
	bool success = *status == '2';
	char sdp[RANDOM_TEXT] = "";

	if (success && !random_fails(phone, 3))
		random_answer(phone, dialog->invite, sdp);
	dialog->answered = *status != '1';
	if (*status == '1' && status[1] == '8' && status[2] == '3')
		random_answer(phone, dialog->invite, sdp);
	if (dialog->state == RANDOM_RINGING && dialog->answered)
		dialog->state = success ? RANDOM_UP : RANDOM_OVER;
	random_respond(phone, dialog->invite, dialog->local, status, sdp);
}

static void on_new_invite(struct random_phone *phone, const char *message)
{
	struct random_dialog *dialog = dialog_new(phone);
	char to[RANDOM_HEADER - 20], tagged[RANDOM_HEADER];

	random_header(message, "To", to, sizeof(to));
	if (!dialog) {
		snprintf(tagged, sizeof(tagged), "%s;tag=busy", to);
		random_respond(phone, message, tagged, "486 Busy Here", "");
		return;
	}
	dialog->state = RANDOM_RINGING;
	snprintf(dialog->invite, sizeof(dialog->invite), "%s", message);
	snprintf(dialog->local, sizeof(dialog->local), "%s;tag=p%u", to, ++phone->serial);
	random_header(message, "From", dialog->remote, sizeof(dialog->remote));
	random_header(message, "Call-ID", dialog->call_id, sizeof(dialog->call_id));
	contact_of(message, dialog->target);
	if (phone->polite)
		answer_invite(phone, dialog, "486 Busy Here");
	else if (random_percent(phone, 50))
		answer_invite(phone, dialog, "180 Ringing");
}

static void on_reinvite(struct random_phone *phone, struct random_dialog *dialog, const char *message)
{
	static const char *const refusals[] = {
	        "488 Not Acceptable Here", "491 Request Pending", "500 Server Error", "481 Gone"};

	if (dialog->state == RANDOM_RINGING)
		return; /* the first INVITE again */
	snprintf(dialog->invite, sizeof(dialog->invite), "%s", message);
	if (dialog->state == RANDOM_OVER || random_fails(phone, 20)) {
		dialog->left = true;
		answer_invite(
		        phone, dialog, dialog->state == RANDOM_OVER ? "481 Gone" : PICK(phone, refusals));
	} else if (random_fails(phone, 5)) {
		dialog->left = true; /* silence: 408 */
	} else if (random_fails(phone, 10)) {
		dialog->answered = false; /* later */
	} else {
		answer_invite(phone, dialog, "200 OK");
	}
}

static void on_cancel(struct random_phone *phone, struct random_dialog *dialog, const char *message)
{
	random_respond(phone, message, dialog->local, "200 OK", "");
	if (dialog->state != RANDOM_RINGING)
		return;
	/* Some answer all the same. */
	answer_invite(phone, dialog, random_fails(phone, 20) ? "200 OK" : "487 Request Terminated");
}

static void on_request(struct random_phone *phone, const char *message)
{
	struct random_dialog *dialog;
	char value[RANDOM_HEADER];

	random_header(message, "Call-ID", value, sizeof(value));
	dialog = find(phone, value);
	random_header(message, "To", value, sizeof(value));
	if (!strncmp(message, "ACK", 3)) {
		if (dialog)
			dialog->acked = true;
		return;
	}
	if (!dialog && !strncmp(message, "INVITE", 6) && !strstr(value, "tag="))
		on_new_invite(phone, message);
	else if (!dialog)
		random_respond(phone, message, value, "481 Gone", "");
	else if (!strncmp(message, "INVITE", 6))
		on_reinvite(phone, dialog, message);
	else if (!strncmp(message, "CANCEL", 6))
		on_cancel(phone, dialog, message);
	else if (!random_fails(phone, 5))
		random_respond(
		        phone, message, dialog->local, random_fails(phone, 5) ? "481 Gone" : "200 OK", "");
	if (dialog && !strncmp(message, "BYE", 3))
		dialog->state = RANDOM_OVER;
}

static void receive(void *context, const struct flow *flow, char *bytes, size_t length)
{
	struct random_phone *phone = context;
	char message[RANDOM_TEXT];

	(void)flow;
	snprintf(message, sizeof(message), "%.*s", (int)length, bytes);
	if (!strncmp(message, "SIP/2.0 ", 8))
		on_response(phone, message);
	else
		on_request(phone, message);
}

void random_phone_open(struct random_phone *phone, struct net *net, struct net_end *end,
        struct net_end *server, const char *name)
{
	*phone = (struct random_phone){.net = net, .end = end, .server = server, .name = name};
	address_format(&end->transport.bound, phone->text);
	end->transport.receive = receive;
	end->transport.context = phone;
}

void random_phone_reset(struct random_phone *phone)
{
	memset(phone->dialogs, 0, sizeof(phone->dialogs));
	phone->serial = 0;
	phone->polite = false;
}

static void cancel(struct random_phone *phone, struct random_dialog *dialog)
{
	dialog->cancelled = true;
	random_request(phone, dialog, "CANCEL", dialog->invite_branch, dialog->invite_cseq, "", "");
}

static void act_when_calling(struct random_phone *phone, struct random_dialog *dialog)
{
	switch (random_chance(phone, 4)) {
	case 0:
		cancel(phone, dialog);
		break;
	case 1:
		next_request(phone, dialog, random_percent(phone, 20) ? "BYE" : "OPTIONS", "");
		break;
	default:
		break; /* patience */
	}
}

static void act_when_ringing(struct random_phone *phone, struct random_dialog *dialog)
{
	static const char *const statuses[] = {"180 Ringing", "183 Session Progress", "200 OK", "200 OK",
	        "200 OK", "200 OK", "486 Busy Here", "603 Decline", "302 Moved", "480 Not Now"};

	answer_invite(phone, dialog, PICK(phone, statuses));
}

static void act_when_up(struct random_phone *phone, struct random_dialog *dialog)
{
	static const char *const targets[] = {"700@acme.example", "700@acme.example", "701@acme.example",
	        "702@10.0.0.1", "103@acme.example", "700@globex.example", "799@acme.example"};
	char headers[128];

	switch (random_chance(phone, 12)) {
	case 0:
	case 1:
	case 2:
		snprintf(headers, sizeof(headers), "Refer-To: <sip:%s>\r\n%s", PICK(phone, targets),
		        random_percent(phone, 20) ? "Refer-Sub: false\r\n" : "");
		next_request(phone, dialog, "REFER", headers);
		break;
	case 3:
	case 4:
	case 5:
		invite(phone, dialog, "");
		break;
	case 6:
		hang_up(phone, dialog);
		break;
	case 7:
		cancel(phone, dialog);
		dialog->cancelled = false;
		break;
	case 8: /* an ACK of long ago */
		random_request(phone, dialog, "ACK", ++phone->serial,
		        1 + random_chance(phone, dialog->cseq + 1), "", "");
		break;
	case 9:
		if (!dialog->answered && dialog->invite[0])
			answer_invite(phone, dialog, "200 OK");
		break;
	case 10:
		next_request(phone, dialog, random_percent(phone, 50) ? "OPTIONS" : "INFO", "");
		break;
	default:
		break;
	}
}

void random_phone_act(struct random_phone *phone)
{
	struct random_dialog *dialog = &phone->dialogs[random_chance(phone, RANDOM_DIALOGS)];

	for (unsigned i = 0; i < RANDOM_DIALOGS && dialog->state == RANDOM_FREE; i++)
		dialog = &phone->dialogs[i];
	if (dialog->state == RANDOM_CALLING)
		act_when_calling(phone, dialog);
	else if (dialog->state == RANDOM_RINGING)
		act_when_ringing(phone, dialog);
	else if (dialog->state == RANDOM_UP)
		act_when_up(phone, dialog);
	else
		call_somebody(phone);
	if (random_percent(phone, 15))
		call_somebody(phone);
}

void random_phone_finish(struct random_phone *phone)
{
	bool again = phone->polite;

	phone->polite = true;
	for (unsigned i = 0; i < RANDOM_DIALOGS; i++) {
		struct random_dialog *dialog = &phone->dialogs[i];

		/* An ACK that was lost has been waited for long enough. */
		dialog->acked = dialog->acked || again;
		if (dialog->state == RANDOM_CALLING)
			cancel(phone, dialog);
		else if (dialog->state == RANDOM_RINGING)
			answer_invite(phone, dialog, "486 Busy Here");
		else if (dialog->state != RANDOM_FREE)
			hang_up(phone, dialog);
	}
}
