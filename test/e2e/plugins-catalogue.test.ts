/** The catalogue in the built binary: shown, installed by name, pinned and used like any other plugin. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { CATALOGUE, catalogueManifest } from "../../src/providers/catalogue/catalogue.ts";
import { type RunOptions, run } from "../support/binary.ts";
import { GOOD } from "../support/manifests.ts";

const root = mkdtempSync("/tmp/gum-cred-catalogue-");
afterAll(() => rmSync(root, { recursive: true, force: true }));
const KEY = "dg-EXAMPLE-0123456789";

let home = "";
beforeEach(() => {
  home = mkdtempSync(`${root}/`);
});

async function gum(args: readonly string[], options: RunOptions = {}) {
  const result = await run(args, { ...options, env: { HOME: home, ...options.env } });
  expect(result.stderr).not.toContain("EXAMPLE");
  return result;
}

test("is listed for people and programs", async () => {
  const { catalogue } = JSON.parse((await gum(["plugins", "list", "--catalogue", "--json"])).stdout);
  expect(catalogue).toEqual(CATALOGUE.map(({ id, title, env }) => ({ id, title, variables: env })));
  expect((await gum(["plugins", "list", "--catalogue"])).stdout).toContain("DEEPGRAM_API_KEY");
  expect((await gum(["plugins", "list"])).stdout).toContain("--catalogue");
});

test("a name is shown, installed, pinned and used; a change is refused until it is trusted", async () => {
  const added = await gum(["plugins", "add", "deepgram", "--yes", "--json"]);
  expect(added.code).toBe(0);
  const path = `${home}/.config/gum-cred/plugins/deepgram.json`;
  const sha256 = new Bun.CryptoHasher("sha256").update(readFileSync(path)).digest("hex");
  expect(JSON.parse(added.stdout)).toMatchObject({ from_catalogue: true, path, manifest_sha256: sha256 });
  expect(readFileSync(path, "utf8")).toBe(
    new TextDecoder().decode(catalogueManifest("deepgram") ?? undefined),
  );
  const env = { DEEPGRAM_API_KEY: KEY };
  expect((await gum(["env", "deepgram"], { env })).stdout).toContain(`export DEEPGRAM_API_KEY='${KEY}'`);
  expect((await gum(["header", "deepgram"], { env })).stdout).toBe(`authorization: Token ${KEY}\n`);
  appendFileSync(path, "\n");
  expect((await gum(["get", "deepgram"], { env })).code).toBe(6);
  expect((await gum(["plugins", "trust", "deepgram"])).code).toBe(0);
  expect((await gum(["get", "deepgram"], { env })).stdout).toBe(`${KEY}\n`);
  expect((await gum(["plugins", "add", "deepgram", "--yes"])).stdout).toContain("Replaced");
});

test("nothing is installed without agreement, and the current folder changes nothing", async () => {
  const folder = `${home}/here`;
  mkdirSync(folder);
  writeFileSync(`${folder}/deepgram`, JSON.stringify({ ...GOOD, id: "evil", title: "Evil" }), {
    mode: 0o600,
  });
  const refused = await gum(["plugins", "add", "deepgram"], { cwd: folder });
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("no terminal")]);
  const added = await gum(["plugins", "add", "Deepgram", "--yes", "--json"], { cwd: folder });
  expect(JSON.parse(added.stdout).id).toBe("deepgram");
  const file = await gum(["plugins", "add", "./deepgram", "--yes", "--json"], { cwd: folder });
  expect(JSON.parse(file.stdout)).toMatchObject({ id: "evil", from_catalogue: false });
});

test("a name that it does not have says where the names are", async () => {
  const result = await gum(["plugins", "add", "deepgramm", "--yes"], { cwd: home });
  expect([result.code, result.stderr]).toEqual([7, expect.stringContaining("plugins list --catalogue")]);
});
