/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/api/socket.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { REASON = 256, BACKLOG = 64 };

static int refuse(int error, char *reason, const char *path, const char *what)
{
	snprintf(reason, REASON, "%.120s: %.120s", path, what);
	return error;
}

/* Whether somebody listens at `address`. */
static bool socket_answers(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool answers = fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
	                                  errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return answers;
}

/* Removes what a former daemon left. */
static int socket_clear(const struct sockaddr_un *address, char *reason)
{
	struct stat status;

	if (lstat(address->sun_path, &status) < 0)
		return errno == ENOENT ? 0 : refuse(-errno, reason, address->sun_path, strerror(errno));
	if (!S_ISSOCK(status.st_mode))
		return refuse(-EEXIST, reason, address->sun_path, "is there and is no socket; remove it");
	if (socket_answers(address))
		return refuse(-EADDRINUSE, reason, address->sun_path,
		        "another xdparkd answers there; stop it first");
	if (unlink(address->sun_path) < 0)
		return refuse(-errno, reason, address->sun_path, strerror(errno));
	return 0;
}

/* Nobody but us may connect until the group is set. */
static int socket_bind(int fd, const struct sockaddr_un *address, gid_t group, char *reason)
{
	mode_t mask = umask(0177);
	int error = bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;

	umask(mask);
	if (error)
		return refuse(error, reason, address->sun_path, strerror(-error));
	if (chown(address->sun_path, (uid_t)-1, group) < 0 || chmod(address->sun_path, 0660) < 0 ||
	        listen(fd, BACKLOG) < 0) {
		error = -errno;
		unlink(address->sun_path);
		return refuse(error, reason, address->sun_path, strerror(-error));
	}
	return 0;
}

static int socket_make(struct api_socket *made, const struct sockaddr_un *address, gid_t group, char *reason)
{
	struct stat status;
	int fd, error;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return refuse(-errno, reason, address->sun_path, strerror(errno));
	error = socket_bind(fd, address, group, reason);
	if (!error && lstat(address->sun_path, &status) < 0)
		error = refuse(-errno, reason, address->sun_path, strerror(errno));
	if (error) {
		close(fd);
		return error;
	}
	made->fd = fd;
	made->device = status.st_dev;
	made->inode = status.st_ino;
	return 0;
}

int api_socket_open(struct api_socket *made, const char *path, const char *group, char *reason)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct group *entry;
	gid_t gid = (gid_t)-1;
	int error;

	if (strlen(path) >= sizeof(address.sun_path))
		return refuse(-ENAMETOOLONG, reason, path, "is too long for a unix socket");
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (group) {
		entry = getgrnam(group);
		if (!entry)
			return refuse(-EINVAL, reason, group, "there is no such group");
		gid = entry->gr_gid;
	}
	made->path = strdup(path);
	if (!made->path)
		return refuse(-ENOMEM, reason, path, strerror(ENOMEM));
	error = socket_clear(&address, reason);
	if (error == 0)
		error = socket_make(made, &address, gid, reason);
	if (error < 0)
		free(made->path);
	return error;
}

void api_socket_close(struct api_socket *made)
{
	struct stat status;

	close(made->fd);
	if (lstat(made->path, &status) == 0 && status.st_dev == made->device && status.st_ino == made->inode)
		unlink(made->path);
	free(made->path);
}
