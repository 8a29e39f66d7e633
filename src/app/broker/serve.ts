/** The broker without a command: serves until it is stopped. For systemd and for containers beside others. */
import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import type { BrokerParts } from "../../broker/server.ts";
import { startBroker } from "../../broker/server.ts";
import { clean, fail, type GumCredError } from "../../core/errors.ts";
import { writePrivateFile } from "../../os/files/private-file.ts";
import { jobControl } from "../../os/process/job-control.ts";
import { notifySystemd } from "../../os/process/notify.ts";
import type { Ports } from "../../resolve/ports.ts";

export interface Service {
  readonly where: { readonly port: number } | { readonly path: string };
  readonly tokenFile: string | null;
  readonly parts: Omit<BrokerParts, "listen">;
  readonly placeholder: string;
  readonly voice: Ports;
  atEnd(): Promise<void>;
}

/** A request may take so long to end once the service is told to stop; systemd's own patience is 90 s. */
const DRAIN_MS = 60_000;

/** Does not return. Throws E_PORT_BUSY, E_USAGE and E_FILE_UNREADABLE. */
export async function serve({ where, tokenFile, parts, placeholder, voice, atEnd }: Service): Promise<never> {
  const tokenPath = tokenFile ?? usualTokenFile(where);
  if ("path" in where) await removeStaleSocket(where.path);
  const before = process.umask(0o177);
  const broker = (() => {
    try {
      return startBroker({ ...parts, listen: where });
    } catch {
      throw whereTaken(where);
    } finally {
      process.umask(before);
    }
  })();
  if ("path" in where) chmodSync(where.path, 0o600);
  writePrivateFile(tokenPath, `${placeholder}\n`);
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
      if (!isIgnored(constants.signals[signal])) process.on(signal, () => resolve());
    }
  });
  notifySystemd(process.env["NOTIFY_SOCKET"], "READY=1");
  const place = "path" in where ? clean(`unix:${where.path}`) : broker.origin;
  voice.note(`gum-cred: broker: ready on ${place}; the token is in ${clean(tokenPath)}`);
  await stopped;
  notifySystemd(process.env["NOTIFY_SOCKET"], "STOPPING=1");
  await broker.drain(DRAIN_MS);
  removeQuietly(tokenPath);
  if ("path" in where) removeQuietly(where.path);
  await atEnd();
  process.exit(0);
}

/** As under nohup(1). Where native calls are refused, nothing counts as ignored. */
function isIgnored(signal: number): boolean {
  try {
    return jobControl().isIgnored(signal);
  } catch {
    return false;
  }
}

/** Beside the socket, or where files of a session belong. */
function usualTokenFile(where: Service["where"]): string {
  if ("path" in where) return `${where.path}.token`;
  return `${process.env["XDG_RUNTIME_DIR"] || tmpdir()}/gum-cred-broker-${where.port}.token`;
}

/** A socket that an earlier run left behind; anything else that is there stays, and listening fails. */
async function removeStaleSocket(path: string): Promise<void> {
  try {
    if (!lstatSync(path).isSocket()) return;
  } catch {
    return; // nothing is there
  }
  try {
    const connection = await Bun.connect({ unix: path, socket: { data: () => {} } });
    connection.end();
  } catch {
    removeQuietly(path);
    return;
  }
  throw fail("E_PORT_BUSY", `another program listens on ${clean(path)}`, "stop it, or choose another path");
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {}
}

function whereTaken(where: Service["where"]): GumCredError {
  return "path" in where
    ? fail(
        "E_FILE_UNREADABLE",
        `cannot listen on ${clean(where.path)}`,
        "check the folder and who may write to it",
      )
    : fail("E_PORT_BUSY", `port ${where.port} is in use`, "choose another port with --listen");
}
