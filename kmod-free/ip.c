/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/ip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

int ip_parse(const char *text, uint8_t address[16])
{
	struct in6_addr wide;
	struct in_addr narrow;

	if (inet_pton(AF_INET, text, &narrow) == 1)
		return ip_from_bytes(address, &narrow, 4);
	if (inet_pton(AF_INET6, text, &wide) == 1)
		return ip_from_bytes(address, &wide, 16);
	return -EINVAL;
}

const char *ip_format(const uint8_t address[16], char text[IP_TEXT])
{
	unsigned length;
	uint8_t family;
	const void *bytes = ip_bytes(address, &length, &family);

	inet_ntop(family, bytes, text, IP_TEXT);
	return text;
}

bool ip_is_v4(const uint8_t address[16])
{
	return !memcmp(address, mapped_prefix, sizeof(mapped_prefix));
}

bool ip_is_multicast(const uint8_t address[16])
{
	return ip_is_v4(address) ? address[12] >> 4 == 14 : address[0] == 0xff;
}

bool ip_is_of_a_host(const uint8_t address[16])
{
	static const uint8_t any[16], loopback[16] = {[15] = 1}, everybody[4] = {255, 255, 255, 255};
	const uint8_t *narrow = address + 12;

	if (!ip_is_v4(address))
		return !ip_is_multicast(address) && memcmp(address, any, 16) != 0 &&
		       memcmp(address, loopback, 16) != 0;
	return memcmp(narrow, any, 4) != 0 && narrow[0] != 127 && !ip_is_multicast(address) &&
	       memcmp(narrow, everybody, 4) != 0;
}

const void *ip_bytes(const uint8_t address[16], unsigned *length, uint8_t *family)
{
	bool narrow = ip_is_v4(address);

	*length = narrow ? 4 : 16;
	*family = narrow ? AF_INET : AF_INET6;
	return narrow ? address + 12 : address;
}

int ip_from_bytes(uint8_t address[16], const void *bytes, unsigned length)
{
	if (length == 4) {
		memcpy(address, mapped_prefix, sizeof(mapped_prefix));
		memcpy(address + 12, bytes, 4);
		return 0;
	}
	if (length != 16)
		return -EINVAL;
	memcpy(address, bytes, 16);
	return 0;
}
