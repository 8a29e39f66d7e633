#!/usr/bin/env bash
# Everything that is checked, on a fresh machine too: setup, types, lint, floors, build, tests.
# The last line is `N passed, N failed`; the exit status is 0 only when nothing failed. Arguments choose parts of the
# tests (unit, contract, build, e2e) or files by a part of their path, as in `scripts/test.sh e2e/env`.
set -uo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/setup.sh"

( # `stop` of setup.sh ends this part only
  setup_project && need "$TEST_NEEDS" && want "$TEST_EXTRAS" && say_what_is_there "$TEST_NEEDS" "$TEST_EXTRAS" &&
    bun run --silent check && bun run --silent build
) || {
  echo "0 passed, 1 failed"
  exit 1
}

cd "$ROOT" || exit 1
# From another release of Debian and from PyPI: where these cannot be reached, Alpine's part is left out, aloud.
if ! musl=$(bun test/support/musl.ts 2>&1); then
  tail -n 5 <<<"$musl"
  echo "musl's libraries cannot be fetched: what needs them is not tested"
  export GUM_CRED_TEST_MUSL=0
fi
exec bun scripts/test/run.ts "$@"
