/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/config/mapping.h"
#include "ctl/config/reading.h"
#include "ctl/config/server.h"
#include "ctl/config/tenant.h"
#include "ctl/config/trunk.h"
#include "ctl/config/value.h"
#include "ctl/config/yaml.h"

static void read_dataplane(struct reading *reading, const struct where *where, const yaml_node_t *value,
        const struct field *field, void *to)
{
	(void)to;
	value_read_socket(reading, where, value, field, &reading->config->dataplane);
}

/* Tenants and trunks wait for what stands elsewhere in the file. */
static const struct field fields[] = {
        FIELD(struct reading, "sip", server_read_sip, config, .needed = true),
        FIELD(struct reading, "dataplane", read_dataplane, config),
        FIELD(struct reading, "control", server_read_control, config),
        FIELD(struct reading, "sounds", server_read_sounds, config),
        FIELD(struct reading, "registration", server_read_registration, config),
        FIELD(struct reading, "media", server_read_media, config, .needed = true),
        FIELD(struct reading, "tenants", mapping_keep_node, tenants, .needed = true),
        FIELD(struct reading, "trunks", mapping_keep_node, trunks),
};

static void document_read(struct reading *reading)
{
	const yaml_node_t *root = yaml_document_get_root_node(&reading->document);
	struct where where = {0}, tenants = {.up = &where, .key = "tenants"};
	struct where trunks = {.up = &where, .key = "trunks"};

	if (!root) {
		problem_on(reading, 1, "file", "is empty; xdparkd.example.yaml shows what belongs there");
		return;
	}
	mapping_read(reading, &where, root, fields, sizeof(fields) / sizeof(fields[0]), reading);
	if (reading->tenants)
		tenants_read(reading, &tenants, reading->tenants);
	if (reading->trunks && !reading->error)
		trunks_read(reading, &trunks, reading->trunks);
}

static struct config *config_new(const char *file)
{
	struct memory *memory = memory_new();
	struct config *config = memory ? memory_take(memory, 1, sizeof(*config)) : NULL;

	if (!config) {
		memory_free(memory);
		return NULL;
	}
	*config = (struct config){
	        .file = memory_text(memory, file, strlen(file)),
	        .agent = "xdpark",
	        .dataplane = "/run/xdpark/dataplane.sock",
	        .control = "/run/xdpark/control.sock",
	        .register_min_s = 60,
	        .register_max_s = 3600,
	        .memory = memory,
	};
	if (config->file)
		return config;
	config_free(config);
	return NULL;
}

/* The folder of a file, absolute; "." when there is no such file, NULL without memory. */
static const char *folder_of(struct memory *memory, const char *file)
{
	char *whole = realpath(file, NULL), *slash = whole ? strrchr(whole, '/') : NULL;
	const char *folder = ".";

	if (slash)
		folder = memory_text(memory, whole, (size_t)(slash - whole));
	else if (errno == ENOMEM)
		folder = NULL;
	free(whole);
	return folder;
}

static int reading_run(struct reading *reading, const char *file)
{
	int error;

	reading->memory = reading->config->memory;
	reading->scratch = memory_new();
	if (!reading->scratch)
		return -ENOMEM;
	reading->folder = folder_of(reading->scratch, file);
	if (!reading->folder)
		return -ENOMEM;
	error = yaml_read(reading, file, &reading->document);
	if (error < 0)
		return error;
	document_read(reading);
	yaml_document_delete(&reading->document);
	return reading->error;
}

int config_read(struct config **config, const char *file, config_report report, void *context)
{
	struct reading reading = {.config = config_new(file)};
	int error;

	if (!reading.config)
		return -ENOMEM;
	error = reading_run(&reading, file);
	if (problems_tell(&reading, report, context) && error == 0)
		error = -EINVAL;
	if (error == -ENOMEM)
		report(context, file, 0, "file", "there is no memory to read it");
	memory_free(reading.scratch);
	if (error < 0)
		config_free(reading.config);
	else
		*config = reading.config;
	return error;
}

void config_free(struct config *config)
{
	if (config)
		memory_free(config->memory);
}
