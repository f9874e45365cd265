/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What random telephones write: messages and SDP, and their dice. */
#ifndef XDPARK_TESTS_RANDOM_TEXT_H
#define XDPARK_TESTS_RANDOM_TEXT_H

#include "tests/unit/random_phone.h"

/* 0 to below - 1. */
unsigned random_chance(struct random_phone *phone, unsigned below);
bool random_percent(struct random_phone *phone, unsigned likely);

/* Something goes wrong on purpose; never with a polite phone. */
bool random_fails(struct random_phone *phone, unsigned likely);

#define PICK(phone, list) ((list)[random_chance(phone, sizeof(list) / sizeof((list)[0]))])

/* The first header of that name into `value`, "" if there is none. */
bool random_header(const char *message, const char *name, char *value, size_t size);

/* SDP (RANDOM_TEXT): any offer; an answer to the offer in a message, or an offer when it has none. */
void random_offer(struct random_phone *phone, char *sdp);
void random_answer(struct random_phone *phone, const char *message, char *sdp);

/* Sends a request of the dialog; headers and sdp may be "". */
void random_request(struct random_phone *phone, const struct random_dialog *dialog, const char *method,
        unsigned branch, unsigned cseq, const char *headers, const char *sdp);

/* Answers a request; `to` is the To header with our tag. */
void random_respond(
        struct random_phone *phone, const char *message, const char *to, const char *status, const char *sdp);

#endif
