/** The pages: accessible, readable, strict, and without anything of the request in them. */
import { describe, expect, test } from "bun:test";
import { notice, type PageName, page } from "./page.ts";

const names: readonly PageName[] = ["received", "denied", "failed"];

describe.each(names)("the page '%s'", (name) => {
  test("has a language, a title, one main and one h1, and says what to do next", async () => {
    const html = await page(name).text();
    expect(html).toStartWith('<!doctype html>\n<html lang="en"');
    expect(html.match(/<title>[^<]{10,}<\/title>/g)).toHaveLength(1);
    expect(html.match(/<main>/g)).toHaveLength(1);
    expect(html.match(/<h1>/g)).toHaveLength(1);
    expect(html).toContain("You can close this window and go back to the terminal.");
    expect(html).toContain("prefers-color-scheme:dark");
  });

  test("runs and loads nothing", async () => {
    const html = await page(name).text();
    expect(html).not.toMatch(/<script|<img|<link|<iframe|<form|\son\w+=|\sstyle=|url\(|@import|https?:/i);
  });

  test("allows its own style by hash, and nothing else", async () => {
    const response = page(name);
    const style = /<style>([\s\S]*?)<\/style>/.exec(await response.text())?.[1] ?? "";
    const hash = new Bun.CryptoHasher("sha256").update(style).digest("base64");
    expect(response.headers.get("content-security-policy")).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
  });

  test("reaches a contrast of 7 to 1 for text and 3 to 1 for the sign, light and dark", async () => {
    const html = await page(name).text();
    const [light = "", dark = ""] = html.split("prefers-color-scheme:dark");
    for (const text of [light, dark]) {
      const colour = (variable: string): string => {
        const scope =
          name !== "received" && /tone|wash/.test(variable)
            ? /\.denied,\.failed\{([^}]*)\}/
            : /:root\{([^}]*)\}/;
        const rules = scope.exec(text)?.[1] ?? "";
        return new RegExp(`--${variable}:(#[0-9a-f]+)`).exec(rules)?.[1] ?? "missing";
      };
      expect(contrast(colour("ink"), colour("card"))).toBeGreaterThan(7);
      expect(contrast(colour("soft"), colour("card"))).toBeGreaterThan(7);
      expect(contrast(colour("tone"), colour("wash"))).toBeGreaterThan(3);
    }
  });
});

test("pages differ by name alone: there is no way to put anything into them", async () => {
  expect(page.length).toBe(1);
  for (const name of names) expect(await page(name).text()).toBe(await page(name).text());
});

test.each([
  ["a page", page("received"), "text/html; charset=utf-8"],
  ["a notice", notice(404, "There is nothing here."), "text/plain; charset=utf-8"],
])("%s has strict headers", (_, response, type) => {
  const headers = Object.fromEntries(response.headers);
  expect(headers).toMatchObject({
    "content-type": type,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    connection: "close",
  });
  expect(headers["content-security-policy"]).toStartWith("default-src 'none';");
});

/** WCAG 2.2: relative luminance and contrast ratio. */
function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: string): number {
  const digits = colour.slice(1);
  const full = digits.length === 3 ? digits.replace(/./g, "$&$&") : digits;
  const [red = NaN, green = NaN, blue = NaN] = (full.match(/../g) ?? []).map((pair) => {
    const value = Number.parseInt(pair, 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
