/* SPDX-License-Identifier: BSD-2-Clause */
/* tree.c - the ordered tree: see tree.h. */
#include "kern/tree.h"

enum side { LEFT, RIGHT };

static int height(const struct tree_node *node)
{
    return node == NULL ? 0 : node->height;
}

static uint64_t heaviest(const struct tree_node *node)
{
    return node == NULL ? 0 : node->heaviest;
}

/* What a node knows of those below. */
static void update(struct tree_node *node)
{
    const int left = height(node->child[LEFT]), right = height(node->child[RIGHT]);

    node->height = 1 + (left > right ? left : right);
    node->heaviest = node->weight;
    for (int side = LEFT; side <= RIGHT; side++)
        if (heaviest(node->child[side]) > node->heaviest)
            node->heaviest = heaviest(node->child[side]);
}

static enum side side_of(const struct tree_node *node)
{
    return node->parent->child[RIGHT] == node ? RIGHT : LEFT;
}

/* Puts `node` (or nothing) where `former` hangs. */
static void replace(struct tree *tree, const struct tree_node *former, struct tree_node *node)
{
    if (former->parent == NULL)
        tree->root = node;
    else
        former->parent->child[side_of(former)] = node;
    if (node != NULL)
        node->parent = former->parent;
}

static void attach(struct tree_node *parent, enum side side, struct tree_node *child)
{
    parent->child[side] = child;
    if (child != NULL)
        child->parent = parent;
}

/* The child on the other side comes up, and the node goes down to `side`. */
static struct tree_node *rotate(struct tree *tree, struct tree_node *node, enum side side)
{
    struct tree_node *up = node->child[!side];

    replace(tree, node, up);
    attach(node, !side, up->child[side]);
    attach(up, side, node);
    update(node);
    update(up);
    return up;
}

/* Makes one node's two sides differ by at most one; the node that is there then. */
static struct tree_node *balance(struct tree *tree, struct tree_node *node)
{
    const int difference = height(node->child[RIGHT]) - height(node->child[LEFT]);
    const enum side tall = difference > 0 ? RIGHT : LEFT;

    update(node);
    if (difference >= -1 && difference <= 1)
        return node;
    if (height(node->child[tall]->child[!tall]) > height(node->child[tall]->child[tall]))
        rotate(tree, node->child[tall], tall);
    return rotate(tree, node, !tall);
}

static void balance_up(struct tree *tree, struct tree_node *node)
{
    while (node != NULL)
        node = balance(tree, node)->parent;
}

void tree_insert(struct tree *tree, struct tree_node *node)
{
    struct tree_node *parent = NULL, **place = &tree->root;

    while (*place != NULL) {
        parent = *place;
        place = &parent->child[node->key < parent->key ? LEFT : RIGHT];
    }
    *place = node;
    node->parent = parent;
    node->child[LEFT] = node->child[RIGHT] = NULL;
    balance_up(tree, node);
}

void tree_remove(struct tree *tree, struct tree_node *node)
{
    struct tree_node *lowest = node->parent;

    if (node->child[LEFT] == NULL || node->child[RIGHT] == NULL) {
        replace(tree, node, node->child[node->child[LEFT] == NULL ? RIGHT : LEFT]);
    } else { /* the next in order takes its place */
        struct tree_node *next = tree_next(node);

        lowest = next->parent == node ? next : next->parent;
        if (next->parent != node) {
            replace(tree, next, next->child[RIGHT]);
            attach(next, RIGHT, node->child[RIGHT]);
        }
        replace(tree, node, next);
        attach(next, LEFT, node->child[LEFT]);
    }
    balance_up(tree, lowest);
}

void tree_set_weight(struct tree_node *node, uint64_t weight)
{
    uint64_t before;

    node->weight = weight;
    do {
        before = node->heaviest;
        update(node);
    } while (node->heaviest != before && (node = node->parent) != NULL); /* those above know no more of it */
}

struct tree_node *tree_find(const struct tree *tree, uint64_t key)
{
    struct tree_node *node = tree->root;

    while (node != NULL && node->key != key)
        node = node->child[key < node->key ? LEFT : RIGHT];
    return node;
}

struct tree_node *tree_find_last(const struct tree *tree, uint64_t key)
{
    struct tree_node *node = tree->root, *found = NULL;

    while (node != NULL) {
        if (node->key <= key)
            found = node;
        node = node->child[key < node->key ? LEFT : RIGHT];
    }
    return found;
}

/* The first that is heavy enough among a node and all below it, one of which is. */
static struct tree_node *first_heavy(struct tree_node *node, uint64_t weight)
{
    for (;;) {
        if (heaviest(node->child[LEFT]) >= weight)
            node = node->child[LEFT];
        else if (node->weight >= weight)
            return node;
        else
            node = node->child[RIGHT];
    }
}

struct tree_node *tree_find_heavy(const struct tree *tree, uint64_t key, uint64_t weight)
{
    struct tree_node *node = tree_find_last(tree, key);

    if (node == NULL)
        node = tree_first(tree);
    else if (node->key < key)
        node = tree_next(node);
    /* Up from there: what comes after a node is it, all to its right, and then whatever it is to the left of. */
    for (; node != NULL; node = node->parent) {
        if (node->key < key)
            continue;
        if (node->weight >= weight)
            return node;
        if (heaviest(node->child[RIGHT]) >= weight)
            return first_heavy(node->child[RIGHT], weight);
    }
    return NULL;
}

static struct tree_node *end(struct tree_node *node, enum side side)
{
    while (node != NULL && node->child[side] != NULL)
        node = node->child[side];
    return node;
}

static struct tree_node *neighbour(const struct tree_node *node, enum side side)
{
    if (node->child[side] != NULL)
        return end(node->child[side], !side);
    while (node->parent != NULL && side_of(node) == side)
        node = node->parent;
    return node->parent;
}

struct tree_node *tree_first(const struct tree *tree)
{
    return end(tree->root, LEFT);
}

struct tree_node *tree_next(const struct tree_node *node)
{
    return neighbour(node, RIGHT);
}

struct tree_node *tree_previous(const struct tree_node *node)
{
    return neighbour(node, LEFT);
}
