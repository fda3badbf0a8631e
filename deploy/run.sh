#!/usr/bin/env bash
# A PBX on loopback to try, in the foreground until Ctrl-C: FreeSWITCH if one is installed, else the stand-in host
# with the same module and the same configuration. Everything it writes is under .run/.
set -eu
umask 077
cd "$(dirname "$0")/.."
. deploy/freeswitch.sh

run=$PWD/.run
domain=pbx.test
cli() { CMD=$1 deploy/cli.sh; }
if [ -f "$run/host" ] && cli "pbx version" >/dev/null 2>&1; then
  echo 'It runs already: make cli CMD="pbx status"' >&2
  exit 1
fi
mkdir -p "$run"/{conf,log,run,db,mod,storage,certs,tmp}

cargo build --locked --package mod_pbx --package fs-standin
built=$(realpath "${CARGO_TARGET_DIR:-target}/debug")
deploy/prompts.sh "$run/sounds"

# --- ports: those of the last time while they are free, else the usual ones, else the next free ones ---

in_use() { # PORT: whether any socket of this machine has it, UDP or listening TCP
  local hex
  hex=$(printf '%04X' "$1")
  awk -v port="$hex" '
    { split($2, at, ":") }
    at[2] == port && (FILENAME ~ /udp/ || $4 == "0A") { found = 1 }
    END { exit !found }' $(ls /proc/net/udp /proc/net/udp6 /proc/net/tcp /proc/net/tcp6 2>/dev/null)
}

free_port() { # PORT: it, or the next that is free
  local port=$1
  while in_use "$port"; do port=$((port + 1)); done
  echo "$port"
}

sip_port=5060 verto_port=8081 web_port=8480 local_port=8481 event_socket_port=8021
[ ! -f "$run/ports" ] || . "$run/ports"
for name in sip_port verto_port web_port local_port event_socket_port; do
  declare "$name=$(free_port "${!name}")"
done
declare -p sip_port verto_port web_port local_port event_socket_port | sed 's/^declare -- //' >"$run/ports"

if [ ! -s "$run/event_socket_password" ]; then
  od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$run/event_socket_password"
fi
password=$(cat "$run/event_socket_password")

# --- configuration: deploy's, and what differs on this machine ---

rm -rf "$run/conf"
cp -r deploy/switch "$run/conf"
{
  echo "<include>"
  for pair in "event_socket_port=$event_socket_port" "event_socket_password=$password"; do
    echo "  <X-PRE-PROCESS cmd=\"set\" data=\"$pair\"/>"
  done
  echo "</include>"
} >"$run/conf/local.xml"
sed -i -e "s|name=\"web-listen\" value=\"\"|name=\"web-listen\" value=\"127.0.0.1:$web_port\"|" \
  -e "s|name=\"local-listen\" value=\"\"|name=\"local-listen\" value=\"127.0.0.1:$local_port\"|" \
  -e "s|name=\"sounds\" value=\"\"|name=\"sounds\" value=\"$run/sounds\"|" \
  "$run/conf/autoload_configs/pbx.conf.xml"

# --- the host ---

pid=
stop() {
  [ -n "$pid" ] || return 0
  cli "$shutdown" >/dev/null 2>&1 || kill -TERM "$pid" 2>/dev/null || true
  for _ in $(seq 150); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  pid=
  rm -f "$run/host"
}
trap "trap '' INT TERM HUP; stop" EXIT
trap 'echo; exit 130' INT
trap 'exit 143' TERM HUP

wait_until_up() {
  for _ in $(seq 300); do
    kill -0 "$pid" 2>/dev/null || { wait "$pid" || true; pid=; failed_to_start; }
    case $(cli "pbx version" 2>/dev/null) in
      -*|"") ;;
      *) return ;;
    esac
    sleep 0.1
  done
  failed_to_start
}

failed_to_start() {
  echo "It did not come up. Its last words, $run/log:" >&2
  tail -n 20 "$run/log/output" >&2 2>/dev/null || true
  # What a switch says at its start is long, and hardly any of it is why.
  grep -h '\[ERR\]\|\[CRIT\]' "$run/log/freeswitch.log" 2>/dev/null | tail -n 20 >&2 || true
  exit 1
}

if find_freeswitch; then
  rm -rf "$run/mod"
  mkdir "$run/mod"
  ln -s "$fs_mod"/*.so "$run/mod/"
  ln -sf "$built/libmod_pbx.so" "$run/mod/mod_pbx.so"
  shutdown="fsctl shutdown now"
  start() { # CONF
    setsid "$fs_bin/freeswitch" -nf -nc -np -nonat -conf "$1" -log "$run/log" -run "$run/run" -db "$run/db" \
      -mod "$run/mod" -storage "$run/storage" -certs "$run/certs" -temp "$run/tmp" -cache "$run/tmp" \
      -recordings "$run/tmp" -scripts "$run/tmp" </dev/null >"$run/log/output" 2>&1 &
    pid=$!
    printf 'freeswitch\n%s\n%s\n%s\n' "$fs_bin/fs_cli" "$event_socket_port" "$run/event_socket_password" >"$run/host"
    wait_until_up
  }
else
  shutdown=shutdown
  start() {
    setsid "$built/standin" --conf "$1" --run "$run" --module "$built/libmod_pbx.so" --socket "$run/standin.sock" \
      </dev/null >"$run/log/output" 2>&1 &
    pid=$!
    printf 'standin\n%s\n%s\n' "$built/standin" "$run/standin.sock" >"$run/host"
    wait_until_up
  }
fi

# --- first start, or other ports than last time: told to the database before a profile binds them ---

must() { # COMMAND
  local answer
  answer=$(cli "$1") || answer="-ERR no answer"
  case $answer in
    -*) echo "$1: $answer" >&2; exit 1 ;;
  esac
  printf '%s\n' "$answer"
}

password_in() { # JSON: the first that it shows
  sed -n 's/.*"password": *"\([^"]*\)".*/\1/p' <<<"$1" | head -n 1
}

settings="$sip_port $verto_port"
if [ "$settings" != "$(cat "$run/settings" 2>/dev/null)" ] || [ ! -s "$run/demo" ]; then
  cp -r "$run/conf" "$run/tmp/first"
  sed -i '/load module/{/mod_console\|mod_logfile\|mod_event_socket\|mod_commands\|mod_pbx/!d}' \
    "$run/tmp/first/autoload_configs/modules.conf.xml"
  start "$run/tmp/first"
  rm -rf "$run/tmp/first"
  for setting in "sip-address 127.0.0.1" "sip-port $sip_port" "verto-port $verto_port"; do
    must "pbx setting set $setting" >/dev/null
  done
  if [ ! -s "$run/demo" ]; then
    must "pbx domain add $domain" >/dev/null
    {
      echo "username  password          web page        its password, good for once"
      for person in "1001 alice Alice" "1002 bob Bob" "1003 carol Carol"; do
        read -r number user name <<<"$person"
        made=$(must "pbx extension add $number@$domain --user $user --name $name --line json")
        once=$(must "pbx user reset $user@$domain json")
        printf '%-9s %-17s %-15s %s\n' "$number" "$(password_in "$made")" "$user@$domain" "$(password_in "$once")"
      done
    } >"$run/demo.new"
    mv "$run/demo.new" "$run/demo"
    first=yes
  fi
  echo "$settings" >"$run/settings"
  stop
fi
start "$run/conf"

# --- what to do with it ---

first_password() { # name and password of the first administrator, while nobody has changed it
  local file=$run/storage/pbx/first-password name secret
  [ -r "$file" ] || return 0
  read -r name secret <"$file"
  printf '  sign in as    %s, with the password %s: good for once\n' "$name" "$secret"
}

echo
if [ -n "${fs_bin:-}" ]; then
  cat <<EOF
FreeSWITCH runs with mod_pbx on loopback. Ctrl-C ends it.
  a phone       SIP server 127.0.0.1:$sip_port (UDP or TCP), domain $domain; extensions 1001, 1002 and 1003
  web page      http://127.0.0.1:$web_port
$(first_password)
  this console  make cli CMD="pbx status"
  fs_cli        $fs_bin/fs_cli -P $event_socket_port -p \$(cat .run/event_socket_password)
  log           .run/log/freeswitch.log
EOF
else
  cat <<EOF
The stand-in host runs mod_pbx: commands and lookups, no calls, since no FreeSWITCH was found (PBX_FREESWITCH=<prefix>
names one). Ctrl-C ends it.
  web page      http://127.0.0.1:$web_port
$(first_password)
  commands      make cli CMD="pbx status"
  a lookup      make cli CMD="pbx lookup directory key_value=$domain user=1001"
  log           .run/log/output
EOF
fi
if [ -n "${first:-}" ]; then
  echo "The demo's people, shown this once and kept in .run/demo; username and password are for a phone:"
  sed 's/^/  /' "$run/demo"
else
  echo "The demo's people and their passwords: .run/demo"
fi
wait "$pid" || status=$?
pid=
rm -f "$run/host"
echo "The host ended${status:+ with $status}; its log is under .run/log"
exit "${status:-0}"
