/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words that several CPUs and userspace write at the same time. Loads and stores are done once each and in
 * the order written: the machines that this runs on (x86-64) keep loads in order, `barrier` keeps the
 * compiler from moving them.
 */
#ifndef XDPARK_ATOMIC_H
#define XDPARK_ATOMIC_H

#define barrier()          asm volatile("" ::: "memory")
#define load(word)         (*(volatile __typeof__(word) *)&(word))
#define store(word, value) (*(volatile __typeof__(word) *)&(word) = (value))

/*
 * Reads a word into nowhere: its cache line is on its way while the program goes on, so that it waits for
 * several lines at once, and not for one after the other. BPF has no instruction that prefetches.
 */
#define touch(word)                                                                                          \
	do {                                                                                                 \
		__u64 nowhere;                                                                               \
		asm volatile("%0 = *(u64 *)(%1 + 0)" : "=r"(nowhere) : "r"(&(word)));                        \
	} while (0)

/* Compare-and-swap: true if *word was `old` and is `new` now. */
#define swapped(word, old, new) (__sync_val_compare_and_swap((word), (old), (new)) == (old))

/* A counter that several CPUs count up. */
#define count_up(word, by) ((void)__sync_fetch_and_add(&(word), (by)))

/* One more packet, of so many bytes, in a tally. */
#define TALLY_OF(bytes)       ((__u64)(bytes) << XD_TALLY_BYTES_SHIFT | 1)
#define tally_up(word, bytes) count_up(word, TALLY_OF(bytes))
/*
 * The same of a tally that one thread alone counts up: an atomic add would wait until all that was written
 * before, a whole packet, has reached the cache.
 */
#define tally_alone(word, bytes) store(word, load(word) + TALLY_OF(bytes))

#endif
