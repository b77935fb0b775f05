/* SPDX-License-Identifier: BSD-2-Clause */
/* controller.h - each processor's controller of interrupts: its timer, and interrupts for other processors. */
#ifndef X86_64_CONTROLLER_H
#define X86_64_CONTROLLER_H

#include <stdint.h>

/* Where all processors see their own. */
#define CONTROLLER_ADDRESS 0xfee00000u

/* This processor's begins to work, and its name. */
void controller_start(void);
uint32_t controller_name(void);
void controller_interrupt_ends(void);

/* The timer: ticks that are left, one interrupt when they are none; 0 stops it. */
void controller_set_timer(uint32_t ticks);
uint32_t controller_timer(void);

/* An interrupt line of the machine's, at the controller of these, comes to a processor from now on. */
void controller_route(uint64_t lines, unsigned line, uint8_t vector, uint32_t name);

/* An interrupt for another processor. */
void controller_send(uint32_t name, uint8_t vector);
/* One that it cannot refuse: machine_stop. */
void controller_stop(uint32_t name);
/* Has another processor start, in real mode at page `page` of memory. */
void controller_begin(uint32_t name, uint8_t page);

#endif
