/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of several audio streams one is ours, and a payload type keeps its meaning as long as the session lasts. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/call/sdp.h"

#define SESSION "v=0\r\no=- 1 2 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"

enum { PCMU = 1 << XD_PCMU, PCMA = 1 << XD_PCMA };

static struct sdp read_good(const char *text, unsigned codecs)
{
	struct sdp sdp;

	assert_int_equal(sdp_read(text, strlen(text), codecs, &sdp), 0);
	return sdp;
}

static void the_first_that_suits_is_ours(void **state)
{
	static const struct {
		const char *streams;
		unsigned codecs, audio;
	} ROWS[] = {
	        {"m=audio 4000 RTP/AVP 18\r\nm=audio 4002 RTP/AVP 0\r\n", PCMU, 1},
	        {"m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\nm=audio 4002 RTP/AVP 97\r\n"
	         "a=rtpmap:97 PCMU/8000\r\n",
	                PCMU, 1},
	        {"m=audio 4000 RTP/AVP 9\r\nm=audio 4002 RTP/AVP 8\r\nm=audio 4004 RTP/AVP 0\r\n", PCMU, 2},
	        {"m=audio 4000 RTP/AVP 9\r\nm=audio 4002 RTP/AVP 8\r\nm=audio 4004 RTP/AVP 0\r\n",
	                PCMU | PCMA, 1},
	        {"m=audio 4000 RTP/AVP 9\r\nm=audio 4002 RTP/AVP 8\r\n", SDP_ANY_CODEC, 0},
	        {"m=audio 0 RTP/AVP 0\r\nm=audio 4002 RTP/AVP 0\r\n", PCMU, 1},
	        {"m=audio 4000 RTP/SAVP 0\r\nm=audio 4002 RTP/AVP 0\r\n", PCMU, 1},
	        {"m=video 4000 RTP/AVP 0\r\nm=audio 4002 RTP/AVP 0\r\n", PCMU, 1},
	        {"m=audio 4000 RTP/AVP 9\r\nc=IN IP4 phone.example\r\nm=audio 4002 RTP/AVP 0\r\n", PCMU, 1},
	        /* None suits: the first that isn't refused, else the first, is there to be refused. */
	        {"m=audio 0 RTP/AVP 0\r\nm=audio 4002 RTP/AVP 18\r\nm=audio 4004 RTP/AVP 9\r\n", PCMU, 1},
	        {"m=audio 0 RTP/AVP 18\r\nm=audio 0 RTP/AVP 0\r\n", PCMU, 0},
	};
	char text[SDP_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
		struct sdp sdp;

		snprintf(text, sizeof(text), "%s%s", SESSION, ROWS[i].streams);
		sdp = read_good(text, ROWS[i].codecs);
		if (sdp.audio != ROWS[i].audio)
			fail_msg("row %zu: stream %u", i, sdp.audio);
	}
	snprintf(text, sizeof(text), "%s%s", SESSION,
	        "m=audio 4000 RTP/AVP 9\r\nc=IN IP4 phone.example\r\nm=audio 4002 RTP/AVP 8\r\n");
	assert_int_equal(sdp_read(text, strlen(text), PCMU, &(struct sdp){0}), -EINVAL);
}

/* The answer takes that stream, and refuses the others in their places (RFC 3264 6). */
static void others_are_refused(void **state)
{
	struct sdp offer = read_good(SESSION "m=audio 4000 RTP/AVP 18\r\na=sendonly\r\n"
	                                     "m=audio 4002 RTP/AVP 0\r\na=inactive\r\n"
	                                     "m=audio 4004 RTP/AVP 0\r\n",
	        PCMU);
	const enum xd_codec codecs[] = {XD_PCMU};
	struct sdp_local local = {.port = 30000};
	struct sdp_agreement agreement;
	char text[SDP_BYTES], *at;

	(void)state;
	assert_int_equal(offer.remote.port, 4002);
	assert_int_equal(offer.direction, SDP_INACTIVE);
	assert_int_equal(sdp_agree_answer(&offer, codecs, 1, XD_CODECS, &agreement), 0);
	sdp_write_answer(&local, &offer, &agreement, text);
	at = strstr(text, "m=audio 0 RTP/AVP 18\r\nm=audio 30000 RTP/AVP 0\r\n");
	assert_non_null(at);
	assert_non_null(strstr(at, "m=audio 0 RTP/AVP 0\r\n"));
}

static void events_get_a_type_of_their_own(void **state)
{
	struct sdp_types none = {{0}}, opus = {{0, 1ULL << (101 - 64)}}, all = {{~0ULL, ~0ULL}};
	struct sdp_types most = {{0, ~0ULL & ~(1ULL << (119 - 64))}};

	(void)state;
	assert_int_equal(sdp_event_type(0, &none), 101);
	assert_int_equal(sdp_event_type(97, &none), 97);
	assert_int_equal(sdp_event_type(97, &opus), 97);
	assert_int_equal(sdp_event_type(0, &opus), 96);
	assert_int_equal(sdp_event_type(101, &opus), 96);
	assert_int_equal(sdp_event_type(0, &most), 119);
	assert_int_equal(sdp_event_type(0, &all), 101);
}

/* What we don't know, or know by another name, has its type, too. */
static void types_of_others_are_noted(void **state)
{
	struct sdp sdp = read_good(SESSION "m=audio 4000 RTP/AVP 0 18 96 101 102 103\r\n"
	                                   "a=rtpmap:96 telephone-event/8000\r\n"
	                                   "a=rtpmap:101 opus/48000/2\r\n"
	                                   "a=rtpmap:102 telephone-event/48000\r\n",
	        SDP_ANY_CODEC);

	(void)state;
	assert_int_equal(sdp.others.bits[0], 1ULL << 0 | 1ULL << 18);
	assert_int_equal(sdp.others.bits[1], 1ULL << (101 - 64) | 1ULL << (102 - 64) | 1ULL << (103 - 64));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_first_that_suits_is_ours),
	        cmocka_unit_test(others_are_refused),
	        cmocka_unit_test(events_get_a_type_of_their_own),
	        cmocka_unit_test(types_of_others_are_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
