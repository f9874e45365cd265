/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/privileges.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kmod-free/log.h"

struct wanted {
	unsigned number;
	const char *name;
	bool needed;
};

static const struct wanted wanted[] = {
        {CAP_BPF, "CAP_BPF", true},
        {CAP_NET_ADMIN, "CAP_NET_ADMIN", true},
        {CAP_PERFMON, "CAP_PERFMON", true}, /* the verifier refuses ordinary pointer arithmetic without */
        {CAP_SYS_NICE, "CAP_SYS_NICE", false},
};

static int sets_read(struct __user_cap_data_struct sets[2])
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

	return syscall(SYS_capget, &header, sets) ? -errno : 0;
}

/* Permitted and effective become `keep`, inheritable and with it ambient nothing. */
static int sets_write(uint64_t keep)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2] = {0};

	for (unsigned i = 0; i < 2; i++) {
		sets[i].permitted = (uint32_t)(keep >> (32 * i));
		sets[i].effective = sets[i].permitted;
	}
	return syscall(SYS_capset, &header, sets) ? -errno : 0;
}

/* The bounding set can be cut with CAP_SETPCAP only; without it no_new_privs keeps us from gaining anything.
 */
static void bounding_cut(uint64_t keep)
{
	for (unsigned number = 0; prctl(PR_CAPBSET_READ, number) >= 0; number++)
		if (!(keep >> number & 1))
			prctl(PR_CAPBSET_DROP, number);
}

int privileges_keep(struct privileges *privileges, char *missing, size_t size)
{
	struct __user_cap_data_struct sets[2];
	uint64_t have, keep = 0;
	size_t used = 0;
	int error = sets_read(sets);

	if (error)
		return error;
	have = sets[0].permitted | (uint64_t)sets[1].permitted << 32;
	missing[0] = '\0';
	for (unsigned i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		if (have >> wanted[i].number & 1)
			keep |= 1ULL << wanted[i].number;
		else if (wanted[i].needed && used < size)
			used += (size_t)snprintf(
			        missing + used, size - used, "%s%s", used ? ", " : "", wanted[i].name);
	}
	if (missing[0])
		return -EPERM;
	if (have & ~keep)
		log_info(NULL, "capabilities-dropped", "mask=%llx", (unsigned long long)(have & ~keep));
	bounding_cut(keep);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	error = sets_write(keep);
	if (error)
		return error;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	privileges->real_time = keep >> CAP_SYS_NICE & 1;
	return 0;
}
