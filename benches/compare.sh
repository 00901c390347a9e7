#!/bin/sh
# Compares policy with Conftest on generated manifests, in one run: time, processor, memory, and that both find the same.
# Needs go, python3 and a Rust toolchain. Taken from outside where they are set: CONFTEST and POLICY (binaries),
# CORPUS (a folder with manifests), RUNS (how often, 5), POLICY_ARGS (further flags of policy, `--no-places`).
set -eu
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if [ -z "${CONFTEST:-}" ]; then
	echo "building Conftest v0.71.1 ..."
	GOBIN="$scratch" go install github.com/open-policy-agent/conftest@v0.71.1
	CONFTEST="$scratch/conftest"
fi
if [ -z "${POLICY:-}" ]; then
	cargo build --release --quiet
	POLICY="${CARGO_TARGET_DIR:-$(pwd)/target}/release/policy"
fi
if [ -z "${CORPUS:-}" ]; then
	CORPUS="$scratch/corpus"
	cargo run --release --quiet --example generate -- "$CORPUS" 5000 1000
fi
export CONFTEST POLICY CORPUS RUNS="${RUNS:-5}" SCRATCH="$scratch"
exec python3 benches/compare.py
