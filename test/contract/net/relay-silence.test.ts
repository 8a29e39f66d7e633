/** A stream that says nothing for longer than Bun waits: here Bun waits for seconds instead of five minutes. */
import { expect, test } from "bun:test";
import { resolve } from "node:path";

const RELAY = resolve(import.meta.dir, "../../../src/net/relay.ts");

test("silence is no end", async () => {
  const encoder = new TextEncoder();
  const server = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0, development: false, idleTimeout: 0 },
    fetch: () =>
      new Response(
        new ReadableStream({
          start: async (controller) => {
            controller.enqueue(encoder.encode("before "));
            await Bun.sleep(12_000);
            controller.enqueue(encoder.encode("after"));
            controller.close();
          },
        }),
      ),
  });
  const script = `
    import { relay } from ${JSON.stringify(RELAY)};
    const init = { method: "GET", headers: new Headers(), body: null, signal: new AbortController().signal };
    const response = await relay({ url: ${JSON.stringify(server.url.href)}, ...init });
    console.log(await response.text());`;
  const child = Bun.spawn([process.execPath, "-e", script], {
    env: { PATH: "/usr/bin:/bin", BUN_CONFIG_HTTP_IDLE_TIMEOUT: "4" },
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  await server.stop(true);
  expect([stdout, stderr]).toEqual(["before after\n", ""]);
}, 30_000);
