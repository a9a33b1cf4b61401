#!/usr/bin/env bash
# Builds the digests of the firmware for WebAssembly, runs them in Node and prints one line of JSON per target:
#
#   bash tests/firmware/wasm/run.sh [TARGET...]
#
# Exit code 77: a tool is missing, and the last line says which.
set -euo pipefail
cd "$(dirname "$0")"

targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(wasm32-unknown-unknown wasm32-wasip1)
build="${CARGO_TARGET_DIR:-$PWD/../target}"
# The size of these modules does not count; the time to build them does.
export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_DEBUG=false CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16

# rustup's target where it is installed or can be. WASI's program needs the standard library; the other one is content with core.
compile() {
    local target=$1 what=--lib
    [[ $target != *wasi* ]] || what=--bins
    if command -v rustup > /dev/null && rustup target add "$target" > /dev/null 2>&1; then
        CARGO_TARGET_DIR="$build" cargo build --locked --release --target "$target" "$what" >&2
    elif [[ $target != *wasi* ]] && [ -e /usr/lib/rustlib/src/rust/library ] && [ -x /usr/bin/cargo ] && command -v wasm-ld > /dev/null; then
        env -u RUSTUP_TOOLCHAIN RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$build" \
            CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld \
            /usr/bin/cargo build --locked --release -Zbuild-std=core --target "$target" "$what" >&2
    else
        echo "missing: the standard library for $target (rustup target add $target)" >&2
        exit 77
    fi
}

command -v node > /dev/null || { echo "missing: node (package nodejs)" >&2; exit 77; }
for target in "${targets[@]}"; do
    compile "$target"
    NODE_NO_WARNINGS=1 node run.mjs "$target" "$build/$target/release/report.wasm"
done
