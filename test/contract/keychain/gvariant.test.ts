/** Values across the border to GLib and back, and that nothing is altered, cut short or left behind on it. */
import { describe, expect, test } from "bun:test";
import { decode, encode, type Value } from "../../../src/keychain/gvariant.ts";
import { type Gio, openGio } from "../../../src/keychain/native/gio.ts";

const gio = openGio() as Gio;

function roundTrip(signature: string, value: Value): Value {
  const variant = encode(gio, signature, value);
  try {
    expect(gio.g_variant_get_type_string(variant)).toBe(signature);
    return decode(gio, variant);
  } finally {
    gio.g_variant_unref(variant);
  }
}

describe("round trip", () => {
  test.each<[string, Value]>([
    ["s", "it's \"q\" \\ %s {0} @a 'x' <b> é 漢 😀"],
    ["s", ""],
    ["o", "/org/freedesktop/secrets"],
    ["b", true],
    ["b", false],
    ["i", -2147483648],
    ["u", 4294967295],
    ["x", -9223372036854775808n],
    ["t", 18446744073709551615n],
    ["ay", new Uint8Array()],
    ["ay", Uint8Array.from({ length: 70_000 }, (_, index) => index)],
    ["as", []],
    ["as", ["a", "", "b"]],
    ["ao", ["/", "/a/b"]],
    ["()", []],
    [
      "(sa{ss}(oayays)b)",
      ["x", new Map([["k", "v"]]), ["/s", Uint8Array.of(1), Uint8Array.of(), "t"], false],
    ],
    ["a{o(oayays)}", new Map([["/i", ["/s", Uint8Array.of(0, 255), Uint8Array.of(9), "text/plain"]]])],
    ["a{sa{sas}}", new Map([["a", new Map([["b", ["c"]]])]])],
  ])("%s", (signature, value) => {
    expect(roundTrip(signature, value)).toEqual(value);
  });

  test("a variant goes out with its type and comes back bare", () => {
    expect(roundTrip("v", { signature: "a{ss}", value: new Map([["k", "v"]]) })).toEqual(
      new Map([["k", "v"]]),
    );
    expect(
      roundTrip("(vv)", [
        { signature: "ay", value: Uint8Array.of(1) },
        { signature: "s", value: "x" },
      ]),
    ).toEqual([Uint8Array.of(1), "x"]);
  });
});

test("what D-Bus cannot carry is refused, not cut short", () => {
  for (const bad of ["a\0b", "\ud800", 3, null]) {
    expect(() => encode(gio, "(ss)", ["before", bad as Value])).toThrow(TypeError);
  }
  expect(() => encode(gio, "(ss)", ["one"])).toThrow("takes 2 members");
  expect(() => encode(gio, "(h)", [0])).toThrow("no way to send");
});

test("neither values nor refused values stay in memory", () => {
  const once = () => {
    gio.g_variant_unref(encode(gio, "(a{ss}ay)", [new Map([["k", "v"]]), new Uint8Array(4096)]));
    expect(() => encode(gio, "(ays)", [new Uint8Array(4096), "a\0"])).toThrow();
  };
  for (let index = 0; index < 2000; index++) once();
  Bun.gc(true);
  const before = process.memoryUsage.rss();
  for (let index = 0; index < 20_000; index++) once(); // 160 MB, were they kept
  Bun.gc(true);
  expect(process.memoryUsage.rss() - before).toBeLessThan(40e6);
});
