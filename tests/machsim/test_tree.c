/* SPDX-License-Identifier: BSD-2-Clause */
/* test_tree.c - the ordered tree against an array. */
#include "../suite.h"

#include <stdbool.h>
#include <string.h>

#include "kern/tree.h"

#define KEYS 512

static struct tree tree;
static struct tree_node nodes[KEYS];
static bool in[KEYS];
static unsigned long long state;

static unsigned rnd(unsigned below)
{
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned)(state >> 33) % below;
}

/* Height and heaviest are as they should be; the number of nodes. */
static unsigned check_node(const struct tree_node *node, const struct tree_node *parent)
{
    if (node == NULL)
        return 0;
    const int left = node->child[0] == NULL ? 0 : node->child[0]->height;
    const int right = node->child[1] == NULL ? 0 : node->child[1]->height;
    uint64_t heaviest = node->weight;

    ck_assert_ptr_eq(node->parent, parent);
    ck_assert_int_le(abs(left - right), 1);
    ck_assert_int_eq(node->height, 1 + (left > right ? left : right));
    for (int i = 0; i < 2; i++)
        if (node->child[i] != NULL && node->child[i]->heaviest > heaviest)
            heaviest = node->child[i]->heaviest;
    ck_assert_uint_eq(node->heaviest, heaviest);
    return 1 + check_node(node->child[0], node) + check_node(node->child[1], node);
}

static int last_up_to(int key)
{
    while (key >= 0 && !in[key])
        key--;
    return key;
}

static int first_heavy(int key, uint64_t weight)
{
    while (key < KEYS && !(in[key] && nodes[key].weight >= weight))
        key++;
    return key;
}

static void check_finds(int key)
{
    const int last = last_up_to(key);
    const uint64_t weight = rnd(100);
    const int heavy = first_heavy(key, weight);

    ck_assert_ptr_eq(tree_find(&tree, (uint64_t)key), in[key] ? &nodes[key] : NULL);
    ck_assert_ptr_eq(tree_find_last(&tree, (uint64_t)key), last < 0 ? NULL : &nodes[last]);
    ck_assert_ptr_eq(tree_find_heavy(&tree, (uint64_t)key, weight), heavy == KEYS ? NULL : &nodes[heavy]);
}

static void check_order(void)
{
    struct tree_node *node = tree_first(&tree), *previous = NULL;

    for (int key = 0; key < KEYS; key++) {
        if (!in[key])
            continue;
        ck_assert_ptr_eq(node, &nodes[key]);
        ck_assert_ptr_eq(tree_previous(node), previous);
        previous = node;
        node = tree_next(node);
    }
    ck_assert_ptr_null(node);
}

START_TEST(finds_what_an_array_finds)
{
    for (int step = 0; step < 20000; step++) {
        const unsigned key = rnd(KEYS);

        if (!in[key]) {
            nodes[key] = (struct tree_node){.key = key, .weight = rnd(100)};
            tree_insert(&tree, &nodes[key]);
        } else if (rnd(3) == 0) {
            tree_set_weight(&nodes[key], rnd(100));
            continue;
        } else {
            tree_remove(&tree, &nodes[key]);
        }
        in[key] = !in[key];
        check_finds((int)rnd(KEYS));
        if (step % 64 == 0) {
            (void)check_node(tree.root, NULL);
            check_order();
        }
    }
}
END_TEST

START_TEST(stays_low_when_filled_in_order)
{
    static struct tree_node many[100000];

    tree = (struct tree){.root = NULL};
    for (unsigned i = 0; i < 100000; i++) {
        many[i] = (struct tree_node){.key = i};
        tree_insert(&tree, &many[i]);
    }
    ck_assert_int_le(tree.root->height, 24);
    ck_assert_uint_eq(check_node(tree.root, NULL), 100000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tree");

    add_test(suite, finds_what_an_array_finds, NULL, NULL, 60);
    add_test(suite, stays_low_when_filled_in_order, NULL, NULL, 60);
    return run_suite(suite);
}
