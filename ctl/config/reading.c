/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/config/reading.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of a file that is wrong all over, the first thousand are enough to go on with. */
enum { PROBLEMS = 1000, FIRST_PROBLEMS = 16 };

struct problem {
	unsigned line;
	size_t order;
	const char *key, *text;
};

void reading_fail(struct reading *reading)
{
	reading->error = -ENOMEM;
}

void *reading_take(struct reading *reading, size_t count, size_t size)
{
	void *memory = memory_take(reading->memory, count, size);

	if (!memory)
		reading_fail(reading);
	return memory;
}

char *reading_text(struct reading *reading, const char *text)
{
	char *copy = memory_text(reading->memory, text, strlen(text));

	if (!copy)
		reading_fail(reading);
	return copy;
}

unsigned node_line(const yaml_node_t *node)
{
	return (unsigned)node->start_mark.line + 1;
}

const char *where_text(struct reading *reading, const struct where *where)
{
	const char *up, *text;

	if (!where->up)
		return "";
	up = where_text(reading, where->up);
	if (where->key)
		text = memory_format(reading->scratch, "%s%s%s", up, *up ? "." : "", where->key);
	else if (where->label)
		text = memory_format(reading->scratch, "%s[%.64s]", up, where->label);
	else
		text = memory_format(reading->scratch, "%s[%u]", up, where->index);
	if (!text)
		reading_fail(reading);
	return text ? text : "?";
}

static bool problems_grow(struct reading *reading)
{
	size_t size = reading->problem_size ? reading->problem_size * 2 : FIRST_PROBLEMS;
	struct problem *problems = realloc(reading->problems, size * sizeof(*problems));

	if (!problems)
		return false;
	reading->problems = problems;
	reading->problem_size = size;
	return true;
}

static void problem_add(
        struct reading *reading, unsigned line, const char *key, const char *format, va_list arguments)
{
	size_t order = reading->problem_count;
	char text[512];

	if (order == PROBLEMS)
		return;
	if (order == reading->problem_size && !problems_grow(reading)) {
		reading_fail(reading);
		return;
	}
	vsnprintf(text, sizeof(text), format, arguments);
	struct problem *problem = &reading->problems[order];
	*problem = (struct problem){.line = line, .order = order, .key = key};
	problem->text = memory_text(reading->scratch, text, strlen(text));
	if (problem->text)
		reading->problem_count++;
	else
		reading_fail(reading);
}

void problem_on(struct reading *reading, unsigned line, const char *key, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	problem_add(reading, line, key, format, arguments);
	va_end(arguments);
}

void problem_at(
        struct reading *reading, const struct where *where, const yaml_node_t *node, const char *format, ...)
{
	const char *key;
	va_list arguments;

	if (reading->problem_count == PROBLEMS)
		return;
	key = where_text(reading, where);
	va_start(arguments, format);
	problem_add(reading, node_line(node), *key ? key : "file", format, arguments);
	va_end(arguments);
}

static int problem_compare(const void *a, const void *b)
{
	const struct problem *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

size_t problems_tell(struct reading *reading, config_report report, void *context)
{
	size_t count = reading->problem_count;

	if (count)
		qsort(reading->problems, count, sizeof(*reading->problems), problem_compare);
	for (size_t i = 0; i < count; i++) {
		const struct problem *problem = &reading->problems[i];

		report(context, reading->config->file, problem->line, problem->key, problem->text);
	}
	if (count == PROBLEMS)
		report(context, reading->config->file, reading->problems[count - 1].line, "file",
		        "more errors than are shown here; correct these first");
	free(reading->problems);
	reading->problems = NULL;
	reading->problem_count = reading->problem_size = 0;
	return count;
}
