/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a configuration. It is read whole or not at all: refused with reports in order of lines, or
 * with tables in which everything is found that was read.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ctl/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
	if (!good)
		abort();
}

struct reports {
	unsigned count, line;
};

static void report(void *context, const char *file, unsigned line, const char *key, const char *text)
{
	struct reports *reports = context;

	require(*file && *key && *text && line >= reports->line);
	require(!strpbrk(key, "\r\n\033") && !strpbrk(text, "\r\n\033"));
	reports->line = line;
	reports->count++;
}

static void check_tenant(const struct config *config, struct config_tenant *tenant)
{
	char number[16];

	require(config_tenant_find(config, tenant->domain) == tenant && tenant->codec_count >= 1);
	for (size_t i = 0; i < tenant->user_count; i++) {
		struct config_user *user = &tenant->users[i];

		require(user->tenant == tenant && config_user_find(tenant, user->name) == user);
		require(!config_is_orbit(tenant, user->name));
		for (size_t k = 0; k < user->contact_count; k++)
			require(user->contacts[k].uri && user->contacts[k].address.port);
	}
	for (size_t i = 0; i < tenant->park.orbit_ranges; i++) {
		const struct config_orbits *orbits = &tenant->park.orbits[i];

		snprintf(number, sizeof(number), "%0*u", (int)orbits->digits, orbits->last);
		require(orbits->first <= orbits->last && config_is_orbit(tenant, number));
		require(!tenant->park.number || strcmp(tenant->park.number, number) != 0);
	}
}

static void check_trunk(const struct config *config, const struct config_trunk *trunk)
{
	require(trunk->address_count >= 1 && trunk->media_network_count <= XD_SOURCE_NETWORKS);
	for (size_t i = 0; i < trunk->address_count; i++)
		require(config_trunk_find(config, trunk->addresses[i].ip) == trunk);
	for (size_t i = 0; i < trunk->tenant_count; i++)
		require(config_trunk_reaches(trunk, trunk->tenants[i]));
}

static void check(const struct config *config)
{
	const char *rings;

	require(config->listen_count && config->media_count && config->tenant_count);
	for (size_t i = 0; i < config->tenant_count; i++)
		check_tenant(config, &config->tenants[i]);
	for (size_t i = 0; i < config->trunk_count; i++)
		check_trunk(config, &config->trunks[i]);
	for (size_t i = 0; i < config->number_count && config->trunk_count; i++) {
		const struct config_number *entry = &config->numbers[i];
		bool reached = config_trunk_reaches(&config->trunks[0], entry->tenant);

		require(config_number_find(config, &config->trunks[0], entry->number, &rings) ==
		        (reached ? entry->tenant : NULL));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int file = memfd_create("config", MFD_CLOEXEC);
	struct config *config = NULL;
	struct reports reports = {0};
	char path[64];

	require(file >= 0 && write(file, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	if (config_read(&config, path, report, &reports) == 0) {
		require(reports.count == 0);
		check(config);
		config_free(config);
	} else {
		require(reports.count > 0 && !config);
	}
	close(file);
	return 0;
}
