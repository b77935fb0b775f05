/* SPDX-License-Identifier: BSD-2-Clause */
/* every_types.h - the C types of every.defs. */
#ifndef EVERY_TYPES_H
#define EVERY_TYPES_H

#include <mach/mach_types.h>

typedef float float32;
typedef double float64;
typedef struct {
    char c[7];
} odd_t;
typedef struct {
    int a, b;
} pair_t;
typedef pair_t *pair_ptr_t;
typedef struct {
    int64_t v[3];
} wide_t;
typedef struct {
    int x, y;
    char tag[3];
    int64_t weight;
} point_t;
typedef int four_t[4];
typedef int64_t two_t[2];
typedef char *bytes_t;
typedef int *ints_t;
typedef int64_t *longs_t;
typedef point_t *points_t;
typedef four_t *grid_t;
typedef int64_t *big_t;
typedef char name16_t[16];
typedef char text_t[64];
typedef char *ool_t;
typedef int *ool_ints_t;
typedef point_t *ool_point_t;
typedef point_t *ool_points_t;
typedef int *either_t;
typedef mach_port_t *ports_t;
typedef mach_port_t three_ports_t[3];
typedef mach_port_t *ool_ports_t;
typedef mach_port_t *ool_moved_t;
typedef mach_port_t *ool_poly_t;
typedef int value_t;
typedef struct handle {
    int number;
} handle_t;

typedef struct counted {
    mach_port_t port;
    int serial;
} counted_t;

counted_t counted_from_port(mach_port_t port);
counted_t counted_from_payload(unsigned long payload);
void counted_release(counted_t counted);

handle_t handle_from_int(int number);
int handle_to_int(handle_t handle);
void handle_release(handle_t handle);

#endif
