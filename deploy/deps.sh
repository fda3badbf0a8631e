#!/usr/bin/env bash
# Installs what this machine lacks to build or to test. On anything but Debian it only says what that is.
#   deps.sh [build] [test] [deb]
set -eu

cd "$(dirname "$0")/.."
missing=()
need() { # PACKAGE CHECK…: the package unless the check succeeds
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || missing+=("$package")
}

new_enough() {
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 18 || (a == 18 && b >= 13) ? 0 : 1)'
}

for purpose in "$@"; do
  case $purpose in
    build)
      need gcc command -v cc
      need pkg-config command -v pkg-config
      need libsqlite3-dev pkg-config --exists sqlite3
      # The web pages; who has them built already needs neither.
      if [ -z "${PBX_WEB_DIST:-}" ]; then
        need nodejs new_enough
        need npm command -v npm
      fi
      need espeak-ng command -v espeak-ng
      ;;
    test)
      need sip-tester command -v sipp
      need chromium command -v chromium
      need nodejs command -v node
      need npm command -v npm
      packages=tests/browser
      need nginx-light test -x /usr/sbin/nginx
      need dpkg-dev command -v dpkg-shlibdeps
      need binutils command -v strip
      need espeak-ng command -v espeak-ng
      ;;
    deb)
      need dpkg-dev command -v dpkg-shlibdeps
      need binutils command -v strip
      need espeak-ng command -v espeak-ng
      ;;
    *)
      echo "deps.sh takes build, test and deb, not $purpose" >&2
      exit 2
      ;;
  esac
done

command -v cargo >/dev/null || { echo "There is no Rust here: install it from https://rustup.rs" >&2; exit 1; }
# What the browser's tests drive Chromium with. Without it they say that they are skipped.
set_up() {
  # npm writes its own copy of the lock last.
  [ -n "${packages:-}" ] && [ "$packages/package-lock.json" -nt "$packages/node_modules/.package-lock.json" ] || return 0
  npm ci --prefix "$packages" --ignore-scripts --no-audit --no-fund >/dev/null ||
    echo "tests/browser is not set up: npm ci --prefix tests/browser" >&2
}
[ ${#missing[@]} -gt 0 ] || { set_up; exit 0; }

if ! command -v apt-get >/dev/null; then
  echo "This machine lacks what Debian calls ${missing[*]}; install that first." >&2
  exit 1
fi
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
echo "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
set_up
