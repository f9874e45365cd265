/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/offer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <strings.h>

bool offer_codec(const char *name, enum xd_codec *codec)
{
	for (enum xd_codec each = 0; each < XD_CODECS; each++)
		if (!strcasecmp(name, codec_name(each))) {
			*codec = each;
			return true;
		}
	return false;
}

uint8_t offer_payload_type(enum xd_codec codec)
{
	static const uint8_t types[XD_CODECS] = {[XD_PCMU] = 0, [XD_PCMA] = 8, [XD_G722] = 9};

	return types[codec];
}

void offer_write(const struct sockaddr_in *media, enum xd_codec codec, unsigned ptime_ms,
        const char *direction, char sdp[OFFER_BYTES])
{
	unsigned port = ntohs(media->sin_port), type = offer_payload_type(codec);
	char ip[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &media->sin_addr, ip, sizeof(ip));
	/* G.722's clock rate is 8000 here, too (RFC 3551 4.5.2). */
	snprintf(sdp, OFFER_BYTES,
	        "v=0\r\no=rig %u 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %u RTP/AVP %u\r\n"
	        "a=rtpmap:%u %s/8000\r\na=ptime:%u\r\na=%s\r\n",
	        port, ip, ip, port, type, type, codec_name(codec), ptime_ms, direction);
}
