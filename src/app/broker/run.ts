/** Starts the broker around a command, or alone, and ends with it. */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { placeholderOf } from "../../broker/admission.ts";
import { agentOf } from "../../broker/agents/known.ts";
import { commandEnvironment } from "../../broker/environment.ts";
import { INSIDE, type Inside, insideCommand, whatToHide } from "../../broker/isolation/isolate.ts";
import { createLimits, type LimitSettings } from "../../broker/limits.ts";
import { openLog } from "../../broker/log.ts";
import { isHarmless } from "../../broker/own-environment.ts";
import { type BrokerParts, startBroker } from "../../broker/server.ts";
import { brokerToken } from "../../core/broker-token.ts";
import type { Level } from "../../core/credential.ts";
import type { RawEnvironment } from "../../core/environment.ts";
import { reveal, secret } from "../../core/secret.ts";
import { type PrivateFolder, privateFolder } from "../../os/files/private-folder.ts";
import type { Ports, Scope } from "../../resolve/ports.ts";
import { sourceVariables } from "../../resolve/source-variables.ts";
import { wantedVariables } from "../exports.ts";
import { type BrokerSetup, COMPLETIONS_ROUTE, setUpBroker } from "./routes.ts";

export interface BrokerSettings {
  readonly names: readonly string[];
  readonly level: Level | null;
  readonly limits: LimitSettings;
  readonly log: string | null;
  /** `gumloop` serves OpenAI's clients; null leaves them to OpenAI. */
  readonly via: string | null;
  readonly isolate: boolean;
  readonly purpose:
    | { readonly kind: "command"; readonly command: readonly string[] }
    | {
        readonly kind: "listen";
        readonly where: { readonly port: number } | { readonly path: string };
        readonly tokenFile: string | null;
      };
}

export interface Around {
  /** All variables, those that the process itself no longer has among them. */
  readonly raw: RawEnvironment;
  readonly scope: Scope;
  /** The ports of a new run. */
  fresh(): Ports;
  readonly voice: Ports;
}

/**
 * The variables that gum-cred was given, once its own environment holds no key. With `--isolate` this program is also
 * the first one inside: that run ends here, with `command`.
 */
export async function cleanEnvironment(command: readonly string[]): Promise<RawEnvironment> {
  const inside = process.env[INSIDE];
  if (inside !== undefined && process.platform === "linux") {
    const { runInside } = await import("../../broker/isolation/inside.ts");
    return runInside(inside, command);
  }
  const { startClean } = await import("../../os/process/clean-start.ts");
  return startClean(isHarmless);
}

/** Does not return but with an error: ends as the command did, or by the signal that stopped the service. */
export async function runBroker(settings: BrokerSettings, around: Around): Promise<never> {
  const setup = await setUpBroker(withVia(settings), around.scope, around.fresh);
  const log = openLog(settings.log);
  const placeholder = brokerToken(randomBytes(24));
  const parts: Omit<BrokerParts, "listen"> = {
    routes: setup.routes.map(({ route }) => route),
    placeholder: placeholderOf(placeholder),
    secrets: setup.secrets,
    limits: createLimits(settings.limits),
    log,
    run: randomBytes(6).toString("hex"),
    uid: process.getuid?.() ?? null,
  };
  let ended = false;
  const atEnd = async (): Promise<void> => {
    if (ended) return;
    ended = true;
    log.close();
    around.voice.note(`gum-cred: ${log.summary()}`);
  };
  if (settings.purpose.kind === "listen") {
    const { serve } = await import("./serve.ts");
    return serve({ ...settings.purpose, parts, placeholder, atEnd, voice: around.voice });
  }
  return runCommand(settings, settings.purpose.command, { setup, parts, placeholder, atEnd, around });
}

/** What `--via` needs is asked for even where it was not named. */
function withVia({ names, level, via }: BrokerSettings) {
  const missing = via !== null && names.length > 0 && !names.includes(via);
  return { names: missing ? [...names, via] : names, level };
}

interface Running {
  readonly setup: BrokerSetup;
  readonly parts: Omit<BrokerParts, "listen">;
  readonly placeholder: string;
  atEnd(): Promise<void>;
  readonly around: Around;
}

async function runCommand(
  settings: BrokerSettings,
  [command = "", ...args]: readonly string[],
  { setup, parts, placeholder, atEnd, around }: Running,
): Promise<never> {
  const { supervise } = await import("../../os/process/supervise.ts");
  const { redactors } = await import("../../output/redactor.ts");
  const folder = privateFolder();
  const place = await placeFor(settings, folder, around);
  const { listen, host } = place;
  const broker = startBroker({ ...parts, listen, ...(host === undefined ? {} : { host }) });
  const origin = place.origin ?? broker.origin ?? "";
  const openai = settings.via === null ? "openai" : COMPLETIONS_ROUTE;
  const environment = await environmentOf({ setup, placeholder, around, origin, openai });
  const routes = new Set(parts.routes.map(({ name }) => name));
  try {
    const wiring = agentOf(command)?.wire({
      ...{ args, environment, origin, placeholder, routes, openai },
      folder: folder.path,
    });
    for (const [name, value] of Object.entries(wiring?.set ?? {})) environment.set(name, value);
    const program = { command, args: wiring?.args ?? args };
    return await supervise({
      ...place.enclose(program, environment),
      set: new Map([...environment].map(([name, value]) => [name, secret(value)])),
      unset: Object.keys(process.env).filter((name) => !environment.has(name)),
      filter: redactors(setup.secrets),
      atEnd: async () => {
        await broker.stop();
        folder.remove();
        await atEnd();
      },
    });
  } finally {
    folder.remove();
  }
}

/** Where the broker is for the command: directly, or through a socket into namespaces of its own. */
interface Place {
  readonly listen: BrokerParts["listen"];
  readonly host?: string;
  /** What clients use; null where only the started broker knows. */
  readonly origin: string | null;
  /** Changes the command into one that runs inside. */
  enclose(program: CommandProgram, environment: Map<string, string>): CommandProgram;
}

interface CommandProgram {
  readonly command: string;
  readonly args: readonly string[];
}

const OPEN: Place = { listen: { port: 0 }, origin: null, enclose: (program) => program };
/** Free for certain: nobody else is in the namespace. */
const PORT_INSIDE = 8417;

async function placeFor({ isolate }: BrokerSettings, folder: PrivateFolder, { raw }: Around): Promise<Place> {
  if (!isolate) return OPEN;
  const [command = "", ...args] = insideCommand([process.execPath, "broker", "--"]);
  const socket = `${folder.path()}/broker.sock`;
  const host = `127.0.0.1:${PORT_INSIDE}`;
  return {
    listen: { path: socket },
    host,
    origin: `http://${host}`,
    enclose: (program, environment) => {
      const session = { raw, cwd: process.cwd(), uid: process.getuid?.() ?? 0 };
      const hidden = whatToHide(session, folder.path());
      environment.delete("DBUS_SESSION_BUS_ADDRESS");
      const plan: Inside = { socket, port: PORT_INSIDE, folder: folder.path(), ...hidden };
      const path = `${folder.path()}/inside.json`;
      writeFileSync(path, JSON.stringify(plan), { mode: 0o600 });
      environment.set(INSIDE, path);
      return { command, args: [...args, program.command, ...program.args] };
    },
  };
}

async function environmentOf(of: {
  readonly setup: BrokerSetup;
  readonly placeholder: string;
  readonly around: Around;
  readonly origin: string;
  readonly openai: string;
}): Promise<Map<string, string>> {
  const { setup, placeholder, around, origin, openai } = of;
  const { scope, raw } = around;
  const viaGumloop =
    openai === COMPLETIONS_ROUTE && !setup.routes.some(({ route }) => route.name === "openai");
  const { traitsOf } = await import("../../broker/traits.ts");
  const extra: Record<string, string> = {};
  if (setup.userId !== null) extra["GUMLOOP_USER_ID"] = setup.userId;
  if (scope.teamId !== null) extra["GUMLOOP_TEAM_ID"] = scope.teamId;
  if (viaGumloop) {
    const traits = traitsOf("openai", []);
    for (const name of ["OPENAI_API_KEY", ...traits.keyVariables]) extra[name] = placeholder;
    for (const { name, suffix } of traits.baseVariables) extra[name] = `${origin}/${openai}${suffix}`;
  }
  const ports = around.fresh();
  const ofSources = sourceVariables(await ports.policy());
  return commandEnvironment({
    raw,
    origin,
    placeholder,
    routes: setup.routes,
    keyVariables: [...(await wantedVariables([], ports)), ...ofSources],
    secrets: [...setup.secrets.map(reveal), ...ofSources.flatMap((name) => raw[name] ?? [])],
    extra,
    openai,
  });
}
