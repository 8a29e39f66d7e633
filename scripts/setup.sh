# Sourced by scripts/test.sh and scripts/try.sh (bash): makes the machine ready, quietly where it is already.
# Installs npm packages into the project and, as root on Debian and its kin, missing programs by apt. As another
# user, or without apt, it says what is missing and stops. Safe to run as often as you like.

ROOT=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
export PATH="$ROOT/node_modules/.bin:$PATH"

# What the scripts and tests need, a line each: Debian's package | what it is for | a command that succeeds only
# where it can be used for that. A name in a list says nothing: each need is checked by using it.
TRY_NEEDS='
dbus            | a private session bus             | dbus-daemon --version
gnome-keyring   | a real Secret Service             | gnome-keyring-daemon --version
libsecret-tools | entries as another client sees them| program secret-tool
curl            | requests from scripts             | curl --version
'
TEST_NEEDS=$TRY_NEEDS'
dbus-bin        | calls from a shell                | program dbus-send
python3-keyring | Python keyring                    | python_imports keyring
python3-dbus    | stand-ins for services on the bus | python_imports dbus
python3-gi      | GLib as another reader of D-Bus     | python_imports gi
python3-pip     | libraries of the musl tests       | python_imports pip
zsh             | env in zsh                        | zsh -fc true
mksh            | env in ksh                        | mksh -c true
busybox         | env in busybox                    | busybox sh -c true
fish            | env in fish                       | fish --no-config -c true
git             | the commit in --version           | git --version
openssl         | certificates of the https tests   | openssl version
wget            | the installer without curl        | wget --version
zip             | archives for Windows              | zip --version
strace          | which calls a run makes           | strace -V
procps          | processes as others see them      | ps --version
util-linux      | other users, namespaces           | program setpriv unshare
mount           | roots made by hand                | program mount
bsdutils        | pseudo-terminals                  | script --version
libkf5wallet-bin| a real KWallet                    | program kwalletd5
libqca-qt5-2-plugins | encrypted sessions of KWallet | library qca-qt5/crypto/libqca-ossl.so
gcc             | stand-ins in C                    | program cc
libc6-dev       | stand-ins in C                    | compiles cc stdio.h
wine            | Windows programs                  | program wine
wine64          | Windows programs, 64 bits         | file_exists /usr/lib/wine/wine64
gcc-mingw-w64-x86-64-win32 | libraries for Wine     | compiles x86_64-w64-mingw32-gcc windows.h
'
# What some tests use where it is there; without it they are left out, and the run says so. Installed where that is
# possible; `-` where no package of Debian brings it.
TEST_EXTRAS='
chromium        | the callback page in a browser    | chromium --version
ruby            | the syntax of the Homebrew formula| ruby --version
mandoc          | lint of the manual page           | program mandoc
libfaketime     | clocks that are wrong             | library faketime/libfaketime.so.1
direnv          | the hook for direnv               | direnv version
-               | env in Nushell                    | nu --version
-               | other users (takes root)          | is_root
-               | containers and mounts (namespaces)| unshare --mount --pid --fork true
'
program() {
  local name
  for name in "$@"; do command -v "$name" || return 1; done
}
python_imports() { /usr/bin/python3 -c "import $1"; }
library() { compgen -G "/usr/lib/*/$1" || [ -e "/usr/lib/$1" ]; }
compiles() { echo "#include <$2>" | "$1" -fsyntax-only -x c -; }
file_exists() { [ -e "$1" ]; }
is_root() { [ "$(id -u)" = 0 ]; }

stop() {
  printf '%s\n' "$@" >&2
  exit 1
}

# Runs a command whose output matters only when it fails.
quietly() {
  local log
  log=$(mktemp)
  if ! "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    stop "failed: $*"
  fi
  rm -f "$log"
}

# The packages of bun.lock, Bun itself among them. Asks no registry where all of them are there.
setup_project() {
  command -v node >/dev/null && command -v npm >/dev/null ||
    stop "Node.js with npm is missing: install it from your system or https://nodejs.org"
  cd "$ROOT" || exit 1
  packages_installed && bun --version >/dev/null 2>&1 && return
  [ -w . ] || stop "packages are missing, and $(id -un) may not write to $ROOT: run this as its owner first"
  if bun_is_the_pinned_one; then
    quietly bun install --frozen-lockfile
  else
    install_by_a_bun_from_npm
  fi
  # Bun's package puts its binary in place by an install script, which only some package managers run.
  bun --version >/dev/null 2>&1 || quietly node node_modules/bun/install.js
  bun --version >/dev/null 2>&1 || stop "bun does not run on this machine: $ROOT/node_modules/.bin/bun"
}

# What package.json names under packageManager.
pinned_bun() { node -p 'require("./package.json").packageManager.split("@")[1]'; }

bun_is_the_pinned_one() { [ "$(bun --version 2>/dev/null)" = "$(pinned_bun)" ]; }

# Only Bun reads bun.lock, and npm is what a machine with Node has: npm fetches a Bun for this one installation.
install_by_a_bun_from_npm() {
  local folder
  folder=$(mktemp -d)
  quietly npm install --prefix "$folder" --no-save --no-audit --no-fund --loglevel=error "bun@$(pinned_bun)"
  (cd "$folder" && quietly node node_modules/bun/install.js) || exit 1 # it works on the current directory
  quietly "$folder/node_modules/.bin/bun" install --frozen-lockfile
  rm -rf "$folder"
}

# Whether every package of bun.lock that this machine needs is there in its version.
packages_installed() {
  node -e '
    const { readFileSync } = require("node:fs");
    const line = /^    "([^"]+)": \["[^"]+@([^"@]+)", "[^"]*", (\{.*\}), "sha/gm;
    const fits = (wanted, own) => !wanted || [wanted].flat().includes(own);
    for (const [, path, version, facts] of readFileSync("bun.lock", "utf8").matchAll(line)) {
      const { os, cpu, libc } = JSON.parse(facts);
      if (!fits(os, process.platform) || !fits(cpu, process.arch) || libc) continue;
      const folder = path.match(/(@[^/]+\/)?[^/]+/g).join("/node_modules/");
      const there = JSON.parse(readFileSync(`node_modules/${folder}/package.json`, "utf8"));
      if (there.version !== version) process.exit(1);
    }
  ' 2>/dev/null
}

# each_need TABLE FUNCTION: calls FUNCTION with the package, the purpose and the check of every line.
each_need() {
  local package purpose check
  while IFS='|' read -r package purpose check; do
    read -r package <<<"$package"
    read -r purpose <<<"$purpose"
    [ -z "$package" ] || "$2" "$package" "$purpose" "$check"
  done <<<"$1"
}

# works CHECK: a check is words without quotes.
works() {
  # shellcheck disable=SC2086
  $1 </dev/null >/dev/null 2>&1
}

note_if_missing() { works "$3" || [ "$1" = - ] || MISSING+=("$1"); }
say_if_missing() { works "$3" || MISSING+=("$2 ($1)"); }

# need TABLE: everything in it works afterwards, or the end.
need() {
  MISSING=()
  each_need "$1" note_if_missing
  [ ${#MISSING[@]} -eq 0 ] && return
  if ! is_root || ! command -v apt-get >/dev/null; then
    stop "missing, by the names of Debian's packages: ${MISSING[*]}" \
      "install them (on Debian: apt-get install ${MISSING[*]}) and run this again"
  fi
  export DEBIAN_FRONTEND=noninteractive
  quietly apt-get update -qq
  quietly apt-get install -qq -y --no-install-recommends "${MISSING[@]}"
  MISSING=()
  each_need "$1" say_if_missing
  [ ${#MISSING[@]} -eq 0 ] || stop "still does not work after installing it:" "${MISSING[@]}"
}

# want TABLE: installs what it can of the table, and does not mind what it cannot.
want() {
  MISSING=()
  each_need "$1" note_if_missing
  [ ${#MISSING[@]} -eq 0 ] || ! is_root || ! command -v apt-get >/dev/null ||
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${MISSING[@]}" >/dev/null 2>&1
  return 0
}

# Says once, before a run, what it found and which tests are left out.
say_what_is_there() {
  echo "found: Bun $(bun --version), Node $(node --version), $(grep -c '|' <<<"$1") programs and libraries, all in working order"
  MISSING=()
  each_need "$2" say_if_missing
  [ ${#MISSING[@]} -eq 0 ] || printf 'left out: %s\n' "${MISSING[@]}"
}
