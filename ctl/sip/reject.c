/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers to requests that no parser takes. Reads lines as loosely as it can; keeps no state. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ctl/sip/guard.h"
#include "ctl/sip/message.h"

/* A piece of the request. */
struct span {
	const char *at;
	size_t length;
};

enum { THE_VIA, THE_FROM, THE_TO, THE_CALL_ID, THE_CSEQ, NEEDED, MOST_VIAS = 32 };

static const struct {
	const char *name, *compact;
} NAMES[NEEDED] = {{"Via", "v"}, {"From", "f"}, {"To", "t"}, {"Call-ID", "i"}, {"CSeq", "CSeq"}};

/* What a response repeats. */
struct parts {
	struct span header[NEEDED]; /* the first of each */
	struct span vias[MOST_VIAS];
	unsigned via_count;
};

/* Where the response grows. */
struct out {
	char *at;
	size_t left;
	bool full;
};

static void put(struct out *out, const char *bytes, size_t length)
{
	if (length > out->left) {
		out->full = true;
		return;
	}
	memcpy(out->at, bytes, length);
	out->at += length;
	out->left -= length;
}

static void put_text(struct out *out, const char *text)
{
	put(out, text, strlen(text));
}

/* A value, with the line ends of folded lines as spaces. */
static void put_span(struct out *out, struct span span)
{
	for (size_t i = 0; i < span.length; i++) {
		bool end = span.at[i] == '\r' || span.at[i] == '\n';

		put(out, end ? " " : span.at + i, 1);
	}
}

static struct span trim(struct span span)
{
	while (span.length && strchr(" \t\r\n", *span.at)) {
		span.at++;
		span.length--;
	}
	while (span.length && strchr(" \t\r\n", span.at[span.length - 1]))
		span.length--;
	return span;
}

/* Takes the next line off `rest`, with those that continue it. */
static struct span next_line(struct span *rest)
{
	struct span line = {rest->at, 0};

	do {
		const char *end = memchr(rest->at, '\n', rest->length);
		size_t length = end ? (size_t)(end + 1 - rest->at) : rest->length;

		line.length += length;
		rest->at += length;
		rest->length -= length;
	} while (rest->length && (*rest->at == ' ' || *rest->at == '\t'));
	return line;
}

static void sort_line(struct span line, struct parts *parts)
{
	const char *colon = memchr(line.at, ':', line.length);
	struct span name, value;

	if (!colon)
		return;
	name = trim((struct span){line.at, (size_t)(colon - line.at)});
	value = trim((struct span){colon + 1, line.length - (size_t)(colon + 1 - line.at)});
	for (int i = 0; i < NEEDED; i++) {
		size_t full = strlen(NAMES[i].name), compact = strlen(NAMES[i].compact);

		if (!(name.length == full && strncasecmp(name.at, NAMES[i].name, full) == 0) &&
		        !(name.length == compact && strncasecmp(name.at, NAMES[i].compact, compact) == 0))
			continue;
		if (!parts->header[i].length)
			parts->header[i] = value;
		if (i == THE_VIA && parts->via_count < MOST_VIAS)
			parts->vias[parts->via_count++] = value;
	}
}

/* Where the parameter `name` stands behind a semicolon in `span`; NULL: nowhere. */
static const char *find_param(struct span span, const char *name)
{
	size_t length = strlen(name);
	const char *end = span.at + span.length;

	for (const char *c = span.at; c < end; c++) {
		if (*c != ';')
			continue;
		do
			c++;
		while (c < end && (*c == ' ' || *c == '\t'));
		if ((size_t)(end - c) >= length && strncasecmp(c, name, length) == 0 &&
		        (c + length == end || strchr(" \t=;,", c[length])))
			return c;
		c--;
	}
	return NULL;
}

/* Whether an equals sign follows the parameter's name. */
static bool has_value(const char *param, const char *end)
{
	while (param < end && !strchr(" \t=;,", *param))
		param++;
	while (param < end && (*param == ' ' || *param == '\t'))
		param++;
	return param < end && *param == '=';
}

/* A tag behind the brackets; what is within belongs to the URI. */
static bool has_tag(struct span to)
{
	const char *bracket = memrchr(to.at, '>', to.length);
	size_t before = bracket ? (size_t)(bracket - to.at) : 0;

	return find_param((struct span){to.at + before, to.length - before}, "tag");
}

/* The topmost Via, with where it came from (RFC 3261 18.2.1, RFC 3581). */
static void put_top_via(struct out *out, struct span via, const struct address *source)
{
	const char *comma = memchr(via.at, ',', via.length), *rport;
	struct span first = {via.at, comma ? (size_t)(comma - via.at) : via.length};
	struct span rest = {via.at + first.length, via.length - first.length};
	char text[ADDRESS_TEXT], number[16];

	put_text(out, "Via: ");
	rport = find_param(first, "rport");
	if (rport && !has_value(rport, first.at + first.length)) {
		struct span before = {first.at, (size_t)(rport - first.at) + strlen("rport")};

		put_span(out, before);
		snprintf(number, sizeof(number), "=%u", source->port);
		put_text(out, number);
		first.at += before.length;
		first.length -= before.length;
	}
	put_span(out, trim(first));
	put_text(out, ";received=");
	put_text(out, address_format_ip(source->ip, text));
	put_span(out, rest);
	put_text(out, "\r\n");
}

/* The same for each retransmission, as nothing is kept (RFC 3261 8.2.7). */
static void put_tag(struct out *out, const struct parts *parts)
{
	uint64_t hash = 14695981039346656037U; /* FNV-1a */
	char text[32];

	for (int i = 0; i < NEEDED; i++) {
		for (size_t k = 0; k < parts->header[i].length; k++)
			hash = (hash ^ (uint8_t)parts->header[i].at[k]) * 1099511628211U;
	}
	snprintf(text, sizeof(text), ";tag=%016llx", (unsigned long long)hash);
	put_text(out, text);
}

static void put_header(struct out *out, const char *name, struct span value)
{
	put_text(out, name);
	put_text(out, ": ");
	put_span(out, value);
}

static void put_response(struct out *out, const struct parts *parts, const struct address *source, int status,
        const char *reason)
{
	char line[32];

	snprintf(line, sizeof(line), "SIP/2.0 %d ", status);
	put_text(out, line);
	put_text(out, reason);
	put_text(out, "\r\n");
	put_top_via(out, parts->vias[0], source);
	for (unsigned i = 1; i < parts->via_count; i++) {
		put_header(out, "Via", parts->vias[i]);
		put_text(out, "\r\n");
	}
	put_header(out, "From", parts->header[THE_FROM]);
	put_text(out, "\r\n");
	put_header(out, "To", parts->header[THE_TO]);
	if (!has_tag(parts->header[THE_TO]))
		put_tag(out, parts);
	put_text(out, "\r\n");
	put_header(out, "Call-ID", parts->header[THE_CALL_ID]);
	put_text(out, "\r\n");
	put_header(out, "CSeq", parts->header[THE_CSEQ]);
	put_text(out, "\r\nContent-Length: 0\r\n\r\n");
}

/* Whether the CSeq is number and method, the method not ACK. */
static bool is_answerable(struct span cseq)
{
	size_t digits = 0, space;

	while (digits < cseq.length && cseq.at[digits] >= '0' && cseq.at[digits] <= '9')
		digits++;
	space = digits;
	while (space < cseq.length && strchr(" \t\r\n", cseq.at[space]))
		space++;
	if (!digits || space == digits || space == cseq.length)
		return false;
	return !(cseq.length - space == 3 && strncasecmp(cseq.at + space, "ACK", 3) == 0);
}

size_t sip_reject(
        const struct flow *flow, const char *bytes, size_t length, int status, const char *reason, char *out)
{
	struct out response = {.at = out, .left = SIP_MESSAGE_BYTES};
	struct span rest = {bytes, length < GUARD_HEADER_BYTES ? length : GUARD_HEADER_BYTES}, line;
	struct parts parts = {0};

	while (rest.length && (*rest.at == '\r' || *rest.at == '\n')) {
		rest.at++;
		rest.length--;
	}
	line = next_line(&rest);
	if (line.length < 4 || strncasecmp(line.at, "SIP/", 4) == 0 || strncmp(line.at, "ACK ", 4) == 0)
		return 0;
	while (rest.length) {
		line = next_line(&rest);
		if (!trim(line).length)
			break;
		sort_line(line, &parts);
	}
	for (int i = 0; i < NEEDED; i++) {
		if (!parts.header[i].length)
			return 0;
	}
	if (!is_answerable(parts.header[THE_CSEQ]))
		return 0;
	put_response(&response, &parts, &flow->remote, status, reason);
	return response.full ? 0 : (size_t)(response.at - out);
}
