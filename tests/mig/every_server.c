/* SPDX-License-Identifier: BSD-2-Clause */
/* every_server.c - what serves every.defs: functions that give back what they got, in some simple way. */
#include "every_impl.h"

#include "loopback.h"
#include <stdlib.h>
#include <string.h>

struct served served;

#define UNUSED(x) (void)(x)

static void *copy_out(const void *data, size_t size)
{
    vm_address_t address = 0;

    if (size != 0 && vm_allocate(mach_task_self(), &address, size, 1) != KERN_SUCCESS)
        abort();
    if (size != 0)
        memcpy((void *)address, data, size);
    return (void *)address;
}

static void give_back(const void *data, size_t size)
{
    if (size != 0)
        vm_deallocate(mach_task_self(), (vm_address_t)data, size);
}

/* An either_t came in the message itself when messages are typed and it was small: then it is not ours to free. */
static void give_back_either(const void *data, size_t size)
{
    if (!EVERY_TYPED || size > 2048)
        give_back(data, size);
}

kern_return_t do_numbers(mach_port_t server, int8_t a, int16_t b, int c, int64_t d, float e, double f, boolean_t g,
                         int8_t *h, int16_t *i, int *j, int64_t *k, int64_t *l, double *m, boolean_t *n)
{
    UNUSED(server);
    *h = (int8_t)(*h + 1);
    *i = (int16_t)(*i + 1);
    *j += 1;
    *k += 1;
    *l = (int64_t)a + b + c + d;
    *m = (double)e * f;
    *n = !g;
    return KERN_SUCCESS;
}

kern_return_t do_structs(mach_port_t server, odd_t a, pair_t b, wide_t c, point_t d, odd_t *e, point_t *f, odd_t *g,
                         pair_t *h, wide_t *i, point_t *j)
{
    UNUSED(server);
    e->c[6]++;
    f->weight++;
    *g = a;
    *h = b;
    *i = c;
    *j = d;
    return KERN_SUCCESS;
}

kern_return_t do_fixed(mach_port_t server, four_t a, two_t b, four_t c, two_t d, four_t e, two_t f)
{
    UNUSED(server);
    for (int i = 0; i < 4; i++) {
        c[i] *= 2;
        e[i] = a[i] + 1;
    }
    for (int i = 0; i < 2; i++) {
        d[i] *= 2;
        f[i] = b[i] + 1;
    }
    return KERN_SUCCESS;
}

#define ECHO(name, type)                                                                                             \
    kern_return_t do_echo_##name(mach_port_t server, type a, mach_msg_type_number_t aCnt, type b,                    \
                                 mach_msg_type_number_t *bCnt)                                                       \
    {                                                                                                                \
        UNUSED(server);                                                                                              \
        served.capacity = *bCnt;                                                                                     \
        memcpy(b, a, aCnt * sizeof *a);                                                                              \
        *bCnt = aCnt;                                                                                                \
        return KERN_SUCCESS;                                                                                         \
    }
ECHO(bytes, bytes_t)
ECHO(points, points_t)
ECHO(grid, grid_t)
ECHO(big, big_t)

kern_return_t do_echo_longs(mach_port_t server, const longs_t a, mach_msg_type_number_t aCnt, longs_t b,
                            mach_msg_type_number_t *bCnt)
{
    UNUSED(server);
    for (unsigned i = 0; i < aCnt; i++)
        b[i] = a[i];
    *bCnt = aCnt;
    return KERN_SUCCESS;
}

/* Gives all it has, however little room the caller has told of: the reply's array is as large as the type. */
kern_return_t do_echo_ints(mach_port_t server, ints_t a, mach_msg_type_number_t aCnt, ints_t b,
                           mach_msg_type_number_t *bCnt)
{
    UNUSED(server);
    served.capacity = *bCnt;
    memcpy(b, a, aCnt * sizeof *a);
    *bCnt = aCnt;
    return KERN_SUCCESS;
}

kern_return_t do_double_ints(mach_port_t server, ints_t a, mach_msg_type_number_t *aCnt)
{
    UNUSED(server);
    for (unsigned i = 0; i < *aCnt && *aCnt * 2 <= 6; i++)
        a[*aCnt + i] = a[i];
    *aCnt = *aCnt * 2 <= 6 ? *aCnt * 2 : *aCnt;
    return KERN_SUCCESS;
}

kern_return_t do_mixed(mach_port_t server, bytes_t a, mach_msg_type_number_t aCnt, int b, longs_t c,
                       mach_msg_type_number_t cCnt, name16_t d, text_t e, point_t f, ints_t g,
                       mach_msg_type_number_t gCnt, four_t h, bytes_t i, mach_msg_type_number_t *iCnt, int *j,
                       longs_t k, mach_msg_type_number_t *kCnt, name16_t l, text_t m, point_t *n, ints_t o,
                       mach_msg_type_number_t *oCnt, four_t p)
{
    UNUSED(server);
    memcpy(i, a, aCnt);
    *iCnt = aCnt;
    *j = b;
    memcpy(k, c, cCnt * sizeof *c);
    *kCnt = cCnt;
    strcpy(l, d);
    strcpy(m, e);
    *n = f;
    memcpy(o, g, gCnt * sizeof *g);
    *oCnt = gCnt;
    memcpy(p, h, sizeof(four_t));
    return KERN_SUCCESS;
}

kern_return_t do_same_count(mach_port_t server, ints_t a, mach_msg_type_number_t aCnt, longs_t b, ints_t c,
                            mach_msg_type_number_t *cCnt, longs_t d, ports_t e)
{
    for (unsigned i = 0; i < aCnt; i++) {
        c[i] = (int)b[i];
        d[i] = a[i];
        e[i] = server;
    }
    *cCnt = aCnt;
    return KERN_SUCCESS;
}

kern_return_t do_strings(mach_port_t server, name16_t a, text_t b, name16_t c, text_t d, name16_t e, text_t f)
{
    UNUSED(server);
    strcpy(e, a);
    strcpy(f, b);
    if (c[0] != '\0')
        c[0]++;
    if (d[0] != '\0')
        d[0]++;
    return KERN_SUCCESS;
}

kern_return_t do_echo_ool(mach_port_t server, ool_t a, mach_msg_type_number_t aCnt, ool_t *b,
                          mach_msg_type_number_t *bCnt)
{
    UNUSED(server);
    *b = copy_out(a, aCnt);
    *bCnt = aCnt;
    give_back(a, aCnt);
    return KERN_SUCCESS;
}

kern_return_t do_give_ool(mach_port_t server, ool_t a, mach_msg_type_number_t aCnt, ool_t *b,
                          mach_msg_type_number_t *bCnt)
{
    UNUSED(server);
    served.kept = a;
    served.kept_size = aCnt;
    *b = a;
    *bCnt = aCnt;
    return KERN_SUCCESS;
}

kern_return_t do_maybe_ool(mach_port_t server, ool_t a, mach_msg_type_number_t aCnt, ool_t *b,
                           mach_msg_type_number_t *bCnt, boolean_t *bDealloc)
{
    UNUSED(server);
    *b = a;
    *bCnt = aCnt;
    *bDealloc = served.dealloc;
    served.kept = a;
    served.kept_size = aCnt;
    return KERN_SUCCESS;
}

kern_return_t do_keep_ool(mach_port_t server, ool_ints_t a, mach_msg_type_number_t aCnt, ool_ints_t *b,
                          mach_msg_type_number_t *bCnt)
{
    UNUSED(server);
    *b = a;
    *bCnt = aCnt;
    return KERN_SUCCESS;
}

kern_return_t do_auto_ool(mach_port_t server, ool_t a, mach_msg_type_number_t aCnt, int *sum)
{
    UNUSED(server);
    *sum = 0;
    for (unsigned i = 0; i < aCnt; i++)
        *sum += a[i];
    return KERN_SUCCESS;
}

kern_return_t do_scopy_ool(mach_port_t server, ool_t a, mach_msg_type_number_t aCnt, boolean_t aSCopy, int *in_line)
{
    UNUSED(server);
    *in_line = (int)aSCopy;
    give_back(a, aCnt);
    return KERN_SUCCESS;
}

kern_return_t do_point_ool(mach_port_t server, ool_point_t a, ool_point_t *b)
{
    UNUSED(server);
    a->x++;
    *b = a;
    return KERN_SUCCESS;
}

kern_return_t do_points_ool(mach_port_t server, ool_points_t a, mach_msg_type_number_t aCnt, ool_points_t *b,
                            mach_msg_type_number_t *bCnt)
{
    UNUSED(server);
    *b = a;
    *bCnt = aCnt;
    return KERN_SUCCESS;
}

kern_return_t do_inout_ool(mach_port_t server, ool_t *a, mach_msg_type_number_t *aCnt)
{
    char *twice = copy_out(*a, *aCnt * 2 > 0 ? *aCnt : 0);

    UNUSED(server);
    if (*aCnt > 0)
        twice[0]++;
    give_back(*a, *aCnt);
    *a = twice;
    return KERN_SUCCESS;
}

kern_return_t do_over_ool(mach_port_t server, int n, ool_t *a, mach_msg_type_number_t *aCnt)
{
    char data[64];

    UNUSED(server);
    memset(data, 'o', sizeof data);
    *a = copy_out(data, (size_t)n);
    *aCnt = (mach_msg_type_number_t)n;
    return KERN_SUCCESS;
}

kern_return_t do_either(mach_port_t server, either_t a, mach_msg_type_number_t aCnt, either_t *b,
                        mach_msg_type_number_t *bCnt)
{
    UNUSED(server);
    *b = copy_out(a, aCnt * sizeof *a);
    *bCnt = aCnt;
    give_back_either(a, aCnt * sizeof *a);
    if (EVERY_TYPED && aCnt * sizeof *a <= 2048) {
        served.kept = (char *)*b;
        served.kept_size = aCnt * sizeof *a;
    }
    return KERN_SUCCESS;
}

kern_return_t do_ports(mach_port_t server, mach_port_t copy, mach_port_t move, mach_port_t make, mach_port_t once,
                       mach_port_t *o_copy, mach_port_t *o_make, mach_port_t *o_once)
{
    UNUSED(server);
    served.got[0] = copy;
    served.got[1] = move;
    served.got[2] = make;
    served.got[3] = once;
    *o_copy = copy;
    *o_make = make;
    *o_once = once;
    return KERN_SUCCESS;
}

kern_return_t do_move_receive(mach_port_t server, mach_port_t a, mach_port_t *b)
{
    UNUSED(server);
    *b = a;
    return KERN_SUCCESS;
}

kern_return_t do_inout_port(mach_port_t server, mach_port_t *a)
{
    UNUSED(server);
    served.got[0] = *a;
    return KERN_SUCCESS;
}

kern_return_t do_poly(mach_port_t server, mach_port_t a, mach_msg_type_name_t aPoly, mach_port_t *b,
                      mach_msg_type_name_t *bPoly)
{
    UNUSED(server);
    served.poly = aPoly;
    *b = a;
    *bPoly = aPoly;
    return KERN_SUCCESS;
}

kern_return_t do_poly_once(mach_port_t server, mach_port_t a)
{
    UNUSED(server);
    served.got[0] = a;
    return KERN_SUCCESS;
}

kern_return_t do_port_array(mach_port_t server, ports_t a, mach_msg_type_number_t aCnt, ports_t b,
                            mach_msg_type_number_t *bCnt)
{
    UNUSED(server);
    for (unsigned i = 0; i < aCnt; i++)
        served.got[i] = b[i] = a[i];
    *bCnt = aCnt;
    return KERN_SUCCESS;
}

kern_return_t do_three_ports(mach_port_t server, three_ports_t a, three_ports_t b)
{
    UNUSED(server);
    for (unsigned i = 0; i < 3; i++)
        b[i] = a[i];
    return KERN_SUCCESS;
}

kern_return_t do_ool_ports(mach_port_t server, ool_ports_t a, mach_msg_type_number_t aCnt, ool_moved_t *b,
                           mach_msg_type_number_t *bCnt)
{
    UNUSED(server);
    *b = a;
    *bCnt = aCnt;
    return KERN_SUCCESS;
}

kern_return_t do_ool_poly(mach_port_t server, ool_poly_t a, mach_msg_type_name_t aPoly, mach_msg_type_number_t aCnt,
                          ool_poly_t *b, mach_msg_type_name_t *bPoly, mach_msg_type_number_t *bCnt)
{
    UNUSED(server);
    served.poly = aPoly;
    *b = a;
    *bPoly = aPoly;
    *bCnt = aCnt;
    return KERN_SUCCESS;
}

handle_t handle_from_int(int number)
{
    served.handles++;
    return (handle_t){number * 10};
}

int handle_to_int(handle_t handle)
{
    return handle.number / 10;
}

void handle_release(handle_t handle)
{
    UNUSED(handle);
    served.handles--;
}

kern_return_t do_handles(mach_port_t server, handle_t a, handle_t *b, handle_t *c)
{
    UNUSED(server);
    b->number += 10;
    c->number = a.number;
    return KERN_SUCCESS;
}

counted_t counted_from_port(mach_port_t port)
{
    served.handles++;
    return (counted_t){port, served.handles};
}

counted_t counted_from_payload(unsigned long payload)
{
    return counted_from_port((mach_port_t)payload);
}

void counted_release(counted_t counted)
{
    UNUSED(counted);
    served.handles--;
}

kern_return_t do_counted(counted_t server, counted_t a, text_t last, int *b)
{
    *b = served.handles * 100 + (int)strlen(last);
    served.got[0] = server.port;
    mach_port_deallocate(mach_task_self(), a.port);
    return KERN_SUCCESS;
}

kern_return_t do_both_ways(mach_port_t server, longs_t a, mach_msg_type_number_t *aCnt, points_t b,
                           mach_msg_type_number_t *bCnt, ports_t c, mach_msg_type_number_t *cCnt, ool_ints_t *d,
                           mach_msg_type_number_t *dCnt, mach_port_t *e, mach_msg_type_name_t *ePoly, pair_t *f,
                           pair_ptr_t g, grid_t h, mach_msg_type_number_t *hCnt, text_t i)
{
    UNUSED(server);
    for (unsigned n = 0; n < *aCnt; n++)
        a[n] = -a[n];
    a[(*aCnt)++] = 99;
    b[0].x++;
    *bCnt = 1;
    mach_port_deallocate(mach_task_self(), c[1]);
    c[1] = MACH_PORT_NULL;
    *cCnt = 2;
    served.kept = (char *)*d;
    served.kept_size = *dCnt * sizeof **d;
    (*d)[0]++;
    served.poly = *ePoly;
    UNUSED(e);
    if (f != NULL)
        f->a++;
    g->b++;
    h[1][3]++;
    UNUSED(hCnt);
    strcat(i, "!");
    return KERN_SUCCESS;
}

kern_return_t do_native(mach_port_t server, pair_ptr_t a, pair_t *b, value_t c, pair_ptr_t d, pair_t *e, int *got)
{
    UNUSED(server);
    *got = c + (b != NULL ? b->a : 1000);
    *d = *a;
    e->a = 5;
    e->b = 6;
    return KERN_SUCCESS;
}

kern_return_t do_tokens(mach_port_t server, mach_port_seqno_t seqno, security_token_t sec, audit_token_t audit,
                        mach_port_context_t context, audit_token_t again, int *sum)
{
    UNUSED(server);
    served.seqno = seqno;
    served.context = context;
    *sum = (int)(sec.val[0] + audit.val[1] + again.val[7]);
    return KERN_SUCCESS;
}

#define NUMBER(name, value)                                                                                          \
    kern_return_t do_##name(mach_port_t server, int *a)                                                              \
    {                                                                                                                \
        UNUSED(server);                                                                                              \
        *a = (value);                                                                                                \
        return KERN_SUCCESS;                                                                                         \
    }
NUMBER(timed, 1)
NUMBER(send_timed, 2)
NUMBER(with_reply, 3)

kern_return_t do_with_sreply(mach_port_t server, mach_port_t answer, int n, int *a)
{
    UNUSED(server);
    served.got[0] = answer;
    *a = n + 1;
    return KERN_SUCCESS;
}

kern_return_t do_poly_server(mach_port_t server, mach_msg_type_name_t serverPoly, int *a)
{
    UNUSED(server);
    *a = (int)serverPoly;
    return KERN_SUCCESS;
}

kern_return_t do_settings(mach_port_t server, mach_port_t a, int *b)
{
    UNUSED(server);
    *b = 4;
    mach_port_deallocate(mach_task_self(), a);
    return KERN_SUCCESS;
}

kern_return_t do_consume_timeout(mach_port_t server, mach_port_t a)
{
    UNUSED(server);
    served.got[0] = a;
    return KERN_SUCCESS;
}

kern_return_t do_note(mach_port_t server, int a, text_t b, ool_t c, mach_msg_type_number_t cCnt)
{
    UNUSED(server);
    served.calls++;
    served.number = a;
    strcpy(served.text, b);
    give_back(c, cCnt);
    return KERN_SUCCESS;
}

kern_return_t do_ask_back(mach_port_t server, mach_port_t answer, int a)
{
    UNUSED(server);
    served.got[0] = answer;
    served.number = a;
    return MIG_NO_REPLY;
}

kern_return_t do_result(mach_port_t server, kern_return_t code, ints_t a, mach_msg_type_number_t aCnt, point_t b)
{
    UNUSED(server);
    served.calls++;
    served.number = code;
    served.capacity = aCnt;
    served.sum = b.x;
    for (unsigned i = 0; i < aCnt; i++)
        served.sum += a[i];
    return KERN_SUCCESS;
}

void do_shout(mach_port_t server, int a)
{
    UNUSED(server);
    served.number = a;
}

void do_add(mach_port_t server, int a, int b, int *sum)
{
    UNUSED(server);
    *sum = a + b;
}

int do_product(mach_port_t server, int a, int b)
{
    UNUSED(server);
    return a * b;
}

point_t do_midpoint(mach_port_t server, point_t a, point_t b)
{
    UNUSED(server);
    return (point_t){.x = (a.x + b.x) / 2, .y = (a.y + b.y) / 2};
}

kern_return_t do_fail_with(mach_port_t server, int code, mach_port_t a, ool_t b, mach_msg_type_number_t bCnt)
{
    UNUSED(server);
    if (code == KERN_SUCCESS) {
        mach_port_deallocate(mach_task_self(), a);
        give_back(b, bCnt);
    }
    return code;
}

kern_return_t do_later(mach_port_t server, mach_port_t answer, int a, int *b, text_t c, longs_t d,
                       mach_msg_type_number_t *dCnt)
{
    UNUSED(server);
    UNUSED(b);
    UNUSED(c);
    UNUSED(d);
    UNUSED(dCnt);
    served.got[0] = answer;
    served.number = a;
    return MIG_NO_REPLY;
}
