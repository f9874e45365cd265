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

/* Compare-and-swap: true if *word was `old` and is `new` now. */
#define swapped(word, old, new) (__sync_val_compare_and_swap((word), (old), (new)) == (old))

/* A counter that several CPUs count up. */
#define count_up(word, by) ((void)__sync_fetch_and_add(&(word), (by)))

#endif
