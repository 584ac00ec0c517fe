#!/bin/bash
# Tries to log in as USER with a key that nobody knows, from the client's first address, again and again.
# Arguments: user, seconds between two attempts.
# An attempt that a ban cuts off in the middle would wait for TCP long after the ban is lifted, so each has an end.
key=$(mktemp -d)/key
ssh-keygen -q -t ed25519 -N '' -f "$key"
while sleep "$2"; do
  timeout 4 ssh -F none -o BatchMode=yes -o ConnectTimeout=2 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
    -o IdentitiesOnly=yes -i "$key" -b 198.51.100.11 "$1@192.0.2.10" true
done
