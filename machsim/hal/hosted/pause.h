/* SPDX-License-Identifier: BSD-2-Clause */
/* pause.h - for loops that wait without sleeping, the daemon's and the library's. */
#ifndef HOSTED_PAUSE_H
#define HOSTED_PAUSE_H

/* Between two looks at what another processor is to change. */
static inline void processor_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#endif
