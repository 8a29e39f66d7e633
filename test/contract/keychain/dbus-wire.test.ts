/** D-Bus messages as bytes: what is written can be read, GLib reads the same, and no bytes do harm. */
import { describe, expect, test } from "bun:test";
import { socketAddresses } from "../../../src/dbus/address.ts";
import { decodeMessage } from "../../../src/dbus/decode.ts";
import { encodeCall, type MethodCall } from "../../../src/dbus/encode.ts";
import { MOST_BYTES, messageLength } from "../../../src/dbus/frame.ts";
import { MESSAGE, parseSignature, type Value } from "../../../src/dbus/types.ts";

const call = (signature: string, args: readonly Value[]): MethodCall => ({
  destination: "org.example.Service",
  path: "/org/example/Object",
  interface: "org.example.Interface",
  method: "Method",
  signature,
  args,
});

const variant = (signature: string, value: Value) => ({ signature, value });

/** Type, what is sent, and what is read where that differs. */
const VALUES: readonly (readonly [string, Value, Value?])[] = [
  ["s", ""],
  ["s", "text-EXAMPLE ü 漢 😀 \ufeff"],
  ["o", "/"],
  ["o", "/org/freedesktop/secrets/collection/login/1"],
  ["g", "a{sv}(oay)"],
  ["b", true],
  ["b", false],
  ["y", 255],
  ["i", -2_147_483_648],
  ["u", 4_294_967_295],
  ["x", -9_223_372_036_854_775_808n],
  ["t", 18_446_744_073_709_551_615n],
  ["ay", new Uint8Array()],
  ["ay", Uint8Array.of(0, 1, 254, 255)],
  ["as", []],
  ["at", []],
  ["ao", ["/a", "/b/c"]],
  ["aay", [Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3)]],
  [
    "a{ss}",
    new Map([
      ["service", "gumloop-cli"],
      ["username", "default:api_key"],
    ]),
  ],
  ["a{o(oayays)}", new Map([["/i", ["/s", Uint8Array.of(1), Uint8Array.of(2, 3), "text/plain"]]])],
  ["(sub)", ["s", 7, true]],
  ["(y(yt))", [1, [2, 3n]]],
  ["v", variant("s", "inside"), "inside"],
  ["v", variant("v", variant("ay", Uint8Array.of(9))), Uint8Array.of(9)],
  ["a{sv}", new Map<string, Value>([["k", variant("(ii)", [1, 2])]]), new Map([["k", [1, 2]]])],
  [`${"(".repeat(15)}s${")".repeat(15)}`, nested("deep", 15)],
];

function nested(value: Value, depth: number): Value {
  return depth === 0 ? value : [nested(value, depth - 1)];
}

describe("round trips", () => {
  test.each(VALUES)("%s", (signature, sent, read = sent) => {
    // Behind one byte, so that alignment matters.
    const bytes = encodeCall(call(`(y${signature})`, [1, sent]), 7);
    expect(messageLength(bytes)).toBe(bytes.length);
    const message = decodeMessage(bytes);
    expect(message).toMatchObject({
      type: MESSAGE.call,
      replyTo: null,
      path: "/org/example/Object",
      interface: "org.example.Interface",
      member: "Method",
      signature: `(y${signature})`,
    });
    expect(message.body()).toEqual([1, read]);
  });

  test("without arguments there is no body and no signature", () => {
    const message = decodeMessage(encodeCall(call("()", []), 1));
    expect(message.signature).toBe("()");
    expect(message.body()).toEqual([]);
  });

  test("64 KiB, and the text around the first size of the buffer", () => {
    for (const length of [...Array(40).keys()].map((index) => 350 + index).concat(65_536)) {
      const value = "E".repeat(length);
      expect(decodeMessage(encodeCall(call("(ss)", [value, "end"]), 1)).body()).toEqual([value, "end"]);
    }
  });
});

/** What GLib makes of the message, and its own bytes for the same message in the other byte order. */
function glib(bytes: Uint8Array): { text: string; big: Uint8Array } {
  const script = `
import sys, gi
gi.require_version("Gio", "2.0")
from gi.repository import Gio
message = Gio.DBusMessage.new_from_blob(bytes.fromhex(sys.argv[1]), 0)
body = message.get_body()
print("" if body is None else body.print_(True))
message.set_byte_order(Gio.DBusMessageByteOrder.BIG_ENDIAN)
print(bytes(message.to_blob(0)).hex())`;
  const child = Bun.spawnSync(["/usr/bin/python3", "-c", script, bytes.toHex()]);
  expect(child.stderr.toString()).toBe("");
  const [text = "", big = ""] = child.stdout.toString().split("\n");
  return { text, big: Uint8Array.fromHex(big) };
}

describe("GLib agrees", () => {
  test.each(VALUES)("%s", (signature, sent, read = sent) => {
    const bytes = encodeCall(call(`(y${signature})`, [1, sent]), 7);
    const { text, big } = glib(bytes);
    expect(text).toStartWith("(byte 0x01, ");
    expect(big[0]).toBe("B".charCodeAt(0));
    expect(messageLength(big)).toBe(big.length);
    const message = decodeMessage(big);
    expect(message.member).toBe("Method");
    expect(message.body()).toEqual([1, read]);
  });
});

describe("what is not sent", () => {
  test.each<[string, Value]>([
    ["s", "NUL\0inside"],
    ["s", "half \ud800"],
    ["s", 7],
    ["o", "relative/path"],
    ["o", "/trailing/"],
    ["o", "//"],
    ["g", "a"],
    ["y", 256],
    ["i", 2_147_483_648],
    ["u", -1],
    ["u", 1.5],
    ["x", 9_223_372_036_854_775_808n],
    ["t", -1n],
    ["t", 1],
    ["(ss)", ["one"]],
    ["v", { signature: "ss", value: "" }],
    ["d", 1.5],
  ])("%s %p", (signature, value) => {
    expect(() => encodeCall(call(`(${signature})`, [value]), 1)).toThrow(TypeError);
  });

  test("more or fewer arguments than the signature has", () => {
    expect(() => encodeCall(call("(s)", []), 1)).toThrow(TypeError);
    expect(() => encodeCall(call("()", ["x"]), 1)).toThrow(TypeError);
  });
});

test.each([
  "a",
  "(",
  ")",
  "()",
  "(s",
  "{ss}",
  "a{s}",
  "a{vs}",
  "a{sss}",
  "z",
  "a()",
  "s".repeat(256),
  "a".repeat(33),
])("%s is no signature", (signature) => {
  expect(() => parseSignature(signature)).toThrow(TypeError);
});

describe("what is not read", () => {
  const good = encodeCall(call("(sas)", ["text", ["a", "b"]]), 1);
  const start = good.length - decodeBodyLength(good);
  const changed = (at: number, ...bytes: number[]) => {
    const copy = good.slice();
    copy.set(bytes, at);
    return copy;
  };
  test.each<[string, Uint8Array]>([
    ["another byte order", changed(0, 0x78)],
    ["another version", changed(3, 2)],
    ["a body longer than the message", changed(4, 0xff)],
    ["a body of 4 GiB", changed(4, 0xff, 0xff, 0xff, 0xff)],
    ["fields of 4 GiB", changed(12, 0xff, 0xff, 0xff, 0xff)],
    ["a string longer than the body", changed(start, 0xff, 0xff, 0xff, 0x7f)],
    ["a string that does not end", changed(start + 8, 1)],
    ["a string with NUL inside", changed(start + 5, 0)],
    ["a string that is not UTF-8", changed(start + 4, 0xff)],
    ["padding that is not zero", changed(start + 9, 1)],
    ["an array longer than the body", changed(start + 12, 0xff)],
    ["an array that ends inside a member", changed(start + 12, 7)],
    ["half of it", good.slice(0, good.length / 2)],
    ["more than all of it", new Uint8Array([...good, 0])],
    ["nothing", new Uint8Array()],
  ])("%s", (_what, bytes) => {
    expect(() => decodeMessage(bytes).body()).toThrow(TypeError);
  });

  test("variants inside variants without end", () => {
    const deep = (depth: number): Value =>
      depth === 0 ? "x" : variant(depth === 1 ? "s" : "v", deep(depth - 1));
    expect(decodeMessage(encodeCall(call("(v)", [deep(30)]), 1)).body()).toEqual(["x"]);
    expect(() => decodeMessage(encodeCall(call("(v)", [deep(40)]), 1)).body()).toThrow(TypeError);
  });

  test("more than we take", () => {
    const view = new DataView(new ArrayBuffer(16));
    view.setUint8(0, 0x6c);
    view.setUint8(3, 1);
    view.setUint32(4, MOST_BYTES, true);
    expect(() => messageLength(new Uint8Array(view.buffer))).toThrow(TypeError);
  });
});

function decodeBodyLength(bytes: Uint8Array): number {
  return new DataView(bytes.buffer).getUint32(4, true);
}

describe("fuzz: every message is read or refused, in time", () => {
  /** A fixed sequence (xorshift32), so that a failure can be seen again. */
  function randomNumbers(seed: number): (below: number) => number {
    let state = seed;
    return (below) => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) % below;
    };
  }

  function tried(bytes: Uint8Array): "read" | "refused" {
    try {
      decodeMessage(bytes).body();
      return "read";
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError);
      return "refused";
    }
  }

  test("random bytes, behind a header that is right as far as it goes", () => {
    const random = randomNumbers(1);
    for (let round = 0; round < 20_000; round++) {
      const bytes = new Uint8Array(16 + random(120)).map(() => random(256));
      if (round % 2 === 0) {
        bytes.set([round % 4 === 0 ? 0x6c : 0x42, 2, 0, 1]);
        const view = new DataView(bytes.buffer);
        const fields = random(bytes.length - 15);
        view.setUint32(12, fields, bytes[0] === 0x6c);
        view.setUint32(4, Math.max(0, bytes.length - Math.ceil((16 + fields) / 8) * 8), bytes[0] === 0x6c);
      }
      tried(bytes);
    }
  });

  test("real messages with some bytes changed", () => {
    const random = randomNumbers(2);
    const outcomes = { read: 0, refused: 0 };
    for (let round = 0; round < 40_000; round++) {
      const [signature, value] = VALUES[random(VALUES.length)] ?? ["s", "x"];
      const bytes = encodeCall(call(`(${signature})`, [value]), round);
      for (let times = 1 + random(3); times > 0; times--) bytes[random(bytes.length)] = random(256);
      outcomes[tried(bytes)]++;
    }
    expect(outcomes.read).toBeGreaterThan(1000);
    expect(outcomes.refused).toBeGreaterThan(1000);
  });

  test("nothing is read beyond the message", () => {
    // The same message inside a larger buffer whose rest is poison: the outcome must not depend on it.
    const random = randomNumbers(3);
    for (let round = 0; round < 5_000; round++) {
      const bytes = encodeCall(
        call("(sa{ss}v)", ["x", new Map([["k", "v"]]), variant("ay", Uint8Array.of(1))]),
        1,
      );
      bytes[random(bytes.length)] = random(256);
      const outcomes = [0x00, 0x41, 0xff].map((poison) => {
        const larger = new Uint8Array(bytes.length + 64).fill(poison);
        larger.set(bytes, 24);
        return tried(larger.subarray(24, 24 + bytes.length));
      });
      expect(new Set(outcomes).size).toBe(1);
    }
  });
});

describe("addresses", () => {
  const text = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);
  test.each([
    ["unix:path=/run/bus", ["\x01\0/run/bus\0"]],
    ["unix:path=/run/bus,guid=01", ["\x01\0/run/bus\0"]],
    ["unix:guid=01,path=/a%20%2cb", ["\x01\0/a ,b\0"]],
    ["unix:abstract=/tmp/dbus-x", ["\x01\0\0/tmp/dbus-x"]],
    ["tcp:host=x;unix:path=/b;unix:abstract=c", ["\x01\0/b\0", "\x01\0\0c"]],
  ])("%s", (address, expected) => {
    expect(socketAddresses(address).map(({ name }) => text(name))).toEqual(expected);
  });

  test.each(["unix:path=/a%00b", "unix:path=/a%", "unix:path=/a%zz", `unix:path=/${"x".repeat(107)}`])(
    "%s",
    (address) => {
      expect(() => socketAddresses(address)).toThrow(TypeError);
    },
  );
});
