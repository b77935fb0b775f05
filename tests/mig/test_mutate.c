/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_mutate.c - every routine of mutate.defs, with one field of its request or reply wrong.
 *
 * What the fields are is read from the description that `mig -json` gives, so that nothing is left out.
 * A wrong field must give the error that mig(1) documents for it, must lose no right and no memory, and
 * must not make a stub touch what is not there (which AddressSanitizer watches).
 */
#include "../suite.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "loopback.h"
#include "mutate.h"
#include "mutate_server.h"

static mach_port_t server, port;

/* What caller and server give away in their messages, if the kernel takes it. */
static unsigned given_rights;
static size_t given_memory;

static void give(unsigned count, size_t size)
{
    loopback_add_send(port, count);
    given_rights += count;
    given_memory += size;
}

/* ---- what is served: each function keeps nothing, and gives something new ------------------------- */

static void *memory(const void *data, size_t size)
{
    vm_address_t address = 0;

    if (vm_allocate(mach_task_self(), &address, size, 1) != KERN_SUCCESS)
        abort();
    memcpy((void *)address, data, size);
    return (void *)address;
}

static void release(const void *data, size_t size)
{
    if (size != 0 && vm_deallocate(mach_task_self(), (vm_address_t)data, size) != KERN_SUCCESS)
        abort();
}

static void drop(mach_port_t right)
{
    if (MACH_PORT_VALID(right) && mach_port_deallocate(mach_task_self(), right) != KERN_SUCCESS)
        abort();
}

kern_return_t mu_data(mach_port_t self, int a, chars_t b, mach_msg_type_number_t bCnt, longs_t c,
                      mach_msg_type_number_t cCnt, word_t d, text_t e, ints_t f, mach_msg_type_number_t fCnt, pair_t g,
                      chars_t h, mach_msg_type_number_t *hCnt, ints_t i, mach_msg_type_number_t *iCnt, word_t j,
                      text_t k, longs_t l, mach_msg_type_number_t *lCnt, pair_t *m)
{
    (void)self;
    memcpy(h, b, bCnt);
    *hCnt = bCnt;
    for (unsigned n = 0; n < fCnt && n < *iCnt; n++)
        i[n] = f[n] + a;
    *iCnt = fCnt;
    strcpy(j, d);
    strcpy(k, e);
    memcpy(l, c, cCnt * sizeof *c);
    *lCnt = cCnt;
    *m = g;
    return KERN_SUCCESS;
}

kern_return_t mu_same(mach_port_t self, ints_t a, mach_msg_type_number_t aCnt, longs_t b, ints_t c,
                      mach_msg_type_number_t *cCnt, longs_t d)
{
    (void)self;
    for (unsigned i = 0; i < aCnt; i++) {
        c[i] = a[i];
        d[i] = b[i];
    }
    *cCnt = aCnt;
    return KERN_SUCCESS;
}

kern_return_t mu_outside(mach_port_t self, memory_t a, mach_msg_type_number_t aCnt, pairs_t b,
                         mach_msg_type_number_t bCnt, fixed_t c, memory_t *d, mach_msg_type_number_t *dCnt, pairs_t *e,
                         mach_msg_type_number_t *eCnt, fixed_t *f)
{
    (void)self;
    release(a, aCnt);
    release(b, bCnt * sizeof *b);
    release(c, 4 * sizeof *c);
    *d = memory("abcdefgh", 8);
    *dCnt = 8;
    *e = memory((pair_t[2]){{1, 2}, {3, 4}}, 2 * sizeof(pair_t));
    *eCnt = 2;
    *f = memory((int[4]){1, 2, 3, 4}, 4 * sizeof(int));
    give(0, 8 + 2 * sizeof(pair_t) + 4 * sizeof(int));
    return KERN_SUCCESS;
}

kern_return_t mu_rights(mach_port_t self, mach_port_t a, mach_port_t b, mach_port_t c, mach_msg_type_name_t cPoly,
                        mach_port_t *d, mach_port_t *e, mach_port_t *f, mach_msg_type_name_t *fPoly)
{
    (void)self;
    drop(a);
    drop(b);
    if (cPoly != MACH_MSG_TYPE_PORT_RECEIVE)
        drop(c);
    give(1, 0);
    *d = port;
    *e = port;
    *f = port;
    *fPoly = MACH_MSG_TYPE_MAKE_SEND;
    return KERN_SUCCESS;
}

kern_return_t mu_many_rights(mach_port_t self, rights_t a, mach_msg_type_number_t aCnt, two_rights_t b, ool_rights_t c,
                             mach_msg_type_number_t cCnt, rights_t d, mach_msg_type_number_t *dCnt, two_rights_t e,
                             ool_rights_t *f, mach_msg_type_number_t *fCnt)
{
    (void)self;
    for (unsigned i = 0; i < aCnt; i++)
        drop(a[i]);
    drop(b[0]);
    drop(b[1]);
    for (unsigned i = 0; i < cCnt; i++)
        drop(c[i]);
    release(c, cCnt * sizeof *c);
    give(4, 2 * sizeof port);
    d[0] = d[1] = port;
    *dCnt = 2;
    e[0] = e[1] = port;
    *f = memory((mach_port_t[2]){port, port}, 2 * sizeof port);
    *fCnt = 2;
    return KERN_SUCCESS;
}

kern_return_t mu_optional(mach_port_t self, pair_t *a, int b, pair_t *c, int *d)
{
    (void)self;
    if (a != NULL)
        *c = *a;
    *d = b;
    return KERN_SUCCESS;
}

kern_return_t mu_nothing(mach_port_t self)
{
    (void)self;
    return KERN_SUCCESS;
}

kern_return_t mu_note(mach_port_t self, text_t a, memory_t b, mach_msg_type_number_t bCnt, mach_port_t c)
{
    (void)self;
    (void)a;
    release(b, bCnt);
    drop(c);
    return KERN_SUCCESS;
}

/* ---- a call of each ------------------------------------------------------------------------------- */


static kern_return_t call_data(void)
{
    chars_t b = (char[]){"abc"};
    int64_t c[5] = {1, 2}, l[5];
    int f[6] = {1, 2, 3, 4, 5}, i[6];
    char h[10];
    word_t j;
    text_t k;
    pair_t m;
    mach_msg_type_number_t hCnt = 10, iCnt = 6, lCnt = 5;

    return data(server, 7, b, 3, c, 2, "a word", "some text", f, 5, (pair_t){1, 2}, h, &hCnt, i, &iCnt, j, k, l, &lCnt,
                &m);
}

static kern_return_t call_same(void)
{
    int a[6] = {1, 2, 3}, c[6];
    int64_t b[5] = {4, 5, 6}, d[5];
    mach_msg_type_number_t count = 6;

    return same(server, a, 3, b, c, &count, d);
}

static kern_return_t call_outside(void)
{
    memory_t a = memory("0123456789abcdef", 16), d;
    pair_t *b = memory((pair_t[3]){{1, 2}, {3, 4}, {5, 6}}, 3 * sizeof *b), *e;
    int *c = memory((int[4]){5, 6, 7, 8}, 4 * sizeof *c), *f;
    mach_msg_type_number_t dCnt, eCnt;

    give(0, 16);
    kern_return_t result = outside(server, a, 16, b, 3, c, &d, &dCnt, &e, &eCnt, &f);
    release(b, 3 * sizeof *b);
    release(c, 4 * sizeof *c);
    if (result == KERN_SUCCESS) {
        release(d, dCnt);
        release(e, eCnt * sizeof *e);
        release(f, 4 * sizeof *f);
    }
    return result;
}

static kern_return_t call_rights(void)
{
    mach_port_t d, e, f;
    mach_msg_type_name_t poly;

    give(1, 0);
    kern_return_t result = rights(server, port, port, port, MACH_MSG_TYPE_COPY_SEND, &d, &e, &f, &poly);
    if (result == KERN_SUCCESS) {
        drop(d);
        drop(e);
        drop(f);
    }
    return result;
}

static kern_return_t call_many_rights(void)
{
    mach_port_t a[3] = {port, port, port}, d[3], e[2], *f;
    mach_port_t *c = memory((mach_port_t[3]){port, port, MACH_PORT_NULL}, 3 * sizeof *c);
    mach_msg_type_number_t dCnt = 3, fCnt;

    give(4, 3 * sizeof *c);
    kern_return_t result = many_rights(server, a, 2, (mach_port_t[2]){port, port}, c, 3, d, &dCnt, e, &f, &fCnt);
    if (result == KERN_SUCCESS) {
        for (unsigned i = 0; i < dCnt; i++)
            drop(d[i]);
        drop(e[0]);
        drop(e[1]);
        for (unsigned i = 0; i < fCnt; i++)
            drop(f[i]);
        release(f, fCnt * sizeof *f);
    }
    return result;
}

static kern_return_t call_optional(void)
{
    pair_t a = {1, 2}, c;
    int d;

    return optional(server, &a, 3, &c, &d);
}

static kern_return_t call_nothing(void)
{
    return nothing(server);
}

static kern_return_t call_note(void)
{
    memory_t b = memory("0123456789", 10);

    give(1, 10);
    return note(server, "a note", b, 10, port);
}

static const struct call {
    const char *name;
    kern_return_t (*call)(void);
} calls[] = {
    {"data", call_data},         {"same", call_same},       {"outside", call_outside},
    {"rights", call_rights},     {"optional", call_optional}, {"many_rights", call_many_rights},
    {"nothing", call_nothing},   {"note", call_note},
};

/* ---- one field wrong ------------------------------------------------------------------------------ */

struct mutation {
    bool reply;        /* which half is changed */
    unsigned offset;   /* of a 32-bit word, */
    uint32_t flip;     /* these of its bits change, */
    uint32_t add;      /* and then this is added */
    unsigned fill;     /* or so many bytes become 'x' */
    int grow;          /* or the size changes so much */
    mach_msg_header_t *copy;
    kern_return_t answered; /* what the server's reply said, for one that only failed */
};

static mach_msg_header_t *mutate(mach_msg_header_t *message, mach_msg_size_t size, bool reply, void *context)
{
    struct mutation *mutation = context;
    uint32_t word;

    if (reply && !mutation->reply && !(message->msgh_bits & MACH_MSGH_BITS_COMPLEX))
        memcpy(&mutation->answered, (char *)message + 32, sizeof mutation->answered);
    if (reply != mutation->reply)
        return message;
    free(mutation->copy);
    mutation->copy = calloc(1, size + 256);
    memcpy(mutation->copy, message, size);
    mutation->copy->msgh_size = (int)size + mutation->grow > 0 ? size + (unsigned)mutation->grow : 4;
    if (mutation->fill > 0) {
        memset((char *)mutation->copy + mutation->offset, 'x', mutation->fill);
    } else if (mutation->flip != 0 || mutation->add != 0) {
        memcpy(&word, (char *)mutation->copy + mutation->offset, sizeof word);
        word = (word ^ mutation->flip) + mutation->add;
        memcpy((char *)mutation->copy + mutation->offset, &word, sizeof word);
    }
    return mutation->copy;
}

/* Send rights that nobody gives away, so that a message which takes too many still finds them. */
enum { SPARE = 10, RIGHTS = 4 + SPARE };

struct outcome {
    bool success, bad_arguments, type_error, mismatch; /* which of these are right */
    bool bad_id; /* the server answers so, and with its own id, which the client cannot take for its answer */
};

static void start(void)
{
    loopback_reset(EVERY_TYPED);
    server = loopback_port(mutate_server, mu_mutate_subsystem.maxsize);
    port = loopback_port(NULL, 0);
    loopback_add_send(port, SPARE);
}

static void check_result(const char *what, const struct mutation *mutation, kern_return_t result,
                         const struct outcome *right)
{
    bool ok = false;

    /* The kernel may refuse what no honest sender sends: then the stub has nothing to find. */
    ok = ok || (!mutation->reply && MIG_SEND_FAILED(result));
    ok = ok || (mutation->reply && (result == MIG_SERVER_DIED || (mutation->grow > 0 && result == MACH_RCV_TOO_LARGE)));
    ok = ok || (right->success && result == KERN_SUCCESS);
    ok = ok || (right->bad_arguments && result == (mutation->reply ? MIG_TYPE_ERROR : MIG_BAD_ARGUMENTS));
    ok = ok || (right->type_error && result == MIG_TYPE_ERROR);
    ok = ok || (right->bad_id && result == MIG_REPLY_MISMATCH && mutation->answered == MIG_BAD_ID);
    ok = ok || (right->mismatch && result == MIG_REPLY_MISMATCH);
    ck_assert_msg(ok, "%s, offset %u flip %#x add %d fill %u grow %d: result %d", what, mutation->offset,
                  mutation->flip, (int)mutation->add, mutation->fill, mutation->grow, result);
}

/* Everything that the kernel took must have been let go of; what it did not take is still the sender's. */
static void check_losses(const char *what, const struct mutation *mutation, kern_return_t result)
{
    int rights_kept = (int)given_rights - (int)loopback_taken_rights();
    size_t memory_kept = given_memory - loopback_taken_memory();
    /* The server loop has destroyed a reply that was refused, as far as one can who has it wrong. */
    if (mutation->reply && result == MIG_SERVER_DIED)
        return;
    ck_assert_msg((int)loopback_rights() == RIGHTS + rights_kept, "%s, offset %u flip %#x add %d grow %d: %d rights lost, result %d",
                  what, mutation->offset, mutation->flip, (int)mutation->add, mutation->grow,
                  (int)loopback_rights() - RIGHTS - rights_kept, result);
    ck_assert_msg(loopback_memory() == memory_kept, "%s, offset %u flip %#x add %d grow %d: %zu bytes lost, result %d",
                  what, mutation->offset, mutation->flip, (int)mutation->add, mutation->grow,
                  loopback_memory() - memory_kept, result);
}

static unsigned tried;

static void try(const struct call *call, const char *what, struct mutation mutation, struct outcome right, bool one_way)
{
    char where[128];

    start();
    loopback_on_send(mutate, &mutation);
    given_rights = 0;
    given_memory = 0;
    kern_return_t result = call->call();
    /* A message without a reply has been sent; what its server found stays on the server's side. */
    if (one_way && !MIG_SEND_FAILED(result))
        result = KERN_SUCCESS, right.success = true;
    snprintf(where, sizeof where, "%s, %s %s", call->name, mutation.reply ? "reply's" : "request's", what);
    check_result(where, &mutation, result, &right);
    check_losses(where, &mutation, result);
    free(mutation.copy);
    tried++;
}

static const struct outcome must_fail = {.bad_arguments = true, .type_error = true};
static const struct outcome may_fail = {.success = true, .bad_arguments = true, .type_error = true};
static const struct outcome must_be_bad = {.bad_arguments = true};

static void try_words(const struct call *call, const char *what, bool reply, unsigned offset, unsigned size,
                      struct outcome right, bool one_way)
{
    static const uint32_t flips[] = {1, 2, 4, 0x80, 0x100, 0x8000, 0x10000, 0x80000000u, 0xffffffffu};
    static const int adds[] = {1, -1, 4, 1000};

    for (unsigned at = offset; at + 4 <= offset + size; at += 4) {
        for (size_t i = 0; i < sizeof flips / sizeof flips[0]; i++)
            try(call, what, (struct mutation){.reply = reply, .offset = at, .flip = flips[i]}, right, one_way);
        for (size_t i = 0; i < sizeof adds / sizeof adds[0]; i++)
            try(call, what, (struct mutation){.reply = reply, .offset = at, .add = (uint32_t)adds[i]}, right, one_way);
    }
}

/* Where an item really lies in the message that was sent: behind shorter arrays, nearer to the head. */
struct layout {
    unsigned size;
    unsigned char *bytes;
};

static mach_msg_header_t *capture(mach_msg_header_t *message, mach_msg_size_t size, bool reply, void *context)
{
    struct layout *layouts = context;

    free(layouts[reply].bytes);
    layouts[reply].size = size;
    layouts[reply].bytes = malloc(size);
    memcpy(layouts[reply].bytes, message, size);
    return message;
}

static unsigned number_at(const struct layout *layout, unsigned offset)
{
    uint32_t word;

    ck_assert_uint_le(offset + 4, layout->size);
    memcpy(&word, layout->bytes + offset, sizeof word);
    return word;
}

static unsigned element_size(json_t *arg_type)
{
    json_t *element = json_object_get(arg_type, "element");

    return element != NULL ? (unsigned)json_integer_value(json_object_get(element, "size")) : 1;
}

static json_t *arg_named(json_t *routine, const char *name)
{
    size_t i;
    json_t *arg;

    json_array_foreach(json_object_get(routine, "args"), i, arg) {
        if (strcmp(json_string_value(json_object_get(arg, "name")), name) == 0)
            return arg;
    }
    return NULL;
}

static void try_type(const struct call *call, bool reply, unsigned offset, json_t *type, bool one_way)
{
    bool ports = json_is_true(json_object_get(type, "ports"));
    bool same_words = json_is_true(json_object_get(type, "variable")) &&
                      (json_is_true(json_object_get(type, "out_of_line")) || element_size(type) % 8 != 0);

    for (unsigned bit = 0; bit < 64; bit++) {
        bool means_nothing = bit >= 24 && bit <= 28;
        bool is_dealloc = bit == 31;
        bool number = bit >= 32;
        struct outcome right =
            means_nothing || (ports && bit < 8) || (same_words && number) ? may_fail : must_fail;
        if (ports && bit == 0)
            continue; /* makes a receive right of a send right, which the caller has not counted */
        if (is_dealloc)
            continue; /* says who frees the sender's memory: another message, not a wrong one */
        try(call, "type",
            (struct mutation){.reply = reply, .offset = offset + bit / 32 * 4, .flip = 1u << (bit % 32)}, right,
            one_way);
    }
}

static void try_descriptor(const struct call *call, bool reply, const char *kind, unsigned offset, bool one_way)
{
    bool port_kind = strcmp(kind, "port") == 0;
    bool ports = port_kind || strcmp(kind, "ool_ports") == 0;

    for (unsigned bit = 24; bit < 32; bit++)
        try(call, "descriptor type", (struct mutation){.reply = reply, .offset = offset + 8, .flip = 1u << bit},
            must_fail, one_way);
    /* Bit 16 makes a receive right of a send right, which the caller has not counted. */
    for (unsigned bit = 17; ports && bit < 24; bit++)
        try(call, "disposition", (struct mutation){.reply = reply, .offset = offset + 8, .flip = 1u << bit}, may_fail,
            one_way);
    for (unsigned bit = 0; !port_kind && bit < 32; bit++)
        try(call, "descriptor size", (struct mutation){.reply = reply, .offset = offset + 12, .flip = 1u << bit},
            must_fail, one_way);
}

/* All of a message's items, at the places where they were when it was captured. */
static void try_items(const struct call *call, json_t *routine, bool reply, const struct layout *layout, bool one_way)
{
    json_t *message = json_object_get(routine, reply ? "reply" : "request"), *item;
    unsigned delta = 0, last_count = 0;
    size_t i;

    json_array_foreach(json_object_get(message, "items"), i, item) {
        const char *kind = json_string_value(json_object_get(item, "kind"));
        const char *arg_name = json_string_value(json_object_get(item, "arg"));
        unsigned offset = (unsigned)json_integer_value(json_object_get(item, "offset")) - delta;
        unsigned size = (unsigned)json_integer_value(json_object_get(item, "size"));
        unsigned padded = (unsigned)json_integer_value(json_object_get(item, "padded"));
        json_t *arg = arg_name != NULL ? arg_named(routine, arg_name) : NULL;
        json_t *type = arg != NULL ? json_object_get(arg, "type") : NULL;
        bool ports = type != NULL && json_is_true(json_object_get(type, "ports"));
        bool capacity = arg != NULL && !reply && strcmp(json_string_value(json_object_get(arg, "direction")), "out") == 0;
        bool string = type != NULL && strcmp(json_string_value(json_object_get(type, "kind")), "string") == 0;

        if (strcmp(kind, "port") == 0 || strcmp(kind, "ool") == 0 || strcmp(kind, "ool_ports") == 0) {
            unsigned count = (unsigned)json_integer_value(json_object_get(item, "count"));
            for (unsigned d = 0; d < count; d++)
                try_descriptor(call, reply, kind, offset + d * 12, one_way);
        } else if (strcmp(kind, "type") == 0) {
            try_type(call, reply, offset, type, one_way);
            last_count = number_at(layout, offset + 4);
        } else if (strcmp(kind, "count") == 0) {
            last_count = number_at(layout, offset);
            /* Another count may fill the same words, or count a null right that was there anyway. */
            bool same_words = element_size(type) % 4 != 0 || ports;
            try_words(call, "count", reply, offset, 4, capacity || same_words ? may_fail : must_fail, one_way);
        } else if (strcmp(kind, "retcode") == 0) {
            struct mutation wrong = {.reply = true, .offset = offset, .add = (uint32_t)MIG_TYPE_ERROR};
            try(call, "return code", wrong, must_fail, one_way);
        } else if (strcmp(kind, "ndr") == 0 || strcmp(kind, "offset") == 0) {
            try_words(call, kind, reply, offset, size, may_fail, one_way);
        } else if (strcmp(kind, "data") == 0 && string) {
            try(call, "string", (struct mutation){.reply = reply, .offset = offset, .fill = size}, must_be_bad,
                one_way);
        } else if (strcmp(kind, "data") == 0 && !ports && !json_is_true(json_object_get(type, "out_of_line"))) {
            try_words(call, "data", reply, offset, size, may_fail, one_way);
        } else if (strcmp(kind, "variable") == 0) {
            unsigned count = last_count;
            json_t *counted_by = json_object_get(arg, "counted_by");
            if (counted_by != NULL && strcmp(json_string_value(counted_by), arg_name) != 0 && !EVERY_TYPED)
                count = 3; /* of the array that it counts with: the only such call has three */
            unsigned bits = (unsigned)json_integer_value(json_object_get(type, "bits"));
            unsigned used = EVERY_TYPED ? count * bits / 8 : count * element_size(type);
            unsigned align = EVERY_TYPED ? 8 : 4;
            if (string && used > 0)
                try(call, "string", (struct mutation){.reply = reply, .offset = offset, .fill = used}, must_be_bad,
                    one_way);
            else if (!ports && used >= 4)
                try_words(call, "array", reply, offset, used, may_fail, one_way);
            delta += padded - (used + align - 1) / align * align;
        }
    }
}

static void try_header(const struct call *call, json_t *routine, bool reply, bool one_way)
{
    json_t *message = json_object_get(routine, reply ? "reply" : "request");
    bool complex = json_is_true(json_object_get(message, "complex"));
    const struct outcome wrong_id = {.bad_id = !reply, .mismatch = reply};

    try(call, "complex bit", (struct mutation){.reply = reply, .offset = 0, .flip = MACH_MSGH_BITS_COMPLEX},
        must_fail, one_way);
    for (int grow = -40; grow <= 200; grow += 4) {
        if (grow != 0)
            try(call, "size", (struct mutation){.reply = reply, .grow = grow}, must_fail, one_way);
    }
    try(call, "id", (struct mutation){.reply = reply, .offset = 20, .add = 100000}, wrong_id, one_way);
    try(call, "id", (struct mutation){.reply = reply, .offset = 20, .flip = 0x80000000u}, wrong_id, one_way);
    if (complex && !EVERY_TYPED)
        try_words(call, "descriptor count", reply, 24, 4, must_be_bad, one_way);
}

static json_t *description;

static void mutate_routine(const struct call *call)
{
    struct layout layouts[2] = {{0, NULL}, {0, NULL}};
    json_t *routine = NULL, *entry;
    size_t i;

    json_array_foreach(json_object_get(description, "routines"), i, entry) {
        if (strcmp(json_string_value(json_object_get(entry, "name")), call->name) == 0)
            routine = entry;
    }
    ck_assert_ptr_nonnull(routine);
    bool one_way = json_object_get(routine, "reply") == NULL;
    start();
    loopback_on_send(capture, layouts);
    ck_assert_int_eq(call->call(), KERN_SUCCESS);
    ck_assert_uint_eq(loopback_rights(), RIGHTS);
    ck_assert_uint_eq(loopback_memory(), 0);
    try_header(call, routine, false, one_way);
    try_items(call, routine, false, &layouts[0], one_way);
    if (!one_way) {
        try_header(call, routine, true, false);
        try_items(call, routine, true, &layouts[1], false);
    }
    free(layouts[0].bytes);
    free(layouts[1].bytes);
}

START_TEST(a_wrong_field_gives_its_error_and_loses_nothing)
{
    mutate_routine(&calls[_i]);
}
END_TEST

START_TEST(every_routine_is_tried)
{
    ck_assert_uint_eq(json_array_size(json_object_get(description, "routines")), sizeof calls / sizeof calls[0]);
}
END_TEST

int main(void)
{
    json_error_t error;
    const char *folder = getenv("DESCRIPTIONS");
    char path[4096];

    snprintf(path, sizeof path, "%s/mutate.json", folder != NULL ? folder : EVERY_TYPED ? "gen/typed" : "gen");
    description = json_load_file(path, 0, &error);
    if (description == NULL) {
        fprintf(stderr, "%s: %s\n", path, error.text);
        return EXIT_FAILURE;
    }
    Suite *suite = suite_create(EVERY_TYPED ? "wrong messages, typed" : "wrong messages, untyped");
    TCase *tcase = tcase_create("mutations");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, a_wrong_field_gives_its_error_and_loses_nothing, 0,
                        (int)(sizeof calls / sizeof calls[0]));
    tcase_add_test(tcase, every_routine_is_tried);
    suite_add_tcase(suite, tcase);
    int status = run_suite(suite);
    json_decref(description);
    loopback_reset(false);
    return status;
}
