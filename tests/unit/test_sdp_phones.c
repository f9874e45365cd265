/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SDP as real phones, softphones and trunks write it: read, answered, and what is agreed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/call/sdp.h"

/* A body, and what must come out of it: the kinds and types in order, and our answer's m= lines. */
struct phone {
	const char *name;
	const char *body;
	const char *remote;
	enum sdp_direction direction;
	unsigned ptime_ms;
	const char *formats; /* "G722/9 PCMU/0 event/101 noise/13" */
	const char *answer;  /* the m= lines of our answer, preferring PCMA, PCMU, G722 */
	bool rtcp_mux;
};

static const struct phone phones[] = {
        {
                .name = "Yealink",
                .body = "v=0\r\no=- 20012 20012 IN IP4 192.168.1.21\r\ns=SDP data\r\n"
                        "c=IN IP4 192.168.1.21\r\nt=0 0\r\nm=audio 11782 RTP/AVP 9 0 8 18 101\r\n"
                        "a=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
                        "a=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\na=fmtp:101 0-15\r\n"
                        "a=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na=sendrecv\r\n",
                .remote = "192.168.1.21:11782",
                .ptime_ms = 20,
                .formats = "G722/9 PCMU/0 PCMA/8 event/101",
                .answer = "m=audio 30000 RTP/AVP 8 101\r\n",
        },
        {
                .name = "Snom, with SRTP offered in a second line and session-level direction",
                .body = "v=0\r\no=root 1185046338 1185046338 IN IP4 10.1.2.3\r\ns=call\r\n"
                        "c=IN IP4 10.1.2.3\r\nt=0 0\r\na=sendrecv\r\n"
                        "m=audio 54172 RTP/SAVP 9 8 0 101\r\n"
                        "a=crypto:1 AES_CM_128_HMAC_SHA1_32 "
                        "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n"
                        "a=rtpmap:9 G722/8000\r\n"
                        "m=audio 54174 RTP/AVP 9 8 0 99 3 18 112 101\r\n"
                        "a=rtpmap:9 G722/8000\r\na=rtpmap:8 pcma/8000\r\na=rtpmap:0 pcmu/8000\r\n"
                        "a=rtpmap:99 g726-32/8000\r\na=rtpmap:3 gsm/8000\r\na=rtpmap:18 g729/8000\r\n"
                        "a=fmtp:18 annexb=no\r\na=rtpmap:112 AAL2-G726-32/8000\r\n"
                        "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n",
                .remote = "10.1.2.3:54174",
                .ptime_ms = 20,
                .formats = "G722/9 PCMA/8 PCMU/0 event/101",
                .answer = "m=audio 0 RTP/SAVP 9 8 0 101\r\nm=audio 30000 RTP/AVP 8 101\r\n",
        },
        {
                .name = "Polycom, event type 127, video too",
                .body = "v=0\r\no=- 1694688434 1694688434 IN IP4 172.16.9.44\r\ns=Polycom IP Phone\r\n"
                        "c=IN IP4 172.16.9.44\r\nb=AS:384\r\nt=0 0\r\n"
                        "m=audio 2248 RTP/AVP 9 0 8 127\r\na=rtpmap:9 G722/8000\r\n"
                        "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
                        "a=rtpmap:127 telephone-event/8000\r\na=sendrecv\r\n"
                        "m=video 2250 RTP/AVP 109 34\r\nb=TIAS:384000\r\na=rtpmap:109 H264/90000\r\n"
                        "a=fmtp:109 profile-level-id=42800d; max-mbps=40500\r\na=sendonly\r\n",
                .remote = "172.16.9.44:2248",
                .formats = "G722/9 PCMU/0 PCMA/8 event/127",
                .answer = "m=audio 30000 RTP/AVP 8 127\r\nm=video 0 RTP/AVP 109 34\r\n",
        },
        {
                .name = "Grandstream, comfort noise, 30 ms",
                .body = "v=0\r\no=101 8000 8001 IN IP4 192.168.0.160\r\ns=SIP Call\r\n"
                        "c=IN IP4 192.168.0.160\r\nt=0 0\r\nm=audio 5004 RTP/AVP 0 8 4 18 2 97 13 101\r\n"
                        "a=sendrecv\r\na=rtpmap:0 PCMU/8000\r\na=ptime:30\r\na=rtpmap:8 PCMA/8000\r\n"
                        "a=rtpmap:4 G723/8000\r\na=rtpmap:18 G729/8000\r\na=rtpmap:2 G726-32/8000\r\n"
                        "a=rtpmap:97 iLBC/8000\r\na=fmtp:97 mode=30\r\na=rtpmap:13 CN/8000\r\n"
                        "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=rtcp:5005\r\n",
                .remote = "192.168.0.160:5004",
                .ptime_ms = 30,
                .formats = "PCMU/0 PCMA/8 noise/13 event/101",
                .answer = "m=audio 30000 RTP/AVP 8 13 101\r\n",
        },
        {
                .name = "baresip",
                .body = "v=0\r\no=- 3842216893 2043511393 IN IP4 10.90.0.2\r\ns=-\r\nc=IN IP4 10.90.0.2\r\n"
                        "t=0 0\r\na=tool:baresip 1.0.0\r\nm=audio 16388 RTP/AVP 9 0 8 101\r\nb=AS:125\r\n"
                        "a=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
                        "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=rtcp:16389\r\n"
                        "a=sendrecv\r\na=label:1\r\na=rtcp-rsize\r\na=ssrc:3418733211 cname:sip:101@acme\r\n"
                        "a=ptime:20\r\n",
                .remote = "10.90.0.2:16388",
                .ptime_ms = 20,
                .formats = "G722/9 PCMU/0 PCMA/8 event/101",
                .answer = "m=audio 30000 RTP/AVP 8 101\r\n",
        },
        {
                .name = "sipp: LF alone, no newline at the end, static type without rtpmap",
                .body = "v=0\no=user1 53655765 2353687637 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\n"
                        "m=audio 6000 RTP/AVP 0",
                .remote = "127.0.0.1:6000",
                .formats = "PCMU/0",
                .answer = "m=audio 30000 RTP/AVP 0\r\n",
        },
        {
                .name = "Cisco CallManager: sess-version small, address in the stream, b= at session",
                .body = "v=0\r\no=CiscoSystemsCCM-SIP 161095 1 IN IP4 10.5.0.4\r\ns=SIP "
                        "Call\r\nb=TIAS:64000\r\n"
                        "b=CT:64\r\nb=AS:64\r\nt=0 0\r\nm=audio 24576 RTP/AVP 0 101\r\nc=IN IP4 10.5.7.8\r\n"
                        "b=TIAS:64000\r\na=maxptime:20\r\na=ptime:20\r\na=rtpmap:0 PCMU/8000\r\n"
                        "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n",
                .remote = "10.5.7.8:24576",
                .ptime_ms = 20,
                .formats = "PCMU/0 event/101",
                .answer = "m=audio 30000 RTP/AVP 0 101\r\n",
        },
        {
                .name = "Cisco SPA on hold: 0.0.0.0",
                .body = "v=0\r\no=- 2892119 2892119 IN IP4 192.168.1.9\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 "
                        "0\r\n"
                        "m=audio 16482 RTP/AVP 0 100 101\r\na=rtpmap:0 PCMU/8000\r\n"
                        "a=rtpmap:100 NSE/8000\r\na=fmtp:100 192-193\r\na=rtpmap:101 telephone-event/8000\r\n"
                        "a=fmtp:101 0-15\r\na=ptime:30\r\na=sendonly\r\n",
                .remote = "0.0.0.0:16482",
                .direction = SDP_SENDONLY,
                .ptime_ms = 30,
                .formats = "PCMU/0 event/101",
                .answer = "m=audio 30000 RTP/AVP 0 101\r\n",
        },
        {
                .name = "linphone: AVP with rtcp-fb, rtcp-mux, opus first, dynamic events of three clocks",
                .body = "v=0\r\no=alice 2893 3116 IN IP6 fd90::2\r\ns=Talk\r\nc=IN IP6 fd90::2\r\nt=0 0\r\n"
                        "a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup,jitt,TTL voip-metrics\r\n"
                        "a=record:off\r\nm=audio 7078 RTP/AVP 96 97 98 0 8 18 101 99 100\r\n"
                        "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\na=rtpmap:97 speex/16000\r\n"
                        "a=fmtp:97 vbr=on\r\na=rtpmap:98 speex/8000\r\na=fmtp:98 vbr=on\r\n"
                        "a=fmtp:18 annexb=yes\r\na=rtpmap:101 telephone-event/48000\r\n"
                        "a=rtpmap:99 telephone-event/16000\r\na=rtpmap:100 telephone-event/8000\r\n"
                        "a=rtcp-mux\r\na=rtcp-fb:* trr-int 5000\r\na=rtcp-fb:* ccm tmmbr\r\n",
                .remote = "[fd90::2]:7078",
                .formats = "PCMU/0 PCMA/8 event/100",
                .answer = "m=audio 30000 RTP/AVP 8 100\r\n",
                .rtcp_mux = true,
        },
        {
                .name = "trunk: PCMU under a dynamic type, inactive at session, sendonly in the stream",
                .body = "v=0\r\no=- 99999999999999999999999 1 IN IP4 203.0.113.5\r\ns=-\r\n"
                        "c=IN IP4 203.0.113.5\r\nt=0 0\r\na=inactive\r\n"
                        "m=audio 40000/1 RTP/AVP 118 96\r\na=rtpmap:118 PCMU/8000/1\r\n"
                        "a=rtpmap:96 Telephone-Event/8000\r\na=sendonly\r\na=ptime:20.0\r\n\r\n",
                .remote = "203.0.113.5:40000",
                .direction = SDP_SENDONLY,
                .ptime_ms = 20,
                .formats = "PCMU/118 event/96",
                .answer = "m=audio 30000 RTP/AVP 118 96\r\n",
        },
        {
                .name = "softphone with ICE, three streams, ours in the middle",
                .body = "v=0\r\no=- 1 2 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n"
                        "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdef0123456789\r\na=ice-lite\r\n"
                        "m=image 4000 udptl t38\r\nc=IN IP4 fax.example\r\na=T38FaxVersion:0\r\n"
                        "m=audio 4002 RTP/AVP 0 8\r\na=candidate:1 1 UDP 2130706431 10.0.0.4 4002 typ "
                        "host\r\n"
                        "a=rtcp-mux\r\nm=video 0 RTP/AVPF 97\r\na=inactive\r\na=ptime:90\r\n",
                .remote = "198.51.100.7:4002",
                .formats = "PCMU/0 PCMA/8",
                .answer = "m=image 0 udptl t38\r\nm=audio 30000 RTP/AVP 8\r\nm=video 0 RTP/AVPF 97\r\n",
                .rtcp_mux = true,
        },
};

enum { PHONES = sizeof(phones) / sizeof(*phones) };

static const enum xd_codec ours[] = {XD_PCMA, XD_PCMU, XD_G722};

static struct sdp phone_read(const struct phone *phone)
{
	struct sdp sdp;
	int error = sdp_read(phone->body, strlen(phone->body), SDP_ANY_CODEC, &sdp);

	if (error)
		fail_msg("%s: %d", phone->name, error);
	return sdp;
}

static struct sdp_local local(void)
{
	struct sdp_local local = {.session = 7, .version = 8, .port = 30000, .telephone_event = true};

	address_parse_ip("192.0.2.1", local.advertise);
	return local;
}

static void phones_are_read(void **state)
{
	static const char *const kinds[] = {[XD_EVENT] = "event", [XD_NOISE] = "noise"};

	(void)state;
	for (unsigned i = 0; i < PHONES; i++) {
		struct sdp sdp = phone_read(&phones[i]);
		char formats[256] = "", text[ADDRESS_TEXT];

		for (unsigned k = 0; k < sdp.format_count; k++) {
			const struct sdp_format *format = &sdp.formats[k];

			snprintf(formats + strlen(formats), sizeof(formats) - strlen(formats), "%s%s/%u",
			        k ? " " : "",
			        format->kind == XD_VOICE ? codec_name(format->codec) : kinds[format->kind],
			        format->type);
		}
		print_message("%s\n", phones[i].name);
		assert_string_equal(formats, phones[i].formats);
		assert_string_equal(address_format(&sdp.remote, text), phones[i].remote);
		assert_int_equal(sdp.direction, phones[i].direction);
		assert_int_equal(sdp.ptime_ms, phones[i].ptime_ms);
		assert_int_equal(sdp.rtcp_mux, phones[i].rtcp_mux);
		assert_int_equal(sdp.held_by_address, strstr(phones[i].body, "0.0.0.0") != NULL);
	}
}

/* The m= lines of a text, one after the other. */
static void streams_of(const char *text, char *streams)
{
	*streams = '\0';
	for (const char *at = strstr(text, "m="); at; at = strstr(at + 2, "m="))
		if (at[-1] == '\n')
			strncat(streams, at, (size_t)(strchr(at, '\n') + 1 - at));
}

static void phones_are_answered(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PHONES; i++) {
		struct sdp sdp = phone_read(&phones[i]), again;
		char text[SDP_BYTES], streams[SDP_BYTES];
		struct sdp_agreement agreement;
		struct sdp_local our = local();
		size_t length;

		assert_int_equal(sdp_agree_answer(&sdp, ours, 3, XD_CODECS, &agreement), 0);
		length = sdp_write_answer(&our, &sdp, &agreement, text);
		assert_int_equal(length, strlen(text));
		streams_of(text, streams);
		print_message("%s\n", phones[i].name);
		assert_string_equal(streams, phones[i].answer);
		assert_int_equal(strstr(text, "a=rtcp-mux\r\n") != NULL, phones[i].rtcp_mux);
		assert_int_equal(sdp_read(text, length, SDP_ANY_CODEC, &again), 0);
		assert_int_equal(again.streams, sdp.streams);
		assert_int_equal(again.audio, sdp.audio);
		assert_int_equal(again.remote.port, 30000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(phones_are_read),
	        cmocka_unit_test(phones_are_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
