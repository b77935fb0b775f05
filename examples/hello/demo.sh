#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Runs hello_server and hello_client as two processes.  Arguments: the folder of the programs.
set -eu

programs=${1:-examples/hello}
name=org.example.hello.$$
echo "A server, and a client in another process:"
"$programs/hello_server" "$name" &
server=$!
trap 'kill -9 $server 2>/dev/null || true' EXIT
"$programs/hello_client" "$name"
