# Those of the steps of `.ci/run` that Python drives: the package, and programs beside the command.

# The Python package: built and installed from this clone into a fresh environment, where the README's lines and the tests run.
# PyTorch's tests run with the Python of TORCH_PYTHON, or with this one, if that has PyTorch.
python_package() {
    local bin="$scratch/adapter/bin" wheels="$scratch/wheels" site="$scratch/site" tests="$PWD/adapters/python/tests" size torch
    local versions="$PWD/adapters/python/constraints.txt"
    if ! python3 -m venv "$scratch/adapter" || ! "$bin/python" -m pip install -q -c "$versions" maturin pytest; then
        not_checked "the Python package: there is no venv, or maturin cannot be installed"
        return
    fi
    cargo fmt --manifest-path adapters/python/Cargo.toml --check
    # With the profile of the command's workspace, whose lints have checked most dependencies.
    CARGO_PROFILE_DEV_OPT_LEVEL=1 cargo clippy --locked --manifest-path adapters/python/Cargo.toml --all-targets -- -D warnings
    if python3 -c 'import sys, sysconfig; sys.exit(not sysconfig.get_config_var("Py_ENABLE_SHARED"))'; then
        tests cargo test --locked --manifest-path adapters/python/Cargo.toml
    else
        not_checked "tests in Rust of the Python package: this Python has no library to link them with"
    fi
    "$bin/maturin" build --locked --release -q -m adapters/python/Cargo.toml --out "$wheels"
    size=$(stat -c %s "$wheels"/*.whl)
    echo "the wheel has $size bytes"
    [ "$size" -lt 15000000 ]
    "$bin/python" -m pip install -q "$wheels"/*.whl
    released build --locked --bin weight-init
    local -x WEIGHT_INIT_COMMAND="$CARGO_TARGET_DIR/release/weight-init"
    # By the files of the wheel, not those of the tree, and without any framework.
    (cd "$scratch" && "$bin/python" -m pytest -q -p no:cacheprovider "$tests"/test_{arrays,command,engine,views}.py)
    "$bin/weight-init" --version
    python_package_tools
    python_package_with_jax
    torch=${TORCH_PYTHON:-python3}
    if ! "$torch" -c 'import torch' > /dev/null 2>&1; then
        not_checked "the Python package on PyTorch's models: $torch has no PyTorch, and PyPI's has gigabytes"
        return
    fi
    "$bin/python" -m pip install -q --target "$site" "$wheels"/*.whl pytest
    (cd "$scratch" && PYTHONPATH=$site PYTHONDONTWRITEBYTECODE=1 "$torch" -m pytest -q -rs -p no:cacheprovider "$tests")
    if "$torch" -c 'import timm' > /dev/null 2>&1; then
        PYTHONPATH=$site "$torch" "$tests/peers/record_table.py" timm "$scratch/recorded.jsonl" --models 200
        "$torch" "$tests/peers/record_table.py" table "$scratch/recorded.jsonl"
    else
        not_checked "recordings of 200 models of timm: $torch has no timm"
    fi
}

# The wheel's form, its use of CPython's stable interface, and its types.
python_package_tools() {
    if ! "$bin/python" -m pip install -q -c "$versions" twine abi3audit mypy pyright; then
        not_checked "the Python wheel by twine and abi3audit, its types by mypy and pyright: they cannot be installed"
        return
    fi
    "$bin/twine" check --strict "$wheels"/*.whl
    "$bin/abi3audit" --strict "$wheels"/*.whl
    (cd adapters/python && MYPYPATH=python "$bin/mypy" --cache-dir "$scratch/mypy" python/weight_init tests/typing_checks.py)
    if "$bin/pyright" --version > /dev/null 2>&1; then
        (cd adapters/python && "$bin/pyright" --pythonpath "$bin/python" python/weight_init/{_arrays,_functions,_rules,_seed,errors,report}.py)
    else
        not_checked "types of the Python package by pyright: it cannot be had"
    fi
}

python_package_with_jax() {
    if ! "$bin/python" -m pip install -q -c "$versions" jax flax keras rich; then
        not_checked "the Python package with JAX and Keras: they cannot be installed"
        return
    fi
    (cd "$scratch" && XLA_FLAGS=--xla_force_host_platform_device_count=8 KERAS_BACKEND=jax \
        "$bin/python" -m pytest -q -rs -p no:cacheprovider "$tests"/test_{arrays,jax,keras,views}.py)
    (cd "$scratch" && KERAS_BACKEND=numpy "$bin/python" -m pytest -q -rs -p no:cacheprovider "$tests"/test_keras.py)
}

# Folders by every engine that starts many processes, and in an object store; all servers are on this machine. The command is that of
# the tests of object stores.
engines() {
    local binary="$CARGO_TARGET_DIR/debug/weight-init" python="$scratch/engines/bin/python" versions="$PWD/tests/peers/engines.txt"
    local packages=(openmpi-bin mpich slurm-client slurmctld slurmd munge parallel) package line torch
    if ! dpkg -s "${packages[@]}" > /dev/null 2>&1 && ! install --no-install-recommends "${packages[@]}"; then
        for package in "${packages[@]}"; do
            install --no-install-recommends "$package" || echo "$package cannot be installed"
        done
    fi
    with_every_feature --no-run
    if ! python3 -m venv "$scratch/engines"; then
        not_checked "engines and an object store: there is no venv"
        return
    fi
    "$python" -m pip install -q -c "$versions" ray dask distributed || echo "Ray or Dask cannot be installed"
    torch=$(dirname "$(command -v "${TORCH_PYTHON:-python3}")")
    PATH="$PATH:$torch" "$python" tests/peers/engines.py "$binary" --report "$scratch/absent"
    while read -r line; do not_checked "$line"; done < "$scratch/absent"
    if "$python" -m pip install -q -c "$versions" 'moto[s3]' flask flask-cors boto3; then
        "$python" tests/peers/object_store.py "$binary"
    else
        not_checked "folders in an object store: moto cannot be installed"
    fi
    rm -rf "$scratch/engines"
}

# The report in Debian's Chromium, where it and its driver can be had.
report_in_a_browser() {
    local binary="$CARGO_TARGET_DIR/debug/weight-init" python="$scratch/browser/bin/python" status=0
    install --no-install-recommends chromium fonts-dejavu-core || echo "Chromium cannot be installed"
    python3 -m venv "$scratch/browser" && "$python" -m pip install -q playwright || echo "Playwright cannot be installed"
    with_every_feature --no-run
    "$python" tests/peers/report.py "$binary" || status=$?
    rm -rf "$scratch/browser"
    case $status in
        0) ;;
        77 | 127) not_checked "the report in a browser: there is no Chromium, or no Playwright to drive it" ;;
        *) return 1 ;;
    esac
}

# Beside the real mmengine, where a Python has it: it needs PyTorch, which has gigabytes.
mmengine() {
    local python=${TORCH_PYTHON:-python3} binary="$CARGO_TARGET_DIR/release/weight-init"
    if ! "$python" -c 'import mmengine, torch' > /dev/null 2>&1; then
        not_checked "random models, and the configs of eight packages, beside mmengine: $python has none"
        return
    fi
    released build --locked --bin weight-init
    "$python" tests/peers/differential.py "$binary"
    "$python" tests/peers/corpus.py "$binary"
}
