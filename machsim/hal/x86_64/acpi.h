/* SPDX-License-Identifier: BSD-2-Clause */
/* acpi.h - what the firmware's tables tell: the processors that there are, and how the machine ends. */
#ifndef X86_64_ACPI_H
#define X86_64_ACPI_H

#include <stdbool.h>
#include <stdint.h>

/* Names of the controllers of processors that can be used: how many. */
unsigned acpi_processors(uint32_t *controllers, unsigned room);
/* Where the controller of the machine's own interrupt lines is.  False: the tables tell of none. */
bool acpi_line_controller(uint64_t *address);
/* Each returns if the tables do not say how. */
void acpi_power_off(void);
void acpi_reset(void);

#endif
