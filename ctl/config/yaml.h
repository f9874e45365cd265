/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A YAML file as libyaml's node tree, bounded: 64 MB, 10 levels, no aliases, tags, control characters or
 * second document.
 */
#ifndef XDPARK_CONFIG_YAML_H
#define XDPARK_CONFIG_YAML_H

#include "ctl/config/reading.h"

/*
 * Reads `file` into *document, to be freed by yaml_document_delete(). -EINVAL: not YAML, or beyond the
 * bounds; errnos of open and read. Every error is reported as a problem of `reading`.
 */
int yaml_read(struct reading *reading, const char *file, yaml_document_t *document);

#endif
