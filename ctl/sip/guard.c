/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/sip/guard.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* Why a message is refused. */
struct verdict {
	int status;
	const char *reason;
};

static const struct verdict FINE = {0, NULL};

/* Headers that a message may have once up to TO; URIs are in FROM and those behind it. */
enum named {
	CONTENT_LENGTH,
	CALL_ID,
	CONTENT_TYPE,
	CSEQ,
	MAX_FORWARDS,
	FROM,
	TO,
	CONTACT,
	ROUTE,
	RECORD_ROUTE,
	REFER_TO,
	REFERRED_BY,
	ASSERTED,
	OTHER
};

#define NAME(name, compact)                                                                                  \
	{                                                                                                    \
		sizeof(name) - 1, compact, name                                                              \
	}

static const struct {
	unsigned char length;
	char compact; /* 0: none */
	const char *name;
} NAMES[] = {
        [CONTENT_LENGTH] = NAME("Content-Length", 'l'),
        [CALL_ID] = NAME("Call-ID", 'i'),
        [CONTENT_TYPE] = NAME("Content-Type", 'c'),
        [CSEQ] = NAME("CSeq", 0),
        [FROM] = NAME("From", 'f'),
        [MAX_FORWARDS] = NAME("Max-Forwards", 0),
        [TO] = NAME("To", 't'),
        [CONTACT] = NAME("Contact", 'm'),
        [ROUTE] = NAME("Route", 0),
        [RECORD_ROUTE] = NAME("Record-Route", 0),
        [REFER_TO] = NAME("Refer-To", 'r'),
        [REFERRED_BY] = NAME("Referred-By", 'b'),
        [ASSERTED] = NAME("P-Asserted-Identity", 0),
};

static struct verdict bad(const char *reason)
{
	return (struct verdict){400, reason};
}

static bool is_token(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-.!%*_+`'~", c));
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

bool sip_is_keepalive(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] != '\r' && bytes[i] != '\n')
			return false;
	}
	return true;
}

enum { CONTROL = 1, SEPARATOR = 2 };

static const unsigned char CLASS[256] = {
        [0 ... '\t' - 1] = CONTROL,
        ['\t' + 1 ... ' ' - 1] = CONTROL,
        [0x7f] = CONTROL,
        [','] = SEPARATOR,
        [';'] = SEPARATOR,
        ['&'] = SEPARATOR,
};

/* Parameters within the limit, and no control character. */
static struct verdict check_characters(const char *line, const char *end)
{
	unsigned seen = 0, count = 0;

	for (; line < end; line++) {
		unsigned char class = CLASS[(unsigned char)*line];

		seen |= class;
		count += class;
	}
	if (seen & CONTROL)
		return bad("Control character in a header");
	return count > GUARD_SEPARATORS * SEPARATOR ? bad("Too many parameters") : FINE;
}

/*
 * No escaped control character where URIs are read: osip unescapes user names and parameters into C strings,
 * in which "101%00x" would be user 101, and "%0d%0a" a line end in what we send. Elsewhere it is just text.
 */
static struct verdict check_escapes(const char *line, const char *end)
{
	for (; end - line > 2 && (line = memchr(line, '%', (size_t)(end - line - 2))); line++) {
		if (line[1] == '0' || line[1] == '1' || (line[1] == '7' && (line[2] | 0x20) == 'f'))
			return bad("Escaped control character");
	}
	return FINE;
}

/* "SIP/2.0 200 OK": one space each, three digits. */
static struct verdict check_status_line(const char *line, const char *end)
{
	if (end - line < 12 || strncasecmp(line, "SIP/2.0 ", 8) != 0 || line[11] != ' ')
		return bad("Malformed status line");
	if (line[8] < '1' || line[8] > '6' || !is_digit(line[9]) || !is_digit(line[10]))
		return bad("Malformed status code");
	return FINE;
}

static struct verdict check_version(const char *version, const char *end)
{
	const char *c = version + 4;

	if (end - version == 7 && strncasecmp(version, "SIP/2.0", 7) == 0)
		return FINE;
	if (end - version < 7 || strncasecmp(version, "SIP/", 4) != 0)
		return bad("Malformed request line");
	while (c < end && (is_digit(*c) || *c == '.'))
		c++;
	return c == end ? (struct verdict){505, "Version Not Supported"} : bad("Malformed request line");
}

static struct verdict check_scheme(const char *uri, const char *end)
{
	const char *colon = memchr(uri, ':', (size_t)(end - uri));
	size_t length;

	for (const char *c = uri; c < end; c++) {
		if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("<>\"", *c))
			return bad("Malformed Request-URI");
	}
	if (!colon || colon == uri)
		return bad("Malformed Request-URI");
	length = (size_t)(colon - uri);
	/* sips: asks for TLS all the way (RFC 3261 26.2.2), which no transport of ours speaks. */
	if (length == 3 && strncasecmp(uri, "sip", 3) == 0)
		return FINE;
	return (struct verdict){416, "Unsupported URI Scheme"};
}

/* "INVITE sip:701@example.com SIP/2.0": one space each. */
static struct verdict check_request_line(const char *line, const char *end)
{
	const char *c = line, *uri, *version;
	struct verdict verdict;

	while (c < end && is_token(*c))
		c++;
	if (c == line || c == end || *c != ' ')
		return bad("Malformed request line");
	uri = c + 1;
	version = memchr(uri, ' ', (size_t)(end - uri));
	if (!version || version == uri)
		return bad("Malformed request line");
	verdict = check_version(version + 1, end);
	return verdict.status ? verdict : check_scheme(uri, version);
}

static struct verdict check_start_line(const char *line, const char *end)
{
	struct verdict verdict = check_characters(line, end);

	if (verdict.status)
		return verdict;
	if (end - line >= 4 && strncasecmp(line, "SIP/", 4) == 0)
		return check_status_line(line, end);
	verdict = check_escapes(line, end);
	return verdict.status ? verdict : check_request_line(line, end);
}

/* The next CR LF; NULL: there is none. */
static char *line_stop(char *from, const char *end)
{
	for (char *c = from; (c = memchr(c, '\n', (size_t)(end - c))); c++)
		if (c > from && c[-1] == '\r')
			return c - 1;
	return NULL;
}

/*
 * A folded line becomes one (RFC 3261 7.3.1). A CR or LF that isn't part of a line end stays, and is refused
 * as any control character.
 */
static void join_lines(char *header, const char *end)
{
	char *stop;

	for (char *c = header; (stop = line_stop(c, end)) && stop + 2 < end; c = stop + 2) {
		if (is_space(stop[2]))
			stop[0] = stop[1] = ' ';
	}
}

static enum named name_of(const char *name, size_t length)
{
	for (int i = 0; i < OTHER; i++) {
		if (NAMES[i].length == length && strncasecmp(name, NAMES[i].name, length) == 0)
			return (enum named)i;
		if (NAMES[i].compact && length == 1 && (name[0] | 0x20) == NAMES[i].compact)
			return (enum named)i;
	}
	return OTHER;
}

/* Reads a decimal Content-Length and zeroes its digits. */
static struct verdict take_length(char *value, const char *end, size_t *length)
{
	size_t number = 0;
	char *c = value;

	while (c < end && is_space(*c))
		c++;
	if (c == end || !is_digit(*c))
		return bad("Malformed Content-Length");
	for (; c < end && is_digit(*c); c++) {
		if (number <= GUARD_BODY_BYTES) /* above, it doesn't matter how far */
			number = number * 10 + (size_t)(*c - '0');
		*c = '0';
	}
	while (c < end && is_space(*c))
		c++;
	if (c != end)
		return bad("Malformed Content-Length");
	*length = number;
	return FINE;
}

/* Without brackets a question mark can't belong to the URI of these headers (RFC 3261 20). */
static struct verdict check_brackets(const char *value, const char *end)
{
	size_t length = (size_t)(end - value);

	if (memchr(value, '?', length) && !memchr(value, '<', length))
		return bad("Question mark in a URI without brackets");
	return FINE;
}

/* What was seen so far of a message's headers. */
struct seen {
	unsigned lines;
	bool once[OTHER];
	size_t length; /* of the body, if once[CONTENT_LENGTH] */
};

static struct verdict check_line(char *line, char *end, struct seen *seen)
{
	struct verdict verdict = check_characters(line, end);
	enum named named;
	char *c = line;

	if (verdict.status)
		return verdict;
	if (++seen->lines > GUARD_LINES)
		return bad("Too many headers");
	while (c < end && is_token(*c))
		c++;
	named = name_of(line, (size_t)(c - line));
	if (c == line)
		return bad("Malformed header name");
	while (c < end && is_space(*c))
		c++;
	if (c == end || *c++ != ':')
		return bad("Malformed header name");
	if (named == OTHER)
		return FINE;
	if (named <= TO && seen->once[named])
		return bad("Repeated header");
	seen->once[named] = true;
	if (named == CONTENT_LENGTH)
		return take_length(c, end, &seen->length);
	if (named < FROM)
		return FINE;
	verdict = check_escapes(c, end);
	return verdict.status || named > CONTACT ? verdict : check_brackets(c, end);
}

/* `end` points behind the CR LF of the last header. */
static struct verdict check_header(char *header, char *end, struct seen *seen)
{
	char *line = header, *stop;
	struct verdict verdict;

	join_lines(header, end);
	stop = line_stop(line, end);
	verdict = check_start_line(line, stop);
	for (line = stop + 2; !verdict.status && line < end; line = stop + 2) {
		stop = line_stop(line, end);
		verdict = check_line(line, stop, seen);
	}
	return verdict;
}

static struct verdict check_body(const struct guarded *guarded, const struct seen *seen, bool stream)
{
	if (stream && !seen->once[CONTENT_LENGTH])
		return bad("Content-Length missing");
	if (stream && seen->length > GUARD_BODY_BYTES)
		return (struct verdict){413, "Request Entity Too Large"};
	if (seen->once[CONTENT_LENGTH] && seen->length > guarded->body_bytes)
		return bad("Body shorter than Content-Length");
	return FINE;
}

static struct verdict guard(char *bytes, size_t length, bool stream, struct guarded *guarded)
{
	static const struct verdict too_large = {513, "Message Too Large"};
	char *start = bytes, *empty, *end = bytes + length;
	struct seen seen = {0};
	struct verdict verdict;

	if (!stream && length > GUARD_HEADER_BYTES)
		return too_large;
	while (start < end && (*start == '\r' || *start == '\n'))
		start++;
	empty = memmem(start, (size_t)(end - start), "\r\n\r\n", 4);
	if (!empty)
		return end - start > GUARD_HEADER_BYTES ? too_large : bad("Header without end");
	guarded->header = start;
	guarded->header_bytes = (size_t)(empty + 4 - start);
	guarded->body = empty + 4;
	guarded->body_bytes = (size_t)(end - guarded->body);
	if (guarded->header_bytes > GUARD_HEADER_BYTES)
		return too_large;
	verdict = check_header(start, empty + 2, &seen);
	if (verdict.status)
		return verdict;
	verdict = check_body(guarded, &seen, stream);
	/* What follows in a datagram is padding (RFC 3261 18.3). */
	if (seen.once[CONTENT_LENGTH] && !verdict.status)
		guarded->body_bytes = seen.length;
	return verdict;
}

int sip_guard(
        char *bytes, size_t length, bool stream, struct guarded *guarded, int *status, const char **reason)
{
	struct verdict verdict;

	if (sip_is_keepalive(bytes, length)) {
		*status = 0;
		*reason = "Keep-alive";
		return -EBADMSG;
	}
	verdict = guard(bytes, length, stream, guarded);
	if (!verdict.status)
		return 0;
	*status = verdict.status;
	*reason = verdict.reason;
	return -EBADMSG;
}
