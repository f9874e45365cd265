/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/trunk_message.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int trunk_header(const struct trunk_message *message, const char *name, const char **value)
{
	size_t length = strlen(name);

	for (const char *line = strstr(message->text, "\r\n"); line && line + 2 < message->body;
	        line = strstr(line + 2, "\r\n")) {
		if (strncasecmp(line + 2, name, length) != 0 || line[2 + length] != ':')
			continue;
		*value = line + 2 + length + 1;
		*value += strspn(*value, " \t");
		return (int)strcspn(*value, "\r");
	}
	return 0;
}

void trunk_between(
        const struct trunk_message *message, const char *name, const char *mark, char *text, size_t size)
{
	const char *value, *at;
	int length = trunk_header(message, name, &value);

	at = length ? memmem(value, (size_t)length, mark, strlen(mark)) : NULL;
	if (at)
		snprintf(text, size, "%.*s", (int)strcspn(at + strlen(mark), ";>\r"), at + strlen(mark));
}

void trunk_answer_headers(const struct trunk_message *request, char *headers, size_t size)
{
	static const char *const copied[] = {"Via:", "From:", "To:", "Call-ID:", "CSeq:"};
	size_t used = 0;

	headers[0] = '\0';
	for (unsigned i = 0; i < 5; i++)
		for (const char *line = strstr(request->text, "\r\n"); line && line + 2 < request->body;
		        line = strstr(line + 2, "\r\n")) {
			size_t length = strcspn(line + 2, "\r");

			if (strncasecmp(line + 2, copied[i], strlen(copied[i])) != 0 ||
			        used + length + 3 > size)
				continue;
			used += (size_t)snprintf(
			        headers + used, size - used, "%.*s\r\n", (int)length, line + 2);
		}
}

bool trunk_media(const struct trunk_message *message, struct sockaddr_in *media)
{
	const char *address = strstr(message->body, "c=IN IP4 "), *port = strstr(message->body, "m=audio ");
	char ip[INET_ADDRSTRLEN];

	if (!address || !port)
		return false;
	address += strlen("c=IN IP4 ");
	snprintf(ip, sizeof(ip), "%.*s", (int)strcspn(address, " /\r\n"), address);
	*media = (struct sockaddr_in){.sin_family = AF_INET,
	        .sin_port = htons((uint16_t)strtoul(port + strlen("m=audio "), NULL, 10))};
	return inet_pton(AF_INET, ip, &media->sin_addr) == 1 && media->sin_port;
}
