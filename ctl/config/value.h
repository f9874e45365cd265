/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single values of the configuration: texts, flags, numbers, durations, levels, paths, ranges of numbers. */
#ifndef XDPARK_CONFIG_VALUE_H
#define XDPARK_CONFIG_VALUE_H

#include "ctl/config/mapping.h"

/* The text of a single value, good as long as the document; NULL (reported): a list, a block, or empty. */
const char *value_text(struct reading *reading, const struct where *where, const yaml_node_t *node);

/* Readers for tables of fields. */
field_read
        value_read_text; /* const char *: any text that isn't empty; bytes up to the field's max unless 0 */
field_read value_read_flag;     /* bool: yes, no, true, false */
field_read value_read_count;    /* uint32_t, between the field's min and max */
field_read value_read_duration; /* uint32_t in seconds: 60s, 5m, 1h, 0; between the field's min and max */
field_read value_read_level;    /* double, dBm0: -60 to 0 */
field_read value_read_socket;   /* const char *: an absolute path that fits a unix socket's address */

/* What a value may be, for value_is(). */
enum value_kind {
	VALUE_USER,   /* user part of a SIP address, no escapes needed: letters, digits, -_.!~*+ */
	VALUE_DOMAIN, /* host name or IPv4 address */
	VALUE_NUMBER, /* digits, and + * # */
	VALUE_DIGITS, /* digits alone, CONFIG_ORBIT_DIGITS at most */
	VALUE_WORD,   /* lower case letters and - */
};

/* Whether the text is of that kind, and neither empty nor too long; otherwise says so. */
bool value_is(struct reading *reading, const struct where *where, const yaml_node_t *node, const char *text,
        enum value_kind kind);

/* Which of `count` words it is, in any case; -1 (reported): none of them. `what` they are: "digest". */
int value_choice(struct reading *reading, const struct where *where, const yaml_node_t *node,
        const char *what, const char *const *words, size_t count);

/* "701-720" or "701": both ends of as many digits, 9 at most, first <= last. Otherwise says so. */
bool value_range(struct reading *reading, const struct where *where, const yaml_node_t *node,
        const char *text, struct config_orbits *range);

/* A path as written, or below the config file's folder if relative. NULL: the reading has failed. */
const char *value_path(struct reading *reading, const char *path);

#endif
