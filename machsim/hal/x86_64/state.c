/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * state.c - registers of programs, for those who hold them: the flavors of mach/i386/thread_status.h.  What a program may not
 * have, such as interrupts off, it does not get.
 */
#include <mach/thread_status.h>

#include "hal/x86_64/cpu.h"
#include "hal/x86_64/user.h"

enum { CODE = 0x23, DATA = 0x1b };
/* Flags that a program may have as it likes: carry to overflow, without interrupts, and alignment and identification. */
#define OWN_FLAGS ((uint64_t)0x240dd5)
#define ALWAYS ((uint64_t)0x202)
/* Its control word, and its control and status: as after fninit. */
#define X87_CONTROL 0x37f
#define SSE_CONTROL 0x1f80u
#define SSE_CONTROL_BITS 0xffbfu

static bool has_xsave; /* else fxsave */
static uint32_t components; /* of what xsave saves: x87, SSE, AVX */

/* ---- vector registers -------------------------------------------------------------------------------- */

void state_start(void)
{
    uint32_t a, b, c, d;

    cpu_identify(1, 0, &a, &b, &c, &d);
    if (!(c & 1u << 26))
        return;
    cpu_allow(1u << 18); /* OSXSAVE */
    cpu_identify(13, 0, &a, &b, &c, &d);
    components = a & 7;
    cpu_set_components(components);
    cpu_identify(13, 0, &a, &b, &c, &d);
    kern_assert(b <= VECTORS_SIZE);
    has_xsave = true;
}

void state_save_vectors(struct program *program)
{
    if (has_xsave)
        __asm__ volatile("xsave64 (%0)" : : "r"(program_vectors(program)), "a"(components), "d"(0) : "memory");
    else
        __asm__ volatile("fxsave64 (%0)" : : "r"(program_vectors(program)) : "memory");
}

void state_load_vectors(const struct program *program)
{
    if (has_xsave)
        __asm__ volatile("xrstor64 (%0)" : : "r"(program_vectors(program)), "a"(components), "d"(0) : "memory");
    else
        __asm__ volatile("fxrstor64 (%0)" : : "r"(program_vectors(program)) : "memory");
}

/* The first 512 bytes, as fxsave has them; behind them, for xsave, which parts are not as at first. */
static void init_vectors(struct program *program)
{
    unsigned char *vectors = program_vectors(program);

    const uint16_t control = X87_CONTROL;
    const uint32_t sse = SSE_CONTROL;
    const uint64_t parts = 3;

    memcpy(vectors, &control, sizeof control);
    memcpy(vectors + 24, &sse, sizeof sse);
    memcpy(vectors + 512, &parts, sizeof parts);
}

void state_init(struct program *program)
{
    program->registers = (struct trap_frame){.cs = CODE, .ss = DATA, .rflags = ALWAYS};
    program->vectors_on = PROCESSORS_MAX; /* no processor has its vector registers */
    init_vectors(program);
}

/* ---- flavors --------------------------------------------------------------------------------------- */

static void get_registers(const struct program *program, x86_thread_state64_t *state)
{
    const struct trap_frame *r = &program->registers;

    *state = (x86_thread_state64_t){
        .__rax = r->rax, .__rbx = r->rbx, .__rcx = r->rcx, .__rdx = r->rdx, .__rdi = r->rdi, .__rsi = r->rsi,
        .__rbp = r->rbp, .__rsp = r->rsp, .__r8 = r->r8, .__r9 = r->r9, .__r10 = r->r10, .__r11 = r->r11,
        .__r12 = r->r12, .__r13 = r->r13, .__r14 = r->r14, .__r15 = r->r15, .__rip = r->rip, .__rflags = r->rflags,
        .__cs = r->cs};
}

/* A place that is no program's is refused: going there the processor would fault in the kernel. */
static kern_return_t set_registers(struct program *program, const x86_thread_state64_t *s)
{
    struct trap_frame *r = &program->registers;

    if (!is_users(s->__rip, 0))
        return KERN_INVALID_ARGUMENT;
    *r = (struct trap_frame){
        .rax = s->__rax, .rbx = s->__rbx, .rcx = s->__rcx, .rdx = s->__rdx, .rdi = s->__rdi, .rsi = s->__rsi,
        .rbp = s->__rbp, .rsp = s->__rsp, .r8 = s->__r8, .r9 = s->__r9, .r10 = s->__r10, .r11 = s->__r11,
        .r12 = s->__r12, .r13 = s->__r13, .r14 = s->__r14, .r15 = s->__r15, .rip = s->__rip,
        .rflags = (s->__rflags & OWN_FLAGS) | ALWAYS, .cs = CODE, .ss = DATA, .vector = r->vector, .error = r->error};
    return KERN_SUCCESS;
}

/* What the processor has of a held program is saved when another's turn comes, or at once. */
static void collect_vectors(struct program *program)
{
    struct cpu *cpu = cpu_self();

    if (cpu->vectors_of == program && program->vectors_on == cpu->number) {
        state_save_vectors(program);
        cpu->vectors_of = NULL;
        schedule_changed(program);
    }
}

static void get_vectors(struct program *program, x86_float_state64_t *state)
{
    collect_vectors(program);
    *state = (x86_float_state64_t){.__fpu_reserved1 = 0};
    memcpy(&state->__fpu_fcw, program_vectors(program), 512);
}

/* Bits that the control word of SSE does not have would fault when they are loaded. */
static void set_vectors(struct program *program, const x86_float_state64_t *state)
{
    unsigned char *vectors = program_vectors(program);
    uint32_t control;
    uint64_t parts;

    collect_vectors(program);
    memcpy(vectors, &state->__fpu_fcw, 512);
    memcpy(&control, vectors + 24, sizeof control);
    memcpy(&parts, vectors + 512, sizeof parts);
    control &= SSE_CONTROL_BITS;
    parts |= 3;
    memcpy(vectors + 24, &control, sizeof control);
    memcpy(vectors + 512, &parts, sizeof parts);
    program->vectors_on = PROCESSORS_MAX;
}

static void get_exception(const struct program *program, x86_exception_state64_t *state)
{
    *state = (x86_exception_state64_t){.__trapno = (uint16_t)program->registers.vector,
                                       .__err = (uint32_t)program->registers.error,
                                       .__faultvaddr = program->fault};
}

static kern_return_t set_bases(struct program *program, const x86_fsgs_base_state64_t *state)
{
    if (!is_users(state->__fsbase, 0) || !is_users(state->__gsbase, 0))
        return KERN_INVALID_ARGUMENT;
    program->fs_base = state->__fsbase;
    program->gs_base = state->__gsbase;
    return KERN_SUCCESS;
}

/* Words of a flavor; 0: there is no such. */
static uint32_t count_of(int flavor)
{
    switch (flavor) {
    case x86_THREAD_STATE64: return x86_THREAD_STATE64_COUNT;
    case x86_FLOAT_STATE64: return x86_FLOAT_STATE64_COUNT;
    case x86_EXCEPTION_STATE64: return x86_EXCEPTION_STATE64_COUNT;
    case x86_THREAD_STATE: return x86_THREAD_STATE_COUNT;
    case x86_FSGS_BASE_STATE64: return x86_FSGS_BASE_STATE64_COUNT;
    default: return 0;
    }
}

union state {
    x86_thread_state64_t registers;
    x86_thread_state_t any;
    x86_float_state64_t vectors;
    x86_exception_state64_t exception;
    x86_fsgs_base_state64_t bases;
};

kern_return_t hal_thread_get_state(struct thread *thread, int flavor, uint32_t *state, uint32_t *count)
{
    struct program *program = thread->hal;
    const uint32_t size = count_of(flavor);
    union state value = {.any = {.tsh = {.flavor = x86_THREAD_STATE64, .count = x86_THREAD_STATE64_COUNT}}};

    if (size == 0 || *count < size)
        return KERN_INVALID_ARGUMENT;
    switch (flavor) {
    case x86_THREAD_STATE64: get_registers(program, &value.registers); break;
    case x86_THREAD_STATE: get_registers(program, &value.any.uts.ts64); break;
    case x86_FLOAT_STATE64: get_vectors(program, &value.vectors); break;
    case x86_EXCEPTION_STATE64: get_exception(program, &value.exception); break;
    default: value.bases = (x86_fsgs_base_state64_t){.__fsbase = program->fs_base, .__gsbase = program->gs_base};
    }
    memcpy(state, &value, size * sizeof *state);
    *count = size;
    return KERN_SUCCESS;
}

kern_return_t hal_thread_set_state(struct thread *thread, int flavor, const uint32_t *state, uint32_t count)
{
    struct program *program = thread->hal;
    union state value;

    if (count == 0 || count_of(flavor) != count)
        return KERN_INVALID_ARGUMENT;
    memcpy(&value, state, count * sizeof *state); /* which lies as messages do, on 4 bytes */
    schedule_changed(program);
    switch (flavor) {
    case x86_THREAD_STATE64: return set_registers(program, &value.registers);
    case x86_THREAD_STATE:
        return value.any.tsh.flavor == x86_THREAD_STATE64 ? set_registers(program, &value.any.uts.ts64)
                                                          : KERN_INVALID_ARGUMENT;
    case x86_FLOAT_STATE64: set_vectors(program, &value.vectors); return KERN_SUCCESS;
    case x86_FSGS_BASE_STATE64: return set_bases(program, &value.bases);
    default: return KERN_INVALID_ARGUMENT;
    }
}
