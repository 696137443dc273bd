#!/bin/sh
# Makes .venv with the first Python that is new enough and installs the locked files named as arguments.
set -eu
cd "$(dirname "$0")/.."

new_enough() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if [ ! -x .venv/bin/python ]; then
    python=
    for candidate in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
        if new_enough "$candidate"; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        echo "Python 3.11 or newer is needed. Install it, or name it: make run PYTHON=/path/to/python3" >&2
        exit 1
    fi
    echo "Making the virtual environment .venv with $("$python" --version)."
    if ! "$python" -m venv .venv; then
        rm -rf .venv
        echo "$python has no venv module. On Debian and Ubuntu: apt-get install python3-venv" >&2
        exit 1
    fi
fi

for requirements in "$@"; do
    echo "Installing $requirements."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$requirements"
done
