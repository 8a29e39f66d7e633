/**
 * The rules for a manifest that no schema can say: names that are not another provider's, URLs that stay on
 * its own hosts, headers that can be sent. Reads JSON of any shape, so that these problems are named
 * together with those of the shape. No I/O.
 */

import { parseBaseUrl } from "../../core/base-url.ts";
import { clean, hasCode } from "../../core/errors.ts";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import { ID_PATTERN } from "../../core/provider-id.ts";
import { paths } from "../../os/files/paths.ts";
import type { Claims } from "./claims.ts";
import { inlineCode } from "./command-words.ts";
import { strangeCharacter } from "./look-alikes.ts";
import { HOST_PATTERN } from "./manifest-shape.ts";
import { variableProblem } from "./variable-names.ts";

/** One thing wrong with a manifest. */
export interface Problem {
  /** JSON path from the root: `$.verify.headers.authorization`, `$.env[0]`. */
  readonly path: string;
  readonly message: string;
  /** True when it is unsafe (exit 6), false when it is malformed (exit 7). */
  readonly refused: boolean;
}

/** Headers that decide where a request goes or how it is framed (RFC 9110 §7.2, §7.6.1; RFC 9112 §6). */
const FRAMING =
  /^(?:host|connection|content-.*|transfer-encoding|upgrade|te|trailer|expect|keep-alive|proxy-.*|cookie)$/i;

type Found = readonly Problem[];
const NONE: Found = [];

/** What is wrong beyond the shape. Parts of the wrong type are left to the schema. */
export function ruleProblems(json: unknown, claims: Claims): Found {
  const manifest = fields(json);
  const verify = fields(manifest["verify"]);
  const hosts = strings(manifest["hosts"]).map(([, host]) => host);
  return [
    ...(typeof manifest["id"] === "string" ? idProblems(manifest["id"], claims) : NONE),
    ...onText(manifest["title"], (title) => titleProblems(title, claims)),
    ...variableProblems(manifest["env"], claims),
    ...strings(manifest["hosts"]).flatMap(([index, host]) =>
      HOST_PATTERN.test(host)
        ? NONE
        : malformed(`$.hosts[${index}]`, "is not a plain host name in lower case"),
    ),
    ...onText(manifest["setup_url"], (url) => urlProblems("$.setup_url", url)),
    ...onText(verify["url"], (url) => verifyUrlProblems(url, hosts)),
    ...onText(manifest["base_url"], (url) => verifyUrlProblems(url, hosts, "$.base_url")),
    ...headerProblems(verify["headers"]),
    ...statusProblems(verify),
    ...commandProblems(manifest["command"]),
    ...("verify" in manifest === "command" in manifest
      ? malformed("$", "needs either 'verify' or 'command'")
      : NONE),
  ];
}

function idProblems(id: string, claims: Claims): Found {
  // A letter of another alphabet is not a slip of the pen: it makes an id look like another one.
  if (/[^\x20-\x7e]/.test(id)) return refused("$.id", "has a character that is not a-z, 0-9 or '-'");
  if (!ID_PATTERN.test(id)) {
    return malformed("$.id", "must be made of a-z, 0-9 and '-', begin with a letter or digit, at most 64");
  }
  const owner = claims.idOwner(id);
  if (owner === null) return NONE;
  return refused("$.id", owner === id ? `is the provider '${id}' already` : `looks like '${owner}'`);
}

function titleProblems(title: string, claims: Claims): Found {
  if (clean(title) !== title) {
    return refused("$.title", "has control, invisible or doubled characters, or blanks at an end");
  }
  const strange = strangeCharacter(title);
  if (strange !== null) {
    return refused("$.title", `has a character that can be taken for another one (${strange})`);
  }
  const owner = claims.titleOwner(title);
  return owner === null ? NONE : refused("$.title", `is, or looks like, the title of '${owner}'`);
}

function variableProblems(value: unknown, claims: Claims): Found {
  const names = strings(value);
  return names.flatMap(([index, name]) => {
    const path = `$.env[${index}]`;
    const problem = variableProblem(name);
    if (problem !== null) return refused(path, `'${clean(name, 60)}': ${problem}`);
    const owner = claims.variableOwner(name);
    if (owner !== null) return refused(path, `'${name}' is, or looks like, a variable of '${owner}'`);
    const twice = names.some(([earlier, other]) => earlier < index && other === name);
    return twice ? malformed(path, `'${name}' is listed twice`) : NONE;
  });
}

/** https, or http to a literal loopback address; host in its plain form; no user name or password. */
function urlProblems(path: string, url: string): Found {
  if (/[^\x21-\x7e]/.test(url)) return refused(path, "has a blank, control or non-ASCII character");
  try {
    // Base URLs have the same rules and no query or fragment, so those are cut off first.
    parseBaseUrl(url.split(/[?#]/, 1)[0] ?? "");
    return NONE;
  } catch (error) {
    return hasCode(error, "E_BASE_URL_REFUSED")
      ? refused(path, "must be https, or http to a literal loopback address such as 127.0.0.1")
      : refused(path, "must be a plain URL with a host in lower case and without user name and password");
  }
}

function verifyUrlProblems(text: string, hosts: readonly string[], path = "$.verify.url"): Found {
  const problems = urlProblems(path, text);
  if (problems.length > 0) return problems;
  const url = new URL(text);
  return [
    ...(hosts.includes(url.hostname) || hosts.includes(url.host)
      ? NONE
      : refused(path, `goes to ${url.host}, which is not in 'hosts'`)),
    ...(text.includes("{")
      ? malformed(path, "contains a placeholder; the key is allowed only in a header")
      : NONE),
    ...(text.includes("#") ? malformed(path, "has a fragment, which is never sent") : NONE),
  ];
}

function headerProblems(value: unknown): Found {
  if (value === undefined) return NONE;
  const headers = Object.entries(fields(value));
  const problems = headers.flatMap(([name, template]) => {
    const path = `$.verify.headers.${clean(name, 60)}`;
    if (!/^[A-Za-z0-9-]{1,64}$/.test(name))
      return malformed(path, "is not a header name made of A-Z, a-z, 0-9 and '-'");
    if (FRAMING.test(name))
      return refused(path, "controls how a request is sent, which a manifest must not do");
    if (typeof template !== "string") return NONE;
    if (/[^\x20-\x7e]/.test(template)) return refused(path, "has a control or non-ASCII character");
    return /\{(?!key\})/.test(template)
      ? malformed(path, "must not contain a placeholder other than {key}")
      : NONE;
  });
  const names = headers.map(([name]) => name.toLowerCase());
  if (new Set(names).size < names.length) {
    problems.push(...malformed("$.verify.headers", "has the same header twice"));
  }
  if (!headers.some(([, template]) => typeof template === "string" && template.includes("{key}"))) {
    problems.push(
      ...malformed("$.verify.headers", "does not contain {key}, so the answer would not depend on the key"),
    );
  }
  return problems;
}

const STATUS_LISTS = ["valid", "rejected", "restricted", "no_quota"] as const;

function statusProblems(verify: Readonly<Record<string, unknown>>): Found {
  const seen = new Set<unknown>();
  return STATUS_LISTS.flatMap((list) =>
    entries(verify[list]).flatMap(([index, status]) => {
      const path = `$.verify.${list}[${index}]`;
      if (typeof status !== "number") return NONE;
      if (seen.has(status)) return malformed(path, `${status} is listed twice`);
      seen.add(status);
      return status >= 300 && status < 400
        ? malformed(path, "is a redirect, which is never followed and does not show whether a key is valid")
        : NONE;
    }),
  );
}

function commandProblems(value: unknown): Found {
  const words = strings(value);
  const inline = inlineCode(words.map(([, word]) => word));
  const problems = words.flatMap(([index, word]) => {
    const path = `$.command[${index}]`;
    if (word.includes("\0")) return malformed(path, "contains a NUL character");
    return index === 0 && !paths.isAbsolute(word) ? refused(path, "must be an absolute path") : NONE;
  });
  return inline ? [...problems, ...refused(`$.command[${inline.at}]`, inline.why)] : problems;
}

function onText(value: unknown, check: (text: string) => Found): Found {
  return typeof value === "string" && value !== "" ? check(value) : NONE;
}

function fields(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

function entries(value: unknown): readonly (readonly [number, unknown])[] {
  return Array.isArray(value) ? value.map((entry, index) => [index, entry] as const) : [];
}

function strings(value: unknown): readonly (readonly [number, string])[] {
  return entries(value).flatMap(([index, entry]) =>
    typeof entry === "string" ? [[index, entry] as const] : [],
  );
}

function malformed(path: string, message: string): Problem[] {
  return [{ path, message, refused: false }];
}

function refused(path: string, message: string): Problem[] {
  return [{ path, message, refused: true }];
}
