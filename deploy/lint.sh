#!/usr/bin/env bash
# What must be spotless before a push.
set -eu
cd "$(dirname "$0")/.."
cargo fmt --all --check
cargo clippy --workspace --all-targets --locked -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
if command -v cargo-deny >/dev/null; then
  cargo deny check licenses bans sources
else
  echo "SKIPPED: cargo deny (not installed)"
fi
