/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/config/span.h"

#include <string.h>

/* An address as a number, to count in. */
typedef unsigned __int128 wide;

static wide wide_read(const uint8_t ip[16])
{
	wide number = 0;

	for (int i = 0; i < 16; i++)
		number = number << 8 | ip[i];
	return number;
}

static void wide_write(wide number, uint8_t ip[16])
{
	for (int i = 15; i >= 0; i--, number >>= 8)
		ip[i] = (uint8_t)number;
}

/* "from-to" of one family. */
static bool span_read_ends(const char *text, const char *dash, struct span *span)
{
	char first[ADDRESS_TEXT];
	size_t length = (size_t)(dash - text);

	if (length >= sizeof(first))
		return false;
	memcpy(first, text, length);
	first[length] = '\0';
	return address_parse_ip(first, span->first) == 0 && address_parse_ip(dash + 1, span->last) == 0 &&
	       address_is_ipv4(span->first) == address_is_ipv4(span->last) &&
	       memcmp(span->first, span->last, 16) <= 0;
}

static bool span_read_network(const char *text, struct span *span)
{
	struct network network;
	wide hosts;

	if (network_parse(text, &network) < 0)
		return false;
	hosts = network.bits ? ((wide)1 << (128 - network.bits)) - 1 : ~(wide)0;
	memcpy(span->first, network.ip, 16);
	wide_write(wide_read(network.ip) | hosts, span->last);
	return true;
}

bool span_read(struct reading *reading, const struct where *where, const yaml_node_t *node, struct span *span)
{
	const char *text = value_text(reading, where, node), *dash;
	struct span found;

	if (!text)
		return false;
	dash = strchr(text, '-');
	if (dash ? span_read_ends(text, dash, &found) : span_read_network(text, &found)) {
		*span = found;
		return true;
	}
	problem_at(reading, where, node,
	        "\"%.80s\" is no address (10.0.0.1), network (10.0.0.0/24) or range (10.0.0.1-10.0.0.9)",
	        text);
	return false;
}

size_t span_networks(const struct span *span, struct network *networks)
{
	wide first = wide_read(span->first), last = wide_read(span->last);
	size_t count = 0;

	for (;;) {
		unsigned host_bits = 0;
		wide end = first;

		/* The largest network that begins at `first` and doesn't reach beyond `last`. */
		while (host_bits < 128) {
			wide size_bit = (wide)1 << host_bits;

			if (first & size_bit || (end | size_bit) > last)
				break;
			end |= size_bit;
			host_bits++;
		}
		if (networks) {
			wide_write(first, networks[count].ip);
			networks[count].bits = (uint8_t)(128 - host_bits);
		}
		count++;
		if (end == last)
			return count;
		first = end + 1;
	}
}

bool span_is_everybody(const struct span *span)
{
	static const struct span ipv4 = {{[10] = 0xff, [11] = 0xff},
	        {[10] = 0xff, [11] = 0xff, [12] = 0xff, [13] = 0xff, [14] = 0xff, [15] = 0xff}};

	return (memcmp(span->first, ipv4.first, 16) <= 0 && memcmp(span->last, ipv4.last, 16) >= 0) ||
	       wide_read(span->last) - wide_read(span->first) == ~(wide)0;
}

bool span_is_wide(const struct span *span)
{
	unsigned host_bits = address_is_ipv4(span->first) ? 32 - 8 : 128 - 16;

	return (wide_read(span->last) - wide_read(span->first)) >> host_bits;
}

size_t span_addresses(const struct span *span, size_t most)
{
	wide count = wide_read(span->last) - wide_read(span->first);

	return count < most ? (size_t)count + 1 : most;
}

void span_address(const struct span *span, size_t step, uint8_t ip[16])
{
	wide_write(wide_read(span->first) + step, ip);
}

void claim_span(struct reading *reading, struct claims *claims, const struct where *where,
        const yaml_node_t *node, const struct span *span, const char *noun)
{
	char first[ADDRESS_TEXT], last[ADDRESS_TEXT];
	uint8_t *ends = memory_take(reading->scratch, 2, 16);
	struct claim claim = {.bytes = 16};

	address_format_ip(span->first, first);
	address_format_ip(span->last, last);
	claim.what = strcmp(first, last) == 0
	                     ? memory_format(reading->scratch, "%s %s", noun, first)
	                     : memory_format(reading->scratch, "%ses %s-%s", noun, first, last);
	if (!ends || !claim.what) {
		reading_fail(reading);
		return;
	}
	memcpy(ends, span->first, 16);
	memcpy(ends + 16, span->last, 16);
	claim.first = ends;
	claim.last = ends + 16;
	claim.key = where_text(reading, where);
	claim.line = node_line(node);
	claim_add(reading, claims, &claim);
}
