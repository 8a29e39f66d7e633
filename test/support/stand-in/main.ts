/**
 * The stand-in as a program: `bun run stand-in [--port N] [--auto-approve] [--json]`. Prints what is needed to try
 * gum-cred against it on stdout, then one line for each request on stderr, never with a token in it.
 */
import { parseArgs } from "node:util";
import { type StandIn, startStandIn } from "./server.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    "auto-approve": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65535) throw new Error("--port takes 0 to 65535");

const standIn = startStandIn({
  port: Number(values.port),
  consent: values["auto-approve"] ? "approve" : "ask",
  onRequest: ({ method, path, status }) => console.error(`${method} ${path} ${status ?? "dropped"}`),
});
const { key, userId } = standIn.addApiKey();
console.log(
  values.json
    ? JSON.stringify({ base_url: standIn.baseUrl, api_key: key, user_id: userId })
    : welcome(standIn, key, userId),
);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => void standIn.stop().then(() => process.exit(0)));
}

/** A profile of its own keeps a real sign-in safe; the key goes through stdin, as it should. */
function welcome({ baseUrl, url }: StandIn, key: string, userId: string): string {
  const where = `--profile stand-in --base-url ${baseUrl}`;
  return `Stand-in Gumloop server
  base URL  ${baseUrl}
  API key   ${key}
  user id   ${userId}
  log       ${url}/_stand-in/log

Try:
  gum-cred login --method oauth ${where}
  gum-cred login --method oauth --no-browser ${where}
  printf %s '${key}' | gum-cred login --api-key - --user-id ${userId} ${where}
  gum-cred status --verify --profile stand-in
  eval $(gum-cred env gumloop --profile stand-in)
  gum-cred logout --profile stand-in
Ctrl-C ends it.`;
}
