#!/bin/sh
# Create the virtual environment: environment.sh VENV PYTHON-or-empty [arguments for pip install …]
set -eu
venv=$1 wanted=$2
shift 2

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

python=
for candidate in ${wanted:-python3 python3.13 python3.12 python3.11 python}; do
    if fits "$candidate"; then python=$candidate; break; fi
done
if [ -z "$python" ]; then
    found=$(${wanted:-python3} --version 2>/dev/null || echo "no ${wanted:-python3}")
    echo "xtl needs Python 3.11, 3.12 or 3.13, and found $found: install one of them, or name it with make PYTHON=python3.12." >&2
    exit 2
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "xtl needs Python's venv module, which $python lacks: on Debian and Ubuntu install python3-venv." >&2
    exit 2
fi
echo "Creating $venv with $("$python" --version); the first time this downloads 0.45 GB, with a CUDA build of torch several GB."
"$python" -m venv "$venv"
# The lock is complete but for the libraries of a CUDA build of torch, which the second command adds. Compiled on all
# cores, because pip does it on one, and without the libraries' own tests; what cannot be compiled is not for this Python.
install() { "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile "$@"; }
install "$@" --no-deps -r requirements.lock
install "$@" -r requirements.lock
install --no-deps --no-build-isolation -e .
"$venv/bin/python" -m compileall -qq -j 0 -x '/tests?/' "$venv/lib" || true
touch "$venv/.installed"
