/** Hints about files that are unsafe, unreadable or malformed, with paths that a shell would take apart. */
import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { pipesLogin } from "./hint-deeds.ts";
import type { Scene } from "./hint-follow.ts";
import type { Stage } from "./hint-stage.ts";

/** A folder whose name has what shells take apart: a space, a quote, a semicolon and a dollar. */
const ODD = "it's; a $HOME, or so";

function policy(stage: Stage, providers: object | string, name = `${ODD}/policy.json`): string {
  const text = typeof providers === "string" ? providers : JSON.stringify({ version: 1, providers });
  const path = stage.file(name, text);
  stage.env["GUM_CRED_POLICY"] = path;
  return path;
}

const OTHERS_FILE =
  "also a group of your own counts (umask 002 makes such files); run: chmod go-w {quotedPath(path)}";

export const FILE_SCENES: readonly Scene[] = [
  {
    name: "a policy that others can write",
    code: "E_UNSAFE_FILE",
    shows: [OTHERS_FILE],
    prepare(stage) {
      chmodSync(policy(stage, {}), 0o666);
      stage.tells.push(/also a group/);
      stage.line = "gum-cred policy show";
    },
  },
  {
    name: "a policy in a folder that its group can write",
    code: "E_UNSAFE_FILE",
    shows: [OTHERS_FILE],
    prepare(stage) {
      policy(stage, {});
      chmodSync(`${stage.home}/${ODD}`, 0o770);
      stage.tells.push(/also a group/);
      stage.line = "gum-cred policy show";
    },
  },
  {
    name: "a policy that belongs to another user",
    code: "E_UNSAFE_FILE",
    needs: "root",
    shows: ["check it, and if it is correct, run: chown {who} {quotedPath(path)}"],
    prepare(stage) {
      chownSync(policy(stage, {}), 12_345, 0);
      stage.tells.push(/^check it, and/);
      stage.line = "gum-cred policy show";
    },
  },
  {
    name: "a policy that is a link",
    code: "E_UNSAFE_FILE",
    shows: ["name the file that it points to, or replace the link with that file"],
    prepare(stage) {
      const path = policy(stage, {});
      const link = `${stage.home}/link.json`;
      symlinkSync(path, link);
      stage.env["GUM_CRED_POLICY"] = link;
      stage.line = "gum-cred policy show";
      stage.does.push([
        /name the file/,
        () => {
          stage.env["GUM_CRED_POLICY"] = path;
        },
      ]);
      stage.does.push([
        /replace the link/,
        () => {
          rmSync(link);
          renameSync(path, link);
        },
      ]);
    },
  },
  {
    name: "a policy that is a folder",
    code: "E_UNSAFE_FILE",
    shows: ["replace it with a regular file"],
    prepare(stage) {
      const path = `${stage.home}/policy.json`;
      mkdirSync(path);
      stage.env["GUM_CRED_POLICY"] = path;
      stage.line = "gum-cred policy show";
      stage.does.push([
        /replace it/,
        () => {
          rmSync(path, { recursive: true });
          policy(stage, {}, "policy.json");
        },
      ]);
    },
  },
  {
    name: "a policy that is not there",
    code: "E_POLICY_INVALID",
    shows: ["correct the path, or run 'unset GUM_CRED_POLICY'"],
    prepare(stage) {
      stage.env["GUM_CRED_POLICY"] = `${stage.home}/nowhere.json`;
      stage.line = "gum-cred policy show";
      stage.does.push([/correct the path/, () => policy(stage, {})]);
    },
  },
  {
    name: "a policy with a mistake in it",
    code: "E_POLICY_INVALID",
    shows: ["every problem in it is shown by this command; run: gum-cred policy check {quotedPath(path)}"],
    prepare(stage) {
      policy(stage, { openai: { deny: "yes" } });
      stage.tells.push(/^every problem/);
      stage.line = "gum-cred get openai --profile work";
      stage.env["OPENAI_API_KEY"] = stage.vendors.addKey("openai");
      stage.reads.push([/^gum-cred policy check/, "$.providers.openai.deny", () => policy(stage, {})]);
    },
  },
  {
    name: "a policy that is checked, with a mistake in it",
    code: "E_POLICY_INVALID",
    shows: ["correct it and check it again"],
    prepare(stage) {
      const path = stage.file("policy.json", '{"version":1,"version":1}');
      stage.line = `gum-cred policy check ${path}`;
      stage.does.push([/correct it/, () => stage.file("policy.json", '{"version":1}')]);
    },
  },
  {
    name: "policy check without a file",
    code: "E_USAGE",
    shows: ["use --live for the policy in force"],
    prepare(stage) {
      stage.line = "gum-cred policy check";
      stage.does.push([
        /use --live/,
        () => {
          stage.line = "gum-cred policy check --live";
        },
      ]);
    },
  },
  {
    name: "the lock's file can be written by others",
    code: "E_UNSAFE_FILE",
    shows: ["it is made anew when it is gone; run: rm {quotedPath(path)}"],
    async prepare(stage) {
      stage.env["XDG_RUNTIME_DIR"] = "/tmp"; // everybody's
      stage.env["XDG_STATE_HOME"] = stage.env["HOME"] = `${stage.home}/${ODD}`;
      mkdirSync(stage.env["HOME"], { recursive: true });
      const login = pipesLogin(stage);
      await stage.run(login, stage.pipes[0]?.[1]);
      await stage.run(`find "$HOME" -name '*.lock' -exec chmod 666 {} +`);
      stage.line = login;
      stage.tells.push(/^it is made anew/);
    },
  },
  {
    name: "the lock's file is a link",
    code: "E_UNSAFE_FILE",
    shows: ["it is made anew when it is gone; run: rm {quotedPath(path)}"],
    async prepare(stage) {
      stage.env["XDG_RUNTIME_DIR"] = "/tmp"; // everybody's
      stage.env["XDG_STATE_HOME"] = stage.env["HOME"] = `${stage.home}/${ODD}`;
      mkdirSync(stage.env["HOME"], { recursive: true });
      const login = pipesLogin(stage);
      await stage.run(login, stage.pipes[0]?.[1]);
      await stage.run(
        `find "$HOME" -name '*.lock' -exec sh -c 'mv "$1" "$1.old"; ln -s "$1.old" "$1"' sh {} ';'`,
      );
      stage.line = login;
      stage.tells.push(/^it is made anew/);
    },
  },
  {
    name: "the lock's folder can be written by others",
    code: "E_UNSAFE_FILE",
    shows: ["when nothing of others is in it, run: chmod go-w {quotedPath(path)}"],
    prepare(stage) {
      stage.env["XDG_RUNTIME_DIR"] = "/tmp"; // everybody's
      const state = `${stage.home}/${ODD}`;
      stage.env["XDG_STATE_HOME"] = state;
      mkdirSync(`${state}/gum-cred`, { recursive: true });
      chmodSync(`${state}/gum-cred`, 0o777);
      stage.line = pipesLogin(stage);
      stage.tells.push(/^when nothing of others/);
    },
  },
  {
    name: "no place for locks",
    code: "E_UNSAFE_FILE",
    shows: ["set XDG_STATE_HOME {to}"],
    prepare(stage) {
      stage.env["XDG_RUNTIME_DIR"] = "/tmp"; // everybody's
      stage.env["XDG_STATE_HOME"] = "/proc/nowhere";
      stage.line = pipesLogin(stage);
      stage.values["XDG_STATE_HOME"] = `${stage.home}/state`;
    },
  },
  {
    name: "no place for locks in the runtime folder",
    code: "E_UNSAFE_FILE",
    shows: ["set XDG_RUNTIME_DIR {to}{keepBus}"],
    prepare(stage) {
      stage.env["XDG_RUNTIME_DIR"] = "/proc/self/fd";
      stage.line = pipesLogin(stage);
      stage.values["XDG_RUNTIME_DIR"] = stage.home;
    },
  },
  {
    name: "a dotenv file that is not there",
    code: "E_FILE_UNREADABLE",
    shows: ["check the path and its permissions"],
    prepare(stage) {
      stage.line = "gum-cred keys import .env --no-verify";
      const key = stage.vendors.addKey("openai");
      stage.does.push([/check the path/, () => stage.file(".env", `OPENAI_API_KEY=${key}\n`)]);
    },
  },
  {
    name: "a dotenv file that is no text",
    code: "E_MALFORMED",
    shows: ["save it as UTF-8"],
    prepare(stage) {
      stage.file(".env", "");
      stage.line = `gum-cred exec openai --env-file .env -- true`;
      stage.env["OPENAI_API_KEY"] = stage.vendors.addKey("openai");
      const path = `${stage.home}/.env`;
      const bad = Bun.write(path, new Uint8Array([0x41, 0x3d, 0xff, 0xfe, 0xfd]));
      stage.does.push([/save it as UTF-8/, () => stage.file(".env", "A=b\n")]);
      return bad;
    },
  },
  {
    name: "a settings file that cannot be edited safely",
    code: "E_MALFORMED",
    shows: ["mend the file first; it was left as it is"],
    prepare(stage) {
      stage.file(".claude/settings.json", "{ no");
      stage.line = "gum-cred setup claude --write";
      stage.tells.push(/it was left/);
      stage.does.push([/mend the file/, () => stage.file(".claude/settings.json", "{}")]);
    },
  },
];
