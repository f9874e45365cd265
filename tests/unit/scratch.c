/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/scratch.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	abort();
}

/*
 * Who removes the folder when we are gone: it waits for the end of a pipe that only we can write to. It has a
 * session of its own, so that what stops a test and its group lets it live, and none of our descriptors.
 */
static void scratch_guard(char *folder)
{
	char *const arguments[] = {"sh", "-c", "read -r line; exec rm -rf \"$0\"", folder, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int ends[2];
	pid_t guard;

	must(!pipe2(ends, O_CLOEXEC), "pipe2");
	must(!posix_spawn_file_actions_init(&actions) && !posix_spawnattr_init(&attributes) &&
	                !posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO) &&
	                !posix_spawn_file_actions_addopen(
	                        &actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) &&
	                !posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO) &&
	                !posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1) &&
	                !posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID) &&
	                !posix_spawn(&guard, "/bin/sh", &actions, &attributes, arguments, environ),
	        "posix_spawn");
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	close(ends[0]);
}

void scratch_folder(char *path, size_t size)
{
	static char all[] = "/tmp/xdpt-XXXXXX";
	static unsigned made;

	if (!made) {
		must(mkdtemp(all) != NULL, all);
		must(!chmod(all, 0711), all);
		scratch_guard(all);
	}
	snprintf(path, size, "%s/%u", all, ++made);
	must(!mkdir(path, 0755), path);
}
