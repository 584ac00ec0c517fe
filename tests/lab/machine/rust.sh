#!/bin/sh
# Lays Debian's own Rust over a tree of the lab, with the standard libraries of two machines that are not Linux. Its text is part of the
# layer's name: a change here builds anew. Arguments: the tree, the folder of the layer, mirror, security mirror, cargo, cargo's home.
set -eu
tree=$1 layer=$2 mirror=$3 security=$4 cargo=$5 home=$6
root=$layer/root
mkdir -p "$layer/upper" "$layer/work" "$root"
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$layer/upper,workdir=$layer/work" "$root"
mount -t proc proc "$root/proc"
cat > "$root/etc/apt/sources.list" <<LIST
deb $mirror trixie main
deb $security trixie-security main
LIST
cp /etc/resolv.conf "$root/etc/resolv.conf"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
chroot "$root" apt-get -q update
chroot "$root" apt-get -qy --no-install-recommends install cargo rustc rust-src libstd-rust-dev-wasm32
chroot "$root" apt-get -q clean
rm -r "$root"/var/lib/apt/lists/* "$root/etc/apt/sources.list" "$root/etc/resolv.conf"

# Debian has no standard library for Windows. Its sources are there, and what rustc asks of a library while it only checks is made of
# them without a linker. What they depend on is fetched here, for inside there may be no network.
sources=$(echo "$root"/usr/src/rustc-*/library)
RUSTC_BOOTSTRAP=1 "$cargo" fetch --quiet --locked --manifest-path "$sources/Cargo.toml"
mkdir "$root/cargo"
mount --bind "$home" "$root/cargo"
windows=x86_64-pc-windows-gnu
chroot "$root" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/root CARGO_HOME=/cargo CARGO_TARGET_DIR=/tmp/std \
  RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zforce-unstable-if-unmarked \
  cargo check --quiet --offline --locked --target "$windows" --manifest-path "${sources#"$root"}/sysroot/Cargo.toml"
mkdir -p "$root/usr/lib/rustlib/$windows/lib"
cp "$root/tmp/std/$windows"/debug/deps/*.rmeta "$root/usr/lib/rustlib/$windows/lib/"
umount "$root/cargo"
rm -r "$root/tmp/std"
umount "$root/proc" "$root"
rm -r "$layer/work" "$root"
