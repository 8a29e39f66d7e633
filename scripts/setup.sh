# Sourced by scripts/test.sh and scripts/try.sh (bash): makes the machine ready, quietly where it is already.
# Installs npm packages into the project and, as root on Debian and its kin, missing programs by apt. As another
# user, or without apt, it says what is missing and stops. Safe to run as often as you like.

ROOT=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
export PATH="$ROOT/node_modules/.bin:$PATH"

# Programs as PROGRAM:PACKAGE, files as PATH:PACKAGE, modules of the system's Python as python:MODULE:PACKAGE.
TRY_NEEDS=(
  dbus-daemon:dbus gnome-keyring-daemon:gnome-keyring secret-tool:libsecret-tools curl:curl
)
TEST_NEEDS=(
  "${TRY_NEEDS[@]}"
  dbus-send:dbus-bin python:keyring:python3-keyring
  zsh:zsh mksh:mksh busybox:busybox fish:fish
  git:git openssl:openssl wget:wget zip:zip strace:strace python:pip:python3-pip ps:procps setpriv:util-linux unshare:util-linux mount:mount script:bsdutils
  kwalletd5:libkf5wallet-bin file:/usr/lib/x86_64-linux-gnu/qca-qt5/crypto/libqca-ossl.so:libqca-qt5-2-plugins python:dbus:python3-dbus cc:gcc /usr/include/stdio.h:libc6-dev
  wine:wine /usr/lib/wine/wine64:wine64 x86_64-w64-mingw32-gcc:gcc-mingw-w64-x86-64-win32
)

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

# The packages of package-lock.json, and a bun that runs.
setup_project() {
  command -v node >/dev/null && command -v npm >/dev/null ||
    stop "Node.js with npm is missing: install it from your system or https://nodejs.org"
  cd "$ROOT" || exit 1
  # Not `npm ci`: it refuses a lock file without the optional packages of every platform, and npm writes such files
  # when a registry has not got them all. This installs what the lock file pins, and leaves the file alone.
  packages_installed || quietly npm install --no-save --no-audit --no-fund --loglevel=error
  # npm 11 runs no install scripts that nobody has allowed; this one only puts bun's own binary in its place.
  bun --version >/dev/null 2>&1 || quietly node node_modules/bun/install.js
  bun --version >/dev/null 2>&1 || stop "bun does not run on this machine: $ROOT/node_modules/.bin/bun"
}

packages_installed() {
  node -e '
    const { packages: wanted } = require("./package-lock.json");
    const { packages: there } = require("./node_modules/.package-lock.json");
    const missing = Object.keys(wanted).some(
      (name) => name && !wanted[name].optional && there[name]?.version !== wanted[name].version);
    process.exit(missing ? 1 : 0);
  ' 2>/dev/null
}

# need_programs NEED…: all of them there afterwards, or the end.
need_programs() {
  local need missing=()
  for need in "$@"; do is_there "$need" || missing+=("${need##*:}"); done
  [ ${#missing[@]} -eq 0 ] && return
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    stop "missing, by the names of Debian's packages: ${missing[*]}" \
      "install them (on Debian: apt-get install ${missing[*]}) and run this again"
  fi
  export DEBIAN_FRONTEND=noninteractive
  quietly apt-get update -qq
  quietly apt-get install -qq -y --no-install-recommends "${missing[@]}"
  for need in "$@"; do is_there "$need" || stop "${need%:*} is still missing after installing ${need##*:}"; done
}

is_there() {
  case $1 in
    python:*:*)
      local module=${1#python:}
      /usr/bin/python3 -c "import ${module%:*}" 2>/dev/null
      ;;
    /*) [ -e "${1%%:*}" ] ;;
    *) command -v "${1%%:*}" >/dev/null ;;
  esac
}
