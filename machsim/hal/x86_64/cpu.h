/* SPDX-License-Identifier: BSD-2-Clause */
/* cpu.h - instructions that C has no words for. */
#ifndef X86_64_CPU_H
#define X86_64_CPU_H

#include <stdint.h>

static inline void cpu_out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void cpu_out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void cpu_out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint32_t cpu_in32(uint16_t port)
{
    uint32_t value;

    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint8_t cpu_in8(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint64_t cpu_timestamp(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static inline void cpu_write_msr(uint32_t number, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(number), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static inline uint64_t cpu_read_msr(uint32_t number)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
    return (uint64_t)high << 32 | low;
}

static inline void cpu_identify(uint32_t leaf, uint32_t part, uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
    __asm__ volatile("cpuid" : "=a"(*a), "=b"(*b), "=c"(*c), "=d"(*d) : "0"(leaf), "2"(part));
}

/* Sets bits of cr4: what the processor is to allow, or forbid. */
static inline void cpu_allow(uint64_t what)
{
    uint64_t value;

    __asm__ volatile("mov %%cr4, %0; or %1, %0; mov %0, %%cr4" : "=&r"(value) : "r"(what) : "memory");
}

/* Which registers xsave is to have. */
static inline void cpu_set_components(uint32_t components)
{
    __asm__ volatile("xsetbv" : : "c"(0), "a"(components), "d"(0));
}

static inline uint64_t cpu_map(void)
{
    uint64_t map;

    __asm__ volatile("mov %%cr3, %0" : "=r"(map));
    return map;
}

static inline void cpu_set_map(uint64_t map)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(map) : "memory");
}

static inline uint64_t cpu_fault_address(void)
{
    uint64_t address;

    __asm__ volatile("mov %%cr2, %0" : "=r"(address));
    return address;
}

static inline void cpu_forget_page(uint64_t address)
{
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

static inline void cpu_pause(void)
{
    __builtin_ia32_pause();
}

/* Sleeps until an interrupt has come, which may come from now on. */
static inline void cpu_wait(void)
{
    __asm__ volatile("sti; hlt; cli" : : : "memory");
}

static inline _Noreturn void cpu_stop(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

#endif
