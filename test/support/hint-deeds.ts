/** What the people of the scenes know and do, again and again. */
import type { Stage } from "./hint-stage.ts";
import type { Step } from "./terminal.ts";

/** The person corrects the line. */
export function corrects(stage: Stage, words: RegExp, line: string): void {
  stage.does.push([
    words,
    () => {
      stage.line = line;
    },
  ]);
}

/** The person finds the right word in what a command shows. */
export function finds(stage: Stage, command: RegExp, found: RegExp | string, line: string): void {
  stage.reads.push([
    command,
    found,
    () => {
      stage.line = line;
    },
  ]);
}

/** `gum-cred login` on a terminal, with an API key that the server knows; its variables are known too. */
export function signsIn(stage: Stage, options: { readonly over?: boolean } = {}): void {
  const { key, userId } = stage.world.server.addApiKey();
  const confirm: Step[] = options.over ? [{ wait: "in its place", type: "y\r" }] : [];
  stage.answers.push([
    /^gum-cred login/,
    [
      { wait: "Sign in to Gumloop", type: "2\r" },
      ...confirm,
      { wait: "Gumloop API key", type: `${key}\r` },
      { wait: "Gumloop user id", type: `${userId}\r` },
    ],
  ]);
  Object.assign(stage.values, { GUMLOOP_API_KEY: key, GUMLOOP_USER_ID: userId });
  stage.values["GUMLOOP_ACCESS_TOKEN"] = stage.world.server.issueTokens().accessToken;
}

/** `gum-cred login` with a new key from a pipe. */
export function pipesLogin(stage: Stage, more = ""): string {
  const { key, userId } = stage.world.server.addApiKey();
  stage.pipes.push([/--api-key -/, key]);
  return `gum-cred login --api-key - --user-id ${userId}${more}`;
}

/** Variables of the person's get the values that the person knows. */
export function sets(stage: Stage, ...names: readonly string[]): void {
  for (const name of names) stage.env[name] = stage.values[name] ?? "";
}

/** A key that its vendor knows, in its variable. */
export function hasKey(stage: Stage): void {
  stage.env["OPENAI_API_KEY"] = stage.vendors.addKey("openai");
}

/** The person types such a key when it is asked for. */
export function typesKey(stage: Stage, command: RegExp): void {
  stage.answers.push([command, [{ wait: "(hidden): ", type: `${stage.vendors.addKey("openai")}\r` }]]);
}

/** A browser that allows whatever it is shown, or what the server's `consent` says. */
export function browses(stage: Stage): void {
  const path = stage.file("browser", '#!/bin/sh\nexec curl -sSL --max-time 20 -o /dev/null "$1"\n', 0o755);
  stage.env["BROWSER"] = path;
}

export const freePort = (): number => 20_000 + Math.floor(Math.random() * 12_000);

/** Signed in under the profile 'work', and these variables exported by `env` into the shell of before. */
export async function exported(
  stage: Stage,
  names: readonly string[] = ["GUMLOOP_API_KEY", "GUMLOOP_USER_ID", "GUM_CRED_EXPORTED", "GUMLOOP_BASE_URL"],
): Promise<void> {
  if (names.includes("GUMLOOP_API_KEY")) await stage.world.signInWithKey("work");
  const { stdout } = await stage.run(`eval $(gum-cred env --profile work); printenv ${names.join(" ")}`);
  const values = stdout.trimEnd().split("\n");
  if (values.length !== names.length) throw new Error(`not all of ${names.join()} were exported`);
  for (const [at, name] of names.entries()) stage.env[name] = values[at] ?? "";
}
