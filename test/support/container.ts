/**
 * Runs an image (container-image.ts) as a container engine would: namespaces of its own for processes, mounts and the
 * network, /proc and the usual devices, its own root folder, no environment but the given one, and the
 * program as process 1. Takes root. What it lacks of an engine: seccomp filters, cgroups, user namespaces.
 */
import { expect } from "bun:test";
import { lstatSync, readdirSync } from "node:fs";
import type { Image } from "./container-image.ts";

export interface ContainerOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** `UID:GID` in place of the image's. */
  readonly user?: string;
  /** In place of the image's entrypoint. */
  readonly entrypoint?: readonly string[];
  /** `docker run --read-only` */
  readonly readOnly?: boolean;
  /** A folder of this machine that is mounted, read-only, at /run/secrets. */
  readonly secrets?: string;
  /** `host` shares this machine's network; `none` (the default) has not even loopback. */
  readonly network?: "host" | "none";
  /** Without /proc, which no engine can do. */
  readonly noProc?: boolean;
  readonly stdin?: string;
  /** `docker run -i` where nobody types: stdin stays open. */
  readonly openStdin?: boolean;
  /** A descriptor that the program writes to in place of a pipe of ours. */
  readonly stdout?: number;
}

export interface Finished {
  /** As `docker run` would exit with: 128 and the number for a signal. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Container {
  /** Null where it goes to a descriptor of the caller's. */
  readonly stdout: ReadableStream<Uint8Array<ArrayBuffer>> | null;
  readonly stderr: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly exited: Promise<number>;
  /** As `docker kill -s` does: the container's process 1 gets it, from outside. */
  kill(signal: NodeJS.Signals): void;
}

/** Docker's own default. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const DEVICES = [
  ["null", "1 3"],
  ["zero", "1 5"],
  ["full", "1 7"],
  ["random", "1 8"],
  ["urandom", "1 9"],
  ["tty", "5 0"],
] as const;
/** Far more than any of it takes; a container that hangs is killed and fails its test. */
const TIMEOUT_MS = 30_000;

/** Starts `docker run IMAGE ARGS…`. */
export function startContainer(
  image: Image,
  args: readonly string[],
  options: ContainerOptions = {},
): Container {
  const { env = {}, user = image.user, entrypoint = image.entrypoint, network = "none" } = options;
  const namespaces = ["--mount", "--pid", "--ipc", "--uts", ...(network === "none" ? ["--net"] : [])];
  const child = Bun.spawn(
    [
      ...["unshare", ...namespaces, "--fork", "sh", "-ec", setUp(image.root, options)],
      ...["sh", image.root, user, ...entrypoint, ...args],
    ],
    {
      env: { PATH, ...env },
      cwd: "/",
      stdin: stdinOf(options),
      stdout: options.stdout ?? "pipe",
      stderr: "pipe",
    },
  );
  // The namespace's process 1 takes everything in it along. To end unshare(1) would not do: its --kill-child
  // is forgotten by the kernel when the user changes.
  const kill = (signal: NodeJS.Signals): void => {
    process.kill(firstProcess(child.pid), signal);
  };
  const late = setTimeout(() => kill("SIGKILL"), TIMEOUT_MS);
  return {
    stdout: typeof child.stdout === "number" ? null : child.stdout,
    stderr: child.stderr,
    // unshare(1) dies of the signal that its child died of.
    exited: child.exited.finally(() => clearTimeout(late)),
    kill,
  };
}

/** Runs it to its end. No secret may be in what it says on stderr. */
export async function runContainer(
  image: Image,
  args: readonly string[],
  options: ContainerOptions = {},
): Promise<Finished> {
  const container = startContainer(image, args, options);
  const [stdout, stderr, code] = await Promise.all([
    new Response(container.stdout).text(),
    new Response(container.stderr).text(),
    container.exited,
  ]);
  expect(stderr).not.toContain("EXAMPLE");
  return { code, stdout, stderr };
}

/** Every file of the image with what a write would change, but the contents of what is mounted over it. */
export function filesOf({ root }: Image): readonly string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((name) => {
      const { mode, size, mtimeMs, uid } = lstatSync(`${root}/${name}`);
      return `${name} ${mode} ${uid} ${size} ${mtimeMs}`;
    })
    .sort();
}

function stdinOf({ stdin, openStdin }: ContainerOptions): "ignore" | "pipe" | Blob {
  if (openStdin) return "pipe";
  return stdin === undefined ? "ignore" : new Blob([stdin]);
}

/** A script that is given the root folder, `UID:GID` and the command. */
function setUp(root: string, { readOnly, secrets, noProc }: ContainerOptions): string {
  const at = (path: string) => `'${root}${path}'`;
  return [
    `mount --bind ${at("")} ${at("")}`,
    ...(noProc ? [] : [`mount -t proc -o nosuid,nodev,noexec proc ${at("/proc")}`]),
    `mount -t tmpfs -o nosuid,mode=755 tmpfs ${at("/dev")}`,
    ...DEVICES.map(([name, numbers]) => `mknod -m 666 ${at(`/dev/${name}`)} c ${numbers}`),
    ...(secrets ? [`mount --bind -o ro '${secrets}' ${at("/run/secrets")}`] : []),
    ...(readOnly ? [`mount -o remount,bind,ro ${at("")}`] : []),
    // PWD is the shell's own addition.
    'root=$1; user=$2; shift 2; exec env -u PWD chroot --groups= --userspec="$user" "$root" "$@"',
  ].join("\n");
}

/** The container's process 1, by its number on this machine. */
function firstProcess(unshare: number): number {
  const { stdout } = Bun.spawnSync(["ps", "-o", "pid=", "--ppid", String(unshare)]);
  const pid = Number(stdout.toString());
  if (!(pid > 1)) throw new Error("the container has ended");
  return pid;
}
