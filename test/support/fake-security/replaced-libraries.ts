/** A Bun plugin, for running and for building: the macOS backend with the fake frameworks in place of Apple's. */
import type { BunPlugin } from "bun";

/** `library` is the path of the fake. Everything else stays as it is. */
export function replacedLibraries(library: string): BunPlugin {
  const replacements = { security: library, coreFoundation: library };
  return {
    name: "fake-security",
    setup(build) {
      build.onLoad({ filter: /\/src\/keychain\/macos\/security-framework\.ts$/ }, async ({ path }) => {
        let contents = await Bun.file(path).text();
        for (const [name, value] of Object.entries(replacements)) {
          const line = new RegExp(`^  ${name}: "/.*",$`, "m");
          if (!line.test(contents)) throw new Error(`no path of ${name} in ${path}`);
          contents = contents.replace(line, `  ${name}: ${JSON.stringify(value)},`);
        }
        return { contents, loader: "ts" };
      });
    },
  };
}
