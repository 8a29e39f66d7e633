/** Hints about installed providers. */
import { appendFileSync, chmodSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Scene } from "./hint-follow.ts";
import type { Stage } from "./hint-stage.ts";
import { commandManifest, manifestWith } from "./manifests.ts";
import { underSystemPolicy } from "./system-policy.ts";

const ODD = "it's; a $HOME, or so";
/** A file, not a link to one. */
const SHELL = realpathSync("/bin/sh");
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Installs the manifest in a folder with an odd name. */
async function installed(stage: Stage, bytes = manifestWith({})): Promise<string> {
  stage.env["XDG_CONFIG_HOME"] = `${stage.home}/${ODD}`;
  stage.env["KESTREL_API_KEY"] = "sk-EXAMPLE-kestrel";
  const file = stage.file("given.json", text(bytes));
  const { code, stderr } = await stage.run(`gum-cred plugins add ${file} --yes`);
  if (code !== 0) throw new Error(stderr);
  stage.line = "gum-cred get kestrel";
  return `${stage.home}/${ODD}/gum-cred/plugins/kestrel.json`;
}

export const PLUGIN_SCENES: readonly Scene[] = [
  {
    name: "a manifest that changed",
    code: "E_PLUGIN_CHANGED",
    shows: ["check the change; if it is correct, run 'gum-cred plugins trust {id}'"],
    async prepare(stage) {
      appendFileSync(await installed(stage), "\n");
      stage.tells.push(/^check the change/);
    },
  },
  {
    name: "a program that changed",
    code: "E_PLUGIN_CHANGED",
    shows: ["check the change; if it is correct, run 'gum-cred plugins trust {id}'"],
    async prepare(stage) {
      const program = stage.file("verify", "#!/bin/sh\n", 0o700);
      await installed(stage, commandManifest([program]));
      appendFileSync(program, "\n");
      stage.tells.push(/^check the change/);
    },
  },
  {
    name: "a manifest that nobody added",
    code: "E_PLUGIN_REFUSED",
    shows: ["check its manifest; if it is correct, run 'gum-cred plugins trust {id}'"],
    async prepare(stage) {
      const path = await installed(stage);
      await stage.run("gum-cred plugins remove kestrel");
      writeFileSync(path, manifestWith({}), { mode: 0o600 });
      stage.tells.push(/^check its manifest/);
    },
  },
  {
    name: "what was trusted is forgotten",
    code: "E_MALFORMED",
    shows: ["trust each plugin again when it is gone; run: rm {quotedPath(path)}"],
    async prepare(stage) {
      const path = await installed(stage);
      writeFileSync(path.replace("plugins/kestrel.json", "plugins.lock.json"), "nothing");
      stage.tells.push(/^trust each plugin/, /^check its manifest/);
    },
  },
  {
    name: "a manifest with mistakes in it, at a path with a quote",
    code: "E_PLUGIN_INVALID",
    shows: ["correct it; for one problem per line, run: gum-cred plugins check {quotedPath(path)}"],
    prepare(stage) {
      const write = (bytes: Uint8Array) => stage.file(`${ODD}/kestrel.json`, text(bytes));
      write(manifestWith({ title: 7 }));
      stage.line = `gum-cred plugins add "${ODD.replace("$", "\\$")}/kestrel.json" --yes`;
      stage.tells.push(/^correct it/, /for one problem/);
      stage.reads.push([/^gum-cred plugins check/, "$.title", () => write(manifestWith({}))]);
    },
  },
  {
    name: "a manifest with mistakes, checked",
    code: "E_PLUGIN_INVALID",
    shows: ["correct it and check it again"],
    prepare(stage) {
      stage.line = `gum-cred plugins check ${stage.file("kestrel.json", text(manifestWith({ title: 7 })))}`;
      stage.does.push([/^correct it/, () => stage.file("kestrel.json", text(manifestWith({})))]);
    },
  },
  {
    name: "a program that cannot be run",
    code: "E_PLUGIN_INVALID",
    shows: ["name its interpreter, or run: chmod +x {quotedPath(program)}"],
    prepare(stage) {
      const program = stage.file(`${ODD}/verify`, "#!/bin/sh\n", 0o600);
      const write = (...words: string[]) => stage.file("kestrel.json", text(commandManifest(words)));
      stage.line = `gum-cred plugins add ${write(program)} --yes`;
      stage.does.push([/^name its interpreter/, () => write(SHELL, program)]);
    },
  },
  {
    name: "a program that is not there",
    code: "E_PLUGIN_INVALID",
    shows: ["install the program first"],
    prepare(stage) {
      const program = `${stage.home}/verify`;
      stage.line = `gum-cred plugins add ${stage.file("kestrel.json", text(commandManifest([program])))} --yes`;
      stage.does.push([/^install/, () => stage.file("verify", "#!/bin/sh\n", 0o700)]);
    },
  },
  {
    name: "a program that is given a folder",
    code: "E_PLUGIN_REFUSED",
    shows: ["name a file instead"],
    prepare(stage) {
      const write = (...words: string[]) => stage.file("kestrel.json", text(commandManifest(words)));
      stage.line = `gum-cred plugins add ${write(SHELL, stage.home)} --yes`;
      stage.does.push([/^name a file/, () => write(SHELL, stage.file("verify", "\n", 0o700))]);
    },
  },
  {
    name: "a manifest that others can write",
    code: "E_UNSAFE_FILE",
    shows: [
      "also a group of your own counts (umask 002 makes such files); run: chmod go-w {quotedPath(path)}",
    ],
    prepare(stage) {
      const path = stage.file("kestrel.json", text(manifestWith({})));
      chmodSync(path, 0o664);
      stage.tells.push(/also a group/);
      stage.line = `gum-cred plugins add ${path} --yes`;
    },
  },
  {
    name: "a built-in provider as a plugin",
    code: "E_PLUGIN_REFUSED",
    shows: ["run 'gum-cred providers' for all that are known"],
    prepare(stage) {
      stage.line = "gum-cred plugins add openai --yes";
      stage.reads.push([
        /^gum-cred providers$/,
        "openai",
        () => {
          stage.line = "gum-cred providers openai";
        },
      ]);
    },
  },
  {
    name: "a manifest under another name",
    code: "E_PLUGIN_INVALID",
    shows: ["name the file after the id in it"],
    async prepare(stage) {
      const path = await installed(stage);
      renameSync(path, path.replace("kestrel.json", "robin.json"));
      stage.line = "gum-cred plugins trust robin && gum-cred get kestrel";
      stage.does.push([
        /^name the file/,
        () => {
          renameSync(path.replace("kestrel.json", "robin.json"), path);
          stage.line = "gum-cred plugins trust kestrel && gum-cred get kestrel";
        },
      ]);
    },
  },
  {
    name: "the administrator's plugin of that id",
    code: "E_PLUGIN_REFUSED",
    needs: "mounts",
    shows: ["ask the administrator to remove it"],
    prepare(stage) {
      const [, ...ruled] = underSystemPolicy({});
      const etc = ruled.at(-2) ?? "";
      const path = stage.file(
        `${etc}/gum-cred/plugins/deepgram.json`,
        text(manifestWith({ id: "deepgram" })),
        0o644,
      );
      chmodSync(dirname(path), 0o755);
      stage.shell = ["/usr/bin/unshare", ...ruled.slice(0, -1), "/bin/sh", "-c"];
      stage.line = "gum-cred plugins add deepgram --yes";
      stage.does.push([/ask the administrator/, () => rmSync(path)]);
    },
  },
  {
    name: "another program changes plugins",
    code: "E_LOCK_TIMEOUT",
    once: true,
    shows: ["another gum-cred holds the lock; try again"],
    async prepare(stage) {
      stage.env["XDG_RUNTIME_DIR"] = "/tmp"; // everybody's
      await stage.run("gum-cred plugins add deepgram --yes");
      const path = `${stage.env["XDG_STATE_HOME"]}/gum-cred/plugins.lock`;
      const holds =
        "import fcntl,sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print(1, flush=True); sys.stdin.read()";
      const holder = Bun.spawn(["python3", "-c", holds, path], {
        stdin: "pipe",
        stdout: "pipe",
        stderr: "ignore",
      });
      await holder.stdout.getReader().read();
      const ends = async () => {
        holder.kill("SIGKILL");
        await holder.exited;
      };
      stage.ends.push(ends);
      stage.line = "gum-cred plugins add deepgram --yes";
      stage.tells.push(/^another gum-cred holds/);
      stage.does.push([/try again/, ends]);
    },
  },
  {
    name: "no terminal to ask on",
    code: "E_USAGE",
    shows: ["look at the manifest, then give --yes"],
    prepare(stage) {
      stage.line = "gum-cred plugins add deepgram";
      stage.does.push([
        /give --yes/,
        () => {
          stage.line += " --yes";
        },
      ]);
    },
  },
  {
    name: "no such manifest",
    code: "E_FILE_UNREADABLE",
    shows: ["give a manifest's file, or a name of 'gum-cred plugins list --catalogue'"],
    prepare(stage) {
      const path = stage.file("kestrel.json", text(manifestWith({})));
      stage.line = "gum-cred plugins add frobnicate --yes";
      stage.does.push([
        /give a manifest's file/,
        () => {
          stage.line = `gum-cred plugins add ${path} --yes`;
        },
      ]);
      stage.reads.push([
        /--catalogue/,
        "deepgram",
        () => {
          stage.line = "gum-cred plugins add deepgram --yes";
        },
      ]);
    },
  },
  {
    name: "no such plugin",
    code: "E_UNKNOWN_PROVIDER",
    shows: ["run 'gum-cred plugins list'"],
    async prepare(stage) {
      await installed(stage);
      stage.line = "gum-cred plugins remove frobnicate";
      stage.reads.push([
        /^gum-cred plugins list$/,
        "kestrel",
        () => {
          stage.line = "gum-cred plugins remove kestrel";
        },
      ]);
    },
  },
  {
    name: "an id that is taken",
    code: "E_PLUGIN_REFUSED",
    shows: ["choose another id"],
    prepare(stage) {
      stage.line = "gum-cred plugins new openai";
      stage.does.push([
        /choose another/,
        () => {
          stage.line = "gum-cred plugins new kestrel";
        },
      ]);
    },
  },
  {
    name: "no home for plugins",
    code: "E_FILE_UNREADABLE",
    shows: ["set HOME or XDG_CONFIG_HOME"],
    prepare(stage) {
      Object.assign(stage.env, { HOME: "", XDG_CONFIG_HOME: "" });
      stage.values["XDG_CONFIG_HOME"] = `${stage.home}/config`;
      stage.line = "gum-cred plugins add deepgram --yes";
    },
  },
];
