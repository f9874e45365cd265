/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Folders for the files and sockets of a test, which are gone once its process is, however that ended. */
#ifndef XDPARK_TESTS_SCRATCH_H
#define XDPARK_TESTS_SCRATCH_H

#include <stddef.h>

enum { SCRATCH_PATH = 32 };

/* Makes a new, empty folder for everybody to enter, and writes its path (SCRATCH_PATH bytes at most). */
void scratch_folder(char *path, size_t size);

#endif
