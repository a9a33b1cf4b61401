#!/usr/bin/env bash
# Compiles the kernels to ../src/cuda/kernels.ptx, and writes down in it what they were made of.
# `build.sh --check` compiles them and compares: exit code 0 the same, 1 not, 77 this compiler is not the one they were
# made with, 78 there is none.
#
# Needs a compiler with the sources of core: Debian's packages rustc-web, cargo-web and rust-web-src, or others named by
# RUSTC and CARGO. No CUDA.
set -euo pipefail
cd "$(dirname "$0")"

rustc=${RUSTC:-/usr/bin/rustc}
cargo=${CARGO:-/usr/bin/cargo}
root=$(cd ../.. && pwd)
checked_in=../src/cuda/kernels.ptx
target=${CARGO_TARGET_DIR:-$PWD/target}/kernels
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if ! [ -e "$("$rustc" --print sysroot 2> /dev/null)/lib/rustlib/src/rust/library" ]; then
    echo "$rustc has no sources of core: install rustc-web, cargo-web and rust-web-src, or set RUSTC and CARGO" >&2
    exit 78
fi
compiler=$("$rustc" --version --verbose | sed -n 's/^rustc //p; s/^LLVM version: /LLVM /p' | paste -sd ' ' | sed 's/ (built from a source tarball)//')
if [ "${1:-}" = --check ] && ! grep -qxF "// compiler: $compiler" "$checked_in"; then
    echo "$checked_in was made by $(sed -n 's/^\/\/ compiler: //p' "$checked_in"), not by $compiler" >&2
    exit 77
fi

# What reaches the kernels. Tests are not of it; nor are comments: see `code`.
sources() {
    cd "$root"
    find backends/kernels/Cargo.toml backends/kernels/Cargo.lock backends/kernels/src backends/src/cuda/segment.rs \
        core/src/fill.rs core/src/fill/{normal,numbers,trunc_normal,uniform}.rs core/src/float.rs core/src/lanes.rs core/src/lanes core/src/math.rs \
        core/src/math core/src/random.rs core/src/random -type f ! -name tests.rs ! -name reference.rs ! -path '*/trunc_normal/*' | LC_ALL=C sort
}

# The lines of a file that are neither empty nor comments.
code() {
    grep -vE '^[[:space:]]*(//.*)?$' "$1"
}

# What is there already would not be compiled again.
rm -rf "$target"/nvptx64-nvidia-cuda/release/{.fingerprint/weight-init-kernels-*,deps/weight_init_kernels-*.s}
RUSTC=$rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Ctarget-cpu=sm_70" \
    "$cargo" rustc --locked --quiet --release -Zbuild-std=core --target nvptx64-nvidia-cuda --target-dir "$target" \
    --crate-type=staticlib -- --emit=asm
{
    echo "// The kernels of weight-init-backends. backends/kernels/build.sh makes this file; do not edit it."
    echo "// compiler: $compiler"
    for file in $(sources); do
        echo "// source: $(code "$root/$file" | sha256sum | cut -d' ' -f1) $file"
    done
    # Without the compiler's remarks, and without the part of a symbol that the folder of the sources decides.
    code "$(ls "$target"/nvptx64-nvidia-cuda/release/deps/weight_init_kernels-*.s)" | sed -E 's/Cs[0-9A-Za-z]+_([0-9]+weight_init_)/C\1/g'
} > "$scratch/kernels.ptx"

if [ "${1:-}" = --check ]; then
    cmp "$scratch/kernels.ptx" "$checked_in"
else
    cp "$scratch/kernels.ptx" "$checked_in"
    echo "$(cd .. && pwd)/src/cuda/kernels.ptx: $(wc -l < "$checked_in") lines, $(stat -c %s "$checked_in") bytes"
fi
