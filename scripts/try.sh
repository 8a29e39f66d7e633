#!/usr/bin/env bash
# Shows gum-cred at work, each command and what it prints: a real GNOME Keyring on a session bus of its own, a
# stand-in for Gumloop's server on loopback, a home folder that is gone afterwards. Touches nothing of yours.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/setup.sh"
setup_project
need "$TRY_NEEDS"
quietly bun run --silent build

work=$(mktemp -d)
started=()
cleanup() {
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# wait_for WHAT COMMAND…: until the command succeeds, at most ten seconds.
wait_for() {
  local what=$1 tries=100
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || stop "$what does not start"
    sleep 0.1
  done
}

# A person's session: a home, a bus, and a keyring that a throwaway password unlocks.
unset "${!GUM@}" "${!XDG_@}" DISPLAY WAYLAND_DISPLAY
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
export HOME=$work/home XDG_RUNTIME_DIR=$work/run PATH="$ROOT/dist:$PATH"
mkdir -m 700 "$HOME" "$XDG_RUNTIME_DIR"
export DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus
dbus-daemon --session --nofork --nopidfile --address="$DBUS_SESSION_BUS_ADDRESS" 2>"$work/bus.log" &
started+=($!)
wait_for dbus-daemon test -S "$XDG_RUNTIME_DIR/bus"
printf throwaway | gnome-keyring-daemon --foreground --unlock --components=secrets >"$work/keyring.log" 2>&1 &
started+=($!)
wait_for gnome-keyring secret-tool store --label=ready try ready <<<ready
secret-tool clear try ready

# Gumloop's server, and a browser that agrees to everything.
bun "$ROOT/test/support/stand-in/main.ts" --json --auto-approve >"$work/server.json" 2>"$work/server.log" &
started+=($!)
wait_for "the stand-in server" test -s "$work/server.json"
answer() { node -p "JSON.parse(require('fs').readFileSync('$work/server.json', 'utf8')).$1"; }
BASE_URL=$(answer base_url) API_KEY=$(answer api_key) USER_ID=$(answer user_id)
# The official redirect port may be taken on this machine; any other free one will do.
PORT=$(bun -e 'const s = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } }); console.log(s.port); s.stop()')
export BASE_URL API_KEY USER_ID PORT
printf '#!/bin/sh\nexec curl -sSL -o /dev/null "$1"\n' >"$work/browser"
chmod +x "$work/browser"
export BROWSER=$work/browser

title() { printf '\n\033[1m# %s\033[0m\n' "$1"; }
[ -t 1 ] || title() { printf '\n# %s\n' "$1"; }

# show COMMAND: prints it and runs it; it has to succeed, or end with the exit code given first.
show() {
  local expected=0 status=0
  case $1 in [0-9]*) expected=$1 && shift ;; esac
  printf '$ %s\n' "$1"
  sh -c "$1" </dev/null 2>&1 || status=$?
  [ "$status" = 0 ] || echo "(exit code $status)"
  [ "$status" = "$expected" ] || stop "expected exit code $expected"
}

cd "$work"
title "The binary"
show 'gum-cred --version'
title "Nobody is signed in"
show 3 'gum-cred status'
title "Sign in with the browser (played by curl)"
show 'gum-cred login --method oauth --base-url "$BASE_URL" --callback-port "$PORT"'
show 'gum-cred status --verify'
show 'gum-cred explain gumloop'
show 'secret-tool search --all service gumloop-cli 2>&1 | grep -E "^(label|attribute.username)"'
title "In a script: eval \$(gum-cred env)"
show 'set -eu; eval $(gum-cred env gumloop); echo "the access token has ${#GUMLOOP_ACCESS_TOKEN} characters"; curl -sS -o /dev/null -w "GET /models: %{http_code}\n" -H "Authorization: Bearer $GUMLOOP_ACCESS_TOKEN" "$GUMLOOP_BASE_URL/models"'
title "For one command only"
show "gum-cred exec gumloop -- sh -c 'echo \"process \$\$ has \$GUMLOOP_BASE_URL\"'"
show 'gum-cred header | curl -sS -o /dev/null -w "GET /models: %{http_code}\n" -H @- "$BASE_URL/models"'
show 42 "gum-cred exec gumloop -- sh -c 'exit 42'"
title "Sign out"
show 'gum-cred logout'
title "Sign in with an API key, read from stdin"
show 'printf %s "$API_KEY" | gum-cred login --api-key - --user-id "$USER_ID" --base-url "$BASE_URL"'
show 'gum-cred status --verify'
show "gum-cred env gumloop | sed -E \"s/(API_KEY='.{4})[^']*/\\1…/\""
title "A variable of the environment wins, and the keychain stays closed"
show 'GUMLOOP_ACCESS_TOKEN=from-the-environment gum-cred explain gumloop'
title "Sign out again"
show 'gum-cred logout'
show 3 'gum-cred status'
printf '\nAll of it worked.\n'
