# To be sourced. Finds an installed FreeSWITCH as the tests do: PBX_FREESWITCH, else pkg-config, else the usual places.
# Sets fs_bin (the folder of freeswitch and fs_cli) and fs_mod (its modules), or fails.
find_freeswitch() {
  local prefix
  if [ -n "${PBX_FREESWITCH:-}" ]; then
    freeswitch_below "$PBX_FREESWITCH" && return
    echo "There is no FreeSWITCH below PBX_FREESWITCH=$PBX_FREESWITCH" >&2
    exit 1
  fi
  prefix=$(pkg-config --variable=prefix freeswitch 2>/dev/null || true)
  for prefix in $prefix /usr /usr/local /usr/local/freeswitch /opt/freeswitch; do
    freeswitch_below "$prefix" && return
  done
  return 1
}

freeswitch_below() { # PREFIX
  local folder
  [ -x "$1/bin/freeswitch" ] && [ -x "$1/bin/fs_cli" ] || return 1
  for folder in "$1"/lib/freeswitch/mod "$1"/mod "$1"/lib64/freeswitch/mod "$1"/lib/*/freeswitch/mod; do
    if [ -f "$folder/mod_sofia.so" ]; then
      fs_bin=$1/bin fs_mod=$folder
      return
    fi
  done
  return 1
}
