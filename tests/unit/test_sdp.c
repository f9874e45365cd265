/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Offer and answer by rule, and SDP that must be refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/call/sdp.h"

#define START   "v=0\r\no=- 1 2 IN IP4 192.0.2.9\r\ns=-\r\n"
#define SESSION START "c=IN IP4 192.0.2.9\r\nt=0 0\r\n"
#define AUDIO   "m=audio 4000 RTP/AVP 0 8\r\n"

static const enum xd_codec ours[] = {XD_PCMA, XD_G722, XD_PCMU};

static int read_text(const char *text, struct sdp *sdp)
{
	return sdp_read(text, strlen(text), SDP_ANY_CODEC, sdp);
}

static struct sdp read_good(const char *text)
{
	struct sdp sdp;

	assert_int_equal(read_text(text, &sdp), 0);
	return sdp;
}

static struct sdp_local local(void)
{
	struct sdp_local local = {
	        .session = 7,
	        .version = 8,
	        .port = 30000,
	        .ptime_ms = 20,
	        .codecs = {XD_PCMA, XD_G722, XD_PCMU},
	        .codec_count = 3,
	        .telephone_event = true,
	};

	address_parse_ip("192.0.2.1", local.advertise);
	return local;
}

struct refusal {
	const char *body;
	int error;
};

static void bad_bodies_are_refused(void **state)
{
	static const struct refusal rows[] = {
	        {"", -EINVAL},
	        {"\r\n\r\n", -EINVAL},
	        {"v=1\r\n" AUDIO, -EINVAL},
	        {"o=- 1 2 IN IP4 192.0.2.9\r\n" AUDIO, -EINVAL},
	        {"v=0\r\no=- 1\r\nc=IN IP4 192.0.2.9\r\n" AUDIO, -EINVAL},
	        {"v=0\r\no=- x 2 IN IP4 192.0.2.9\r\nc=IN IP4 192.0.2.9\r\n" AUDIO, -EINVAL},
	        {SESSION "nonsense\r\n" AUDIO, -EINVAL},
	        {SESSION "\r\n" AUDIO, -EINVAL},
	        {SESSION "x\r\n" AUDIO, -EINVAL},
	        {SESSION, -EPROTONOSUPPORT},
	        {SESSION "m=audio\r\n", -EINVAL},
	        {SESSION "m=audio 4000\r\n", -EINVAL},
	        {SESSION "m=audio 4000 RTP/AVP\r\n", -EINVAL},
	        {SESSION "m=audio 4000 RTP/AVP\r", -EINVAL},
	        {SESSION "m=audio 65536 RTP/AVP 0\r\n", -EINVAL},
	        {SESSION "m=audio 4294971296 RTP/AVP 0\r\n", -EINVAL},
	        {SESSION "m=audio -1 RTP/AVP 0\r\n", -EINVAL},
	        {SESSION "m=audio 40x RTP/AVP 0\r\n", -EINVAL},
	        {SESSION "m=audio 4000 RTP/AVP 0\r\nm=vid\x01o 1 RTP/AVP 9\r\n", -EINVAL},
	        {START AUDIO, -EINVAL},
	        {START "c=IN IP4 phone.example\r\n" AUDIO, -EINVAL},
	        {START "c=IN IP4 192.0.2.256\r\n" AUDIO, -EINVAL},
	        {START "c=IN IP4 fd00::1\r\n" AUDIO, -EINVAL},
	        {START "c=IN IP6 192.0.2.9\r\n" AUDIO, -EINVAL},
	        {START "c=ATM IP4 192.0.2.9\r\n" AUDIO, -EINVAL},
	        {START "c=IN IP4\r\n" AUDIO, -EINVAL},
	        {START "c=IN IP4 224.2.1.1/127\r\n" AUDIO, -EINVAL},
	        {START "c=IN IP4 255.255.255.255\r\n" AUDIO, -EINVAL},
	        {START "c=IN IP6 ff02::1\r\n" AUDIO, -EINVAL},
	        {SESSION AUDIO "c=IN IP4 phone.example\r\n", -EINVAL},
	        {SESSION "m=audio 4000 RTP/SAVP 0\r\n", -EPROTONOSUPPORT},
	        {SESSION "m=audio 4000 RTP/AVPF 0\r\n", -EPROTONOSUPPORT},
	        {SESSION "m=audio 4000 UDP/TLS/RTP/SAVPF 0\r\n", -EPROTONOSUPPORT},
	        {SESSION "m=image 4000 udptl t38\r\n", -EPROTONOSUPPORT},
	        {SESSION AUDIO AUDIO AUDIO AUDIO AUDIO AUDIO AUDIO AUDIO AUDIO, -EINVAL},
	};
	struct sdp sdp;

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int error = read_text(rows[i].body, &sdp);

		if (error != rows[i].error)
			fail_msg("row %u: %d for %s", i, error, rows[i].body);
	}
	assert_int_equal(
	        sdp_read(SESSION "a=\0\r\n" AUDIO, sizeof(SESSION "a=\0\r\n" AUDIO) - 1, SDP_ANY_CODEC, &sdp),
	        -EINVAL);
}

static void long_bodies_are_refused(void **state)
{
	static const char good[] = SESSION AUDIO "a=";
	char *body = malloc(SDP_BYTES + 1);
	struct sdp sdp;

	(void)state;
	memset(body, 'x', SDP_BYTES + 1);
	memcpy(body, good, sizeof(good) - 1);
	assert_int_equal(sdp_read(body, SDP_BYTES, SDP_ANY_CODEC, &sdp), 0);
	assert_int_equal(sdp_read(body, SDP_BYTES + 1, SDP_ANY_CODEC, &sdp), -EINVAL);
	free(body);
}

/* What a stream of ours says comes before what the session says; other streams' words are theirs. */
static void words_apply_where_they_stand(void **state)
{
	struct sdp sdp = read_good(SESSION "a=inactive\r\na=ptime:40\r\n" AUDIO
	                                   "m=video 1 RTP/AVP 99\r\nc=IN IP4 192.0.2.8\r\na=recvonly\r\n");

	(void)state;
	assert_int_equal(sdp.direction, SDP_INACTIVE);
	assert_int_equal(sdp.ptime_ms, 40);
	assert_int_equal(sdp.remote.ip[15], 9);
	assert_int_equal(sdp.streams, 2);
	sdp = read_good(SESSION "a=inactive\r\na=ptime:40\r\n" AUDIO
	                        "c=IN IP4 192.0.2.7\r\na=sendrecv\r\na=ptime:20\r\na=maxptime:60\r\n");
	assert_int_equal(sdp.direction, SDP_SENDRECV);
	assert_int_equal(sdp.ptime_ms, 20);
	assert_int_equal(sdp.maxptime_ms, 60);
	assert_int_equal(sdp.remote.ip[15], 7);
	sdp = read_good(START "c=IN IP4 phone.example\r\n" AUDIO "c=IN IP4 192.0.2.7\r\n");
	assert_int_equal(sdp.remote.ip[15], 7);
	sdp = read_good(
	        SESSION "m=audio 0 RTP/AVP 0\r\nm=audio 4000 RTP/AVP 8\r\nm=audio 4002 RTP/AVP 9\r\n");
	assert_int_equal(sdp.audio, 1);
	assert_int_equal(sdp.remote.port, 4000);
	assert_int_equal(sdp.formats[0].type, 8);
	sdp = read_good(
	        SESSION "c=IN IP4 192.0.2.7\r\n" AUDIO "c=IN IP4 192.0.2.6\r\nc=IN IP4 192.0.2.5\r\n");
	assert_int_equal(sdp.remote.ip[15], 6);
	sdp = read_good(START "c=IN IP6 ::\r\n" AUDIO);
	assert_true(sdp.held_by_address);
	sdp = read_good(START "m=audio 0 RTP/AVP 0\r\n");
	assert_int_equal(sdp.remote.port, 0);
}

static void origins_of_all_sorts(void **state)
{
	struct sdp sdp =
	        read_good("v=0\r\no=Alice of Sales 12 13 IN IP4 a.example \r\nc=IN IP4 192.0.2.9 \r\n" AUDIO
	                  "a=sendonly  \r\n");

	(void)state;
	assert_int_equal(sdp.session, 12);
	assert_int_equal(sdp.version, 13);
	assert_int_equal(sdp.direction, SDP_SENDONLY);
	sdp = read_good("v=0\r\no= 1 2 IN IP4 10.0.0.1\r\nc=IN IP4 192.0.2.9\r\n" AUDIO);
	assert_int_equal(sdp.version, 2);
	sdp = read_good("v=0\r\nc=IN IP4 192.0.2.9\r\n" AUDIO);
	assert_int_equal(sdp.version, 0);
	/* Longer than any integer: still another one when it changes. */
	sdp = read_good("v=0\r\no=- 1 99999999999999999999998 IN IP4 h\r\nc=IN IP4 192.0.2.9\r\n" AUDIO);
	assert_true(sdp.version != 0);
}

static void only_known_formats_count(void **state)
{
	struct sdp sdp = read_good(
	        SESSION "m=audio 4000 RTP/AVP 0 0 8 72 90 x 128 300 9 97 98 99 13 14 4\r\n"
	                "a=rtpmap:8 PCMA/16000\r\na=rtpmap:72 PCMU/8000\r\na=rtpmap:90 PCMA/8000\r\n"
	                "a=rtpmap:97 PCMA/16000\r\na=rtpmap:98 PCMA/8000/2\r\na=rtpmap:99 pCmA/8000\r\n"
	                "a=rtpmap:128 PCMA/8000\r\na=rtpmap:x PCMA/8000\r\na=rtpmap:\r\na=rtpmap\r\n");
	static const uint8_t types[] = {0, 9, 99, 13};

	(void)state;
	assert_int_equal(sdp.format_count, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(sdp.formats[i].type, types[i]);
	assert_int_equal(sdp.formats[2].codec, XD_PCMA);
	assert_int_equal(sdp.formats[3].kind, XD_NOISE);
}

static void one_codec_is_answered(void **state)
{
	struct sdp offer =
	        read_good(SESSION "m=audio 4000 RTP/AVP 0 110 9\r\na=rtpmap:110 telephone-event/8000\r\n");
	struct sdp_agreement agreement;

	(void)state;
	assert_int_equal(sdp_agree_answer(&offer, ours, 3, XD_CODECS, &agreement), 0);
	assert_int_equal(agreement.codec, XD_G722);
	assert_int_equal(agreement.payloads[XD_VOICE].type_in, 9);
	assert_int_equal(agreement.payloads[XD_VOICE].type_out, 9);
	assert_int_equal(agreement.payloads[XD_VOICE].codec, XD_G722);
	assert_int_equal(agreement.payloads[XD_EVENT].type_in, 110);
	assert_int_equal(agreement.payloads[XD_NOISE].type_in, XD_NO_PAYLOAD);
	assert_int_equal(sdp_agree_answer(&offer, ours, 3, XD_PCMU, &agreement), 0);
	assert_int_equal(agreement.codec, XD_PCMU);
	assert_int_equal(sdp_agree_answer(&offer, ours, 3, XD_PCMA, &agreement), 0);
	assert_int_equal(agreement.codec, XD_G722);
	/* Preferred, but none of ours. */
	assert_int_equal(sdp_agree_answer(&offer, ours, 2, XD_PCMU, &agreement), 0);
	assert_int_equal(agreement.codec, XD_G722);
	assert_int_equal(sdp_agree_answer(&offer, ours, 1, XD_CODECS, &agreement), -ENOENT);
}

/* The far end's types are what we send, ours what it sends. */
static void answers_with_several_codecs(void **state)
{
	struct sdp_local offered = local();
	struct sdp answer = read_good(SESSION "m=audio 4000 RTP/AVP 97 0 8 96\r\na=rtpmap:97 PCMA/8000\r\n"
	                                      "a=rtpmap:96 telephone-event/8000\r\n");
	struct sdp_agreement agreement;

	(void)state;
	assert_int_equal(sdp_agree_offer(&offered, &answer, &agreement), 0);
	assert_int_equal(agreement.codec, XD_PCMA);
	assert_int_equal(agreement.payloads[XD_VOICE].type_in, 8);
	assert_int_equal(agreement.payloads[XD_VOICE].type_out, 97);
	assert_int_equal(agreement.payloads[XD_EVENT].type_in, 101);
	assert_int_equal(agreement.payloads[XD_EVENT].type_out, 96);
	offered.codec_count = 2;
	offered.telephone_event = false;
	answer.formats[0].codec = XD_PCMU;
	assert_int_equal(sdp_agree_offer(&offered, &answer, &agreement), 0);
	assert_int_equal(agreement.payloads[XD_VOICE].type_out, 8);
	assert_int_equal(agreement.payloads[XD_EVENT].type_in, XD_NO_PAYLOAD);
	answer = read_good(SESSION "m=audio 4000 RTP/AVP 0\r\n");
	assert_int_equal(sdp_agree_offer(&offered, &answer, &agreement), -ENOENT);
	answer = read_good(SESSION "m=audio 0 RTP/AVP 8\r\n");
	assert_int_equal(sdp_agree_offer(&offered, &answer, &agreement), 0);
	assert_false(agreement.remote_listens || agreement.remote_sends);
}

struct ptime_row {
	unsigned ptime, maxptime, agreed;
};

static void ptimes(void **state)
{
	static const struct ptime_row rows[] = {{0, 0, 20}, {20, 0, 20}, {10, 0, 10}, {30, 0, 30},
	        {25, 0, 20}, {5, 0, 10}, {60, 0, 60}, {100, 0, 60}, {0, 10, 10}, {40, 30, 30}, {0, 1, 10},
	        {20, 150, 20}, {50, 0, 40}, {59, 0, 40}, {60, 50, 40}, {0, 50, 20}};
	struct sdp sdp = read_good(SESSION AUDIO);
	struct sdp_agreement agreement;

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		sdp.ptime_ms = rows[i].ptime;
		sdp.maxptime_ms = rows[i].maxptime;
		assert_int_equal(sdp_agree_answer(&sdp, ours, 3, XD_CODECS, &agreement), 0);
		assert_int_equal(agreement.ptime_ms, rows[i].agreed);
	}
}

struct direction_row {
	const char *words;
	bool listens, sends;
};

static void who_listens_and_sends(void **state)
{
	static const struct direction_row rows[] = {
	        {SESSION AUDIO, true, true},
	        {SESSION AUDIO "a=sendonly\r\n", false, true},
	        {SESSION AUDIO "a=recvonly\r\n", true, false},
	        {SESSION AUDIO "a=inactive\r\n", false, false},
	        {START "c=IN IP4 0.0.0.0\r\n" AUDIO, false, true},
	        {SESSION "m=audio 0 RTP/AVP 0\r\n", false, false},
	};
	struct sdp_agreement agreement;

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sdp sdp = read_good(rows[i].words);

		assert_int_equal(sdp_agree_answer(&sdp, ours, 3, XD_CODECS, &agreement), 0);
		assert_int_equal(agreement.remote_listens, rows[i].listens);
		assert_int_equal(agreement.remote_sends, rows[i].sends);
	}
}

static void answer_directions(void **state)
{
	/* By offered direction, then by wish: RFC 3264 6.1. */
	static const enum sdp_direction table[4][4] = {
	        [SDP_SENDRECV] = {SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE},
	        [SDP_SENDONLY] = {SDP_RECVONLY, SDP_INACTIVE, SDP_RECVONLY, SDP_INACTIVE},
	        [SDP_RECVONLY] = {SDP_SENDONLY, SDP_SENDONLY, SDP_INACTIVE, SDP_INACTIVE},
	        [SDP_INACTIVE] = {SDP_INACTIVE, SDP_INACTIVE, SDP_INACTIVE, SDP_INACTIVE},
	};

	(void)state;
	for (unsigned offered = 0; offered < 4; offered++)
		for (unsigned wish = 0; wish < 4; wish++)
			assert_int_equal(sdp_answer_direction(offered, wish), table[offered][wish]);
}

static void what_we_write(void **state)
{
	struct sdp offer =
	        read_good(SESSION "m=video 9 RTP/AVP 99\r\nm=audio 0 RTP/AVP 0 13\r\na=rtcp-mux\r\n");
	struct sdp_agreement agreement;
	struct sdp_local our = local();
	char text[SDP_BYTES];
	size_t length;

	(void)state;
	length = sdp_write_offer(&our, text);
	assert_int_equal(length, strlen(text));
	assert_string_equal(text, "v=0\r\no=- 7 8 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
	                          "m=audio 30000 RTP/AVP 8 9 0 101\r\na=rtpmap:8 PCMA/8000\r\n"
	                          "a=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\n"
	                          "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n"
	                          "a=sendrecv\r\n");
	our.ptime_ms = 0;
	our.direction = SDP_INACTIVE;
	our.codec_count = 1;
	our.telephone_event = false;
	address_parse_ip("2001:db8::1", our.advertise);
	sdp_write_offer(&our, text);
	assert_string_equal(text,
	        "v=0\r\no=- 7 8 IN IP6 2001:db8::1\r\ns=-\r\nc=IN IP6 2001:db8::1\r\nt=0 0\r\n"
	        "m=audio 30000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=inactive\r\n");
	assert_int_equal(sdp_agree_answer(&offer, ours, 3, XD_CODECS, &agreement), 0);
	sdp_write_answer(&our, &offer, &agreement, text);
	assert_string_equal(text,
	        "v=0\r\no=- 7 8 IN IP6 2001:db8::1\r\ns=-\r\nc=IN IP6 2001:db8::1\r\nt=0 0\r\n"
	        "m=video 0 RTP/AVP 99\r\nm=audio 0 RTP/AVP 0 13\r\na=rtpmap:0 PCMU/8000\r\n"
	        "a=rtpmap:13 CN/8000\r\na=rtcp-mux\r\na=inactive\r\n");
}

static void long_streams_are_refused_short(void **state)
{
	char formats[600] = "", body[2000];
	struct sdp sdp;

	(void)state;
	for (unsigned i = 34; i < 128; i++)
		snprintf(formats + strlen(formats), sizeof(formats) - strlen(formats), " %u", i);
	snprintf(body, sizeof(body), SESSION AUDIO "m=video 4002 RTP/AVP%s\r\n", formats);
	sdp = read_good(body);
	assert_true(strlen(sdp.media[1]) < sizeof(sdp.media[1]));
	assert_int_equal(strncmp(sdp.media[1], "video 0 RTP/AVP 34 35 36", 24), 0);
	assert_true(strlen(sdp.media[1]) > 58);
	snprintf(body, sizeof(body), SESSION AUDIO "m=%064d 4002 RTP/AVP 1\r\n", 7);
	assert_int_equal(read_text(body, &sdp), -EINVAL);
}

/* Every prefix and every single changed byte of a good body, in memory that ends where the body does. */
static void cut_and_changed_bodies(void **state)
{
	static const char good[] = SESSION "b=AS:64\r\na=sendrecv\r\nm=audio 4000 RTP/AVP 0 8 101\r\n"
	                                   "a=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\n";
	struct sdp sdp;

	(void)state;
	for (size_t length = 0; length < sizeof(good); length++) {
		char *body = malloc(length + 1);

		memcpy(body, good, length);
		sdp_read(body, length, SDP_ANY_CODEC, &sdp);
		for (unsigned i = 0; i < 256 && length; i++) {
			body[length - 1] = (char)i;
			sdp_read(body, length, SDP_ANY_CODEC, &sdp);
		}
		free(body);
	}
}

static void which_codecs_connect(void **state)
{
	(void)state;
	assert_true(codecs_connect(XD_PCMU, XD_PCMA));
	assert_true(codecs_connect(XD_G722, XD_G722));
	assert_false(codecs_connect(XD_G722, XD_PCMA));
	assert_false(codecs_connect(XD_PCMU, XD_CODECS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(bad_bodies_are_refused),
	        cmocka_unit_test(long_bodies_are_refused),
	        cmocka_unit_test(words_apply_where_they_stand),
	        cmocka_unit_test(origins_of_all_sorts),
	        cmocka_unit_test(only_known_formats_count),
	        cmocka_unit_test(one_codec_is_answered),
	        cmocka_unit_test(answers_with_several_codecs),
	        cmocka_unit_test(ptimes),
	        cmocka_unit_test(who_listens_and_sends),
	        cmocka_unit_test(answer_directions),
	        cmocka_unit_test(what_we_write),
	        cmocka_unit_test(long_streams_are_refused_short),
	        cmocka_unit_test(cut_and_changed_bodies),
	        cmocka_unit_test(which_codecs_connect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
