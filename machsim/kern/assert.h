/* SPDX-License-Identifier: BSD-2-Clause */
/* assert.h - what must hold.  Always checked: a kernel that goes on after a broken invariant does harm. */
#ifndef KERN_ASSERT_H
#define KERN_ASSERT_H

#include "hal/hal.h"

#define kern_assert(condition) ((condition) ? (void)0 : hal_panic(__FILE__, __LINE__, #condition))

#endif
