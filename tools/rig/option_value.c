/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/option_value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/audio/playlist.h"

bool option_refuse(const char *option, const char *value, const char *want)
{
	fprintf(stderr, "xdpark-rig: --%s %s: %s\n", option, value, want);
	return false;
}

bool option_number(const char *option, const char *text, double least, double most, double *number)
{
	char *end, want[80];
	double read = strtod(text, &end);

	if (end == text || *end || !(read >= least) || !(read <= most)) {
		snprintf(want, sizeof(want), "wants a number from %.7g to %.7g", least, most);
		return option_refuse(option, text, want);
	}
	*number = read;
	return true;
}

bool option_count(const char *option, const char *text, unsigned least, unsigned most, unsigned *count)
{
	double number;

	if (!option_number(option, text, least, most, &number))
		return false;
	if (number != (unsigned)number)
		return option_refuse(option, text, "wants a whole number");
	*count = (unsigned)number;
	return true;
}

bool option_addresses(const char *text, struct in_addr addresses[RIG_ADDRESSES], unsigned *count)
{
	char first[INET_ADDRSTRLEN + 1]; /* what is too long stays so */
	const char *dash = strchr(text, '-');
	struct in_addr from, to;

	snprintf(first, sizeof(first), "%.*s", dash ? (int)(dash - text) : (int)strlen(text), text);
	if (inet_pton(AF_INET, first, &from) != 1 || inet_pton(AF_INET, dash ? dash + 1 : first, &to) != 1 ||
	        ntohl(to.s_addr) < ntohl(from.s_addr) ||
	        ntohl(to.s_addr) - ntohl(from.s_addr) >= RIG_ADDRESSES)
		return option_refuse(
		        "local", text, "wants an IPv4 address, or the lowest and the highest of at most 64");
	*count = ntohl(to.s_addr) - ntohl(from.s_addr) + 1;
	for (unsigned i = 0; i < *count; i++)
		addresses[i].s_addr = htonl(ntohl(from.s_addr) + i);
	return true;
}

bool option_server(const char *option, const char *text, unsigned port, struct sockaddr_in *server)
{
	const char *colon = strchr(text, ':');
	char host[INET_ADDRSTRLEN + 1]; /* what is too long stays so */

	snprintf(host, sizeof(host), "%.*s", colon ? (int)(colon - text) : (int)strlen(text), text);
	*server = (struct sockaddr_in){.sin_family = AF_INET};
	if (inet_pton(AF_INET, host, &server->sin_addr) != 1)
		return option_refuse(option, text, "wants an IPv4 address, alone or with :PORT");
	if (colon && !option_count(option, colon + 1, 1, 65535, &port))
		return false;
	server->sin_port = htons((uint16_t)port);
	return true;
}

bool option_share(const char *option, const char *text, double *share)
{
	if (!option_number(option, text, 0, 90, share))
		return false;
	*share /= 100;
	return true;
}

bool option_ptime(const char *text, unsigned *ptime)
{
	return option_count("ptime", text, 10, 60, ptime) &&
	       (playlist_takes_ptime(*ptime) || option_refuse("ptime", text, "wants 10, 20, 30, 40 or 60"));
}

bool option_text(const char *option, const char *text, char *copy, size_t size)
{
	if (snprintf(copy, size, "%s", text) >= (int)size)
		return option_refuse(option, text, "is too long");
	return true;
}

bool option_method(const char *text, bool *refer)
{
	*refer = !strcmp(text, "refer");
	return *refer || !strcmp(text, "invite") || option_refuse("by", text, "wants invite or refer");
}

bool option_name(const char *option, const char *text, const char *punctuation, const char **name)
{
	char want[80];

	for (const char *at = text; *at; at++)
		if (!isalnum((unsigned char)*at) && !strchr(punctuation, *at)) {
			snprintf(want, sizeof(want), "wants letters, digits and %s", punctuation);
			return option_refuse(option, text, want);
		}
	*name = text;
	return *text || option_refuse(option, "''", "wants at least one character");
}
