/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to the dataplane and their answers, in JSON: xdpark-dp(8) names the keys. */
#ifndef XDPARK_ANSWERS_H
#define XDPARK_ANSWERS_H

#include "kmod-free/kernel.h"
#include "kmod-free/losses.h"
#include "kmod-free/nexthop.h"
#include "kmod-free/object.h"
#include "kmod-free/pump.h"

/* What answers are made from; all of it stays the caller's. */
struct answers {
	const struct kernel *kernel;
	struct object *object;
	const struct pump *pump; /* NULL: none */
	const struct nexthop_table *nexthops;
	const struct losses *losses;
	struct links *links;
	struct rtnl *rtnl;
};

/* The answer to a question: a text to be freed; NULL: no memory. Bad questions get {"error": "..."}. */
char *answers_give(const struct answers *answers, const char *question);

#endif
