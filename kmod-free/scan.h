/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is due: the scan over due[], which runs every few milliseconds and so must be vectorised, and leave out
 * what needn't be looked at. Words move on to later times only, but for those that the controller starts: it
 * counts up their block's word of starts[].
 */
#ifndef XDPARK_SCAN_H
#define XDPARK_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/layout.h"

/* Words of due[] that are looked at or left out together; blocks are counted from due[0]. */
enum { SCAN_BLOCK = XD_STARTS_BLOCK };

/* What one scan found beside the ids. */
struct scan_found {
	uint32_t count; /* ids */
	uint32_t next;  /* where the next scan begins: behind the last id if there were more, else the share's
	                   first */
	uint32_t late;  /* of them, due before late_before */
	uint32_t skipped; /* of them, due before skip_before */
	bool more;        /* `room` was too small */
	/*
	 * Before this limit (ns) the next scan finds nobody: if all that was found is sent, and nobody is
	 * started meanwhile.
	 */
	uint64_t again;
};

/* What the last look at a block has seen; zeros: it wasn't looked at yet, or is to be looked at anew. */
struct scan_block {
	uint64_t again;  /* ns; the limit before which nobody there is due */
	uint64_t starts; /* its word of starts[] then */
};

/* Every `step`-th endpoint from `first` on begins a block of the share; all are below `end`. */
struct scan_share {
	uint32_t first, step, end; /* first and step: multiples of SCAN_BLOCK */
};

/*
 * The share of thread `n` of `threads` in endpoints 0 to `endpoints`: blocks are dealt in turn, so that of
 * any endpoints beside each other no share has over SCAN_BLOCK more than another. Together the shares are
 * all, and no block of due[] is in two.
 */
struct scan_share scan_share(uint32_t endpoints, unsigned n, unsigned threads);

/* How many endpoints a share has. */
uint32_t scan_share_count(const struct scan_share *share);

/* A share of due[] and the times that decide; ns. A word of 0 is never due. */
struct scan {
	const uint64_t *due;
	const uint64_t *starts;    /* a word a block */
	struct scan_block *blocks; /* as many as there are words of starts; NULL: nothing is left out */
	struct scan_share share;
	uint32_t from;  /* where to begin, within the share; it goes on at share.first behind the end */
	uint64_t limit; /* due at or before this is found */
	uint64_t late_before, skip_before;
};

/* Writes the indices of what is due to ids (room of them at most). */
struct scan_found scan_due(const struct scan *scan, uint32_t *ids, uint32_t room);

/* The same by a plain loop: what the tests compare with. */
struct scan_found scan_due_plainly(const struct scan *scan, uint32_t *ids, uint32_t room);

#endif
