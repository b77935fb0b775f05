/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_every.c - stubs that mig made, client against server: values, bounds, rights and memory, both formats.
 *
 * With EVERY_SERVICE the server is no generated code: libmig serves the same functions from a description.
 */
#include "every_impl.h"

#include "every_ids.h"

#include "../suite.h"
#include <stdlib.h>
#include <string.h>

#include "loopback.h"

static mach_port_t server;
static kern_return_t error_seen;

void every_error(kern_return_t error)
{
    error_seen = error;
}

void MsgError(kern_return_t error);
void MsgError(kern_return_t error)
{
    error_seen = error;
}

#if EVERY_SERVICE
#include "every_service.h"
#define serve_every every_service_demux
#define LARGEST_REPLY every_service_max_reply()
#else
#define serve_every every_server
#define LARGEST_REPLY do_every_subsystem.maxsize
#endif

static void setup(void)
{
    memset(&served, 0, sizeof served);
    error_seen = KERN_SUCCESS;
    loopback_reset(EVERY_TYPED);
    server = loopback_port(serve_every, LARGEST_REPLY);
}

/* Every test ends with just the server's own port left, and no memory. */
static void teardown(void)
{
    ck_assert_uint_eq(loopback_rights(), 2);
    ck_assert_uint_eq(loopback_memory(), 0);
    loopback_reset(EVERY_TYPED);
}

static void *memory(const void *data, size_t size)
{
    vm_address_t address = 0;

    ck_assert_int_eq(vm_allocate(mach_task_self(), &address, size, 1), KERN_SUCCESS);
    memcpy((void *)address, data, size);
    return (void *)address;
}

static void release(const void *data, size_t size)
{
    ck_assert_int_eq(vm_deallocate(mach_task_self(), (vm_address_t)data, size), KERN_SUCCESS);
}

static void drop(mach_port_t port)
{
    ck_assert_int_eq(mach_port_deallocate(mach_task_self(), port), KERN_SUCCESS);
}

static void drop_receive(mach_port_t port)
{
    ck_assert_int_eq(mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1), KERN_SUCCESS);
}

/* ---- values --------------------------------------------------------------------------------------- */

START_TEST(numbers_of_every_size_go_in_inout_and_out)
{
    int8_t h = 127;
    int16_t i = -2;
    int j = 0x7ffffffe;
    int64_t k = INT64_MIN, l;
    double m;
    boolean_t n;

    ck_assert_int_eq(numbers(server, -1, 300, -70000, 1ll << 40, 1.5f, 4.0, TRUE, &h, &i, &j, &k, &l, &m, &n),
                     KERN_SUCCESS);
    ck_assert_int_eq(h, -128);
    ck_assert_int_eq(i, -1);
    ck_assert_int_eq(j, 0x7fffffff);
    ck_assert(k == INT64_MIN + 1);
    ck_assert(l == (1ll << 40) - 1 + 300 - 70000);
    ck_assert(m == 6.0);
    ck_assert(!n);
}
END_TEST

START_TEST(structures_of_odd_sizes_go_in_inout_and_out)
{
    odd_t a = {"abcdef"}, e = {"xyz"}, g;
    pair_t b = {1, 2}, h;
    wide_t c = {{-1, 2, -3}}, i;
    point_t d = {1, 2, "ab", 7}, f = {3, 4, "cd", 41}, j;

    ck_assert_int_eq(structs(server, a, b, c, d, &e, &f, &g, &h, &i, &j), KERN_SUCCESS);
    ck_assert_int_eq(e.c[6], 1);
    ck_assert(f.weight == 42 && f.x == 3 && strcmp(f.tag, "cd") == 0);
    ck_assert_mem_eq(&g, &a, sizeof a);
    ck_assert(h.a == 1 && h.b == 2 && i.v[2] == -3);
    ck_assert(j.x == 1 && j.y == 2 && j.weight == 7);
}
END_TEST

START_TEST(fixed_arrays_go_in_inout_and_out)
{
    four_t a = {1, 2, 3, 4}, c = {5, 6, 7, 8}, e;
    two_t b = {1ll << 40, 2}, d = {3, 4}, f;

    ck_assert_int_eq(fixed(server, a, b, c, d, e, f), KERN_SUCCESS);
    ck_assert_int_eq(c[3], 16);
    ck_assert_int_eq(e[0], 2);
    ck_assert(d[1] == 8 && f[0] == (1ll << 40) + 1);
}
END_TEST

/* Counts at 0, 1, N-1, N are carried; N+1 is refused before anything is sent. */
#define BOUNDS(name, element, bound)                                                                                 \
    START_TEST(name##_at_its_bounds)                                                                                 \
    {                                                                                                                \
        static element in[(bound) + 1], out[(bound) + 1];                                                            \
        const unsigned counts[] = {0, 1, (bound)-1, (bound), (bound) + 1};                                           \
        for (size_t i = 0; i < sizeof in; i++)                                                                       \
            ((unsigned char *)in)[i] = (unsigned char)(i * 7 + 1);                                                   \
        for (unsigned i = 0; i < 5; i++) {                                                                           \
            mach_msg_type_number_t count = (bound);                                                                  \
            memset(out, 0, sizeof out);                                                                              \
            kern_return_t result = echo_##name(server, in, counts[i], out, &count);                                  \
            if (counts[i] > (bound)) {                                                                               \
                ck_assert_int_eq(result, MIG_ARRAY_TOO_LARGE);                                                       \
                ck_assert_uint_eq(loopback_messages(), 8);                                                           \
                continue;                                                                                            \
            }                                                                                                        \
            ck_assert_int_eq(result, KERN_SUCCESS);                                                                  \
            ck_assert_uint_eq(count, counts[i]);                                                                     \
            ck_assert_mem_eq(out, in, counts[i] * sizeof(element));                                                  \
            ck_assert(((char *)out)[counts[i] * sizeof(element)] == 0);                                              \
        }                                                                                                            \
    }                                                                                                                \
    END_TEST
BOUNDS(bytes, char, 10)
BOUNDS(ints, int, 6)
BOUNDS(longs, int64_t, 5)
BOUNDS(points, point_t, 3)
BOUNDS(grid, four_t, 4)
BOUNDS(big, int64_t, 20000)

START_TEST(countinout_tells_the_server_how_much_room_there_is)
{
    int in[3] = {1, 2, 3}, out[6] = {0};
    mach_msg_type_number_t count = 4;

    ck_assert_int_eq(echo_ints(server, in, 3, out, &count), KERN_SUCCESS);
    ck_assert_uint_eq(served.capacity, 4);
    count = 100;
    ck_assert_int_eq(echo_ints(server, in, 3, out, &count), KERN_SUCCESS);
    ck_assert_uint_eq(served.capacity, 6);
}
END_TEST

START_TEST(countinout_gives_what_fits_and_says_how_many_there_were)
{
    int in[5] = {1, 2, 3, 4, 5}, out[6] = {0};
    mach_msg_type_number_t count = 2;

    ck_assert_int_eq(echo_ints(server, in, 5, out, &count), MIG_ARRAY_TOO_LARGE);
    ck_assert_uint_eq(count, 5);
    ck_assert(out[0] == 1 && out[1] == 2 && out[2] == 0);
}
END_TEST

START_TEST(inout_array_grows_and_shrinks)
{
    int a[6] = {1, 2, 3};
    mach_msg_type_number_t count = 3;

    ck_assert_int_eq(double_ints(server, a, &count), KERN_SUCCESS);
    ck_assert_uint_eq(count, 6);
    ck_assert_int_eq(a[5], 3);
    count = 7;
    ck_assert_int_eq(double_ints(server, a, &count), MIG_ARRAY_TOO_LARGE);
}
END_TEST

START_TEST(several_variable_arrays_and_what_lies_between)
{
    char a[10] = "abcdefghi", i[10];
    int64_t c[5] = {1, -2, 3, -4, 5}, k[5];
    int g[6] = {9, 8, 7, 6, 5, 4}, o[6], j;
    four_t h = {1, 2, 3, 4}, p;
    point_t f = {1, 2, "zz", 3}, n;
    name16_t l;
    text_t m;

    for (unsigned count = 0; count <= 5; count++) {
        mach_msg_type_number_t iCnt = 10, kCnt = 5, oCnt = 6;
        char text[64];
        memset(text, 0, sizeof text);
        memset(text, 't', count * 12);
        ck_assert_int_eq(mixed(server, a, count * 2, (int)count, c, count, "name", text, f, g, count + 1, h, i, &iCnt,
                               &j, k, &kCnt, l, m, &n, o, &oCnt, p),
                         KERN_SUCCESS);
        ck_assert_uint_eq(iCnt, count * 2);
        ck_assert_mem_eq(i, a, count * 2);
        ck_assert_int_eq(j, count);
        ck_assert_uint_eq(kCnt, count);
        ck_assert_mem_eq(k, c, count * sizeof *c);
        ck_assert_str_eq(l, "name");
        ck_assert_str_eq(m, text);
        ck_assert(n.weight == 3);
        ck_assert_uint_eq(oCnt, count + 1);
        ck_assert_mem_eq(o, g, (count + 1) * sizeof *g);
        ck_assert_mem_eq(p, h, sizeof p);
    }
}
END_TEST

START_TEST(samecount_counts_arrays_of_data_and_rights)
{
    int a[3] = {1, 2, 3}, c[6];
    int64_t b[3] = {4, 5, 6}, d[5];
    mach_port_t e[4];
    mach_msg_type_number_t count = 6;

    ck_assert_int_eq(same_count(server, a, 3, b, c, &count, d, e), KERN_SUCCESS);
    ck_assert_uint_eq(count, 3);
    ck_assert(c[2] == 6 && d[2] == 3 && e[2] == server);
    for (unsigned i = 0; i < count; i++)
        drop(e[i]);
    ck_assert_int_eq(same_count(server, c, 6, b, c, &count, d, e), MIG_ARRAY_TOO_LARGE);
}
END_TEST

START_TEST(strings_at_their_bounds)
{
    name16_t c, e;
    text_t d, f;
    const char *full = "123456789012345";
    char text[65];

    for (unsigned length = 0; length < 64; length++) {
        memset(text, 0, sizeof text);
        memset(text, 's', length);
        strcpy(c, "Abc");
        strcpy(d, text);
        ck_assert_int_eq(strings(server, full, text, c, d, e, f), KERN_SUCCESS);
        ck_assert_str_eq(e, full);
        ck_assert_str_eq(f, text);
        ck_assert_str_eq(c, "Bbc");
        ck_assert(length == 0 || d[0] == 't');
    }
    memset(text, 's', 64);
    text[64] = '\0';
    ck_assert_int_eq(strings(server, full, text, c, d, e, f), MIG_ARRAY_TOO_LARGE);
    ck_assert_int_eq(strings(server, "1234567890123456", "", c, d, e, f), MIG_ARRAY_TOO_LARGE);
}
END_TEST

/* ---- out-of-line memory --------------------------------------------------------------------------- */

START_TEST(out_of_line_memory_is_copied)
{
    for (unsigned size = 0; size < 100; size += 33) {
        char *a = memory("the quick brown fox jumps over the lazy dog, and again; the quick brown fox jumps over it. "
                         "........",
                         size);
        ool_t b;
        mach_msg_type_number_t count;
        ck_assert_int_eq(echo_ool(server, a, size, &b, &count), KERN_SUCCESS);
        ck_assert_uint_eq(count, size);
        if (size > 0) {
            ck_assert_mem_eq(a, b, size);
            release(b, size);
        }
        release(a, size);
    }
}
END_TEST

START_TEST(dealloc_takes_the_senders_memory_and_leaves_the_servers)
{
    char *a = memory("data", 4);
    ool_t b;
    mach_msg_type_number_t count;

    ck_assert_int_eq(give_ool(server, a, 4, &b, &count), KERN_SUCCESS);
    ck_assert_uint_eq(loopback_memory(), 8);
    release(b, count);
    release(served.kept, served.kept_size);
}
END_TEST

START_TEST(dealloc_may_be_chosen_by_either_side)
{
    for (unsigned choice = 0; choice < 4; choice++) {
        boolean_t client = choice & 1;
        char *a = memory("data", 4);
        ool_t b;
        mach_msg_type_number_t count;
        served.dealloc = choice >> 1;
        ck_assert_int_eq(maybe_ool(server, a, 4, client, &b, &count), KERN_SUCCESS);
        release(b, count);
        if (!client)
            release(a, 4);
        if (!served.dealloc)
            release(served.kept, served.kept_size);
        ck_assert_uint_eq(loopback_memory(), 0);
    }
}
END_TEST

START_TEST(bounded_out_of_line_array_is_refused_past_its_bound)
{
    int *a = memory((int[101]){1, 2, 3}, 101 * sizeof *a);
    ool_ints_t b;
    mach_msg_type_number_t count;

    ck_assert_int_eq(keep_ool(server, a, 101, &b, &count), MIG_ARRAY_TOO_LARGE);
    ck_assert_int_eq(keep_ool(server, a, 100, &b, &count), KERN_SUCCESS);
    ck_assert_uint_eq(count, 100);
    release(b, 400);
    release(a, 404);
}
END_TEST

START_TEST(auto_frees_what_the_server_has_looked_at)
{
    char *a = memory("\1\2\3\4", 4);
    int sum;

    ck_assert_int_eq(auto_ool(server, a, 4, &sum), KERN_SUCCESS);
    ck_assert_int_eq(sum, 10);
    release(a, 4);
}
END_TEST

START_TEST(servercopy_says_that_memory_came_out_of_line)
{
    char *a = memory("\1\2\3\4", 4);
    int in_line = 5;

    ck_assert_int_eq(scopy_ool(server, a, 4, &in_line), KERN_SUCCESS);
    ck_assert_int_eq(in_line, 0);
    release(a, 4);
}
END_TEST

START_TEST(fixed_and_structured_out_of_line_data)
{
    point_t *a = memory(&(point_t){1, 2, "ab", 3}, sizeof *a), *b;
    point_t *c = memory((point_t[2]){{1, 2, "ab", 3}, {4, 5, "cd", 6}}, 2 * sizeof *c), *d;
    mach_msg_type_number_t count;

    ck_assert_int_eq(point_ool(server, a, &b), KERN_SUCCESS);
    ck_assert(b->x == 2 && b->weight == 3);
    ck_assert_int_eq(points_ool(server, c, 2, &d, &count), KERN_SUCCESS);
    ck_assert_uint_eq(count, 2);
    ck_assert(d[1].weight == 6);
    release(a, sizeof *a);
    release(b, sizeof *b);
    release(c, 2 * sizeof *c);
    release(d, 2 * sizeof *d);
}
END_TEST

START_TEST(inout_out_of_line_memory)
{
    char *a = memory("abc", 3);
    mach_msg_type_number_t count = 3;

    /* dealloc holds both ways: ours goes with the request. */
    ck_assert_int_eq(inout_ool(server, &a, &count), KERN_SUCCESS);
    ck_assert_mem_eq(a, "bbc", 3);
    release(a, 3);
}
END_TEST

START_TEST(array_without_bound_goes_whichever_way_is_best)
{
    const unsigned counts[] = {0, 1, 511, 512, 513, 3000};

    for (unsigned i = 0; i < 6; i++) {
        unsigned size = counts[i] * (unsigned)sizeof(int);
        int *a = memory((int[3000]){1, 2, 3}, size), *b = NULL;
        mach_msg_type_number_t count = 77;
        served.kept = NULL;
        ck_assert_int_eq(either(server, a, counts[i], &b, &count), KERN_SUCCESS);
        ck_assert_uint_eq(count, counts[i]);
        if (size > 0) {
            ck_assert_mem_eq(a, b, size);
            release(b, size);
        }
        /* Sent in the message itself, the memory stays the server's, dealloc or not. */
        if (served.kept != NULL)
            release(served.kept, served.kept_size);
        release(a, size);
    }
}
END_TEST

START_TEST(everything_goes_both_ways)
{
    int64_t a[5] = {1, -2};
    point_t b[3] = {{.x = 1}, {.x = 2}};
    mach_port_t port = loopback_port(NULL, 0), c[4] = {port, port, port}, e = port;
    int *d = memory((int[3]){7, 8, 9}, 3 * sizeof *d), *sent = d;
    mach_msg_type_number_t aCnt = 2, bCnt = 2, cCnt = 2, dCnt = 3, hCnt = 2;
    mach_msg_type_name_t poly = MACH_MSG_TYPE_MAKE_SEND;
    pair_t f = {10, 20}, g = {30, 40};
    four_t h[4] = {{1, 2, 3, 4}, {5, 6, 7, 8}};
    text_t i = "text";

    ck_assert_int_eq(both_ways(server, a, &aCnt, b, &bCnt, c, &cCnt, &d, &dCnt, &e, &poly, &f, &g, h, &hCnt, i),
                     KERN_SUCCESS);
    ck_assert(aCnt == 3 && a[0] == -1 && a[1] == 2 && a[2] == 99);
    ck_assert(bCnt == 1 && b[0].x == 2);
    ck_assert(cCnt == 2 && c[0] == port && c[1] == MACH_PORT_NULL);
    ck_assert(dCnt == 3 && d != sent && d[0] == 8 && d[2] == 9);
    ck_assert_uint_eq(e, port);
    ck_assert_uint_eq(poly, MACH_MSG_TYPE_PORT_SEND);
    ck_assert_uint_eq(served.poly, MACH_MSG_TYPE_PORT_SEND);
    ck_assert(f.a == 11 && g.b == 41 && h[1][3] == 9);
    ck_assert_str_eq(i, "text!");
    release(sent, 3 * sizeof *sent);
    release(served.kept, served.kept_size);
    release(d, 3 * sizeof *d);
    /* Of c the server has one right and we have one; of e the server moved its right back. */
    drop(port), drop(port), drop(port);
    ck_assert_uint_eq(loopback_rights(), 2 + 2);
    drop(port);
    drop_receive(port);
}
END_TEST

/* ---- rights --------------------------------------------------------------------------------------- */

START_TEST(each_disposition_gives_its_right)
{
    mach_port_t a = loopback_port(NULL, 0), b = loopback_port(NULL, 0), c = loopback_port(NULL, 0);
    mach_port_t o_copy, o_make, o_once;

    ck_assert_int_eq(ports(server, a, b, c, c, &o_copy, &o_make, &o_once), KERN_SUCCESS);
    ck_assert(served.got[0] == a && served.got[1] == b && served.got[2] == c && served.got[3] == c);
    ck_assert(o_copy == a && o_make == c && o_once == c);
    /* The server has send rights to a, b and c and a send-once right to c; we have one more of a and two of c. */
    ck_assert_uint_eq(loopback_rights(), 2 + 2 + 2 + 2 + 2 + 4);
    drop(a), drop(a), drop(a), drop_receive(a);
    drop(b), drop_receive(b);
    drop(c), drop(c), drop(c), drop(c), drop(c), drop_receive(c);
}
END_TEST

START_TEST(receive_right_moves_there_and_back)
{
    mach_port_t a = loopback_port(NULL, 0), b;

    ck_assert_int_eq(move_receive(server, a, &b), KERN_SUCCESS);
    ck_assert_uint_eq(a, b);
    drop(a);
    drop_receive(a);
}
END_TEST

START_TEST(inout_right_moves_there_and_back)
{
    mach_port_t a = loopback_port(NULL, 0), b = a;

    ck_assert_int_eq(inout_port(server, &b), KERN_SUCCESS);
    ck_assert_uint_eq(a, b);
    ck_assert_uint_eq(loopback_rights(), 4);
    drop(a);
    drop_receive(a);
}
END_TEST

START_TEST(polymorphic_rights_say_what_they_are)
{
    mach_port_t a = loopback_port(NULL, 0), b;
    mach_msg_type_name_t kind;

    ck_assert_int_eq(poly(server, a, MACH_MSG_TYPE_COPY_SEND, &b, &kind), KERN_SUCCESS);
    ck_assert_uint_eq(served.poly, MACH_MSG_TYPE_PORT_SEND);
    ck_assert_uint_eq(kind, MACH_MSG_TYPE_PORT_SEND);
    drop(a);
    ck_assert_int_eq(poly(server, a, MACH_MSG_TYPE_MAKE_SEND_ONCE, &b, &kind), KERN_SUCCESS);
    ck_assert_uint_eq(served.poly, MACH_MSG_TYPE_PORT_SEND_ONCE);
    ck_assert_uint_eq(kind, MACH_MSG_TYPE_PORT_SEND_ONCE);
    drop(a);
    ck_assert_int_eq(poly(server, a, MACH_MSG_TYPE_MOVE_RECEIVE, &b, &kind), KERN_SUCCESS);
    ck_assert_uint_eq(kind, MACH_MSG_TYPE_PORT_RECEIVE);
    ck_assert_int_eq(poly_once(server, a, MACH_MSG_TYPE_MAKE_SEND_ONCE), KERN_SUCCESS);
    drop(a);
    /* The receiver takes send-once rights only; the send right that came instead is destroyed, not lost. */
    ck_assert_int_eq(poly_once(server, a, MACH_MSG_TYPE_COPY_SEND), MIG_TYPE_ERROR);
    drop(a);
    drop_receive(a);
}
END_TEST

START_TEST(null_and_dead_names_travel)
{
    mach_port_t b;
    mach_msg_type_name_t kind;

    ck_assert_int_eq(poly(server, MACH_PORT_NULL, MACH_MSG_TYPE_COPY_SEND, &b, &kind), KERN_SUCCESS);
    ck_assert_uint_eq(b, MACH_PORT_NULL);
    ck_assert_int_eq(poly(server, MACH_PORT_DEAD, MACH_MSG_TYPE_COPY_SEND, &b, &kind), KERN_SUCCESS);
    ck_assert_uint_eq(b, MACH_PORT_DEAD);
}
END_TEST

START_TEST(arrays_of_rights_at_their_bounds)
{
    mach_port_t a = loopback_port(NULL, 0), in[5] = {a, a, a, a, a}, out[4];

    for (unsigned n = 0; n <= 4; n++) {
        mach_msg_type_number_t count = 4;
        ck_assert_int_eq(port_array(server, in, n, out, &count), KERN_SUCCESS);
        ck_assert_uint_eq(count, n);
        for (unsigned i = 0; i < n; i++) {
            ck_assert_uint_eq(out[i], a);
            drop(a), drop(a);
        }
    }
    mach_msg_type_number_t count = 4;
    ck_assert_int_eq(port_array(server, in, 5, out, &count), MIG_ARRAY_TOO_LARGE);
    ck_assert_int_eq(three_ports(server, in, out), KERN_SUCCESS);
    for (unsigned i = 0; i < 3; i++)
        drop(a), drop(a);
    drop(a);
    drop_receive(a);
}
END_TEST

START_TEST(out_of_line_rights)
{
    mach_port_t a = loopback_port(NULL, 0);
    mach_port_t *in = memory((mach_port_t[3]){a, MACH_PORT_NULL, a}, 3 * sizeof a), *out;
    mach_msg_type_number_t count;
    mach_msg_type_name_t kind;

    ck_assert_int_eq(ool_ports(server, in, 3, &out, &count), KERN_SUCCESS);
    ck_assert_uint_eq(count, 3);
    ck_assert(out[0] == a && out[1] == MACH_PORT_NULL && out[2] == a);
    drop(a), drop(a);
    release(out, 3 * sizeof a);
    ck_assert_int_eq(ool_poly(server, in, MACH_MSG_TYPE_MAKE_SEND_ONCE, 3, &out, &kind, &count), KERN_SUCCESS);
    ck_assert_uint_eq(served.poly, MACH_MSG_TYPE_PORT_SEND_ONCE);
    ck_assert_uint_eq(kind, MACH_MSG_TYPE_PORT_SEND_ONCE);
    drop(a), drop(a);
    release(out, 3 * sizeof a);
    release(in, 3 * sizeof a);
    drop(a);
    drop_receive(a);
}
END_TEST

/* ---- translations, native types, trailers ----------------------------------------------------------- */

#if !EVERY_SERVICE
START_TEST(translations_are_called_and_destroyed)
{
    int b = 2, c;

    ck_assert_int_eq(handles(server, 7, &b, &c), KERN_SUCCESS);
    ck_assert_int_eq(b, 3);
    ck_assert_int_eq(c, 7);
    ck_assert_int_eq(served.handles, 0);
}
END_TEST
#endif

#if !EVERY_SERVICE
START_TEST(a_translated_request_port_is_let_go_of)
{
    mach_port_t port = loopback_port(NULL, 0);
    int b;

    ck_assert_int_eq(counted(server, port, "four", &b), KERN_SUCCESS);
    ck_assert_int_eq(b, 204);
    ck_assert_uint_eq(served.got[0], server);
    ck_assert_int_eq(served.handles, 0);
    drop(port);
    drop_receive(port);
}
END_TEST
#endif

START_TEST(native_pointers_and_values)
{
    pair_t a = {1, 2}, b = {30, 40}, d, e = {0, 0};
    int got;

    ck_assert_int_eq(native(server, &a, &b, 7, &d, &e, &got), KERN_SUCCESS);
    ck_assert(got == 37 && d.b == 2 && e.a == 5);
    ck_assert_int_eq(native(server, &a, NULL, 7, &d, NULL, &got), KERN_SUCCESS);
    ck_assert_int_eq(got, 1007);
}
END_TEST

START_TEST(trailers_reach_either_side)
{
    security_token_t sec;
    audit_token_t audit;
    mach_port_seqno_t seqno;
    int sum;

    ck_assert_int_eq(tokens(server, &sec, &audit, &seqno, &sum), KERN_SUCCESS);
    ck_assert_int_eq(sum, 1001 + 2001 + 2007);
    ck_assert(served.context == 0x1122334455667788u);
    ck_assert_uint_eq(served.seqno, 0);
    ck_assert(sec.val[1] == 1002 && audit.val[3] == 2003);
    ck_assert_int_eq(tokens(server, &sec, &audit, &seqno, &sum), KERN_SUCCESS);
    ck_assert_uint_eq(served.seqno, 1);
    ck_assert_uint_eq(seqno, 1);
}
END_TEST

/* ---- headers -------------------------------------------------------------------------------------- */

START_TEST(times_and_options)
{
    int a;
    mach_port_t port = loopback_port(NULL, 0);

    ck_assert_int_eq(timed(server, 100, &a), KERN_SUCCESS);
    ck_assert_int_eq(a, 1);
    ck_assert_int_eq(send_timed(server, 100, MACH_SEND_INTERRUPT, &a), KERN_SUCCESS);
    ck_assert_int_eq(a, 2);
    ck_assert_int_eq(settings(server, port, &a), KERN_SUCCESS);
    ck_assert_int_eq(a, 4);
    drop_receive(port);
}
END_TEST

START_TEST(a_reply_that_is_late_times_out_and_cannot_be_mistaken)
{
    int a;
    mach_port_t silent = loopback_port(NULL, 0), before = mig_get_reply_port();

    ck_assert_int_eq(timed(silent, 10, &a), MACH_RCV_TIMED_OUT);
    ck_assert_uint_ne(loopback_messages(), 0);
    (void)before;
    ck_assert_int_eq(timed(server, 10, &a), KERN_SUCCESS);
    drop(silent);
    drop_receive(silent);
}
END_TEST

START_TEST(reply_ports_of_every_kind)
{
    mach_port_t mine = loopback_port(NULL, 0);
    mach_msg_header_t head = {0};
    int a;

    ck_assert_int_eq(with_reply(server, mine, &a), KERN_SUCCESS);
    ck_assert_int_eq(a, 3);
    ck_assert_int_eq(with_sreply(server, 4, &a), KERN_SUCCESS);
    ck_assert_int_eq(a, 5);
    ck_assert_int_eq(poly_server(server, MACH_MSG_TYPE_COPY_SEND, &a), KERN_SUCCESS);
    ck_assert_int_eq(a, MACH_MSG_TYPE_PORT_SEND);
    ck_assert_int_eq(ask_back(server, mine, 6), KERN_SUCCESS);
    ck_assert_uint_eq(served.got[0], mine);
    (void)head;
    drop(mine), drop(mine);
    drop_receive(mine);
}
END_TEST

START_TEST(one_way_messages_arrive)
{
    char *c = memory("memory", 6);

    ck_assert_int_eq(note(server, 5, "hello", c, 6), KERN_SUCCESS);
    ck_assert_int_eq(served.number, 5);
    ck_assert_str_eq(served.text, "hello");
    release(c, 6);
    shout(server, 8);
    ck_assert_int_eq(served.number, 8);
}
END_TEST

#if !EVERY_SERVICE
START_TEST(retcode_argument_comes_alone_when_it_is_an_error)
{
    int a[2] = {10, 20};
#if EVERY_TYPED
    mig_typed_reply_error_t message = {.RetCodeType = MIG_TYPE(MACH_MSG_TYPE_INTEGER_32, 32, 1, TRUE, FALSE)};
#else
    mig_reply_error_t message = {.NDR = NDR_record};
#endif

    ck_assert_int_eq(result(server, KERN_SUCCESS, a, 2, (point_t){.x = 5}), KERN_SUCCESS);
    ck_assert(served.number == 0 && served.capacity == 2 && served.sum == 35);
    message.Head.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0);
    message.Head.msgh_size = sizeof message;
    message.Head.msgh_remote_port = server;
    message.Head.msgh_id = MACH_ID_result;
    message.RetCode = KERN_NO_SPACE;
    ck_assert_int_eq(mach_msg(&message.Head, MACH_SEND_MSG, sizeof message, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
                     MACH_MSG_SUCCESS);
    ck_assert_int_eq(served.calls, 2);
    ck_assert_int_eq(served.number, KERN_NO_SPACE);
    ck_assert_uint_eq(served.capacity, 0);
}
END_TEST
#endif

START_TEST(procedures_and_functions)
{
    int sum;

    add(server, 2, 3, &sum);
    ck_assert_int_eq(sum, 5);
    ck_assert_int_eq(product(server, 6, 7), 42);
    ck_assert_int_eq(midpoint(server, (point_t){.x = 2}, (point_t){.x = 4}).x, 3);
    ck_assert_int_eq(error_seen, KERN_SUCCESS);
    mach_port_t dead = loopback_port(NULL, 0);
    loopback_kill(dead);
    add(dead, 2, 3, &sum);
    ck_assert_int_eq(error_seen, MIG_SERVER_DIED);
    error_seen = 0;
    ck_assert_int_eq(product(MACH_PORT_NULL, 6, 7), 0);
    ck_assert_int_eq(error_seen, MACH_SEND_INVALID_DEST);
    drop(dead);
}
END_TEST

/* ---- errors --------------------------------------------------------------------------------------- */

START_TEST(a_server_that_fails_keeps_nothing)
{
    mach_port_t a = loopback_port(NULL, 0);
    char *b = memory("1234", 4);

    ck_assert_int_eq(fail_with(server, KERN_NO_ACCESS, a, b, 4), KERN_NO_ACCESS);
    ck_assert_uint_eq(loopback_rights(), 2 + 1);
    ck_assert_uint_eq(loopback_memory(), 4);
    release(b, 4);
    drop_receive(a);
}
END_TEST

START_TEST(a_dead_server_and_a_lost_reply_are_told)
{
    int a;
    mach_port_t dead = loopback_port(NULL, 0);

    loopback_kill(dead);
    ck_assert_int_eq(with_sreply(dead, 1, &a), MIG_SERVER_DIED);
    drop(dead);
    ck_assert_int_eq(with_sreply(0xffff03, 1, &a), MACH_SEND_INVALID_DEST);
}
END_TEST

START_TEST(consume_on_send_error_any_takes_what_could_not_be_sent)
{
    mach_port_t a = loopback_port(NULL, 0);
    int b;

    ck_assert_int_eq(settings(MACH_PORT_NULL, a, &b), MACH_SEND_INVALID_DEST);
    ck_assert_uint_eq(loopback_rights(), 2 + 1);
    drop_receive(a);
}
END_TEST

START_TEST(an_unknown_id_is_answered)
{
    struct {
        mach_msg_header_t head;
        char rest[200];
    } message = {.head = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE),
                          .msgh_size = sizeof(mach_msg_header_t),
                          .msgh_remote_port = server,
                          .msgh_local_port = mig_get_reply_port()}};
    const int ids[] = {8999, 9000 + every_MSG_COUNT, 0, -1};

    for (size_t i = 0; i < 4; i++) {
        message.head.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE);
        message.head.msgh_remote_port = server;
        message.head.msgh_local_port = mig_get_reply_port();
        message.head.msgh_id = ids[i];
        ck_assert_int_eq(mach_msg(&message.head, MACH_SEND_MSG | MACH_RCV_MSG, sizeof message.head, sizeof message,
                                  mig_get_reply_port(), 0, MACH_PORT_NULL),
                         MACH_MSG_SUCCESS);
        ck_assert_int_eq(message.head.msgh_id, ids[i] + 100);
#if EVERY_TYPED
        ck_assert_int_eq(((mig_typed_reply_error_t *)&message)->RetCode, MIG_BAD_ID);
#else
        ck_assert_int_eq(((mig_reply_error_t *)&message)->RetCode, MIG_BAD_ID);
#endif
    }
}
END_TEST

/* ---- late answers --------------------------------------------------------------------------------- */

struct late {
    kern_return_t code;
    bool done;
};

static void answer_late(void *context)
{
    struct late *late = context;
    int64_t d[2] = {1, 2};

    if (late->done)
        return;
    late->done = true;
    ck_assert_int_eq(do_later_reply(served.got[0], late->code, served.number * 2, "late", d, 2), KERN_SUCCESS);
}

START_TEST(a_late_answer_arrives_as_any_other)
{
    struct late late = {KERN_SUCCESS, false};
    mach_msg_type_number_t count = 5;
    int64_t d[5];
    text_t c;
    int b;

    loopback_on_idle(answer_late, &late);
    ck_assert_int_eq(later(server, 21, &b, c, d, &count), KERN_SUCCESS);
    ck_assert(b == 42 && strcmp(c, "late") == 0 && count == 2 && d[1] == 2);
    late = (struct late){KERN_ABORTED, false};
    ck_assert_int_eq(later(server, 21, &b, c, d, &count), KERN_ABORTED);
}
END_TEST

START_TEST(an_answer_that_never_comes_is_a_dead_server)
{
    mach_msg_type_number_t count = 5;
    int64_t d[5];
    text_t c;
    int b;

    ck_assert_int_eq(later(server, 21, &b, c, d, &count), MIG_SERVER_DIED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create(EVERY_TYPED ? "mig stubs, typed" : "mig stubs, untyped");
    const TTest *const tests[] = {
        numbers_of_every_size_go_in_inout_and_out,
        structures_of_odd_sizes_go_in_inout_and_out,
        fixed_arrays_go_in_inout_and_out,
        bytes_at_its_bounds,
        ints_at_its_bounds,
        longs_at_its_bounds,
        points_at_its_bounds,
        grid_at_its_bounds,
        big_at_its_bounds,
        countinout_tells_the_server_how_much_room_there_is,
        countinout_gives_what_fits_and_says_how_many_there_were,
        inout_array_grows_and_shrinks,
        several_variable_arrays_and_what_lies_between,
        samecount_counts_arrays_of_data_and_rights,
        strings_at_their_bounds,
        out_of_line_memory_is_copied,
        dealloc_takes_the_senders_memory_and_leaves_the_servers,
        dealloc_may_be_chosen_by_either_side,
        bounded_out_of_line_array_is_refused_past_its_bound,
        auto_frees_what_the_server_has_looked_at,
        servercopy_says_that_memory_came_out_of_line,
        fixed_and_structured_out_of_line_data,
        inout_out_of_line_memory,
        array_without_bound_goes_whichever_way_is_best,
        everything_goes_both_ways,
        each_disposition_gives_its_right,
        receive_right_moves_there_and_back,
        inout_right_moves_there_and_back,
        polymorphic_rights_say_what_they_are,
        null_and_dead_names_travel,
        arrays_of_rights_at_their_bounds,
        out_of_line_rights,
#if !EVERY_SERVICE /* translations and retcode are the generated server's */
        translations_are_called_and_destroyed,
        a_translated_request_port_is_let_go_of,
        retcode_argument_comes_alone_when_it_is_an_error,
#endif
        native_pointers_and_values,
        trailers_reach_either_side,
        times_and_options,
        a_reply_that_is_late_times_out_and_cannot_be_mistaken,
        reply_ports_of_every_kind,
        one_way_messages_arrive,
        procedures_and_functions,
        a_server_that_fails_keeps_nothing,
        a_dead_server_and_a_lost_reply_are_told,
        consume_on_send_error_any_takes_what_could_not_be_sent,
        an_unknown_id_is_answered,
        a_late_answer_arrives_as_any_other,
        an_answer_that_never_comes_is_a_dead_server,
    };

    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        add_test(suite, tests[i], setup, teardown, 20);
    return run_suite(suite);
}
