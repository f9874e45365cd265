/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The release, for --version. */
#ifndef XDPARK_VERSION_H
#define XDPARK_VERSION_H

#define XDPARK_VERSION "0.1.0"

#endif
