#!/usr/bin/env bash
# Speaks the texts of voicemail into WAV files, with espeak-ng. Sounds that are there and whose words are the same stay
# as they are, and so does whatever else is in the folder.
#   prompts.sh FOLDER [TEXTS]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:?"say into which folder: prompts.sh FOLDER"}
texts=${2:-$here/prompts/en.txt}
command -v espeak-ng >/dev/null || { echo "There is no espeak-ng here: on Debian, apt-get install espeak-ng" >&2; exit 1; }

mkdir -p "$folder"
spoken=$folder/spoken.txt
touch "$spoken"
while IFS= read -r line; do
  case $line in
    ''|'#'*) continue ;;
  esac
  name=${line%%: *} words=${line#*: }
  if [ -s "$folder/$name.wav" ] && { grep -qxF -- "$line" "$spoken" || ! grep -q "^$name: " "$spoken"; }; then
    continue # as it was, or somebody's own recording
  fi
  # Under another name until it is whole: the switch may be playing it.
  espeak-ng -v en-us -s 155 -w "$folder/$name.part" -- "$words"
  mv "$folder/$name.part" "$folder/$name.wav"
  { grep -v "^$name: " "$spoken" || true; echo "$line"; } >"$spoken.part"
  mv "$spoken.part" "$spoken"
done <"$texts"
