/**
 * The libraries that a program for musl (Alpine Linux) needs, for tests on a Debian machine. Fetched once and kept
 * under node_modules. Needs apt-get, dpkg-deb, /usr/bin/python3 with pip (python3-pip), and an x64 machine.
 * `bun test/support/musl.ts` fetches them beforehand and prints where they are.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";

const CACHE = resolve(import.meta.dir, "../../node_modules/.cache/gum-cred");

/** Debian's release that musl is taken from: Bun's files have DT_RELR relocations, which musl knows since 1.2.4. */
const RELEASE = "trixie";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Debian has no C++ library for musl. This Python package carries Alpine's in its wheel for musl, pinned. */
const WHEEL = {
  requirement:
    "contourpy==1.4.0 --hash=sha256:3863ef2e2b13fe93f8c0ebb08ee400cb07153b8b0e91c5acb26e4537f283634f",
  platform: "musllinux_1_2_x86_64",
  python: "312",
  libraries: "contourpy.libs",
};

/** False where `scripts/test.sh` could not fetch them, and said so: what needs them is then left out. */
export const MUSL_IS_HERE = process.env["GUM_CRED_TEST_MUSL"] !== "0";

let current: Promise<string> | undefined;

/**
 * A folder that holds `lib/ld-musl-x86_64.so.1`, `lib/libstdc++.so.6`, `lib/libgcc_s.so.1` and nothing else. It is
 * kept and shared: copy it before adding anything. A program for musl runs in it by chroot(1).
 */
export function muslRoot(): Promise<string> {
  current ??= fetchOnce();
  return current;
}

async function fetchOnce(): Promise<string> {
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error("musl's libraries: x64 Linux only");
  const kept = `${CACHE}/musl-${RELEASE}-${WHEEL.requirement.split(" ")[0]}`;
  if (existsSync(kept)) return kept;
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(`${CACHE}/musl-new-`);
  try {
    mkdirSync(`${work}/root/lib`, { recursive: true });
    await fetchMusl(work, `${work}/root/lib`);
    await fetchCxx(work, `${work}/root/lib`);
    renameSync(`${work}/root`, kept);
  } catch (error) {
    if (!existsSync(kept)) throw error; // else another run was faster
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return kept;
}

/** musl's loader, which is its C library too, by apt with lists of its own: the machine's are left alone. */
async function fetchMusl(work: string, lib: string): Promise<void> {
  mkdirSync(`${work}/apt/lists/partial`, { recursive: true });
  mkdirSync(`${work}/apt/archives/partial`, { recursive: true });
  writeFileSync(
    `${work}/apt/sources.list`,
    `deb [arch=amd64 signed-by=${KEYRING}] ${await mirror()} ${RELEASE} main\n`,
  );
  const apt = [
    ...["apt-get", "-q", "-o", `Dir::State::Lists=${work}/apt/lists`, "-o", `Dir::Cache=${work}/apt`],
    ...["-o", `Dir::Etc::SourceList=${work}/apt/sources.list`, "-o", "Dir::Etc::SourceParts=/dev/null"],
    ...["-o", "APT::Sandbox::User=", "-o", "Acquire::Languages=none"],
  ];
  await run(work, [...apt, "update"]);
  await run(work, [...apt, "download", "musl:amd64"]);
  const [archive] = readdirSync(work).filter((name) => name.endsWith(".deb"));
  await run(work, ["dpkg-deb", "-x", archive ?? "musl.deb", "musl"]);
  renameSync(`${work}/musl/usr/lib/x86_64-linux-musl/libc.so`, `${lib}/ld-musl-x86_64.so.1`);
}

/** Where this machine gets its own release of Debian from. */
async function mirror(): Promise<string> {
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
  const uris = await run("/", ["apt-get", "update", "--print-uris"]);
  const found = new RegExp(`'(\\S+)/dists/${codename}/InRelease'`).exec(uris)?.[1];
  if (!found) throw new Error(`apt-get names no source of Debian's release ${codename}`);
  return found;
}

async function fetchCxx(work: string, lib: string): Promise<void> {
  writeFileSync(`${work}/wheel.txt`, `${WHEEL.requirement}\n`);
  await run(work, [
    ...["/usr/bin/python3", "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:"],
    ...["--platform", WHEEL.platform, "--python-version", WHEEL.python, "--implementation", "cp"],
    ...["--require-hashes", "-r", "wheel.txt", "-d", "wheel"],
  ]);
  const [wheel] = readdirSync(`${work}/wheel`);
  await run(work, ["/usr/bin/python3", "-m", "zipfile", "-e", `wheel/${wheel}`, "unpacked"]);

  const folder = join(work, "unpacked", WHEEL.libraries);
  const named = (start: string) => readdirSync(folder).find((name) => name.startsWith(start)) ?? start;
  const gcc = named("libgcc_s-");
  renameSync(join(folder, gcc), `${lib}/libgcc_s.so.1`);
  // Wheels rename their libraries; the one asks for the other by its new name, and is to by its old.
  const cxx = readFileSync(join(folder, named("libstdc++-")));
  const name = Buffer.alloc(gcc.length);
  name.write("libgcc_s.so.1");
  const at = cxx.indexOf(`\0${gcc}\0`);
  if (at === -1) throw new Error(`the wheel's libstdc++ does not ask for ${gcc}`);
  name.copy(cxx, at + 1);
  writeFileSync(`${lib}/libstdc++.so.6`, cxx);
}

/** Runs a program to its end. Returns its stdout; throws with its stderr when it fails. */
async function run(cwd: string, command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], { cwd, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, log, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}\n${out}${log}`);
  return out;
}

if (import.meta.main) console.log(await muslRoot());
