/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree.h - the ordered tree of the core: nodes lie in what is ordered, by a key that is theirs alone.  Each has a
 * weight, and the tree finds the first node that is heavy enough: a map, the first hole that is large enough.
 * Whoever owns the tree has a lock for it.  An AVL tree: Adelson-Velsky, Landis, 1962.
 */
#ifndef KERN_TREE_H
#define KERN_TREE_H

#include <stddef.h>
#include <stdint.h>

struct tree_node {
    struct tree_node *parent, *child[2];
    uint64_t key;
    uint64_t weight;   /* this node's */
    uint64_t heaviest; /* of this node and all below */
    int height;
};

struct tree {
    struct tree_node *root;
};

/* Puts in a node whose key and weight are set; no node has that key. */
void tree_insert(struct tree *tree, struct tree_node *node);
void tree_remove(struct tree *tree, struct tree_node *node);
void tree_set_weight(struct tree_node *node, uint64_t weight);

/* The node with a key; the last with no greater key; NULL. */
struct tree_node *tree_find(const struct tree *tree, uint64_t key);
struct tree_node *tree_find_last(const struct tree *tree, uint64_t key);
/* The first node of a key not less than `key` and of at least a weight; NULL. */
struct tree_node *tree_find_heavy(const struct tree *tree, uint64_t key, uint64_t weight);

/* In order; NULL at the ends. */
struct tree_node *tree_first(const struct tree *tree);
struct tree_node *tree_next(const struct tree_node *node);
struct tree_node *tree_previous(const struct tree_node *node);

#endif
