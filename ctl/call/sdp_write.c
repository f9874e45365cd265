/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing SDP: our offers and answers. */
#include "ctl/call/sdp.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const uint8_t codec_types[XD_CODECS] = {[XD_PCMU] = 0, [XD_PCMA] = 8, [XD_G722] = 9};

/* Text under construction; what doesn't fit is cut, which the bounds of the parts rule out. */
struct writing {
	char *text;
	size_t used;
};

/* One rtpmap line of the stream. */
struct row {
	const char *name;
	uint8_t type;
	bool event;
};

uint8_t sdp_codec_type(enum xd_codec codec)
{
	return codec < XD_CODECS ? codec_types[codec] : XD_NO_PAYLOAD;
}

__attribute__((format(printf, 2, 3))) static void put(struct writing *writing, const char *format, ...)
{
	size_t room = SDP_BYTES - writing->used;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(writing->text + writing->used, room, format, arguments);
	va_end(arguments);
	if (length > 0)
		writing->used += (size_t)length < room ? (size_t)length : room - 1;
}

static void put_session(struct writing *writing, const struct sdp_local *local)
{
	const char *family = address_is_ipv4(local->advertise) ? "IP4" : "IP6";
	char ip[ADDRESS_TEXT];

	address_format_ip(local->advertise, ip);
	put(writing, "v=0\r\no=- %" PRIu64 " %" PRIu64 " IN %s %s\r\n", local->session, local->version,
	        family, ip);
	put(writing, "s=-\r\nc=IN %s %s\r\nt=0 0\r\n", family, ip);
}

static void put_stream(struct writing *writing, const struct sdp_local *local, uint16_t port,
        const struct row *rows, unsigned row_count, bool rtcp_mux)
{
	static const char *const directions[] = {"sendrecv", "sendonly", "recvonly", "inactive"};

	put(writing, "m=audio %u RTP/AVP", port);
	for (unsigned i = 0; i < row_count; i++)
		put(writing, " %u", rows[i].type);
	put(writing, "\r\n");
	for (unsigned i = 0; i < row_count; i++) {
		put(writing, "a=rtpmap:%u %s/8000\r\n", rows[i].type, rows[i].name);
		if (rows[i].event)
			put(writing, "a=fmtp:%u 0-15\r\n", rows[i].type);
	}
	if (local->ptime_ms)
		put(writing, "a=ptime:%u\r\n", local->ptime_ms);
	if (rtcp_mux)
		put(writing, "a=rtcp-mux\r\n");
	put(writing, "a=%s\r\n", directions[local->direction]);
}

size_t sdp_write_offer(const struct sdp_local *local, char *text)
{
	struct writing writing = {0};
	struct row rows[XD_CODECS + 1];
	unsigned count = 0;

	writing.text = text;
	for (unsigned i = 0; i < local->codec_count; i++)
		rows[count++] =
		        (struct row){codec_name(local->codecs[i]), sdp_codec_type(local->codecs[i]), false};
	if (local->telephone_event)
		rows[count++] = (struct row){
		        "telephone-event", local->event_type ? local->event_type : SDP_EVENT_TYPE, true};
	put_session(&writing, local);
	put_stream(&writing, local, local->port, rows, count, false);
	return writing.used;
}

/* Telephone-event only if we want it, comfort noise whenever it is offered. */
static unsigned answer_rows(
        const struct sdp_local *local, const struct sdp_agreement *agreement, struct row *rows)
{
	const struct xd_payload *payloads = agreement->payloads;
	unsigned count = 0;

	rows[count++] = (struct row){codec_name(agreement->codec), payloads[XD_VOICE].type_in, false};
	if (payloads[XD_NOISE].type_in != XD_NO_PAYLOAD)
		rows[count++] = (struct row){"CN", payloads[XD_NOISE].type_in, false};
	if (payloads[XD_EVENT].type_in != XD_NO_PAYLOAD && local->telephone_event)
		rows[count++] = (struct row){"telephone-event", payloads[XD_EVENT].type_in, true};
	return count;
}

size_t sdp_write_answer(const struct sdp_local *local, const struct sdp *offer,
        const struct sdp_agreement *agreement, char *text)
{
	struct writing writing = {0};
	struct row rows[XD_PAYLOADS];
	unsigned count = answer_rows(local, agreement, rows);

	writing.text = text;
	put_session(&writing, local);
	for (unsigned i = 0; i < offer->streams; i++) {
		if (i == offer->audio)
			put_stream(&writing, local, offer->remote.port ? local->port : 0, rows, count,
			        offer->rtcp_mux);
		else
			put(&writing, "m=%s\r\n", offer->media[i]);
	}
	return writing.used;
}
