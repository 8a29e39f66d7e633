#!/usr/bin/env bash
# Everything that is checked, on a fresh machine too: setup, types, lint, floors, build, tests.
# The last line is `N passed, N failed`; the exit status is 0 only when nothing failed.
set -uo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/setup.sh"

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# count WORD: the number that stands before it in bun's summary.
count() {
  sed -nE "s/^ *([0-9]+) $1s?\$/\1/p" "$log" | tail -n 1
}

( # `stop` of setup.sh ends this part only
  setup_project && need "$TEST_NEEDS" && want "$TEST_EXTRAS" && say_what_is_there "$TEST_NEEDS" "$TEST_EXTRAS" &&
    bun run --silent check && bun run --silent build
) || {
  echo "0 passed, 1 failed"
  exit 1
}

# Each failure with the last lines before it, and whatever ended that should not have.
failures() {
  awk '
    /^[0-9]+ tests? failed:/ { exit }
    /ended by itself/ { print }
    /^\((pass|skip)\)/ { lines = 0; next }
    { line[lines++] = $0 }
    /^\(fail\)/ { for (i = (lines > 40 ? lines - 40 : 0); i < lines; i++) print line[i]; lines = 0 }
  ' "$log"
}

cd "$ROOT" || exit 1
# From another release of Debian and from PyPI: where these cannot be reached, Alpine's part is left out, aloud.
if ! bun test/support/musl.ts >"$log" 2>&1; then
  tail -n 5 "$log"
  echo "musl's libraries cannot be fetched: what needs them is not tested"
  export GUM_CRED_TEST_MUSL=0
fi
# Generous, because a busy machine is not a failure; every wait inside a test has its own bound. Run again before it
# counts as failed, because GNOME Keyring itself dies now and then (test/support/private-keyring.ts says why).
NO_COLOR=1 bun test --timeout 120000 --retry 2 "$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}

passed=$(count pass)
failed=$(count fail)
failed=${failed:-0}
# Nothing that ended badly is called "0 failed", such as a pattern that no file matches.
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
# Again at the end, which is what is looked at first.
if [ "$failed" -ne 0 ]; then failures; fi
echo "${passed:-0} passed, $failed failed"
exit "$status"
