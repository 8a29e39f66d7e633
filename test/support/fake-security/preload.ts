/**
 * `bun --preload` for a program that opens the keychain of its machine: gives it the macOS backend on the fake
 * frameworks that FAKE_SECURITY names.
 */
import { plugin } from "bun";

const security = process.env["FAKE_SECURITY"];
const libraries = { security, coreFoundation: security, system: "libc.so.6" };

plugin({
  name: "fake-security",
  setup(build) {
    build.onLoad({ filter: /\/src\/keychain\/choose\.ts$/ }, () => ({
      loader: "ts",
      contents: `
        import { macosKeychain } from ${JSON.stringify(`${import.meta.dir}/../../../src/keychain/macos.ts`)};
        export const openKeychain = (options) => macosKeychain(options, ${JSON.stringify(libraries)});
      `,
    }));
  },
});
