#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Makes configure and what it needs.  Run it once after a clone.
set -eu
cd "$(dirname "$0")"
mkdir -p m4
autoreconf --install --force --warnings=all,no-portability
