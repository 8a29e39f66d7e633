/**
 * gum-cred as process 1 of a container, where a signal without a handler does nothing and orphans are left on the
 * doorstep: `exec` gives the place away, `exec --mask` keeps it and does its duties. Images and engine as in
 * container.test.ts.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { type Container, type ContainerOptions, runContainer, startContainer } from "../support/container.ts";
import { buildImage, canRunContainers, IMAGES, type Image } from "../support/container-image.ts";

const TOKEN = "access-token-EXAMPLE-0123456789";
const STRICT: ContainerOptions = {
  readOnly: true,
  user: "4711:4711",
  env: { GUMLOOP_ACCESS_TOKEN: TOKEN },
};
const EXEC = ["exec", "gumloop", "--"];
const MASK = ["exec", "gumloop", "--mask", "--"];

/** Runs it to its end; `onOutput` is called once, when it has printed something. */
async function finish(container: Container, onOutput: () => void = () => {}) {
  const readOut = async () => {
    let text = "";
    for await (const bytes of container.stdout ?? []) {
      if (text === "") onOutput();
      text += Buffer.from(bytes).toString();
    }
    return text;
  };
  const [stdout, stderr] = await Promise.all([readOut(), new Response(container.stderr).text()]);
  return { code: await container.exited, stdout, stderr };
}

const TRAPS = (signal: string) =>
  `trap 'echo got ${signal}; exit 7' ${signal}; echo up; while :; do sleep 0.05; done`;

const WITH_SHELL = IMAGES.filter((name) => name !== "distroless");

describe.skipIf(!canRunContainers()).each(WITH_SHELL)("%s", (name) => {
  let image: Image;
  beforeAll(async () => {
    image = await buildImage(name);
  }, 180_000);
  afterAll(() => image?.remove());

  const sh = (way: readonly string[], script: string, options: ContainerOptions = {}) =>
    startContainer(image, [...way, "sh", "-c", script], { ...STRICT, ...options });

  describe("exec", () => {
    test("the program becomes process 1, and nothing else is there", async () => {
      const result = await finish(sh(EXEC, 'set -- /proc/[0-9]*; echo "$$ of $#, $GUMLOOP_ACCESS_TOKEN"'));
      expect(result).toEqual({ code: 0, stdout: `1 of 1, ${TOKEN}\n`, stderr: "" });
    });

    test.each(["TERM", "INT", "HUP"] as const)(
      "SIG%s reaches it, and its exit status ours",
      async (signal) => {
        const container = sh(EXEC, TRAPS(signal));
        const result = await finish(container, () => container.kill(`SIG${signal}`));
        expect(result).toEqual({ code: 7, stdout: `up\ngot ${signal}\n`, stderr: "" });
      },
    );

    test.each([0, 1, 42, 255])("exit status %d", async (status) => {
      expect((await finish(sh(EXEC, `exit ${status}`))).code).toBe(status);
    });

    test("what cannot be run, and what has no credential", async () => {
      expect((await runContainer(image, [...EXEC, "no-such-program"], STRICT)).code).toBe(127);
      expect((await runContainer(image, [...EXEC, "/etc/passwd"], STRICT)).code).toBe(126);
      expect((await runContainer(image, [...EXEC, "true"], { ...STRICT, env: {} })).code).toBe(125);
    });
  });

  describe("exec --mask", () => {
    test("stays process 1, and masks", async () => {
      const result = await finish(
        sh(MASK, 'echo "$PPID $GUMLOOP_ACCESS_TOKEN"; echo "$GUMLOOP_ACCESS_TOKEN" >&2'),
      );
      expect(result).toEqual({ code: 0, stdout: "1 ***\n", stderr: "***\n" });
    });

    test.each(["TERM", "INT", "HUP", "USR1"] as const)("SIG%s is handed on", async (signal) => {
      const container = sh(MASK, TRAPS(signal));
      const result = await finish(container, () => container.kill(`SIG${signal}`));
      expect(result).toEqual({ code: 7, stdout: `up\ngot ${signal}\n`, stderr: "" });
    });

    test("a program without a handler dies of it, as it would not as process 1", async () => {
      const container = sh(MASK, "echo up; exec sleep 60");
      expect((await finish(container, () => container.kill("SIGTERM"))).code).toBe(143);
    });

    test.each([
      ["TERM", 143],
      ["KILL", 137],
      ["SEGV", 139],
    ] as const)("the program's own SIG%s is exit status %d", async (signal, code) => {
      expect((await finish(sh(MASK, `kill -${signal} $$; sleep 5`))).code).toBe(code);
    });

    test("orphans do not stay in the table of processes, and the program's end is not taken for one", async () => {
      const script = `
        zombies() { grep -l 'State:.Z' /proc/[0-9]*/status 2>/dev/null | wc -l; }
        for i in 1 2 3 4 5; do (sleep 0.2 & ); done
        sleep 0.6
        tries=0; while [ "$(zombies)" -gt 0 ] && [ $tries -lt 30 ]; do sleep 0.1; tries=$((tries + 1)); done
        echo "zombies $(zombies)"; exit 9`;
      expect(await finish(sh(MASK, script))).toEqual({ code: 9, stdout: "zombies 0\n", stderr: "" });
    });

    test("orphans and output at once, again and again", async () => {
      const script = 'i=0; while [ $i -lt 200 ]; do (echo "line $i" & ); i=$((i+1)); done; sleep 1.2; exit 3';
      const { code, stdout } = await finish(sh(MASK, script));
      expect([code, stdout.trim().split("\n").length]).toEqual([3, 200]);
    });

    test("it ends on SIGTERM while nobody takes what the program wrote", async () => {
      const folder = mkdtempSync("/tmp/gum-cred-fifo-");
      Bun.spawnSync(["mkfifo", `${folder}/fifo`]);
      // Open both ways it has a reader, who never reads.
      const fifo = openSync(`${folder}/fifo`, constants.O_RDWR);
      try {
        // More than one pipe holds, and less than the two that it goes through.
        const container = sh(MASK, "seq 20000; echo done >&2", { stdout: fifo });
        for await (const bytes of container.stderr) if (Buffer.from(bytes).toString().includes("done")) break;
        await Bun.sleep(500);
        container.kill("SIGTERM");
        // Else it is killed when its time is over: 137.
        expect(await container.exited).toBe(143);
      } finally {
        closeSync(fifo);
        rmSync(folder, { recursive: true });
      }
    }, 40_000);
  });
});

describe.skipIf(!canRunContainers())("distroless", () => {
  let image: Image;
  beforeAll(async () => {
    image = await buildImage("distroless");
  });
  afterAll(() => image?.remove());

  test("exec of another program without a shell between", async () => {
    const found = await runContainer(image, [...EXEC, "gum-cred", "get", "gumloop"], STRICT);
    expect(found).toEqual({ code: 0, stdout: `${TOKEN}\n`, stderr: "" });
    const masked = await runContainer(image, [...MASK, "gum-cred", "get", "gumloop"], STRICT);
    expect(masked).toEqual({ code: 0, stdout: "***\n", stderr: "" });
    expect((await runContainer(image, [...EXEC, "gum-cred", "--no-such-flag"], STRICT)).code).toBe(2);
    expect((await runContainer(image, [...EXEC, "sh"], STRICT)).code).toBe(127);
  });
});
