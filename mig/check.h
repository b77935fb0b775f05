/* SPDX-License-Identifier: BSD-2-Clause */
/* check.h - what must hold of an interface as a whole, and the defaults that follow from the rest. */
#ifndef MIG_CHECK_H
#define MIG_CHECK_H

#include "diag.h"
#include "type.h"

void check_interface(struct source *source, struct interface *interface);

/* Where an argument's value travels. */
bool arg_in_request(const struct arg *arg);
bool arg_in_reply(const struct arg *arg);

/* Whether C sees nameCnt; whether the message holds a count that is this argument's own. */
bool arg_has_count(const struct arg *arg);
bool arg_owns_count(const struct arg *arg);

/* Whether C passes it as an array or a string, so that the callee gets a pointer without a `*`. */
bool arg_is_array(const struct arg *arg);

#endif
