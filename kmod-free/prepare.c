/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/prepare.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static int fail(const char *what, const char *path)
{
	int error = -errno;

	log_error(NULL, "prepare", "step=%s path=%s error=\"%s\"%s", what, path, strerror(-error),
	        error == -EPERM || error == -EACCES ? " remedy=\"run --prepare as root\"" : "");
	return error;
}

/* The directory above `path`. */
static void parent_of(const char *path, char parent[OPTIONS_PATH])
{
	char *slash;

	strcpy(parent, path);
	slash = strrchr(parent, '/');
	slash[slash == parent] = '\0';
}

static int bpffs_mount(const char *parent)
{
	struct statfs at;
	struct stat mode;

	if (mkdir(parent, 0755) && errno != EEXIST)
		return fail("mkdir", parent);
	if (statfs(parent, &at))
		return fail("statfs", parent);
	if (at.f_type != BPF_FS_MAGIC) {
		if (mount("bpf", parent, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0711"))
			return fail("mount", parent);
		log_info(NULL, "prepare", "step=mount path=%s type=bpf", parent);
	}
	/* Debian mounts it for root alone. Passing through shows nobody what lies there, nor opens it. */
	if (stat(parent, &mode))
		return fail("stat", parent);
	if ((mode.st_mode & 0011) != 0011 && chmod(parent, (mode.st_mode & 07777) | 0011))
		return fail("chmod", parent);
	return 0;
}

static int directory_give(const char *path, mode_t mode, const struct options *options)
{
	if (mkdir(path, mode) && errno != EEXIST)
		return fail("mkdir", path);
	if (chown(path, options->user, options->user_group))
		return fail("chown", path);
	if (chmod(path, mode))
		return fail("chmod", path);
	log_info(NULL, "prepare", "step=directory path=%s uid=%u gid=%u", path, options->user,
	        options->user_group);
	return 0;
}

int prepare(const struct options *options)
{
	char parent[OPTIONS_PATH];
	int error;

	parent_of(options->pins, parent);
	error = bpffs_mount(parent);
	if (!error)
		error = directory_give(options->pins, 0700, options);
	if (error)
		return error;
	parent_of(options->socket_path, parent);
	return directory_give(parent, 0755, options);
}
