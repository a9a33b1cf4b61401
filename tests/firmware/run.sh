#!/usr/bin/env bash
# Builds the firmware, runs it on emulated machines and prints one line of JSON per target:
#
#   bash tests/firmware/run.sh [TARGET...]
#
# flash_bytes: what the network takes beside an empty firmware, with its init_cfg as a table and as postcard bytes.
# panics: what could panic in them, as far as there are names for it.
# ram_bytes: static memory beside the weights, and the stack from its beginning to its deepest word.
# Exit code 77: a tool is missing, and the last line says which.
set -euo pipefail
cd "$(dirname "$0")"

targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(thumbv6m-none-eabi thumbv7em-none-eabihf riscv32imac-unknown-none-elf)
build="${CARGO_TARGET_DIR:-$PWD/target}"

need() {
    command -v "$1" > /dev/null || { echo "missing: $1 ($2)" >&2; exit 77; }
}

# Small where there is little flash, fast where there is a floating-point unit.
opt_level() {
    case $1 in
        thumbv6m-*) echo s ;;
        *) echo 3 ;;
    esac
}

# rustup's target where it is installed or can be, or else Debian's compiler and the sources of core.
compile() {
    local target=$1 linker
    linker=CARGO_TARGET_$(tr 'a-z-' 'A-Z_' <<< "$target")_LINKER
    export CARGO_PROFILE_RELEASE_OPT_LEVEL
    CARGO_PROFILE_RELEASE_OPT_LEVEL=$(opt_level "$target")
    if [ -e /usr/lib/rustlib/src/rust/library ] && [ -x /usr/bin/cargo ]; then
        need ld.lld "package lld"
        env -u RUSTUP_TOOLCHAIN RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$build" "$linker=ld.lld" \
            /usr/bin/cargo build --locked --release -Zbuild-std=core --target "$target" >&2
    elif command -v rustup > /dev/null && rustup target add "$target" > /dev/null 2>&1; then
        CARGO_TARGET_DIR="$build" cargo build --locked --release --target "$target" >&2
    else
        echo "missing: core for $target (rustup target add, or packages rustc-web cargo-web rust-web-src lld)" >&2
        exit 77
    fi
}

# One instruction takes one nanosecond of the machine's clock.
emulate() {
    local target=$1 program=$2 machine
    case $target in
        thumbv6m-*) machine=(qemu-system-arm -machine microbit) ;;
        thumbv7em-*) machine=(qemu-system-arm -machine mps2-an386) ;;
        *) machine=(qemu-system-riscv32 -machine virt -bios none) ;;
    esac
    need "${machine[0]}" "package qemu-system-arm or qemu-system-misc"
    timeout 300 "${machine[@]}" -display none -monitor none -serial none -icount shift=0 \
        -semihosting-config enable=on,target=native -kernel "$build/$target/release/$program" 2>&1 < /dev/null
}

# What is loaded into flash.
flash() {
    local size sum=0
    for size in $(readelf -lW "$1" | awk '$1 == "LOAD" { print $5 }'); do
        sum=$((sum + size))
    done
    echo "$sum"
}

# Initialized and zeroed memory.
static_ram() {
    local size sum=0
    for size in $(readelf -SW "$1" | sed 's/^ *\[ *[0-9]*\]//' | awk '$1 ~ /^\.s?(data|bss|uninit)$/ { print $5 }'); do
        sum=$((sum + 0x$size))
    done
    echo "$sum"
}

measure() {
    local target=$1 folder empty program stack flash_bytes="" ram_bytes="" report weights panics
    folder="$build/$target/release"
    empty=$(flash "$folder/empty")
    report=$(emulate "$target" report)
    weights=$((0x$(awk '$1 == "weights" { print $2 }' <<< "$report")))
    for program in table postcard; do
        stack=$((0x$(emulate "$target" "$program" | awk '$1 == "stack" { print $2 }')))
        flash_bytes+=", \"$program\": $(($(flash "$folder/$program") - empty))"
        ram_bytes+=", \"$program\": $(($(static_ram "$folder/$program") - weights + stack))"
    done
    panics=$(nm "$folder/table" "$folder/postcard" | grep -cE 'panicking|rust_begin_unwind' || true)
    printf '{"target": "%s", "flash_bytes": {%s}, "ram_bytes": {%s}, "panics": %d' \
        "$target" "${flash_bytes:2}" "${ram_bytes:2}" "$panics"
    local kind
    for kind in digests malformed instructions_per_element; do
        printf ', "%s": {%s}' "$kind" "$(sed -n "s/^$kind \([^ ]*\) \([0-9a-f]*\)$/\1 \2/p" <<< "$report" |
            while read -r name value; do
                case $kind in
                    digests) printf ', "%s": "%s"' "$name" "$value" ;;
                    malformed) printf ', "%s": %d' "$name" "0x$value" ;;
                    *) printf ', "%s": %d.%02d' "$name" $((0x$value / 1024)) $((0x$value % 1024 * 100 / 1024)) ;;
                esac
            done | cut -c3-)"
    done
    echo '}'
}

need readelf "package binutils"
need timeout "package coreutils"
for target in "${targets[@]}"; do
    compile "$target"
    measure "$target"
done
