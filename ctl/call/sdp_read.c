/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading SDP. Twice over the lines: the m= lines first, to know which stream is ours, then what the session
 * and that stream say. Nothing is copied but into `struct sdp`, nothing is allocated.
 */
#include "ctl/call/sdp.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* ORIGIN_WORDS: of o= without the user's name: session, version, IN, IP4, address. */
enum { TYPES = 128, MAX_TEXT_MS = 1000, ORIGIN_WORDS = 5 };

struct text {
	const char *at;
	size_t length;
};

struct line {
	char kind;
	struct text value;
};

/* What a c= line says. A bad one counts only if the audio stream depends on it. */
enum connection { CONNECTION_NONE, CONNECTION_GOOD, CONNECTION_BAD };

/* What the session or one stream says; the stream's word comes before the session's. */
struct section {
	enum connection connection;
	uint8_t ip[16];
	bool directed;
	enum sdp_direction direction;
	unsigned ptime_ms, maxptime_ms;
	bool rtcp_mux;
};

/* What a payload type stands for. */
struct mapping {
	bool known;
	struct sdp_format format;
};

struct stream {
	struct text media, port, protocol, formats;
	uint16_t port_number;
};

/* The next line without its CRLF or LF and blanks before that. 1: there was one, 0: the end, -EINVAL: not
 * `x=...`. */
static int line_next(struct text *rest, struct line *line)
{
	const char *end;
	size_t length;

	if (!rest->length)
		return 0;
	end = memchr(rest->at, '\n', rest->length);
	length = end ? (size_t)(end - rest->at) : rest->length;
	line->value = (struct text){rest->at, length};
	rest->at += length + (end != NULL);
	rest->length -= length + (end != NULL);
	if (length && line->value.at[length - 1] == '\r')
		line->value.length--;
	while (line->value.length && line->value.at[line->value.length - 1] == ' ')
		line->value.length--;
	if (line->value.length < 2 || line->value.at[1] != '=')
		return -EINVAL;
	line->kind = line->value.at[0];
	line->value.at += 2;
	line->value.length -= 2;
	return 1;
}

/* The next word between blanks; empty at the end. */
static struct text word_next(struct text *rest)
{
	struct text word;

	while (rest->length && (*rest->at == ' ' || *rest->at == '\t')) {
		rest->at++;
		rest->length--;
	}
	word = (struct text){rest->at, 0};
	while (word.length < rest->length && rest->at[word.length] != ' ' && rest->at[word.length] != '\t')
		word.length++;
	rest->at += word.length;
	rest->length -= word.length;
	return word;
}

/* Cuts `text` at the first `mark`: returns what is before, leaves what is behind (nothing if no mark). */
static struct text text_cut(struct text *text, char mark)
{
	const char *end = text->length ? memchr(text->at, mark, text->length) : NULL;
	size_t length = end ? (size_t)(end - text->at) : text->length;
	struct text before = {text->at, length};

	text->at += length + (end != NULL);
	text->length -= length + (end != NULL);
	return before;
}

static bool text_is(struct text text, const char *word)
{
	return text.length == strlen(word) && !strncasecmp(text.at, word, text.length);
}

static bool text_is_token(struct text text)
{
	for (size_t i = 0; i < text.length; i++)
		if (text.at[i] <= ' ' || text.at[i] > '~')
			return false;
	return text.length > 0;
}

/* Decimal digits up to `most`. */
static bool text_number(struct text text, unsigned most, unsigned *number)
{
	unsigned value = 0;

	if (!text.length || text.length > 9)
		return false;
	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		value = value * 10 + (unsigned)(text.at[i] - '0');
	}
	if (value > most)
		return false;
	*number = value;
	return true;
}

/* Numbers of o= may be of any length: they are only ever compared, so what overflows wraps. */
static bool text_count(struct text text, uint64_t *count)
{
	uint64_t value = 0;

	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text.at[i] - '0');
	}
	*count = value;
	return text.length > 0;
}

/* Read from its end: the user's name in front has blanks in it with some, and is missing with others. */
static int origin_read(struct text value, struct sdp *sdp)
{
	struct text last[ORIGIN_WORDS] = {0}, word;

	while ((word = word_next(&value)).length) {
		memmove(last, last + 1, sizeof(last) - sizeof(*last));
		last[ORIGIN_WORDS - 1] = word;
	}
	return text_count(last[0], &sdp->session) && text_count(last[1], &sdp->version) ? 0 : -EINVAL;
}

/* Nobody is sent media by multicast or broadcast at a stranger's word. */
static bool address_is_many(const uint8_t ip[16])
{
	static const uint8_t broadcast[4] = {255, 255, 255, 255};

	if (address_is_ipv4(ip))
		return (ip[12] & 0xf0) == 0xe0 || !memcmp(ip + 12, broadcast, 4);
	return ip[0] == 0xff;
}

static enum connection connection_read(struct text value, uint8_t ip[16])
{
	struct text net = word_next(&value), family = word_next(&value), address = word_next(&value);
	struct text host = text_cut(&address, '/');
	char copy[ADDRESS_TEXT];

	if (!text_is(net, "IN") || host.length >= sizeof(copy) || !text_is_token(host) || *host.at == '[')
		return CONNECTION_BAD;
	memcpy(copy, host.at, host.length);
	copy[host.length] = '\0';
	if (address_parse_ip(copy, ip) < 0 || address_is_many(ip))
		return CONNECTION_BAD;
	return text_is(family, address_is_ipv4(ip) ? "IP4" : "IP6") ? CONNECTION_GOOD : CONNECTION_BAD;
}

static int stream_read(struct text value, struct stream *stream)
{
	struct text port;
	unsigned number;

	stream->media = word_next(&value);
	stream->port = port = word_next(&value);
	stream->protocol = word_next(&value);
	stream->formats = value;
	if (!text_is_token(stream->media) || !text_is_token(stream->protocol) ||
	        !text_number(text_cut(&port, '/'), UINT16_MAX, &number) || !word_next(&value).length)
		return -EINVAL;
	stream->port_number = (uint16_t)number;
	return 0;
}

/* Notes the m= line as our answer will refuse it; formats that don't fit are left out. */
static int stream_note(const struct stream *stream, char *note, size_t size)
{
	struct text formats = stream->formats, word = word_next(&formats);
	size_t used = stream->media.length + strlen(" 0 ") + stream->protocol.length;

	if (used + 1 + word.length >= size)
		return -EINVAL;
	memcpy(note, stream->media.at, stream->media.length);
	memcpy(note + stream->media.length, " 0 ", 3);
	memcpy(note + used - stream->protocol.length, stream->protocol.at, stream->protocol.length);
	for (; word.length && used + 1 + word.length < size; word = word_next(&formats)) {
		if (!text_is_token(word))
			return -EINVAL;
		note[used] = ' ';
		memcpy(note + used + 1, word.at, word.length);
		used += 1 + word.length;
	}
	note[used] = '\0';
	return 0;
}

static bool stream_is_ours(const struct stream *stream)
{
	return text_is(stream->media, "audio") && text_is(stream->protocol, "RTP/AVP");
}

/* The first pass: form of every line, v=, o=, m=. */
static int streams_read(struct text rest, struct sdp *sdp, struct stream streams[SDP_STREAMS])
{
	bool found = false, started = false;
	struct line line;
	int error;

	while ((error = line_next(&rest, &line)) > 0) {
		if (!started && (line.kind != 'v' || !text_is(line.value, "0")))
			return -EINVAL;
		started = true;
		if (line.kind == 'o' && !sdp->streams && origin_read(line.value, sdp) < 0)
			return -EINVAL;
		if (line.kind != 'm')
			continue;
		if (sdp->streams == SDP_STREAMS || stream_read(line.value, &streams[sdp->streams]) < 0 ||
		        stream_note(&streams[sdp->streams], sdp->media[sdp->streams], sizeof(sdp->media[0])) <
		                0)
			return -EINVAL;
		found |= stream_is_ours(&streams[sdp->streams]);
		sdp->streams++;
	}
	if (error < 0 || !started)
		return -EINVAL;
	return found ? 0 : -EPROTONOSUPPORT;
}

/* "0 PCMU/8000": what the type stands for, also when we don't know it. */
static void rtpmap_read(struct text value, struct mapping *mappings)
{
	struct text type = word_next(&value), what = word_next(&value);
	struct text name = text_cut(&what, '/'), clock = text_cut(&what, '/');
	struct mapping *mapping;
	unsigned number;

	if (!text_number(type, TYPES - 1, &number))
		return;
	mapping = &mappings[number];
	*mapping = (struct mapping){.format.type = (uint8_t)number};
	if (!text_is(clock, "8000") || (what.length && !text_is(what, "1")))
		return;
	mapping->known = true;
	for (unsigned codec = 0; codec < XD_CODECS; codec++) {
		if (!text_is(name, codec_name((enum xd_codec)codec)))
			continue;
		mapping->format.codec = (enum xd_codec)codec;
		mapping->format.kind = XD_VOICE;
		return;
	}
	if (text_is(name, "telephone-event"))
		mapping->format.kind = XD_EVENT;
	else if (text_is(name, "CN"))
		mapping->format.kind = XD_NOISE;
	else
		mapping->known = false;
}

static void attribute_read(struct text value, struct section *section, struct mapping *mappings)
{
	static const char *const directions[] = {"sendrecv", "sendonly", "recvonly", "inactive"};
	struct text name = text_cut(&value, ':');
	/* "20.0" and the like are seen: what is behind the point doesn't matter. */
	struct text copy = value, whole = text_cut(&copy, '.');
	unsigned number = 0;

	for (unsigned i = 0; i < 4; i++)
		if (text_is(name, directions[i])) {
			section->directed = true;
			section->direction = (enum sdp_direction)i;
		}
	if (text_is(name, "ptime") && text_number(word_next(&whole), MAX_TEXT_MS, &number))
		section->ptime_ms = number;
	else if (text_is(name, "maxptime") && text_number(word_next(&whole), MAX_TEXT_MS, &number))
		section->maxptime_ms = number;
	else if (text_is(name, "rtcp-mux"))
		section->rtcp_mux = true;
	else if (text_is(name, "rtpmap") && mappings)
		rtpmap_read(value, mappings);
}

/* The second pass: the session's lines into `session`, our stream's into `ours`. */
static void sections_read(struct text rest, unsigned audio, struct section *session, struct section *ours,
        struct mapping *mappings)
{
	unsigned streams = 0;
	struct line line;

	while (line_next(&rest, &line) > 0) {
		bool of_session = streams == 0;
		struct section *section = of_session ? session : ours;

		if (line.kind == 'm')
			streams++;
		else if (!of_session && streams - 1 != audio)
			continue;
		else if (line.kind == 'c' && section->connection == CONNECTION_NONE)
			section->connection = connection_read(line.value, section->ip);
		else if (line.kind == 'a')
			attribute_read(line.value, section, of_session ? NULL : mappings);
	}
}

/*
 * The known ones of the m= line's types, in its order. Types 64 to 95 never name a payload: with the marker
 * bit they look like RTCP (RFC 5761 4).
 */
static void formats_read(struct text types, const struct mapping *mappings, struct sdp *sdp)
{
	bool seen[TYPES] = {false};
	struct text word;
	unsigned type;

	while ((word = word_next(&types)).length) {
		if (!text_number(word, TYPES - 1, &type) || seen[type] || (type >= 64 && type <= 95))
			continue;
		seen[type] = true;
		if (!mappings[type].known || mappings[type].format.kind != XD_EVENT)
			sdp->others.bits[type / 64] |= 1ULL << type % 64;
		if (mappings[type].known && sdp->format_count < SDP_FORMATS)
			sdp->formats[sdp->format_count++] = mappings[type].format;
	}
}

/* What the session and the stream number `audio` of them say. */
static int audio_read(struct text all, const struct stream *stream, unsigned audio, struct sdp *sdp)
{
	struct mapping mappings[TYPES] = {
	        [0] = {true, {XD_VOICE, XD_PCMU, 0}},
	        [8] = {true, {XD_VOICE, XD_PCMA, 8}},
	        [9] = {true, {XD_VOICE, XD_G722, 9}},
	        [13] = {true, {XD_NOISE, XD_PCMU, 13}},
	};
	struct section session = {.direction = SDP_SENDRECV}, ours = session;

	sections_read(all, audio, &session, &ours, mappings);
	if (ours.connection == CONNECTION_NONE)
		ours.connection = session.connection;
	else
		memcpy(session.ip, ours.ip, sizeof(session.ip));
	/* Who refuses the stream needs no address. */
	if (ours.connection != CONNECTION_GOOD && stream->port_number)
		return -EINVAL;
	sdp->audio = audio;
	if (ours.connection == CONNECTION_GOOD) {
		memcpy(sdp->remote.ip, session.ip, sizeof(sdp->remote.ip));
		sdp->held_by_address = address_is_any(session.ip);
	}
	sdp->remote.port = stream->port_number;
	sdp->direction = ours.directed ? ours.direction : session.direction;
	sdp->ptime_ms = ours.ptime_ms ? ours.ptime_ms : session.ptime_ms;
	sdp->maxptime_ms = ours.maxptime_ms ? ours.maxptime_ms : session.maxptime_ms;
	sdp->rtcp_mux = ours.rtcp_mux;
	formats_read(stream->formats, mappings, sdp);
	return 0;
}

static bool has_codec(const struct sdp *sdp, unsigned codecs)
{
	for (unsigned i = 0; i < sdp->format_count; i++)
		if (sdp->formats[i].kind == XD_VOICE && codecs >> sdp->formats[i].codec & 1)
			return true;
	return false;
}

/* The second pass, for each audio stream until one suits; `head` is what the first pass has found. */
static int audio_choose(struct text all, const struct stream *streams, unsigned codecs,
        const struct sdp *head, struct sdp *chosen)
{
	int found = -EPROTONOSUPPORT;

	for (unsigned i = 0; i < head->streams; i++) {
		struct sdp read = *head;
		bool better;
		int error;

		if (!stream_is_ours(&streams[i]))
			continue;
		error = audio_read(all, &streams[i], i, &read);
		if (!error && read.remote.port && has_codec(&read, codecs)) {
			*chosen = read;
			return 0;
		}
		better = found == -EPROTONOSUPPORT ||
		         (!found && !chosen->remote.port && streams[i].port_number);
		if (!better)
			continue;
		found = error;
		*chosen = read;
	}
	return found;
}

int sdp_read(const char *text, size_t bytes, unsigned codecs, struct sdp *sdp)
{
	struct stream streams[SDP_STREAMS] = {0};
	struct text all = {text, bytes};
	struct sdp head = {0}, chosen;
	int error;

	/* Some end with empty lines. */
	while (all.length && strchr("\r\n", text[all.length - 1]))
		all.length--;
	if (!all.length || bytes > SDP_BYTES || memchr(text, '\0', all.length))
		return -EINVAL;
	error = streams_read(all, &head, streams);
	if (!error)
		error = audio_choose(all, streams, codecs, &head, &chosen);
	if (error < 0)
		return error;
	*sdp = chosen;
	return 0;
}
