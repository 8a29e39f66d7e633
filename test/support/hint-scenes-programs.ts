/** Hints about programs that gum-cred is to run, and about where it writes. */
import { chmodSync } from "node:fs";
import { hasKey } from "./hint-deeds.ts";
import type { Scene } from "./hint-follow.ts";

export const PROGRAM_SCENES: readonly Scene[] = [
  {
    name: "a program that may not be run",
    code: "E_NOT_EXECUTABLE",
    shows: ["check the command's permissions"],
    prepare(stage) {
      hasKey(stage);
      const path = stage.file("tool", "#!/bin/sh\n", 0o600);
      stage.line = `gum-cred exec openai -- ${path}`;
      stage.does.push([/check the command/, () => chmodSync(path, 0o700)]);
    },
  },
  {
    name: "a script whose interpreter is missing",
    code: "E_NOT_EXECUTABLE",
    shows: ["install the interpreter, or correct the first line of the script"],
    prepare(stage) {
      hasKey(stage);
      const path = stage.file("tool", `#!${stage.home}/shell\n`, 0o700);
      stage.line = `gum-cred exec openai -- ${path}`;
      stage.does.push([/install the interpreter/, () => stage.file("shell", "#!/bin/sh\n", 0o700)]);
      stage.does.push([/correct the first/, () => stage.file("tool", "#!/bin/sh\n", 0o700)]);
    },
  },
  {
    name: "a script with the line ends of Windows",
    code: "E_NOT_EXECUTABLE",
    shows: ["convert its line ends, with dos2unix or sed -i 's/\\r$//'"],
    prepare(stage) {
      hasKey(stage);
      const path = stage.file("tool", "#!/bin/sh\r\ntrue\r\n", 0o700);
      stage.line = `gum-cred exec openai -- ${path}`;
      stage.does.push([/convert its line ends/, () => stage.run(`sed -i 's/\\r$//' ${path}`)]);
      stage.tells.push(/^with dos2unix/);
    },
  },
  {
    name: "a program that there is not",
    code: "E_COMMAND_NOT_FOUND",
    shows: ["check the command's name and PATH"],
    prepare(stage) {
      hasKey(stage);
      stage.line = "gum-cred exec openai -- frobnicate";
      stage.does.push([
        /check the command's name/,
        () => {
          stage.line = "gum-cred exec openai -- true";
        },
      ]);
    },
  },
  {
    name: "a full disk behind stdout",
    code: "E_OUTPUT",
    once: true,
    shows: ["check where stdout goes: the disk may be full, or the pipe closed"],
    prepare(stage) {
      stage.line = "gum-cred providers >/dev/full";
      stage.does.push([
        /check where stdout/,
        () => {
          stage.line = "gum-cred providers >/dev/null";
        },
      ]);
      stage.tells.push(/^the pipe closed/);
    },
  },
  {
    name: "no GITHUB_ENV",
    code: "E_USAGE",
    once: true,
    shows: ["--format github is for a step of a GitHub Actions workflow; elsewhere choose another format"],
    prepare(stage) {
      hasKey(stage);
      stage.line = "gum-cred env openai --format github";
      stage.tells.push(/^--format github is for/);
      stage.does.push([
        /choose another/,
        () => {
          stage.line = "gum-cred env openai --format json";
        },
      ]);
    },
  },
  {
    name: "no unshare for --isolate",
    code: "E_ISOLATION",
    once: true,
    shows: ["install util-linux"],
    prepare(stage) {
      hasKey(stage);
      stage.line = 'PATH="$(dirname "$(command -v gum-cred)")" gum-cred broker openai --isolate -- /bin/true';
      // Where the kernel allows no namespaces either, the next hint says so.
      stage.does.push([
        /install util-linux/,
        () => {
          stage.line = "gum-cred broker openai --isolate -- /bin/true";
        },
      ]);
      stage.does.push([
        /leave --isolate out/,
        () => {
          stage.line = "gum-cred broker openai -- /bin/true";
        },
      ]);
    },
  },
  {
    name: "the broker's port is taken",
    code: "E_PORT_BUSY",
    once: true,
    shows: ["choose another port with --listen"],
    prepare(stage) {
      hasKey(stage);
      const taken = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("taken") });
      stage.ends.push(() => taken.stop(true));
      const listen = (place: string) =>
        `timeout -s TERM 2 gum-cred broker openai --listen ${place} --token-file token; test $? -eq 124`;
      stage.line = `gum-cred broker openai --listen 127.0.0.1:${taken.port} --token-file token`;
      stage.does.push([
        /choose another/,
        () => {
          stage.line = listen("unix:sock");
        },
      ]);
    },
  },
  {
    name: "a rule for requests that is none",
    code: "E_INVALID_VALUE",
    shows: ["write a method and a path, such as 'POST /v1/messages' or 'GET /v1/models*'"],
    prepare(stage) {
      hasKey(stage);
      stage.line = "gum-cred broker openai --allow models -- true";
      stage.does.push([
        /write a method/,
        () => {
          stage.line = "gum-cred broker openai --allow 'GET /v1/models*' -- true";
        },
      ]);
      stage.tells.push(/^such as/);
    },
  },
];
