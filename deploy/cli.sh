#!/usr/bin/env bash
# Sends one command, the text in CMD as it is, to the host that `make run` started, and prints the answer.
set -eu
cd "$(dirname "$0")/.."
[ -n "${CMD:-}" ] || { echo 'Say which command: make cli CMD="pbx status"' >&2; exit 2; }
[ -f .run/host ] || { echo "Nothing runs here: make run starts it." >&2; exit 1; }
{
  read -r host
  read -r program
  read -r place
  read -r secret || true
} <.run/host
case $host in
  freeswitch) exec "$program" -H 127.0.0.1 -P "$place" -p "$(cat "$secret")" -x "$CMD" ;;
  standin) exec "$program" --send "$place" "$CMD" ;;
esac
