#!/bin/sh
# Prints the path of the Windows bun.exe that executables for Windows are built from (`--compile-executable-path`),
# after fetching it where it is not there yet: from the npm registry, in the version and with the digest that
# package-lock.json pins. `npm install` leaves it out on another operating system, and `bun build` would download it.
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/../../.." && pwd)
name=@oven/bun-windows-x64
pinned=$(node -p "const p = require('$root/package-lock.json').packages['node_modules/$name']; p.version + ' ' + p.integrity")
version=${pinned% *}
integrity=${pinned#* }
folder=$root/node_modules/.cache/gum-cred/bun-windows-x64-$version

if [ ! -f "$folder/bun.exe" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  archive=$work/$(cd "$work" && npm pack --silent "$name@$version" 2>"$work/log" || { cat "$work/log" >&2; exit 1; })
  digest=sha512-$(openssl dgst -sha512 -binary "$archive" | openssl base64 -A)
  if [ "$digest" != "$integrity" ]; then
    echo "windows-bun.sh: $name@$version has the digest $digest, but package-lock.json pins $integrity" >&2
    exit 1
  fi
  tar -xzf "$archive" -C "$work"
  mkdir -p "$folder"
  mv "$work/package/bin/bun.exe" "$folder/bun.exe.$$"
  mv "$folder/bun.exe.$$" "$folder/bun.exe"
fi
echo "$folder/bun.exe"
