/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/random_text.h"

unsigned random_chance(struct random_phone *phone, unsigned below)
{
	return net_random(phone->net, below);
}

bool random_percent(struct random_phone *phone, unsigned likely)
{
	return random_chance(phone, 100) < likely;
}

/* Something goes wrong on purpose. */
bool random_fails(struct random_phone *phone, unsigned likely)
{
	return !phone->polite && random_percent(phone, likely);
}

bool random_header(const char *message, const char *name, char *value, size_t size)
{
	const char *line = message;
	size_t length = strlen(name);

	*value = '\0';
	while ((line = strstr(line, "\r\n"))) {
		line += 2;
		if (strncasecmp(line, name, length) != 0 || line[length] != ':')
			continue;
		line += length + 1;
		line += strspn(line, " ");
		snprintf(value, size, "%.*s", (int)strcspn(line, "\r"), line);
		return true;
	}
	return false;
}

static void send_text(struct random_phone *phone, const char *text)
{
	struct flow flow = net_flow(phone->end, phone->server);

	flow_send(&flow, text, strlen(text));
}

static void write_sdp(struct random_phone *phone, const char *formats, const char *attribute, char *sdp)
{
	char ip[32];

	snprintf(ip, sizeof(ip), "%.*s", (int)strcspn(phone->text, ":"), phone->text);
	if (random_fails(phone, 5))
		snprintf(ip, sizeof(ip), "198.51.100.%u", 1 + random_chance(phone, 20));
	else if (random_fails(phone, 3))
		snprintf(ip, sizeof(ip), "0.0.0.0");
	snprintf(sdp, RANDOM_TEXT / 2,
	        "v=0\r\no=- 1 %u IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %u RTP/AVP %s\r\n%s",
	        ++phone->serial, ip, ip, 4000 + 2 * random_chance(phone, 3), formats, attribute);
}

static const char *attribute(struct random_phone *phone)
{
	static const char *const attributes[] = {"", "", "", "", "", "", "a=sendonly\r\n", "a=inactive\r\n",
	        "a=recvonly\r\n", "a=ptime:30\r\n"};

	return phone->polite ? "" : PICK(phone, attributes);
}

void random_offer(struct random_phone *phone, char *sdp)
{
	static const char *const formats[] = {
	        "0", "8", "0 8", "8 0 9", "9", "9 0 101", "0 101", "18", "0 8 9"};

	write_sdp(phone, PICK(phone, formats), attribute(phone), sdp);
}

/* An answer to the offer in a message, or an offer when it has none. */
void random_answer(struct random_phone *phone, const char *message, char *sdp)
{
	const char *media = strstr(message, "RTP/AVP"), *line = media ? media + 7 : "";
	unsigned offered[8], count = 0;
	char format[8], *end;

	while (*line == ' ' && count < 8) {
		offered[count++] = (unsigned)strtoul(line, &end, 10);
		line = end;
	}
	if (!count || random_fails(phone, 3)) {
		random_offer(phone, sdp);
		return;
	}
	snprintf(format, sizeof(format), "%u", offered[random_chance(phone, count)]);
	if (atoi(format) > 96)
		snprintf(format, sizeof(format), "%u", offered[0]);
	write_sdp(phone, format, attribute(phone), sdp);
}

void random_request(struct random_phone *phone, const struct random_dialog *dialog, const char *method,
        unsigned branch, unsigned cseq, const char *headers, const char *sdp)
{
	char text[2 * RANDOM_TEXT];

	snprintf(text, sizeof(text),
	        "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s-%u;rport\r\nMax-Forwards: 70\r\n"
	        "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u %s\r\nContact: <sip:%s@%s>\r\n%s%s"
	        "Content-Length: %zu\r\n\r\n%s",
	        method, dialog->target, phone->text, phone->text, branch, dialog->local, dialog->remote,
	        dialog->call_id, cseq, method, phone->name, phone->text, headers,
	        *sdp ? "Content-Type: application/sdp\r\n" : "", strlen(sdp), sdp);
	send_text(phone, text);
}

void random_respond(
        struct random_phone *phone, const char *message, const char *to, const char *status, const char *sdp)
{
	static const char *const names[] = {"Via", "From", "Call-ID", "CSeq"};
	char text[2 * RANDOM_TEXT], value[RANDOM_HEADER];
	int used = snprintf(text, sizeof(text), "SIP/2.0 %s\r\nTo: %s\r\n", status, to);

	for (unsigned i = 0; i < 4; i++)
		if (random_header(message, names[i], value, sizeof(value)))
			used += snprintf(
			        text + used, sizeof(text) - (size_t)used, "%s: %s\r\n", names[i], value);
	snprintf(text + used, sizeof(text) - (size_t)used,
	        "Contact: <sip:%s@%s>\r\n%sContent-Length: %zu\r\n\r\n%s", phone->name, phone->text,
	        *sdp ? "Content-Type: application/sdp\r\n" : "", strlen(sdp), sdp);
	send_text(phone, text);
}
