/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/config/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES = 64 << 20, LEVELS = 10 };

/* The whole file; owned by the caller. */
struct content {
	char *bytes;
	size_t length;
};

static int content_read_from(int fd, struct content *content)
{
	struct stat status;
	ssize_t got = 1;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? -EISDIR : -ENODEV;
	if (status.st_size > FILE_BYTES)
		return -EFBIG;
	content->bytes = malloc((size_t)status.st_size + 1);
	if (!content->bytes)
		return -ENOMEM;
	while (got && content->length < (size_t)status.st_size) {
		got = read(fd, content->bytes + content->length, (size_t)status.st_size - content->length);
		if (got < 0 && errno != EINTR)
			return -errno;
		content->length += got > 0 ? (size_t)got : 0;
	}
	return 0;
}

/* Not to be stopped by a FIFO: hence O_NONBLOCK. */
static int content_read(const char *file, struct content *content)
{
	int fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int error;

	if (fd < 0)
		return -errno;
	error = content_read_from(fd, content);
	close(fd);
	return error;
}

static const char *content_error(int error)
{
	if (error == -ENODEV)
		return "is not a regular file";
	if (error == -EFBIG)
		return "is larger than 64 MB";
	return strerror(-error);
}

/* Where the parser stopped: libyaml gives a place in the bytes for wrong characters, and a mark else. */
static void problem_of_parser(
        struct reading *reading, const struct content *content, const yaml_parser_t *parser)
{
	size_t line = parser->problem_mark.line + 1;

	/* Without memory libyaml fails at places without saying why. */
	if (parser->error == YAML_MEMORY_ERROR || parser->error == YAML_NO_ERROR) {
		reading_fail(reading);
		return;
	}
	if (parser->error == YAML_READER_ERROR) {
		line = 1;
		for (size_t i = 0; i < content->length && i < parser->problem_offset; i++)
			line += content->bytes[i] == '\n';
	}
	problem_on(reading, (unsigned)line, "yaml", "%s%s%s", parser->problem ? parser->problem : "not YAML",
	        parser->context ? ", " : "", parser->context ? parser->context : "");
}

static bool has_control_character(const yaml_char_t *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] < 0x20 || text[i] == 0x7f)
			return true;
	return false;
}

static const char *scalar_refusal(const yaml_event_t *event)
{
	if (event->data.scalar.tag)
		return "tags (!name) are not known here; leave it out";
	if (has_control_character(event->data.scalar.value, event->data.scalar.length))
		return "a value must be one line without control characters";
	return NULL;
}

/* Why an event isn't taken; NULL: it is. Keeps count of levels and documents. */
static const char *event_refusal(const yaml_event_t *event, unsigned *level, unsigned *documents)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return ++*documents > 1 ? "a second document (---); everything stands in one" : NULL;
	case YAML_ALIAS_EVENT:
		return "aliases (*name) are not known here; write the value out";
	case YAML_SCALAR_EVENT:
		return scalar_refusal(event);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return ++*level > LEVELS ? "nested too deeply" : NULL;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		--*level;
		return NULL;
	default:
		return NULL;
	}
}

/* Reads all events and builds nothing: afterwards the tree is known to be small, and a tree. */
static int content_check(struct reading *reading, const struct content *content)
{
	yaml_parser_t parser;
	unsigned level = 0, documents = 0;
	bool good = true, ended = false;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)content->bytes, content->length);
	while (good && !ended) {
		const char *refusal;
		yaml_event_t event;

		if (!yaml_parser_parse(&parser, &event)) {
			problem_of_parser(reading, content, &parser);
			good = false;
			break;
		}
		refusal = event_refusal(&event, &level, &documents);
		if (refusal) {
			problem_on(reading, (unsigned)event.start_mark.line + 1, "yaml", "%s", refusal);
			good = false;
		}
		ended = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return good ? 0 : -EINVAL;
}

static int content_load(struct reading *reading, const struct content *content, yaml_document_t *document)
{
	yaml_parser_t parser;
	int error = 0;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)content->bytes, content->length);
	if (!yaml_parser_load(&parser, document)) {
		problem_of_parser(reading, content, &parser);
		error = -EINVAL;
	}
	yaml_parser_delete(&parser);
	return error;
}

int yaml_read(struct reading *reading, const char *file, yaml_document_t *document)
{
	struct content content = {0};
	int error = content_read(file, &content);

	if (error == -ENOMEM) {
		reading_fail(reading);
	} else if (error < 0) {
		problem_on(reading, 0, "file", "%s", content_error(error));
	} else {
		error = content_check(reading, &content);
		if (error == 0)
			error = content_load(reading, &content, document);
	}
	/* It holds passwords. */
	if (content.bytes)
		explicit_bzero(content.bytes, content.length);
	free(content.bytes);
	return reading->error ? reading->error : error;
}
