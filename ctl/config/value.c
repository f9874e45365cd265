/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/config/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#define LETTERS  "abcdefghijklmnopqrstuvwxyz"
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS   "0123456789"

static const struct {
	const char *characters;
	size_t length; /* at most */
	const char *what;
} kinds[] = {
        [VALUE_USER] = {LETTERS CAPITALS DIGITS "-_.!~*+", 64, "a user name: letters, digits and -_.!~*+"},
        [VALUE_DOMAIN] = {LETTERS CAPITALS DIGITS "-.", 253, "a domain: letters, digits, - and ."},
        [VALUE_NUMBER] = {DIGITS "+*#", 32, "a number: digits, + * and #"},
        [VALUE_DIGITS] = {DIGITS, CONFIG_ORBIT_DIGITS, "a number of at most 9 digits"},
        [VALUE_WORD] = {LETTERS "-", 16, "a word in lower case"},
};

const char *value_text(struct reading *reading, const struct where *where, const yaml_node_t *node)
{
	if (node->type != YAML_SCALAR_NODE) {
		problem_at(reading, where, node, "expected a single value, this is a %s",
		        node->type == YAML_SEQUENCE_NODE ? "list" : "block of keys");
		return NULL;
	}
	if (node->data.scalar.length == 0) {
		problem_at(reading, where, node, "has no value; give one or leave the key out");
		return NULL;
	}
	return (const char *)node->data.scalar.value;
}

/* Labels between dots: neither empty nor too long, no - at their ends (RFC 1034 3.5, RFC 1123 2.1). */
static bool labels_are_good(const char *domain)
{
	enum { LABEL = 63 };

	for (const char *at = domain;; at++) {
		size_t length = strcspn(at, ".");

		if (!length || length > LABEL || at[0] == '-' || at[length - 1] == '-')
			return false;
		at += length;
		if (!*at)
			return true;
	}
}

bool value_is(struct reading *reading, const struct where *where, const yaml_node_t *node, const char *text,
        enum value_kind kind)
{
	size_t length = strlen(text);

	if (length && length <= kinds[kind].length && strspn(text, kinds[kind].characters) == length &&
	        (kind != VALUE_DOMAIN || labels_are_good(text)))
		return true;
	problem_at(reading, where, node, "\"%.40s\" is not %s%s", text, kinds[kind].what,
	        length > kinds[kind].length ? "; it is too long" : "");
	return false;
}

void value_read_text(struct reading *reading, const struct where *where, const yaml_node_t *value,
        const struct field *field, void *to)
{
	const char *text = value_text(reading, where, value);

	if (!text)
		return;
	if (field->max && strlen(text) > field->max)
		problem_at(reading, where, value, "is longer than %u bytes", field->max);
	else
		*(const char **)to = reading_text(reading, text);
}

int value_choice(struct reading *reading, const struct where *where, const yaml_node_t *node,
        const char *what, const char *const *words, size_t count)
{
	const char *text = value_text(reading, where, node);
	char known[128] = "";

	if (!text)
		return -1;
	for (size_t i = 0; i < count; i++) {
		size_t used = strlen(known);

		if (strcasecmp(text, words[i]) == 0)
			return (int)i;
		snprintf(known + used, sizeof(known) - used, "%s%s", used ? ", " : "", words[i]);
	}
	problem_at(reading, where, node, "no %s \"%.40s\"; there are %s", what, text, known);
	return -1;
}

void value_read_flag(struct reading *reading, const struct where *where, const yaml_node_t *value,
        const struct field *field, void *to)
{
	const char *text = value_text(reading, where, value);

	(void)field;
	if (!text)
		return;
	if (strcmp(text, "yes") == 0 || strcmp(text, "true") == 0)
		*(bool *)to = true;
	else if (strcmp(text, "no") == 0 || strcmp(text, "false") == 0)
		*(bool *)to = false;
	else
		problem_at(reading, where, value, "\"%.40s\" is neither yes nor no", text);
}

/* Digits only; *end is what follows them. False: none, or beyond 32 bits. */
static bool digits_read(const char *text, uint64_t *number, const char **end)
{
	const char *at = text;

	for (*number = 0; *at >= '0' && *at <= '9'; at++) {
		*number = *number * 10 + (uint64_t)(*at - '0');
		if (*number > UINT32_MAX)
			return false;
	}
	*end = at;
	return at > text;
}

void value_read_count(struct reading *reading, const struct where *where, const yaml_node_t *value,
        const struct field *field, void *to)
{
	const char *text = value_text(reading, where, value), *end;
	uint64_t number;

	if (!text)
		return;
	if (!digits_read(text, &number, &end) || *end || number < field->min || number > field->max)
		problem_at(reading, where, value, "\"%.40s\" is not a whole number from %u to %u", text,
		        field->min, field->max);
	else
		*(uint32_t *)to = (uint32_t)number;
}

/* Seconds in a unit; 0: no such unit. Zero needs none. */
static uint32_t unit_seconds(const char *unit, uint64_t number)
{
	if (strcmp(unit, "s") == 0 || (!*unit && number == 0))
		return 1;
	if (strcmp(unit, "m") == 0)
		return 60;
	return strcmp(unit, "h") == 0 ? 3600 : 0;
}

void value_read_duration(struct reading *reading, const struct where *where, const yaml_node_t *value,
        const struct field *field, void *to)
{
	const char *text = value_text(reading, where, value), *unit;
	uint64_t number;

	if (!text)
		return;
	if (!digits_read(text, &number, &unit) || !unit_seconds(unit, number)) {
		problem_at(reading, where, value, "\"%.40s\" is not a duration; write 60s, 5m or 1h", text);
		return;
	}
	number *= unit_seconds(unit, number);
	if (number < field->min || number > field->max)
		problem_at(reading, where, value, "%.40s is not between %us and %us", text, field->min,
		        field->max);
	else
		*(uint32_t *)to = (uint32_t)number;
}

void value_read_level(struct reading *reading, const struct where *where, const yaml_node_t *value,
        const struct field *field, void *to)
{
	const char *text = value_text(reading, where, value);
	double level;
	char *end;

	(void)field;
	if (!text)
		return;
	level = strtod(text, &end);
	if (strspn(text, DIGITS "-.") != strlen(text) || end == text || *end || level < -60 || level > 0)
		problem_at(reading, where, value, "\"%.40s\" is not a level in dBm0 from -60 to 0", text);
	else
		*(double *)to = level;
}

void value_read_socket(struct reading *reading, const struct where *where, const yaml_node_t *value,
        const struct field *field, void *to)
{
	const char *text = value_text(reading, where, value);

	(void)field;
	if (!text)
		return;
	if (*text != '/')
		problem_at(reading, where, value, "\"%.40s\" must be an absolute path (/...)", text);
	else if (strlen(text) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		problem_at(reading, where, value, "is too long for a unix socket (107 bytes at most)");
	else
		*(const char **)to = reading_text(reading, text);
}

bool value_range(struct reading *reading, const struct where *where, const yaml_node_t *node,
        const char *text, struct config_orbits *range)
{
	uint64_t first = 0, last = 0;
	const char *end, *second;
	size_t digits;

	if (!digits_read(text, &first, &end) || (*end && *end != '-'))
		goto wrong;
	digits = (size_t)(end - text);
	last = first;
	if (*end == '-') {
		second = end + 1;
		if (!digits_read(second, &last, &end) || *end)
			goto wrong;
		if ((size_t)(end - second) != digits) {
			problem_at(reading, where, node,
			        "\"%.40s\": both ends must have as many digits; use two ranges", text);
			return false;
		}
	}
	if (digits > CONFIG_ORBIT_DIGITS || first > last)
		goto wrong;
	*range = (struct config_orbits){(uint32_t)first, (uint32_t)last, (unsigned)digits};
	return true;
wrong:
	problem_at(reading, where, node,
	        "\"%.40s\" is not a range of numbers like 701-720 (at most 9 digits, the lower first)", text);
	return false;
}

const char *value_path(struct reading *reading, const char *path)
{
	const char *whole = *path == '/' ? memory_text(reading->memory, path, strlen(path))
	                                 : memory_format(reading->memory, "%s/%s", reading->folder, path);

	if (!whole)
		reading_fail(reading);
	return whole;
}
