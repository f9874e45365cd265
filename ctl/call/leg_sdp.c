/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Session descriptions of a leg: reading the far end's, writing ours, counting o= up when it changes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/call/leg_private.h"

static uint32_t hash_text(const char *text, size_t bytes)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < bytes; i++)
		hash = (hash ^ (uint8_t)text[i]) * 16777619u;
	return hash ? hash : 1;
}

typedef size_t (*sdp_writer)(const struct leg *leg, const struct sdp *offer, char *text);

static size_t write_answer(const struct leg *leg, const struct sdp *offer, char *text)
{
	return sdp_write_answer(&leg->local, offer, &leg->agreement, text);
}

static size_t write_offer(const struct leg *leg, const struct sdp *offer, char *text)
{
	(void)offer;
	return sdp_write_offer(&leg->local, text);
}

/* o= goes up only when the text changes (RFC 3264 8). */
static size_t leg_sdp_write(struct leg *leg, const struct sdp *offer, char *text, sdp_writer write)
{
	size_t bytes = write(leg, offer, text);
	uint32_t hash = hash_text(text, bytes);

	if (leg->local_hash == hash)
		return bytes;
	if (leg->local_hash) {
		leg->local.version++;
		bytes = write(leg, offer, text);
		hash = hash_text(text, bytes);
	}
	leg->local_hash = hash;
	return bytes;
}

size_t leg_sdp_answer(struct leg *leg, const struct sdp *offer, char *text)
{
	leg->local.direction = sdp_answer_direction(leg->remote_direction, SDP_SENDRECV);
	leg->local.ptime_ms = leg->agreement.ptime_ms;
	return leg_sdp_write(leg, offer, text, write_answer);
}

size_t leg_sdp_offer(struct leg *leg, char *text)
{
	leg->local.direction = SDP_SENDRECV;
	leg->local.ptime_ms = 0;
	memcpy(leg->local.codecs, leg->codecs, sizeof(leg->local.codecs));
	leg->local.codec_count = leg->codec_count;
	leg->local.event_type = sdp_event_type(leg->local.event_type, &leg->other_types);
	return leg_sdp_write(leg, NULL, text, write_offer);
}

int leg_sdp_read(const struct leg *leg, const struct sip_message *message, struct sdp **sdp)
{
	unsigned codecs = 0;
	int result;

	for (size_t i = 0; i < leg->tenant->codec_count; i++)
		codecs |= 1U << leg->tenant->codecs[i];

	*sdp = NULL;
	if (!message->body_bytes)
		return 0;
	if (!sip_body_is(message, "application/sdp"))
		return 415;
	*sdp = malloc(sizeof(**sdp));
	if (!*sdp)
		return 500;
	result = sdp_read(message->body, message->body_bytes, codecs, *sdp);
	if (!result)
		return 0;
	free(*sdp);
	*sdp = NULL;
	return result == -EPROTONOSUPPORT ? 488 : 400;
}

void leg_reject(struct leg *leg, struct transaction *server, int status, const char *warning)
{
	const struct sip_message *request = transaction_request(server);
	osip_message_t *response;
	char seconds[12];

	if (!request)
		return;
	response =
	        sip_response(request, status, NULL, leg->dialog.local_tag[0] ? leg->dialog.local_tag : NULL);
	if (!response)
		return;
	if (status == 488)
		sip_header_set(response, "Warning",
		        warning ? warning
		                : "305 xdpark \"No audio over RTP/AVP with a codec that can be connected\"");
	if (status == 415)
		sip_header_set(response, "Accept", "application/sdp");
	if (status == 500) {
		/* RFC 3261 14.2: so that two don't collide again. */
		snprintf(seconds, sizeof(seconds), "%u", arc4random_uniform(11));
		sip_header_set(response, "Retry-After", seconds);
	}
	transaction_respond(server, response);
}
