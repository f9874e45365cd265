/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The look-ups of ctl/config.h, all by binary search in sorted tables. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ctl/config.h"

static int tenant_compare(const void *domain, const void *tenant)
{
	return strcasecmp(domain, ((const struct config_tenant *)tenant)->domain);
}

static int user_compare(const void *name, const void *user)
{
	return strcmp(name, ((const struct config_user *)user)->name);
}

static int number_compare(const void *number, const void *entry)
{
	return strcmp(number, ((const struct config_number *)entry)->number);
}

static int source_compare(const void *ip, const void *entry)
{
	const struct config_source *source = entry;

	if (memcmp(ip, source->first, 16) < 0)
		return -1;
	return memcmp(ip, source->last, 16) > 0;
}

static int pointer_compare(const void *wanted, const void *entry)
{
	uintptr_t x = (uintptr_t)wanted, y = *(const uintptr_t *)entry;

	return x < y ? -1 : x > y;
}

static void *sorted_find(const void *key, const void *entries, size_t count, size_t size,
        int (*compare)(const void *, const void *))
{
	return count ? bsearch(key, entries, count, size, compare) : NULL;
}

struct config_tenant *config_tenant_find(const struct config *config, const char *domain)
{
	return sorted_find(
	        domain, config->tenants, config->tenant_count, sizeof(*config->tenants), tenant_compare);
}

struct config_user *config_user_find(const struct config_tenant *tenant, const char *name)
{
	return sorted_find(name, tenant->users, tenant->user_count, sizeof(*tenant->users), user_compare);
}

const struct config_trunk *config_trunk_find(const struct config *config, const uint8_t ip[16])
{
	const struct config_source *source = sorted_find(
	        ip, config->sources, config->source_count, sizeof(*config->sources), source_compare);

	return source ? source->trunk : NULL;
}

bool config_trunk_reaches(const struct config_trunk *trunk, const struct config_tenant *tenant)
{
	return trunk->tenant_count == 0 || sorted_find(tenant, trunk->tenants, trunk->tenant_count,
	                                           sizeof(void *), pointer_compare) != NULL;
}

struct config_tenant *config_number_find(
        const struct config *config, const struct config_trunk *trunk, const char *number, const char **rings)
{
	const struct config_number *found = sorted_find(
	        number, config->numbers, config->number_count, sizeof(*config->numbers), number_compare);

	if (!found || !config_trunk_reaches(trunk, found->tenant))
		return NULL;
	*rings = found->rings;
	return found->tenant;
}

bool config_is_orbit(const struct config_tenant *tenant, const char *number)
{
	size_t digits = strlen(number);
	unsigned long value;

	if (!digits || digits > CONFIG_ORBIT_DIGITS || strspn(number, "0123456789") != digits)
		return false;
	value = strtoul(number, NULL, 10);
	for (size_t i = 0; i < tenant->park.orbit_ranges; i++) {
		const struct config_orbits *orbits = &tenant->park.orbits[i];

		if (orbits->digits == digits && value >= orbits->first && value <= orbits->last)
			return true;
	}
	return false;
}
