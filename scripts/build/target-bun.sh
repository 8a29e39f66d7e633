#!/bin/sh
# target-bun.sh TARGET: prints the path of the Bun executable that programs for another machine are built from
# (`--compile-executable-path`), such as `linux-aarch64-musl` or `windows-x64`. Fetches it where it is not there yet:
# from the npm registry, in the version and with the digest that bun.lock pins. `bun install` leaves other machines'
# packages out, and `bun build` would download without a digest. The builds for processors without AVX2
# (`-baseline`) are no dependency of the package bun, so no lock file has them: baseline-digests.txt does.
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
name=@oven/bun-$1
# bun.lock has a package a line: "NAME": ["NAME@VERSION", …, "sha512-…"],
locked() {
  sed -nE "s|^ *\"$1\": \\[\"$1@([^\"]+)\",.*\"(sha512-[^\"]+)\"\\],?\$|\\1 \\2|p" "$root/bun.lock"
}
case $1 in
  *-baseline) pinned=$(sed -n "s|^$name ||p" "$root/scripts/build/baseline-digests.txt") ;;
  *) pinned=$(locked "$name") ;;
esac
version=${pinned% *}
if [ "$version" != "$(locked bun | cut -d ' ' -f 1)" ]; then
  echo "target-bun.sh: $name is pinned to '$version', which is not the version of bun in bun.lock" >&2
  exit 1
fi
integrity=${pinned#* }
case $1 in windows-*) file=bun.exe ;; *) file=bun ;; esac
folder=$root/node_modules/.cache/gum-cred/bun-$1-$version

if [ ! -f "$folder/$file" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  pack() { (cd "$work" && npm pack --loglevel=error "$name@$version") >"$work/packed" 2>"$work/log"; }
  if ! pack && ! { sleep 2 && pack; }; then
    echo "target-bun.sh: npm cannot fetch $name@$version; it says:" >&2
    cat "$work/log" >&2
    exit 1
  fi
  archive=$work/$(tail -n 1 "$work/packed")
  digest=sha512-$(openssl dgst -sha512 -binary "$archive" | openssl base64 -A)
  if [ "$digest" != "$integrity" ]; then
    echo "target-bun.sh: $name@$version has the digest $digest, but $integrity is pinned" >&2
    exit 1
  fi
  tar -xzf "$archive" -C "$work"
  mkdir -p "$folder"
  mv "$work/package/bin/$file" "$folder/$file.$$"
  mv "$folder/$file.$$" "$folder/$file"
fi
echo "$folder/$file"
