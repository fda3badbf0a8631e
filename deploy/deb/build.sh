#!/usr/bin/env bash
# Packs a built module for Debian 12 with FreeSWITCH's packages. Plain dpkg-deb: it is in every Debian, and there is
# nothing here that more would help with: one library, one file of configuration, sounds and one drop-in.
#   build.sh MODULE FOLDER [VERSION]
# prints the package's file. DEBFULLNAME and DEBEMAIL name who answers for it, else whoever git says made it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
module=$(realpath "${1:?"say which module: build.sh MODULE FOLDER"}")
mkdir -p "${2:?"say into which folder: build.sh MODULE FOLDER"}"
folder=$(realpath "$2")
version=${3:-$(sed -n 's/^version = "\(.*\)"$/\1/p' "$repository/Cargo.toml" | head -n 1)}
name=freeswitch-mod-pbx
architecture=$(dpkg --print-architecture)
for tool in dpkg-deb dpkg-shlibdeps strip gzip; do
  command -v "$tool" >/dev/null || { echo "There is no $tool here: apt-get install dpkg-dev binutils" >&2; exit 1; }
done
git_says() { git -C "$repository" log -1 --format="$1" 2>/dev/null || true; }
maintainer="${DEBFULLNAME:-$(git_says %an)} <${DEBEMAIL:-$(git_says %ae)}>"
# The same files make the same package, whenever.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git_says %ct)}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-0}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022
root=$work/root
put() { install -D -m "$1" "$2" "$root/$3"; }

# --- files ---

put 644 "$module" usr/lib/freeswitch/mod/mod_pbx.so
strip --strip-unneeded "$root/usr/lib/freeswitch/mod/mod_pbx.so"

sounds=/usr/share/$name/sounds
# Made before, they are not spoken again.
"$repository/deploy/prompts.sh" "$folder/sounds" >&2
for sound in "$folder"/sounds/*.wav; do
  put 644 "$sound" "$sounds/${sound##*/}"
done
with_sounds() { # FILE: it, where the packaged sounds are named
  sed "s|name=\"sounds\" value=\"\"|name=\"sounds\" value=\"$sounds\"|" "$repository/deploy/switch/autoload_configs/pbx.conf.xml" >"$1"
}
put 644 /dev/null etc/freeswitch/autoload_configs/pbx.conf.xml
with_sounds "$root/etc/freeswitch/autoload_configs/pbx.conf.xml"

# A whole configuration, where FreeSWITCH's packages keep theirs.
(cd "$repository/deploy/switch" && find . -type f) | while read -r file; do
  put 644 "$repository/deploy/switch/$file" "usr/share/freeswitch/conf/pbx/$file"
done
with_sounds "$root/usr/share/freeswitch/conf/pbx/autoload_configs/pbx.conf.xml"

put 755 "$here/pbx-modules" usr/sbin/pbx-modules
put 644 "$here/pbx-modules.8" usr/share/man/man8/pbx-modules.8
put 644 "$repository/deploy/systemd/freeswitch.conf" usr/lib/systemd/system/freeswitch.service.d/50-pbx.conf

documents=usr/share/doc/$name
put 644 "$here/README.Debian" "$documents/README.Debian"
put 644 "$here/copyright" "$documents/copyright"
put 644 "$repository/CHANGELOG.md" "$documents/changelog"
for example in nginx/pbx.conf prometheus/scrape.yml prometheus/rules.yml grafana/pbx.json; do
  put 644 "$repository/deploy/$example" "$documents/examples/$example"
done
cat >"$root/$documents/changelog.Debian" <<EOT
$name ($version) stable; urgency=medium

  * What is new is in changelog.gz.

 -- $maintainer  $(date -uR -d "@$SOURCE_DATE_EPOCH")
EOT
gzip -9n "$root/$documents/changelog" "$root/$documents/changelog.Debian" "$root"/usr/share/man/man8/*

# --- what dpkg must know ---

mkdir -p "$root/DEBIAN" "$work/debian"
printf 'Source: %s\nMaintainer: %s\n\nPackage: %s\nArchitecture: any\n' "$name" "$maintainer" "$name" >"$work/debian/control"
depends=$(cd "$work" && dpkg-shlibdeps -O --warnings=0 root/usr/lib/freeswitch/mod/mod_pbx.so)
size=$(du -k -s --apparent-size --exclude=DEBIAN "$root" | cut -f 1)
sed -e "s|@VERSION@|$version|" -e "s|@ARCH@|$architecture|" -e "s|@MAINTAINER@|$maintainer|" -e "s|@SIZE@|$size|" \
  -e "s|@DEPENDS@|${depends#shlibs:Depends=}|" "$here/control.in" >"$root/DEBIAN/control"
install -m 644 "$here/conffiles" "$root/DEBIAN/conffiles"
install -m 755 "$here/postinst" "$here/postrm" "$root/DEBIAN/"
(cd "$root" && find etc usr -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"

package=$folder/${name}_${version}_$architecture.deb
dpkg-deb --root-owner-group -Zxz "-z${PBX_DEB_LEVEL:-6}" --build "$root" "$package" >&2
echo "$package"
