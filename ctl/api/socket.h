/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A listening unix socket that the members of one group may use. */
#ifndef XDPARK_API_SOCKET_H
#define XDPARK_API_SOCKET_H

#include <sys/types.h>

struct api_socket {
	int fd; /* listening, non-blocking */
	char *path;
	dev_t device; /* what we made at `path`, so that nobody else's is removed */
	ino_t inode;
};

/*
 * Makes the socket with mode 0660 and that group (NULL: the process's own). A socket there that nobody
 * listens on is replaced. On errors a negative errno and a sentence in `reason` (256 bytes).
 */
int api_socket_open(struct api_socket *made, const char *path, const char *group, char *reason);

/* Closes it and removes it. */
void api_socket_close(struct api_socket *made);

#endif
