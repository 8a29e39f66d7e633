/** What a manifest's command may not do by its arguments, and which words of it are files. */
import { expect, test } from "bun:test";
import { inlineCode, pathsInWord } from "./command-words.ts";

const HIDDEN: string[][] = [
  ["/bin/sh", "-c", ". /opt/x"],
  ["/usr/bin/dash", "-ec", "x"],
  ["/bin/bash", "-lc", "x"],
  ["/bin/bash", "--rcfile", "/opt/x", "-i"],
  ["/usr/bin/python3.12", "-c", "import os"],
  ["/usr/bin/python3", "-Ic", "import os"],
  ["/usr/bin/python3", "-cimport os"],
  ["/usr/bin/python3", "-m", "acme"],
  ["/usr/bin/perl", "-e", "1"],
  ["/usr/bin/perl", "-MPOSIX", "-ne", "1"],
  ["/usr/bin/ruby", "-e", "1"],
  ["/usr/local/bin/node", "--eval=1"],
  ["/usr/local/bin/node", "-p", "1"],
  ["/usr/local/bin/node", "--import", "data:text/javascript,1"],
  ["/usr/bin/php", "-r", "1;"],
  ["/usr/bin/busybox", "sh", "-c", "x"],
  ["/usr/bin/env", "python3", "/opt/x.py"],
  ["/usr/bin/xargs", "/opt/x"],
  ["/usr/bin/timeout", "5", "/opt/x"],
  ["/lib64/ld-linux-x86-64.so.2", "/opt/x"],
  ["/usr/bin/awk", "BEGIN{system(1)}"],
  ["/usr/bin/sed", "1e id"],
  ["C:\\Windows\\System32\\cmd.exe", "/c", "x"],
  ["C:\\Windows\\powershell.exe", "-EncodedCommand", "x"],
];
for (const command of HIDDEN) {
  test(`${command.join(" ")} runs what no pin covers`, () => {
    expect(inlineCode(command)).not.toBeNull();
  });
}

const FINE: string[][] = [
  ["/usr/bin/true", "-c", "/etc/acme.conf"],
  ["/opt/acme/verify", "-e", "production"],
  ["/usr/bin/python3", "/opt/acme/verify.py", "--fast"],
  ["/usr/bin/python3", "-I", "/opt/acme/verify.py"],
  ["/bin/sh", "/opt/acme/verify.sh", "-x"],
  ["/opt/acme/env-verify", "a"],
];
for (const command of FINE) {
  test(`${command.join(" ")} is fine`, () => {
    expect(inlineCode(command)).toBeNull();
  });
}

test.each([
  ["/opt/a", ["/opt/a"]],
  ["opt/a", ["/opt/a"]],
  ["./opt/a", ["/./opt/a"]],
  ["--config=/etc/a", ["/etc/a"]],
  ["--config=etc/a", ["/etc/a"]],
  ["-I/opt/a", ["/opt/a"]],
  ["-Iopt/a", ["/opt/a"]],
  ["@/opt/a", ["/opt/a"]],
  ["@opt/a", ["/opt/a"]],
  [". /opt/a; x", ["/opt/a"]],
  ["source '/opt/a'", ["/opt/a"]],
  ["a:/opt/a:/opt/b", ["/opt/a", "/opt/b"]],
  ["x=1,/opt/a", ["/opt/a"]],
])("%j names %j", (word, paths) => {
  expect(pathsInWord(word)).toEqual(expect.arrayContaining([...paths]));
});

test("an option without a path names none", () => {
  for (const word of ["-x", "--fast", "-"]) expect(pathsInWord(word)).toEqual([]);
});
