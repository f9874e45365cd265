/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of `compare` as a part of the HTML page. */
#ifndef XDPARK_RIG_PAGE_COMPARE_H
#define XDPARK_RIG_PAGE_COMPARE_H

#include <jansson.h>
#include <stdio.h>

/* Writes a heading, a table, and what is to be known about the other relay. */
void page_compare_write(FILE *file, const json_t *report);

#endif
