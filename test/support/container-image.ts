/**
 * What `docker build` would make of scripts/docker/Dockerfile.*, as a folder, without Docker: base images are put
 * together by hand from this machine's own files (a Debian 12 on x64), the rest is what the Dockerfile says. An
 * instruction, a base or a command that is not known here throws, so that no Dockerfile grows past what is tested.
 */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { gumCred } from "./binary.ts";
import { MUSL_IS_HERE, muslRoot } from "./musl.ts";
import { CAN_BE_PROCESS_ONE } from "./namespaces.ts";

const ROOT = resolve(import.meta.dir, "../..");
const CACHE = `${ROOT}/node_modules/.cache/gum-cred`;

export interface Image {
  /** The image's root folder on this machine. */
  readonly root: string;
  readonly entrypoint: readonly string[];
  /** `UID:GID` */
  readonly user: string;
  /** Deletes it. */
  remove(): void;
}

/** What stands in for a base image and for the commands that a Dockerfile runs in it. */
interface Base {
  fill(root: string): Promise<void>;
  readonly commands: Readonly<Record<string, (root: string) => Promise<void>>>;
}

/** Applets of busybox that tests use, beside the shell. */
const APPLETS = ["cat", "env", "grep", "id", "kill", "ls", "readlink", "seq", "sleep", "wc"];

const BASES: Readonly<Record<string, Base>> = {
  "debian:12-slim": {
    fill: async (root) => {
      layOut(root, ["bin", "sbin", "lib", "lib64"]);
      glibc(root);
      copyFileSync("/bin/dash", `${root}/usr/bin/sh`);
      copyFileSync("/bin/busybox", `${root}/usr/bin/busybox`);
      for (const name of APPLETS) symlinkSync("busybox", `${root}/usr/bin/${name}`);
      copyFileSync("/usr/share/base-passwd/passwd.master", `${root}/etc/passwd`);
      copyFileSync("/usr/share/base-passwd/group.master", `${root}/etc/group`);
    },
    commands: {},
  },
  "gcr.io/distroless/base-nossl-debian12:nonroot": {
    fill: async (root) => {
      layOut(root, ["bin", "sbin", "lib", "lib64"]);
      glibc(root);
      mkdirSync(`${root}/home/nonroot`);
      writeFileSync(
        `${root}/etc/passwd`,
        "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n",
      );
    },
    commands: {},
  },
  "alpine:3.22": {
    fill: async (root) => {
      layOut(root, []);
      for (const folder of ["bin", "lib"]) mkdirSync(`${root}/${folder}`);
      copyFileSync(`${await muslRoot()}/lib/ld-musl-x86_64.so.1`, `${root}/lib/ld-musl-x86_64.so.1`);
      chmodSync(`${root}/lib/ld-musl-x86_64.so.1`, 0o755);
      copyFileSync(staticBusybox(), `${root}/bin/busybox`);
      for (const name of ["sh", ...APPLETS]) symlinkSync("busybox", `${root}/bin/${name}`);
      writeFileSync(`${root}/etc/passwd`, "root:x:0:0:root:/root:/bin/sh\n");
    },
    commands: {
      "apk add --no-cache libstdc++": async (root) => {
        const libraries = `${await muslRoot()}/lib`;
        for (const name of ["libstdc++.so.6", "libgcc_s.so.1"])
          copyFileSync(`${libraries}/${name}`, `${root}/usr/lib/${name}`);
      },
    },
  },
};

export type ImageName = "debian" | "distroless" | "alpine";

/** The images that can be built here. */
export const IMAGES: readonly ImageName[] = [
  "debian",
  "distroless",
  ...(MUSL_IS_HERE ? (["alpine"] as const) : []),
];

/** Takes root, for chroot(1), namespaces, and the machine that the base images are made from. */
export function canRunContainers(): boolean {
  return (
    process.platform === "linux" && process.arch === "x64" && process.getuid?.() === 0 && CAN_BE_PROCESS_ONE
  );
}

/** Makes an image of `scripts/docker/Dockerfile.NAME` with gum-cred as the sources are. */
export async function buildImage(name: ImageName): Promise<Image> {
  const context = { "gum-cred": name === "alpine" ? muslGumCred() : gumCred() };
  const root = mkdtempSync("/tmp/gum-cred-image-");
  chmodSync(root, 0o755);
  let base: Base | undefined;
  let user = "0:0";
  let entrypoint: readonly string[] = [];
  for (const [instruction, text] of instructionsOf(`${ROOT}/scripts/docker/Dockerfile.${name}`)) {
    switch (instruction) {
      case "FROM":
        base = known(BASES, text);
        await base.fill(root);
        break;
      case "RUN":
        await known(base?.commands ?? {}, text)(root);
        break;
      case "COPY": {
        const [from = "", to = ""] = text.split(" ");
        copyFileSync(known(context, from), `${root}${to}`);
        break;
      }
      case "USER":
        user = text;
        break;
      case "ENTRYPOINT":
        entrypoint = JSON.parse(text);
        break;
      default:
        throw new Error(`Dockerfile.${name}: ${instruction} is not known to the tests`);
    }
  }
  return { root, entrypoint, user, remove: () => rmSync(root, { recursive: true, force: true }) };
}

/** The binary for musl: GUM_CRED_MUSL_BINARY, or built now. */
function muslGumCred(): string {
  const given = process.env["GUM_CRED_MUSL_BINARY"];
  if (given) return given;
  output([process.execPath, "scripts/build.ts", "--target", "linux-x64-musl"], ROOT);
  return `${ROOT}/dist/linux-x64-musl/gum-cred`;
}

function instructionsOf(dockerfile: string): [instruction: string, text: string][] {
  return readFileSync(dockerfile, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]);
}

function known<T>(table: Readonly<Record<string, T>>, name: string): T {
  const found = table[name];
  if (found === undefined) throw new Error(`'${name}' is not known to the tests`);
  return found;
}

/** The folders of any image; `merged` are links into /usr, as Debian has them. */
function layOut(root: string, merged: readonly string[]): void {
  for (const folder of [
    "dev",
    "etc",
    "home",
    "proc",
    "root",
    "run/secrets",
    "tmp",
    "usr/lib",
    "usr/local/bin",
  ])
    mkdirSync(`${root}/${folder}`, { recursive: true });
  chmodSync(`${root}/tmp`, 0o1777);
  for (const name of merged) {
    mkdirSync(`${root}/usr/${name}`, { recursive: true });
    symlinkSync(`usr/${name}`, `${root}/${name}`);
  }
}

/** The libraries of Debian's package libc6 and no other: what the images have before anything is installed. */
function glibc(root: string): void {
  const files = output(["dpkg", "-L", "libc6"]).split("\n");
  const libraries = files.filter((file) =>
    /^\/lib(64)?\/(x86_64-linux-gnu\/)?[^/]+\.so\.[0-9.]+$/.test(file),
  );
  for (const file of libraries) {
    mkdirSync(dirname(`${root}${file}`), { recursive: true });
    cpSync(file, `${root}${file}`, { dereference: true });
  }
}

/** Alpine's shell is a busybox of its own; Debian's static one needs no library of either. Fetched once and kept. */
function staticBusybox(): string {
  const kept = `${CACHE}/busybox-static`;
  try {
    readFileSync(kept);
    return kept;
  } catch {
    mkdirSync(CACHE, { recursive: true });
  }
  const work = mkdtempSync(`${CACHE}/busybox-new-`);
  try {
    const download = ["apt-get", "-q", "-o", "APT::Sandbox::User=", "download", "busybox-static"];
    try {
      output(download, work);
    } catch {
      output(["apt-get", "-q", "update"], work);
      output(download, work);
    }
    const [archive = ""] = output(["sh", "-c", "echo *.deb"], work).trim().split(" ");
    output(["dpkg-deb", "-x", basename(archive), "unpacked"], work);
    renameSync(`${work}/unpacked/bin/busybox`, kept);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return kept;
}

function output(command: readonly string[], cwd = "/"): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { cwd, stdin: "ignore" });
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}\n${stderr}`);
  return stdout.toString();
}
