/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/i386/thread_status.h - machine state of x86 threads, 32 and 64 bits.  Values and layouts are XNU's. */
#ifndef _MACH_I386_THREAD_STATUS_H_
#define _MACH_I386_THREAD_STATUS_H_

#include <mach/message.h>
#include <stdint.h>

#define THREAD_STATE_FLAVOR_LIST 0
#define x86_THREAD_STATE32 1
#define x86_FLOAT_STATE32 2
#define x86_EXCEPTION_STATE32 3
#define x86_THREAD_STATE64 4
#define x86_FLOAT_STATE64 5
#define x86_EXCEPTION_STATE64 6
#define x86_THREAD_STATE 7
#define x86_FLOAT_STATE 8
#define x86_EXCEPTION_STATE 9
#define x86_DEBUG_STATE32 10
#define x86_DEBUG_STATE64 11
#define x86_DEBUG_STATE 12
#define THREAD_STATE_NONE 13
#define x86_AVX_STATE32 16
#define x86_AVX_STATE64 17
#define x86_AVX_STATE 18
#define x86_AVX512_STATE32 19
#define x86_AVX512_STATE64 20
#define x86_AVX512_STATE 21
#define x86_PAGEIN_STATE 22
#define x86_THREAD_FULL_STATE64 23
#define x86_INSTRUCTION_STATE 24
#define x86_LAST_BRANCH_STATE 25
#define THREAD_STATE_FLAVORS 26
/* Not XNU's: where segments of thread-local data begin, as GNU Mach's i386_FSGS_BASE_STATE tells them. */
#define x86_FSGS_BASE_STATE64 64
#define THREAD_STATE_FLAVOR_LIST_NEW 128
#define THREAD_STATE_FLAVOR_LIST_10_9 129
#define THREAD_STATE_FLAVOR_LIST_10_13 130
#define THREAD_STATE_FLAVOR_LIST_10_15 131

#define MACHINE_THREAD_STATE x86_THREAD_STATE
#define MACHINE_THREAD_STATE_COUNT x86_THREAD_STATE_COUNT

typedef struct x86_state_hdr {
    uint32_t flavor;
    uint32_t count;
} x86_state_hdr_t;

typedef struct x86_thread_state32 {
    uint32_t __eax;
    uint32_t __ebx;
    uint32_t __ecx;
    uint32_t __edx;
    uint32_t __edi;
    uint32_t __esi;
    uint32_t __ebp;
    uint32_t __esp;
    uint32_t __ss;
    uint32_t __eflags;
    uint32_t __eip;
    uint32_t __cs;
    uint32_t __ds;
    uint32_t __es;
    uint32_t __fs;
    uint32_t __gs;
} x86_thread_state32_t;

typedef struct x86_thread_state64 {
    uint64_t __rax;
    uint64_t __rbx;
    uint64_t __rcx;
    uint64_t __rdx;
    uint64_t __rdi;
    uint64_t __rsi;
    uint64_t __rbp;
    uint64_t __rsp;
    uint64_t __r8;
    uint64_t __r9;
    uint64_t __r10;
    uint64_t __r11;
    uint64_t __r12;
    uint64_t __r13;
    uint64_t __r14;
    uint64_t __r15;
    uint64_t __rip;
    uint64_t __rflags;
    uint64_t __cs;
    uint64_t __fs;
    uint64_t __gs;
} x86_thread_state64_t;

typedef struct x86_fsgs_base_state64 {
    uint64_t __fsbase;
    uint64_t __gsbase;
} x86_fsgs_base_state64_t;

typedef struct x86_thread_full_state64 {
    x86_thread_state64_t __ss64;
    uint64_t __ds;
    uint64_t __es;
    uint64_t __ss;
    uint64_t __gsbase;
} x86_thread_full_state64_t;

typedef struct x86_thread_state {
    x86_state_hdr_t tsh;
    union {
        x86_thread_state32_t ts32;
        x86_thread_state64_t ts64;
    } uts;
} x86_thread_state_t;

typedef struct x86_mmst_register {
    char __mmst_reg[10];
    char __mmst_rsrv[6];
} x86_mmst_register_t;

typedef struct x86_xmm_register {
    char __xmm_reg[16];
} x86_xmm_register_t;

typedef struct x86_ymm_register {
    char __ymm_reg[32];
} x86_ymm_register_t;

typedef struct x86_zmm_register {
    char __zmm_reg[64];
} x86_zmm_register_t;

typedef struct x86_opmask_register {
    char __opmask_reg[8];
} x86_opmask_register_t;

/* What FXSAVE writes, in 32-bit and in 64-bit mode; AVX and AVX512 add to it. */
#define X86_FLOAT_STATE32_FIELDS \
    int __fpu_reserved[2]; \
    uint16_t __fpu_fcw; \
    uint16_t __fpu_fsw; \
    uint8_t __fpu_ftw; \
    uint8_t __fpu_rsrv1; \
    uint16_t __fpu_fop; \
    uint32_t __fpu_ip; \
    uint16_t __fpu_cs; \
    uint16_t __fpu_rsrv2; \
    uint32_t __fpu_dp; \
    uint16_t __fpu_ds; \
    uint16_t __fpu_rsrv3; \
    uint32_t __fpu_mxcsr; \
    uint32_t __fpu_mxcsrmask; \
    x86_mmst_register_t __fpu_stmm0; \
    x86_mmst_register_t __fpu_stmm1; \
    x86_mmst_register_t __fpu_stmm2; \
    x86_mmst_register_t __fpu_stmm3; \
    x86_mmst_register_t __fpu_stmm4; \
    x86_mmst_register_t __fpu_stmm5; \
    x86_mmst_register_t __fpu_stmm6; \
    x86_mmst_register_t __fpu_stmm7; \
    x86_xmm_register_t __fpu_xmm0; \
    x86_xmm_register_t __fpu_xmm1; \
    x86_xmm_register_t __fpu_xmm2; \
    x86_xmm_register_t __fpu_xmm3; \
    x86_xmm_register_t __fpu_xmm4; \
    x86_xmm_register_t __fpu_xmm5; \
    x86_xmm_register_t __fpu_xmm6; \
    x86_xmm_register_t __fpu_xmm7; \
    uint8_t __fpu_rsrv4[224]; \
    int __fpu_reserved1;

#define X86_FLOAT_STATE64_FIELDS \
    int __fpu_reserved[2]; \
    uint16_t __fpu_fcw; \
    uint16_t __fpu_fsw; \
    uint8_t __fpu_ftw; \
    uint8_t __fpu_rsrv1; \
    uint16_t __fpu_fop; \
    uint32_t __fpu_ip; \
    uint16_t __fpu_cs; \
    uint16_t __fpu_rsrv2; \
    uint32_t __fpu_dp; \
    uint16_t __fpu_ds; \
    uint16_t __fpu_rsrv3; \
    uint32_t __fpu_mxcsr; \
    uint32_t __fpu_mxcsrmask; \
    x86_mmst_register_t __fpu_stmm0; \
    x86_mmst_register_t __fpu_stmm1; \
    x86_mmst_register_t __fpu_stmm2; \
    x86_mmst_register_t __fpu_stmm3; \
    x86_mmst_register_t __fpu_stmm4; \
    x86_mmst_register_t __fpu_stmm5; \
    x86_mmst_register_t __fpu_stmm6; \
    x86_mmst_register_t __fpu_stmm7; \
    x86_xmm_register_t __fpu_xmm0; \
    x86_xmm_register_t __fpu_xmm1; \
    x86_xmm_register_t __fpu_xmm2; \
    x86_xmm_register_t __fpu_xmm3; \
    x86_xmm_register_t __fpu_xmm4; \
    x86_xmm_register_t __fpu_xmm5; \
    x86_xmm_register_t __fpu_xmm6; \
    x86_xmm_register_t __fpu_xmm7; \
    x86_xmm_register_t __fpu_xmm8; \
    x86_xmm_register_t __fpu_xmm9; \
    x86_xmm_register_t __fpu_xmm10; \
    x86_xmm_register_t __fpu_xmm11; \
    x86_xmm_register_t __fpu_xmm12; \
    x86_xmm_register_t __fpu_xmm13; \
    x86_xmm_register_t __fpu_xmm14; \
    x86_xmm_register_t __fpu_xmm15; \
    uint8_t __fpu_rsrv4[96]; \
    int __fpu_reserved1;

#define X86_AVX_STATE32_FIELDS \
    X86_FLOAT_STATE32_FIELDS \
    uint8_t __avx_reserved1[64]; \
    x86_xmm_register_t __fpu_ymmh0; \
    x86_xmm_register_t __fpu_ymmh1; \
    x86_xmm_register_t __fpu_ymmh2; \
    x86_xmm_register_t __fpu_ymmh3; \
    x86_xmm_register_t __fpu_ymmh4; \
    x86_xmm_register_t __fpu_ymmh5; \
    x86_xmm_register_t __fpu_ymmh6; \
    x86_xmm_register_t __fpu_ymmh7;

#define X86_AVX_STATE64_FIELDS \
    X86_FLOAT_STATE64_FIELDS \
    uint8_t __avx_reserved1[64]; \
    x86_xmm_register_t __fpu_ymmh0; \
    x86_xmm_register_t __fpu_ymmh1; \
    x86_xmm_register_t __fpu_ymmh2; \
    x86_xmm_register_t __fpu_ymmh3; \
    x86_xmm_register_t __fpu_ymmh4; \
    x86_xmm_register_t __fpu_ymmh5; \
    x86_xmm_register_t __fpu_ymmh6; \
    x86_xmm_register_t __fpu_ymmh7; \
    x86_xmm_register_t __fpu_ymmh8; \
    x86_xmm_register_t __fpu_ymmh9; \
    x86_xmm_register_t __fpu_ymmh10; \
    x86_xmm_register_t __fpu_ymmh11; \
    x86_xmm_register_t __fpu_ymmh12; \
    x86_xmm_register_t __fpu_ymmh13; \
    x86_xmm_register_t __fpu_ymmh14; \
    x86_xmm_register_t __fpu_ymmh15;

typedef struct x86_float_state32 {
    X86_FLOAT_STATE32_FIELDS
} x86_float_state32_t;

typedef struct x86_float_state64 {
    X86_FLOAT_STATE64_FIELDS
} x86_float_state64_t;

typedef struct x86_float_state {
    x86_state_hdr_t fsh;
    union {
        x86_float_state32_t fs32;
        x86_float_state64_t fs64;
    } ufs;
} x86_float_state_t;

typedef struct x86_avx_state32 {
    X86_AVX_STATE32_FIELDS
} x86_avx_state32_t;

typedef struct x86_avx_state64 {
    X86_AVX_STATE64_FIELDS
} x86_avx_state64_t;

typedef struct x86_avx_state {
    x86_state_hdr_t ash;
    union {
        x86_avx_state32_t as32;
        x86_avx_state64_t as64;
    } ufs;
} x86_avx_state_t;

typedef struct x86_avx512_state32 {
    X86_AVX_STATE32_FIELDS
    x86_opmask_register_t __fpu_k0;
    x86_opmask_register_t __fpu_k1;
    x86_opmask_register_t __fpu_k2;
    x86_opmask_register_t __fpu_k3;
    x86_opmask_register_t __fpu_k4;
    x86_opmask_register_t __fpu_k5;
    x86_opmask_register_t __fpu_k6;
    x86_opmask_register_t __fpu_k7;
    x86_ymm_register_t __fpu_zmmh0;
    x86_ymm_register_t __fpu_zmmh1;
    x86_ymm_register_t __fpu_zmmh2;
    x86_ymm_register_t __fpu_zmmh3;
    x86_ymm_register_t __fpu_zmmh4;
    x86_ymm_register_t __fpu_zmmh5;
    x86_ymm_register_t __fpu_zmmh6;
    x86_ymm_register_t __fpu_zmmh7;
} x86_avx512_state32_t;

typedef struct x86_avx512_state64 {
    X86_AVX_STATE64_FIELDS
    x86_opmask_register_t __fpu_k0;
    x86_opmask_register_t __fpu_k1;
    x86_opmask_register_t __fpu_k2;
    x86_opmask_register_t __fpu_k3;
    x86_opmask_register_t __fpu_k4;
    x86_opmask_register_t __fpu_k5;
    x86_opmask_register_t __fpu_k6;
    x86_opmask_register_t __fpu_k7;
    x86_ymm_register_t __fpu_zmmh0;
    x86_ymm_register_t __fpu_zmmh1;
    x86_ymm_register_t __fpu_zmmh2;
    x86_ymm_register_t __fpu_zmmh3;
    x86_ymm_register_t __fpu_zmmh4;
    x86_ymm_register_t __fpu_zmmh5;
    x86_ymm_register_t __fpu_zmmh6;
    x86_ymm_register_t __fpu_zmmh7;
    x86_ymm_register_t __fpu_zmmh8;
    x86_ymm_register_t __fpu_zmmh9;
    x86_ymm_register_t __fpu_zmmh10;
    x86_ymm_register_t __fpu_zmmh11;
    x86_ymm_register_t __fpu_zmmh12;
    x86_ymm_register_t __fpu_zmmh13;
    x86_ymm_register_t __fpu_zmmh14;
    x86_ymm_register_t __fpu_zmmh15;
    x86_zmm_register_t __fpu_zmm16;
    x86_zmm_register_t __fpu_zmm17;
    x86_zmm_register_t __fpu_zmm18;
    x86_zmm_register_t __fpu_zmm19;
    x86_zmm_register_t __fpu_zmm20;
    x86_zmm_register_t __fpu_zmm21;
    x86_zmm_register_t __fpu_zmm22;
    x86_zmm_register_t __fpu_zmm23;
    x86_zmm_register_t __fpu_zmm24;
    x86_zmm_register_t __fpu_zmm25;
    x86_zmm_register_t __fpu_zmm26;
    x86_zmm_register_t __fpu_zmm27;
    x86_zmm_register_t __fpu_zmm28;
    x86_zmm_register_t __fpu_zmm29;
    x86_zmm_register_t __fpu_zmm30;
    x86_zmm_register_t __fpu_zmm31;
} x86_avx512_state64_t;

typedef struct x86_avx512_state {
    x86_state_hdr_t ash;
    union {
        x86_avx512_state32_t as32;
        x86_avx512_state64_t as64;
    } ufs;
} x86_avx512_state_t;

typedef struct x86_exception_state32 {
    uint16_t __trapno;
    uint16_t __cpu;
    uint32_t __err;
    uint32_t __faultvaddr;
} x86_exception_state32_t;

typedef struct x86_exception_state64 {
    uint16_t __trapno;
    uint16_t __cpu;
    uint32_t __err;
    uint64_t __faultvaddr;
} x86_exception_state64_t;

typedef struct x86_exception_state {
    x86_state_hdr_t esh;
    union {
        x86_exception_state32_t es32;
        x86_exception_state64_t es64;
    } ues;
} x86_exception_state_t;

typedef struct x86_debug_state32 {
    uint32_t __dr0;
    uint32_t __dr1;
    uint32_t __dr2;
    uint32_t __dr3;
    uint32_t __dr4;
    uint32_t __dr5;
    uint32_t __dr6;
    uint32_t __dr7;
} x86_debug_state32_t;

typedef struct x86_debug_state64 {
    uint64_t __dr0;
    uint64_t __dr1;
    uint64_t __dr2;
    uint64_t __dr3;
    uint64_t __dr4;
    uint64_t __dr5;
    uint64_t __dr6;
    uint64_t __dr7;
} x86_debug_state64_t;

typedef struct x86_debug_state {
    x86_state_hdr_t dsh;
    union {
        x86_debug_state32_t ds32;
        x86_debug_state64_t ds64;
    } uds;
} x86_debug_state_t;

typedef struct x86_pagein_state {
    int __pagein_error;
} x86_pagein_state_t;

#define x86_INSTRUCTION_STATE_MAX_INSN_BYTES 2380
#define x86_INSTRUCTION_STATE_CACHELINE_SIZE 64
typedef struct x86_instruction_state {
    int __insn_stream_valid_bytes;
    int __insn_offset;
    int __out_of_synch;
    uint8_t __insn_bytes[x86_INSTRUCTION_STATE_MAX_INSN_BYTES];
    uint8_t __insn_cacheline[x86_INSTRUCTION_STATE_CACHELINE_SIZE];
} x86_instruction_state_t;

#define x86_LASTBRANCH_MAX 32
typedef struct x86_lbr_record {
    uint64_t __from_ip;
    uint64_t __to_ip;
    uint32_t __mispredict : 1;
    uint32_t __tsx_abort : 1;
    uint32_t __in_tsx : 1;
    uint32_t __cycle_count : 16;
    uint32_t __reserved : 13;
} x86_lbr_record_t;

typedef struct last_branch_state {
    int __lbr_count;
    uint32_t __lbr_supported_tsx : 1;
    uint32_t __lbr_supported_cycle_count : 1;
    uint32_t __reserved : 30;
    x86_lbr_record_t __lbrs[x86_LASTBRANCH_MAX];
} last_branch_state_t;

#define x86_AVX512_STATE32_COUNT ((mach_msg_type_number_t)(sizeof(x86_avx512_state32_t) / sizeof(int)))
#define x86_AVX512_STATE64_COUNT ((mach_msg_type_number_t)(sizeof(x86_avx512_state64_t) / sizeof(int)))
#define x86_AVX512_STATE_COUNT ((mach_msg_type_number_t)(sizeof(x86_avx512_state_t) / sizeof(int)))
#define x86_AVX_STATE32_COUNT ((mach_msg_type_number_t)(sizeof(x86_avx_state32_t) / sizeof(int)))
#define x86_AVX_STATE64_COUNT ((mach_msg_type_number_t)(sizeof(x86_avx_state64_t) / sizeof(int)))
#define x86_AVX_STATE_COUNT ((mach_msg_type_number_t)(sizeof(x86_avx_state_t) / sizeof(int)))
#define x86_DEBUG_STATE32_COUNT ((mach_msg_type_number_t)(sizeof(x86_debug_state32_t) / sizeof(int)))
#define x86_DEBUG_STATE64_COUNT ((mach_msg_type_number_t)(sizeof(x86_debug_state64_t) / sizeof(int)))
#define x86_DEBUG_STATE_COUNT ((mach_msg_type_number_t)(sizeof(x86_debug_state_t) / sizeof(int)))
#define x86_EXCEPTION_STATE32_COUNT ((mach_msg_type_number_t)(sizeof(x86_exception_state32_t) / sizeof(int)))
#define x86_EXCEPTION_STATE64_COUNT ((mach_msg_type_number_t)(sizeof(x86_exception_state64_t) / sizeof(int)))
#define x86_EXCEPTION_STATE_COUNT ((mach_msg_type_number_t)(sizeof(x86_exception_state_t) / sizeof(int)))
#define x86_FLOAT_STATE32_COUNT ((mach_msg_type_number_t)(sizeof(x86_float_state32_t) / sizeof(int)))
#define x86_FLOAT_STATE64_COUNT ((mach_msg_type_number_t)(sizeof(x86_float_state64_t) / sizeof(int)))
#define x86_FLOAT_STATE_COUNT ((mach_msg_type_number_t)(sizeof(x86_float_state_t) / sizeof(int)))
#define x86_FSGS_BASE_STATE64_COUNT ((mach_msg_type_number_t)(sizeof(x86_fsgs_base_state64_t) / sizeof(int)))
#define x86_INSTRUCTION_STATE_COUNT ((mach_msg_type_number_t)(sizeof(x86_instruction_state_t) / sizeof(int)))
#define x86_LAST_BRANCH_STATE_COUNT ((mach_msg_type_number_t)(sizeof(last_branch_state_t) / sizeof(int)))
#define x86_PAGEIN_STATE_COUNT ((mach_msg_type_number_t)(sizeof(x86_pagein_state_t) / sizeof(int)))
#define x86_THREAD_FULL_STATE64_COUNT ((mach_msg_type_number_t)(sizeof(x86_thread_full_state64_t) / sizeof(int)))
#define x86_THREAD_STATE32_COUNT ((mach_msg_type_number_t)(sizeof(x86_thread_state32_t) / sizeof(int)))
#define x86_THREAD_STATE64_COUNT ((mach_msg_type_number_t)(sizeof(x86_thread_state64_t) / sizeof(int)))
#define x86_THREAD_STATE_COUNT ((mach_msg_type_number_t)(sizeof(x86_thread_state_t) / sizeof(int)))

#endif
