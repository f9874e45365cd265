/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the readers of the configuration share: the state of one reading, where a value stands, errors. */
#ifndef XDPARK_CONFIG_READING_H
#define XDPARK_CONFIG_READING_H

#include <yaml.h>

#include "ctl/config.h"
#include "ctl/config/memory.h"

/* Where a value stands, as a chain on the stack. The outermost has no `up` and no key. */
struct where {
	const struct where *up;
	const char *key;   /* of a mapping; NULL: an entry of a sequence */
	const char *label; /* of an entry: its name, if it has one */
	unsigned index;    /* of an entry, from 1 */
};

/* Something that only one may have: see claim.h. */
struct claims {
	struct claim *claims;
	size_t count, size;
};

struct problem;
struct music_file;

struct reading {
	struct config *config;
	struct memory *memory;  /* of the config */
	struct memory *scratch; /* of the reading */
	yaml_document_t document;
	const yaml_node_t *tenants, *trunks; /* kept until the rest is known */
	const char *folder;                  /* of the file, absolute */
	struct claims numbers;               /* called numbers, of all tenants */
	struct music_file *music;            /* files that were looked at: see hold.c */
	const char *spoken;                  /* the language whose recordings were looked at last */
	int error;                           /* -ENOMEM: the reading has failed */
	struct problem *problems;
	size_t problem_count, problem_size;
};

/* Reports that `node` (its line) is wrong. */
void problem_at(struct reading *reading, const struct where *where, const yaml_node_t *node,
        const char *format, ...) __attribute__((format(printf, 4, 5)));

/* As problem_at(), for a line and a key that were kept. */
void problem_on(struct reading *reading, unsigned line, const char *key, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* Hands all problems out in order of lines, and forgets them. Returns how many there were. */
size_t problems_tell(struct reading *reading, config_report report, void *context);

/* The line of a node, from 1. */
unsigned node_line(const yaml_node_t *node);

/* "tenants[acme.example].park.orbits", in scratch memory; "?" without memory. */
const char *where_text(struct reading *reading, const struct where *where);

/* Memory of the config; without it the reading fails, and NULL is returned. */
void *reading_take(struct reading *reading, size_t count, size_t size);
char *reading_text(struct reading *reading, const char *text);

/* The reading fails for want of memory. */
void reading_fail(struct reading *reading);

#endif
