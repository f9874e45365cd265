/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who hears what: which clips the plans in use name, and so which may give their chunks up.
 *
 * A plan that was replaced may still be read by the program for a moment, and one that was just filled isn't
 * published yet: hence the 2 s.
 */
#ifndef XDPARK_AUDIO_HEARING_H
#define XDPARK_AUDIO_HEARING_H

#include "ctl/audio/chunks.h"
#include "ctl/audio/clip.h"

enum { UNHEARD_MS = 2000 };

/* A plan that names `coding` is about to be published. */
void hearing_name(struct coding *coding, uint64_t now_ms);

/* Looks at the plans in use of the endpoints [first, end): codings that they name are heard. The owners in
 * `space` are codings. */
void hearing_look(const struct chunk_space *space, const struct xd_endpoint *endpoints,
        const struct xd_rest *rests, uint32_t first, uint32_t end, uint64_t now_ms);

/* After a look at all endpoints that began at `since_ms`: codings that no plan names are unheard. */
void hearing_judge(struct clip *clips, uint64_t since_ms, uint64_t now_ms);

/*
 * Of the codings that no plan has named for UNHEARD_MS, the one that was heard least recently; NULL: none.
 */
struct coding *hearing_victim(struct clip *clips, uint64_t now_ms);

#endif
