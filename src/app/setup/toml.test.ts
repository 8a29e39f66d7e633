/** Editing TOML: what is set stands where it must, every other byte stays, and taking it out restores the text. */
import { describe, expect, test } from "bun:test";
import { appendTables, checkToml, removeRoot, removeTables, rootValue, setRoot } from "./toml.ts";

const TABLES = [
  "[model_providers.gum-cred]",
  'name = "x"',
  "",
  "[model_providers.gum-cred.auth]",
  'command = "c"',
];

const TEXTS: Readonly<Record<string, string>> = {
  empty: "",
  "a comment alone": "# mine\n",
  "root keys": 'model = "gpt-5" # fast\napproval = "never"\n',
  "tables alone": '# top\n[profiles.a]\nmodel = "x"\n',
  both: '# top\nmodel = "x"\n\n# of a\n[profiles.a]\nmodel = "y" # z\n\n[[list]]\na = 1\n# end\n',
  "windows line ends": 'model = "x"\r\n\r\n[a]\r\nb = 1\r\n',
  "no line end": 'model = "x"',
  "brackets in values": 'a = [\n  "[not a table]",\n  ["x", "y"],\n]\nb = { c = "[d]" }\n[e]\nf = 1\n',
  "strings of several lines":
    'a = """\n[not.a.table]\nmodel_provider = "no"\n"""\nb = \'\'\'\n[nor.this]\n\'\'\'\n[c]\nd = "#"\n',
  "another provider's table": '[model_providers.other]\nname = "o"\nbase_url = "https://o"\n',
  "dotted and quoted keys": '"quoted key" = 1\na.b."c.d" = 2\n["x.y"."z"]\nk = 3\n',
};

describe.each(Object.entries(TEXTS))("%s", (_about, text) => {
  test("a root key", () => {
    const before = checkToml(text);
    const set = setRoot(text, "model_provider", "gum-cred");
    expect(checkToml(set)).toEqual({ ...before, model_provider: "gum-cred" });
    expect(setRoot(set, "model_provider", "gum-cred")).toBe(set);
    if (text.includes("\r\n")) expect(set.replaceAll("\r\n", "")).not.toContain("\n");
    const removed = removeRoot(set, "model_provider", "gum-cred");
    expect(removed).toBe(text === "" || text.endsWith("\n") ? text : `${text}\n`);
  });
  test("tables", () => {
    const set = appendTables(text, TABLES);
    const providers = (checkToml(text)["model_providers"] ?? {}) as object;
    expect(checkToml(set)["model_providers"]).toEqual({
      ...providers,
      "gum-cred": { name: "x", auth: { command: "c" } },
    });
    const removed = removeTables(set, ["model_providers", "gum-cred"]);
    expect(removed).toBe(text === "" || text.endsWith("\n") ? text : `${text}\n`);
  });
});

test("what it replaces is kept in a comment and comes back", () => {
  const text = 'a = 1\nmodel_provider = "other" # mine\n[t]\nb = 2\n';
  const set = setRoot(text, "model_provider", "gum-cred");
  expect(checkToml(set)).toMatchObject({ model_provider: "gum-cred" });
  expect(set).toContain('# gum-cred replaced: model_provider = "other" # mine\n');
  expect(removeRoot(set, "model_provider", "gum-cred")).toBe(text);
});

test("another's value is not removed, and a table's key is not a root key", () => {
  const text = 'model_provider = "other"\n[profiles.a]\nmodel_provider = "gum-cred"\n';
  expect(removeRoot(text, "model_provider", "gum-cred")).toBe(text);
  expect(rootValue(text, "model_provider")).toBe('"other"');
  expect(rootValue('[a]\nmodel_provider = "x"\n', "model_provider")).toBeNull();
});

test("comments behind a removed table's last key belong to what follows", () => {
  const text = `a = 1\n\n${TABLES.join("\n")}\n\n# of b\n[b]\nc = 1\n`;
  expect(removeTables(text, ["model_providers", "gum-cred"])).toBe("a = 1\n\n# of b\n[b]\nc = 1\n");
});

test.each(["a", "= 1", "[a", "a = ", 'a = "x', "a = 1\na = 2", "{}", "\0"])("%j is broken", (text) => {
  expect(() => checkToml(text)).toThrow(expect.objectContaining({ code: "E_MALFORMED" }));
});

test("dates and numbers of every kind are no reason to call a file broken", () => {
  const text = "a = 2026-11-27T10:00:00Z\nb = 1_000\nc = 0xff\nd = inf\ne = 1979-05-27\nf = 07:32:00\n";
  expect(() => checkToml(text)).not.toThrow();
});
