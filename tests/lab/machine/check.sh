#!/bin/sh
# Runs cargo of Debian's Rust on this project. Arguments: the tree, the layer with Rust, the project, cargo's home, the folder for what is
# built, and what cargo is to do. Runs in a mount namespace of its own.
set -eu
tree=$1 layer=$2 project=$3 home=$4 built=$5
shift 5
place=$(mktemp -d)
mount -t tmpfs tmpfs "$place"
trap 'cd /; umount -R "$place"; rmdir "$place"' EXIT
mkdir "$place/upper" "$place/work" "$place/root"
root=$place/root
mount -t overlay overlay -o "lowerdir=$layer/upper:$tree,upperdir=$place/upper,workdir=$place/work" "$root"
mount -t proc proc "$root/proc"
mkdir -p "$root/sshmend" "$root/cargo" "$root/built"
mount --bind "$project" "$root/sshmend"
mount --bind "$home" "$root/cargo"
mount --bind "$built" "$root/built"
# A check that hangs must not hold up the tests for ever.
timeout 40m chroot "$root" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/root CARGO_HOME=/cargo CARGO_TARGET_DIR=/built CARGO_INCREMENTAL=0 \
  /bin/sh -c 'cd /sshmend && exec cargo "$@"' cargo "$@"
