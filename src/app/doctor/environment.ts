/** Doctor's checks of the variables: conflicts, shadowing, stale exports, and values copied with extra characters. */
import type { Credential } from "../../core/credential.ts";
import { MARKER } from "../../core/environment.ts";
import { clean, fail } from "../../core/errors.ts";
import { reveal } from "../../core/secret.ts";
import { mayExist } from "../../os/files/may-exist.ts";
import { PROVIDERS } from "../../providers/registry.ts";
import { LEVELS, levelVariable } from "../../resolve/levels.ts";
import type { Surroundings } from "../../resolve/ports.ts";
import { type Check, ok, problem, warning } from "./check.ts";

type Variables = Pick<Surroundings, "environment" | "raw">;

/** Every variable that may hold a credential, at every level. */
function credentialVariables(): readonly string[] {
  const names = PROVIDERS.flatMap((provider) =>
    provider.methods.flatMap(({ variables }) =>
      provider.kind === "platform"
        ? variables
        : LEVELS.flatMap((level) => variables.map((name) => levelVariable(level, name))),
    ),
  );
  return [...new Set(names)];
}

/** `X` with `X_FILE`, and two ways to sign in at once. */
export function checkVariables(ports: Variables): Check {
  const { environment } = ports;
  const isSet = (name: string): boolean => environment.get(name) !== null;
  const clash = credentialVariables().find((name) => isSet(name) && isSet(`${name}_FILE`));
  if (clash !== undefined) {
    const hint = `run 'unset ${clash}_FILE' to use the value, or 'unset ${clash}' to use the file`;
    const message = `${clash} and ${clash}_FILE are both set`;
    return problem("variables", fail("E_CONFLICTING_VARIABLES", message, hint));
  }
  const either = (name: string): boolean => isSet(name) || isSet(`${name}_FILE`);
  if (either("GUMLOOP_ACCESS_TOKEN") && either("GUMLOOP_API_KEY")) {
    return warning(
      "variables",
      "an access token and an API key are both set; the access token wins",
      `run '${unsetting("GUMLOOP_API_KEY", ports)}' to use the token, or '${unsetting("GUMLOOP_ACCESS_TOKEN", ports)}' to use the key`,
    );
  }
  const set = credentialVariables().filter(either);
  return ok("variables", set.length === 0 ? "no credential in a variable" : `set: ${set.join(", ")}`);
}

/** What is typed to take a value away, whether it is in the variable or in a file that the other one names. */
function unsetting(name: string, { environment }: Variables): string {
  return `unset ${environment.get(name) === null ? `${name}_FILE` : name}`;
}

/** Blanks, quotes and the word Bearer, which are often copied along with a value from a page or snippet. */
export function checkCopies({ raw }: Variables): Check {
  const names = [...credentialVariables(), "GUMLOOP_USER_ID"];
  const odd = names.filter((name) => /\s|^["'`]|["'`]$|^bearer\b/i.test(raw[name] ?? ""));
  if (odd.length === 0) return ok("copied_values", "no variable has spaces or quotes in its value");
  return warning(
    "copied_values",
    `${odd.join(", ")}: the value contains spaces, line breaks or quotes`,
    "copy the value again, without anything around it",
  );
}

/** What an earlier `gum-cred env` left in this shell, beside what is in force now. */
export function checkExports({ environment, raw }: Variables, winner: Credential | null): Check {
  const marked = (raw[MARKER] ?? "").split(",").flatMap((part) => /^[A-Z][A-Z0-9_]*(?=:)/.exec(part) ?? []);
  if (marked.length === 0) return ok("exports", "gum-cred exported nothing into this shell");
  const again = "run 'eval $(gum-cred env)'";
  const old = ["GUMLOOP_ACCESS_TOKEN", "GUMLOOP_API_KEY"].filter((name) => {
    const value = environment.exported.get(name);
    return value !== undefined && value !== (winner && reveal(winner.value));
  });
  if (old.length > 0 && winner === null) {
    const what = `${old.join(", ")} in this shell was exported by gum-cred, and nothing is stored any more`;
    return warning("exports", what, "run 'eval $(gum-cred env --unset)'");
  }
  if (old.length > 0) {
    return warning("exports", `${old.join(", ")} in this shell differs from what is stored now`, again);
  }
  const changed = marked.filter((name) => raw[name] && !environment.exported.has(name));
  if (changed.length > 0) {
    const what = `${changed.join(", ")} was exported by gum-cred and changed since; it now counts as set by you`;
    return warning("exports", what, `run 'unset ${changed.join(" ")}' to use what is stored`);
  }
  return ok("exports", `exported by gum-cred: ${marked.join(", ")}`);
}

const PROXIES = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
const AUTHORITIES = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/** Proxies and extra certificate authorities, by variable name only: a proxy's URL may contain a password. */
export function checkNetwork({ raw }: Variables): Check {
  const found = [...PROXIES, ...AUTHORITIES].filter((name) => raw[name]);
  if (found.length === 0) return ok("network", "no proxy and no extra certificate authorities are set");
  return warning(
    "network",
    `${found.join(", ")} set: whoever runs that proxy or authority can read what is sent`,
    "unset what you or your organisation did not set",
  );
}

/** Whether Python's `keyring` is told to look elsewhere, in which case the official CLI sees other entries than we do. */
export function checkOfficialClient({ raw }: Variables): readonly Check[] {
  const config = raw["XDG_CONFIG_HOME"] || `${raw["HOME"] ?? ""}/.config`;
  const file = `${config}/python_keyring/keyringrc.cfg`;
  const found = raw["PYTHON_KEYRING_BACKEND"]
    ? "PYTHON_KEYRING_BACKEND"
    : mayExist(file)
      ? clean(file)
      : null;
  if (found === null) return [];
  const message = `${found} can make the official gumloop CLI look in another keyring than gum-cred`;
  const hint = raw["PYTHON_KEYRING_BACKEND"]
    ? "run 'unset PYTHON_KEYRING_BACKEND' to use the same one"
    : "look into that file: the backend that it names is the other one";
  return [warning("official_cli", message, hint)];
}
