/** WebSockets through the broker. */
import { describe, expect, test } from "bun:test";
import { KEY, NO_LIMITS, raw, settled, TOKEN, useBroker } from "../../test/support/broker.ts";
import { createLimits, type LimitSettings } from "./limits.ts";

const { upstream, route, start } = useBroker();

describe("WebSockets", () => {
  const open = (url: string) =>
    new Promise<WebSocket | null>((resolve) => {
      const options = { headers: { authorization: `Bearer ${TOKEN}` } };
      const socket = new WebSocket(url, options as unknown as string[]);
      socket.onopen = () => resolve(socket);
      socket.onerror = () => resolve(null);
    });

  test("are relayed both ways and counted", async () => {
    const { broker, entries } = start([route("openai")]);
    const socket = await open(`${broker.origin?.replace("http", "ws")}/openai/v1/realtime?model=x`);
    const got: string[] = [];
    const echoed = new Promise<void>((resolve) => {
      if (socket) {
        socket.onmessage = ({ data }) => {
          got.push(String(data));
          if (got.length === 3) resolve();
        };
      }
    });
    socket?.send("hello");
    socket?.send("usage");
    await echoed;
    expect(got.slice(0, 2)).toEqual(["hello", "usage"]);
    expect(upstream.arrived()[0]?.headers["authorization"]).toBe(`Bearer ${KEY}`);
    socket?.close();
    await settled(entries);
    expect(entries[0]).toMatchObject({ status: 101, tokens_in: 3, tokens_out: 4 });
  });

  describe("are closed", () => {
    const closed = (socket: WebSocket | null) =>
      new Promise<{ code: number; reason: string }>((resolve) => {
        if (socket) socket.onclose = ({ code, reason }) => resolve({ code, reason });
      });
    const limited = async (settings: Partial<LimitSettings>) => {
      const started = start([route("openai")], { limits: createLimits({ ...NO_LIMITS, ...settings }) });
      const url = `${started.broker.origin?.replace("http", "ws")}/openai/v1/realtime`;
      return { ...started, url, socket: await open(url) };
    };

    test("once their responses have used the tokens, and no request goes out after", async () => {
      const { socket, url, entries, ask } = await limited({ maxTokens: 14 });
      const other = await open(url);
      const ends = [closed(socket), closed(other)];
      const answers: string[] = [];
      if (socket) socket.onmessage = ({ data }) => answers.push(String(data));
      socket?.send("usage");
      while (answers.length < 2) await Bun.sleep(2);
      expect([socket?.readyState, entries.length]).toEqual([WebSocket.OPEN, 0]);
      socket?.send("usage");
      const end = { code: 1008, reason: "gum-cred: this run has used its 14 tokens (--max-tokens)" };
      expect(await ends[0]).toEqual(end);
      expect(answers).toHaveLength(4);
      expect((await ask("/openai/v1/x")).status).toBe(400);
      other?.send("usage");
      expect(await ends[1]).toEqual(end);
      await settled(entries, 3);
      const line = { status: 101, closed: "limit: tokens" };
      expect(entries[0]).toMatchObject({ ...line, tokens_in: 6, tokens_out: 8 });
      expect(entries[2]).toMatchObject({ ...line, bytes_up: 0 });
    });

    test("when the time is over, however silent they are", async () => {
      const { socket, entries } = await limited({ forMs: 1_000 });
      expect(await closed(socket)).toEqual({
        code: 1008,
        reason: "gum-cred: the time of this run is over (--for)",
      });
      await settled(entries);
      expect(entries[0]).toMatchObject({ status: 101, closed: "limit: time" });
    });

    test("not at once where the time is longer than a timer can be", async () => {
      const { socket } = await limited({ forMs: 60 * 86_400_000 });
      await Bun.sleep(30);
      expect(socket?.readyState).toBe(WebSocket.OPEN);
      socket?.close();
    });
  });

  test.each([
    ["openai", "/openai/v1/responses"],
    ["anthropic", "/anthropic/v1/messages"],
  ])("%s: 426 at once where there is none", async (name, path) => {
    const { broker } = start([route(name)]);
    const headers = [
      `Host: ${new URL(broker.origin ?? "").host}`,
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Version: 13",
      `Authorization: Bearer ${TOKEN}`,
    ];
    const before = performance.now();
    const answer = await raw(
      Number(new URL(broker.origin ?? "").port),
      `GET ${path} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`,
    );
    expect(answer).toStartWith("HTTP/1.1 426 ");
    expect(performance.now() - before).toBeLessThan(500);
  });
});
