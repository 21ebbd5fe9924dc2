# shellcheck shell=bash
# Sourced by the scripts beside it: puts uv on PATH, and what uv.lock names into .venv; or, where
# UV_PROJECT_ENVIRONMENT is .venv-lowest, the lowest versions that pyproject.toml allows into that.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

unset VIRTUAL_ENV  # an environment that is active is not ours to change
export UV_PROJECT_ENVIRONMENT="${UV_PROJECT_ENVIRONMENT:-.venv}"

# Nothing may land outside of the repository and the cache of uv.
export UV_PYTHON_DOWNLOADS=never
export MPLCONFIGDIR="${MPLCONFIGDIR:-$PWD/$UV_PROJECT_ENVIRONMENT/matplotlib}"

say() { printf '%s\n' "$*" >&2; }

# Is there a uv of the version that pyproject.toml asks for, and a Python that it can use?
uv_works() { command -v uv >/dev/null && uv python find >/dev/null 2>&1; }

get_uv() {
    local python
    for python in python3 python3.11 python3.12 python3.13 python3.14 python; do
        "$python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
        say "Getting uv with pip into .uv"
        "$python" -m pip install --quiet --no-cache-dir --root-user-action=ignore \
            --upgrade --target .uv --only-binary :all: --require-hashes \
            --requirement <("$python" scripts/lock --show-uv)
        hash -r  # forget where an older uv was
        return
    done
    say "Python 3.11 or newer with pip is needed, and not on PATH."
    exit 1
}

if ! uv_works; then
    PATH="$PWD/.uv/bin:$PATH"
    uv_works || get_uv
fi
if [[ $UV_PROJECT_ENVIRONMENT == .venv-lowest ]]; then
    # On the lowest Python, too: the lowest numpy has no wheels for the newest.
    uv venv --quiet --allow-existing --python 3.11 .venv-lowest
    uv pip compile --quiet --resolution lowest-direct --python .venv-lowest \
        --group dev --no-header --no-annotate pyproject.toml |
        uv pip sync --quiet --python .venv-lowest -
    return
fi
python=$(uv python find)
"$python" scripts/lock --install-filter
"$python" scripts/lock --complete  # uv would complete it too, and not check the hashes
quiet=(--quiet)
if [[ -t 2 ]]; then quiet=(); fi
# What builds the libraries, and a dependency without a wheel, has its hashes in the lock as well.
UV_REQUIRE_BUILD_HASHES=1 UV_PREVIEW_FEATURES=build-dependency-hashes uv sync "${quiet[@]}"
