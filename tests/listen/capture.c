/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/listen/capture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <pcap/pcap.h>

enum {
	MOST_FILTERS = 4,
	ETHERNET_HEADER = 14,
	COOKED_HEADER = 16,
	COOKED2_HEADER = 20,
	VLAN_TAG = 4,
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,
	UDP_HEADER = 8,
	RTP_HEADER = 12,
	PROTOCOL_UDP = 17,
	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
	TYPE_VLAN = 0x8100,
	TYPE_SERVICE_VLAN = 0x88a8,
	RTCP_FIRST = 192, /* RFC 5761: second byte of RTCP on a shared port */
	RTCP_LAST = 223,
	MAPPED = 12, /* where the IPv4 address lies in a v4-mapped one */
};

/* What is left of a packet. */
struct cursor {
	const uint8_t *at;
	size_t left;
};

static unsigned get16(const uint8_t *bytes)
{
	return (unsigned)bytes[0] << 8 | bytes[1];
}

static uint32_t get32(const uint8_t *bytes)
{
	return (uint32_t)get16(bytes) << 16 | get16(bytes + 2);
}

static bool skip(struct cursor *cursor, size_t count)
{
	if (count > cursor->left)
		return false;
	cursor->at += count;
	cursor->left -= count;
	return true;
}

/* Leaves the cursor at the IP header; returns its ethertype, 0: none. */
static unsigned link_skip(struct cursor *cursor, int link)
{
	unsigned type;

	switch (link) {
	case DLT_EN10MB:
		if (!skip(cursor, ETHERNET_HEADER))
			return 0;
		type = get16(cursor->at - 2);
		break;
	case DLT_LINUX_SLL:
		if (!skip(cursor, COOKED_HEADER))
			return 0;
		type = get16(cursor->at - 2);
		break;
	case DLT_LINUX_SLL2:
		if (!skip(cursor, COOKED2_HEADER))
			return 0;
		type = get16(cursor->at - COOKED2_HEADER);
		break;
	default:
		if (!cursor->left)
			return 0;
		return cursor->at[0] >> 4 == 4 ? TYPE_IPV4 : TYPE_IPV6;
	}
	while (type == TYPE_VLAN || type == TYPE_SERVICE_VLAN) {
		if (!skip(cursor, VLAN_TAG))
			return 0;
		type = get16(cursor->at - 2);
	}
	return type;
}

static void address_map(uint8_t address[16], const uint8_t *ipv4)
{
	memset(address, 0, MAPPED - 2);
	memset(address + MAPPED - 2, 0xff, 2);
	memcpy(address + MAPPED, ipv4, 4);
}

/* Leaves the cursor at the UDP header, cut to the IP packet's own length. */
static bool ip_skip(struct cursor *cursor, unsigned type, struct rtp *rtp)
{
	const uint8_t *ip = cursor->at;
	size_t header, payload;

	if (type == TYPE_IPV4) {
		if (cursor->left < IPV4_HEADER || ip[9] != PROTOCOL_UDP || get16(ip + 6) & 0x3fff)
			return false;
		header = (size_t)(ip[0] & 15) * 4;
		if (header < IPV4_HEADER || get16(ip + 2) < header)
			return false;
		payload = get16(ip + 2) - header;
		address_map(rtp->from.address, ip + 12);
		address_map(rtp->to.address, ip + 16);
	} else if (type == TYPE_IPV6) {
		if (cursor->left < IPV6_HEADER || ip[6] != PROTOCOL_UDP)
			return false;
		header = IPV6_HEADER;
		payload = get16(ip + 4);
		memcpy(rtp->from.address, ip + 8, 16);
		memcpy(rtp->to.address, ip + 24, 16);
	} else {
		return false;
	}
	if (!skip(cursor, header) || cursor->left < payload)
		return false;
	cursor->left = payload;
	return true;
}

static uint32_t sum_add(uint32_t sum, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i + 1 < count; i += 2)
		sum += get16(bytes + i);
	return count % 2 ? sum + ((uint32_t)bytes[count - 1] << 8) : sum;
}

/* v4-mapped addresses add the same as plain ones but for the two bytes 0xffff, which are zero in this sum. */
static bool checksum_is_bad(const struct rtp *rtp, const uint8_t *udp, size_t length, bool ipv4)
{
	uint32_t sum = (uint32_t)length + PROTOCOL_UDP;

	if (get16(udp + 6) == 0)
		return !ipv4;
	sum = sum_add(sum, rtp->from.address, 16);
	sum = sum_add(sum, rtp->to.address, 16);
	sum = sum_add(sum, udp, length);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum != 0xffff;
}

/* Leaves the cursor at the RTP header. */
static bool udp_skip(struct cursor *cursor, struct rtp *rtp, bool ipv4)
{
	const uint8_t *udp = cursor->at;
	size_t length;

	if (cursor->left < UDP_HEADER)
		return false;
	length = get16(udp + 4);
	if (length < UDP_HEADER || length > cursor->left)
		return false;
	rtp->from.port = (uint16_t)get16(udp);
	rtp->to.port = (uint16_t)get16(udp + 2);
	rtp->bad_checksum = checksum_is_bad(rtp, udp, length, ipv4);
	cursor->left = length;
	return skip(cursor, UDP_HEADER);
}

/* RFC 3550 5.1 */
static bool rtp_read(struct cursor *cursor, struct rtp *rtp)
{
	const uint8_t *header = cursor->at;
	size_t extension;

	if (cursor->left < RTP_HEADER || header[0] >> 6 != 2)
		return false;
	if (header[1] >= RTCP_FIRST && header[1] <= RTCP_LAST)
		return false;
	rtp->marker = header[1] & 0x80;
	rtp->type = header[1] & 0x7f;
	rtp->sequence = (uint16_t)get16(header + 2);
	rtp->timestamp = get32(header + 4);
	rtp->ssrc = get32(header + 8);
	if (!skip(cursor, RTP_HEADER + (size_t)(header[0] & 15) * 4))
		return false;
	if (header[0] & 0x10) {
		if (cursor->left < 4)
			return false;
		extension = 4 + (size_t)get16(cursor->at + 2) * 4;
		if (!skip(cursor, extension))
			return false;
	}
	if (header[0] & 0x20) {
		if (!cursor->left || cursor->at[cursor->left - 1] > cursor->left)
			return false;
		cursor->left -= cursor->at[cursor->left - 1];
	}
	rtp->payload = cursor->at;
	rtp->length = (uint16_t)cursor->left;
	return true;
}

static bool packet_read(const uint8_t *bytes, size_t length, int link, struct rtp *rtp)
{
	struct cursor cursor = {bytes, length};
	unsigned type = link_skip(&cursor, link);

	return ip_skip(&cursor, type, rtp) && udp_skip(&cursor, rtp, type == TYPE_IPV4) &&
	       rtp_read(&cursor, rtp);
}

static int filters_compile(
        pcap_t *pcap, const char *const *filters, unsigned count, struct bpf_program *programs, char *error)
{
	for (unsigned i = 0; i < count; i++) {
		const char *filter = filters[i] ? filters[i] : "";

		if (pcap_compile(pcap, &programs[i], filter, 1, PCAP_NETMASK_UNKNOWN) < 0) {
			snprintf(error, CAPTURE_ERROR_BYTES, "filter \"%s\": %s", filter, pcap_geterr(pcap));
			while (i > 0)
				pcap_freecode(&programs[--i]);
			return -EINVAL;
		}
	}
	return 0;
}

static bool link_is_known(int link)
{
	return link == DLT_EN10MB || link == DLT_LINUX_SLL || link == DLT_LINUX_SLL2 || link == DLT_RAW;
}

static int packets_read(pcap_t *pcap, const struct bpf_program *programs, unsigned count,
        capture_packet packet, void *context, uint64_t *start, char *error)
{
	struct pcap_pkthdr *header;
	const uint8_t *bytes;
	bool first = true;
	int got;

	while ((got = pcap_next_ex(pcap, &header, &bytes)) == 1) {
		/* opened with nanoseconds in tv_usec */
		uint64_t time = (uint64_t)header->ts.tv_sec * 1000000000U + (uint64_t)header->ts.tv_usec;
		struct rtp rtp = {.time = time};
		unsigned which = 0;

		if (first)
			*start = time;
		first = false;
		for (unsigned i = 0; i < count; i++)
			which |= pcap_offline_filter(&programs[i], header, bytes) ? 1U << i : 0;
		if (which && packet_read(bytes, header->caplen, pcap_datalink(pcap), &rtp))
			packet(&rtp, which, context);
	}
	if (got == PCAP_ERROR_BREAK)
		return 0;
	snprintf(error, CAPTURE_ERROR_BYTES, "%s", pcap_geterr(pcap));
	return -EIO;
}

int capture_read(const char *file, const char *const *filters, unsigned filter_count, capture_packet packet,
        void *context, uint64_t *start, char *error)
{
	struct bpf_program programs[MOST_FILTERS];
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *pcap;
	int failed;

	if (filter_count > MOST_FILTERS)
		return -EINVAL;
	pcap = pcap_open_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!pcap) {
		snprintf(error, CAPTURE_ERROR_BYTES, "%.250s", why);
		return -EIO;
	}
	if (!link_is_known(pcap_datalink(pcap))) {
		snprintf(error, CAPTURE_ERROR_BYTES, "%.200s: link type %d is not known here", file,
		        pcap_datalink(pcap));
		pcap_close(pcap);
		return -EINVAL;
	}
	failed = filters_compile(pcap, filters, filter_count, programs, error);
	if (!failed) {
		failed = packets_read(pcap, programs, filter_count, packet, context, start, error);
		for (unsigned i = 0; i < filter_count; i++)
			pcap_freecode(&programs[i]);
	}
	pcap_close(pcap);
	return failed;
}

const char *end_text(const struct end *end, char *text)
{
	static const uint8_t mapped[MAPPED] = {[10] = 0xff, [11] = 0xff};
	char address[INET6_ADDRSTRLEN];

	if (memcmp(end->address, mapped, MAPPED) == 0) {
		inet_ntop(AF_INET, end->address + MAPPED, address, sizeof(address));
		snprintf(text, 64, "%s:%u", address, end->port);
	} else {
		inet_ntop(AF_INET6, end->address, address, sizeof(address));
		snprintf(text, 64, "[%s]:%u", address, end->port);
	}
	return text;
}
