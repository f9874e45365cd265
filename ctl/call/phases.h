/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * At which times the hold streams of silent callers fall due: one of ten phases, XD_PHASE_NS apart, for each
 * block of 64 neighbouring endpoints. A wake-up of the pump costs as much as hundreds of frames, so that few
 * streams share few phases; beyond what may fall due at once they spread evenly.
 */
#ifndef XDPARK_PHASES_H
#define XDPARK_PHASES_H

#include <stdint.h>

enum { PHASES = 10, PHASES_BLOCK = 64 };

struct phases;

/* For endpoints below `endpoints`; `burst`: frames that may fall due at once before more phases are used, 1
 * at least. NULL: no memory. */
struct phases *phases_new(uint32_t endpoints, uint32_t burst);
void phases_free(struct phases *phases);

/* Endpoint `index` holds from now on: its phase is its block's, chosen when the first one there does. Each
 * wants one phases_leave(). */
void phases_join(struct phases *phases, uint32_t index);
void phases_leave(struct phases *phases, uint32_t index);

/* The phase of an endpoint that holds, ns: a multiple of XD_PHASE_NS below PHASES of them. */
uint32_t phases_of(const struct phases *phases, uint32_t index);

#endif
