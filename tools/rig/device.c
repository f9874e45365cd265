/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What devices write, and what of it they know again. */
#include "tools/rig/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { URI = 300 };

/* The Authorization line into `text`, "" for a request without. False: it can't be. */
static bool write_credentials(
        const struct devices *devices, const struct device *device, const char *uri, char *text, size_t size)
{
	char password[USER_PASSWORD], cnonce[40], value[CHALLENGE_ANSWER];
	const struct challenged who = {.username = device_user(devices, device),
	        .password = password,
	        .method = "REGISTER",
	        .uri = uri,
	        .cnonce = cnonce,
	        .count = device->count};

	*text = '\0';
	if (device->state != DEVICE_PROVING)
		return true;
	snprintf(cnonce, sizeof(cnonce), "%x-%u-%u", devices->run, device_number(devices, device),
	        device->cseq);
	if (user_password(devices->options.password, who.username, password) < 0 ||
	        challenge_answer(devices->digest, &device->challenge, &who, value) < 0)
		return false;
	return snprintf(text, size, "Authorization: %s\r\n", value) < (int)size;
}

size_t device_write(const struct devices *devices, const struct device *device, char *text)
{
	const char *host = devices->hosts[device->home], *user = device_user(devices, device);
	const char *domain = devices->options.domain;
	unsigned n = device_number(devices, device);
	char uri[URI], credentials[CHALLENGE_ANSWER + 32];
	int length;

	if (snprintf(uri, sizeof(uri), "sip:%s", domain) >= URI ||
	        !write_credentials(devices, device, uri, credentials, sizeof(credentials)))
		return 0;
	length = snprintf(text, DEVICE_MESSAGE,
	        "REGISTER %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bK%x-%u-%u\r\n"
	        "Max-Forwards: 70\r\nFrom: <sip:%s@%s>;tag=%x-%u\r\nTo: <sip:%s@%s>\r\n"
	        "Call-ID: %x-%u@rig\r\nCSeq: %u REGISTER\r\nContact: <sip:%s@%s>\r\nExpires: %u\r\n"
	        "%sContent-Length: 0\r\n\r\n",
	        uri, host, devices->run, n, device->cseq, user, domain, devices->run, n, user, domain,
	        devices->run, n, device->cseq, user, host, device->leaving ? 0U : DEVICE_EXPIRES_S,
	        credentials);
	return length < DEVICE_MESSAGE ? (size_t)length : 0;
}

struct device *device_of_call_id(const struct devices *devices, const osip_call_id_t *call_id)
{
	unsigned long n;
	char *end;

	if (!call_id->host || strcmp(call_id->host, "rig") != 0 ||
	        strtoul(call_id->number, &end, 16) != devices->run || *end != '-')
		return NULL;
	n = strtoul(end + 1, &end, 10);
	return *end || n >= devices->count ? NULL : &devices->device[n];
}
