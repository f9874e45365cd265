/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two joined interfaces in a network namespace of the test's own, which ends with the process. */
#ifndef XDPARK_TESTS_WIRES_H
#define XDPARK_TESTS_WIRES_H

/* Enters a new network namespace and makes a veth pair with these indices. 0, or a negative errno. */
int wires_make(unsigned one, unsigned other);

#endif
