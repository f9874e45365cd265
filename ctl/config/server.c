/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/config/server.h"

#include <grp.h>
#include <string.h>

#include "ctl/config/claim.h"
#include "ctl/config/span.h"
#include "ctl/config/value.h"

enum { SIP_PORT = 5060, DAY_S = 86400, REGISTER_MIN_S = 10 };

static const struct field control_fields[] = {
        FIELD(struct config, "socket", value_read_socket, control),
        FIELD(struct config, "group", value_read_text, control_group),
};

static const struct field registration_fields[] = {
        FIELD(struct config, "min", value_read_duration, register_min_s, .min = REGISTER_MIN_S, .max = DAY_S),
        FIELD(struct config, "max", value_read_duration, register_max_s, .min = REGISTER_MIN_S, .max = DAY_S),
};

static void entry_read_listen(struct reading *reading, const struct where *where, const yaml_node_t *node,
        size_t index, void *context)
{
	struct config *config = reading->config;
	const char *text = value_text(reading, where, node);
	struct address *address = &config->listen[index];
	char formatted[ADDRESS_TEXT];

	(void)context;
	if (!text)
		return;
	if (address_parse(text, SIP_PORT, address) < 0 || address->port == 0) {
		problem_at(reading, where, node, "\"%.80s\" is not an address like 10.0.0.1:5060", text);
		return;
	}
	if (address_is_any(address->ip))
		problem_at(reading, where, node,
		        "name the address that phones reach; it stands in every SIP message");
	if (address_is_multicast(address->ip))
		problem_at(reading, where, node, "%s is a multicast address; name one of this host",
		        address_format(address, formatted));
	for (size_t i = 0; i < index; i++)
		if (address_equal(&config->listen[i], address))
			problem_at(reading, where, node, "%.80s is there twice", text);
}

static void read_listen(struct reading *reading, const struct where *where, const yaml_node_t *value,
        const struct field *field, void *to)
{
	enum { LISTEN = 16 };
	struct config *config = reading->config;
	size_t count = sequence_count(reading, where, value);

	(void)field;
	(void)to;
	if (count == 0 || count > LISTEN) {
		if (value->type == YAML_SEQUENCE_NODE)
			problem_at(reading, where, value, "must have 1 to %d entries", LISTEN);
		return;
	}
	config->listen = reading_take(reading, count, sizeof(*config->listen));
	if (!config->listen)
		return;
	config->listen_count = count;
	sequence_read(reading, where, value, NULL, entry_read_listen, NULL);
}

static const struct field sip_fields[] = {
        FIELD(struct config, "listen", read_listen, listen, .needed = true),
        FIELD(struct config, "agent", value_read_text, agent, .max = CONFIG_TEXT),
};

void server_read_sip(struct reading *reading, const struct where *where, const yaml_node_t *value,
        const struct field *field, void *to)
{
	(void)field;
	(void)to;
	mapping_read(reading, where, value, sip_fields, sizeof(sip_fields) / sizeof(sip_fields[0]),
	        reading->config);
}

void server_read_control(struct reading *reading, const struct where *where, const yaml_node_t *value,
        const struct field *field, void *to)
{
	struct where group = {.up = where, .key = "group"};

	(void)field;
	(void)to;
	mapping_read(reading, where, value, control_fields,
	        sizeof(control_fields) / sizeof(control_fields[0]), reading->config);
	if (reading->config->control_group && !getgrnam(reading->config->control_group))
		problem_at(reading, &group, value, "there is no group \"%.40s\" on this machine",
		        reading->config->control_group);
}

void server_read_registration(struct reading *reading, const struct where *where, const yaml_node_t *value,
        const struct field *field, void *to)
{
	struct where min = {.up = where, .key = "min"};

	(void)field;
	(void)to;
	mapping_read(reading, where, value, registration_fields,
	        sizeof(registration_fields) / sizeof(registration_fields[0]), reading->config);
	if (reading->config->register_min_s > reading->config->register_max_s)
		problem_at(reading, &min, value, "is longer than max");
}

void server_read_sounds(struct reading *reading, const struct where *where, const yaml_node_t *value,
        const struct field *field, void *to)
{
	const char *text = value_text(reading, where, value);

	(void)field;
	(void)to;
	if (text)
		reading->config->sounds = value_path(reading, text);
}

struct media_block {
	const yaml_node_t *address, *advertise;
};

static const struct field media_fields[] = {
        FIELD(struct media_block, "address", mapping_keep_node, address, .needed = true),
        FIELD(struct media_block, "advertise", mapping_keep_node, advertise),
};

/* Adds the addresses of a span, each advertised as itself. False: something is wrong with it. */
static bool media_add(
        struct reading *reading, const struct where *where, const yaml_node_t *node, struct claims *claims)
{
	struct config *config = reading->config;
	struct span span;
	size_t count;

	if (!span_read(reading, where, node, &span))
		return false;
	claim_span(reading, claims, where, node, &span, "media address");
	count = span_addresses(&span, XD_ADDRESSES + 1);
	if (config->media_count + count > XD_ADDRESSES) {
		problem_at(reading, where, node, "more than %d media addresses in all", XD_ADDRESSES);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		struct config_media *media = &config->media[config->media_count++];

		span_address(&span, i, media->address.ip);
		memcpy(media->advertise, media->address.ip, sizeof(media->advertise));
		if (!address_is_of_a_host(media->address.ip))
			problem_at(reading, where, node, "is not an address that phones can reach");
	}
	return true;
}

static void media_read_block(
        struct reading *reading, const struct where *where, const yaml_node_t *node, struct claims *claims)
{
	struct where address = {.up = where, .key = "address"};
	struct where advertise = {.up = where, .key = "advertise"};
	struct config *config = reading->config;
	struct media_block block = {0};
	size_t before = config->media_count;
	const char *text;
	uint8_t ip[16];

	mapping_read(
	        reading, where, node, media_fields, sizeof(media_fields) / sizeof(media_fields[0]), &block);
	if (!block.address || !media_add(reading, &address, block.address, claims) || !block.advertise)
		return;
	text = value_text(reading, &advertise, block.advertise);
	if (!text)
		return;
	if (config->media_count != before + 1)
		problem_at(
		        reading, &advertise, block.advertise, "goes with a single address, not with a range");
	else if (address_parse_ip(text, ip) < 0 || !address_is_of_a_host(ip))
		problem_at(reading, &advertise, block.advertise, "\"%.80s\" is not an address", text);
	else if (address_is_ipv4(ip) != address_is_ipv4(config->media[before].address.ip))
		problem_at(reading, &advertise, block.advertise,
		        "must be of the same family (IPv4, IPv6) as the address");
	else
		memcpy(config->media[before].advertise, ip, sizeof(ip));
}

static void entry_read_media(struct reading *reading, const struct where *where, const yaml_node_t *node,
        size_t index, void *context)
{
	(void)index;
	if (node->type == YAML_MAPPING_NODE)
		media_read_block(reading, where, node, context);
	else
		media_add(reading, where, node, context);
}

void server_read_media(struct reading *reading, const struct where *where, const yaml_node_t *value,
        const struct field *field, void *to)
{
	struct config *config = reading->config;
	size_t count = sequence_count(reading, where, value);
	struct claims claims = {0};

	(void)field;
	(void)to;
	if (count == 0 && value->type == YAML_SEQUENCE_NODE)
		problem_at(reading, where, value, "has no entry");
	config->media = reading_take(reading, XD_ADDRESSES, sizeof(*config->media));
	if (!config->media)
		return;
	sequence_read(reading, where, value, NULL, entry_read_media, &claims);
	claims_settle(reading, &claims);
}
