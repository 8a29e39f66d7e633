/** `gum-cred keychain unlock`: lets the system ask for the keychain's password. */
import { defineCommand } from "../../command.ts";

export const keychainUnlock = defineCommand({
  name: "keychain unlock",
  summary: "Let the operating system ask for the keychain's password",
  args: [],
  flags: [],
  details:
    "Needs a terminal and a display, and waits up to 60 seconds for the dialog. Does nothing when the keychain is\n" +
    "open already.",
  examples: [{ line: "gum-cred keychain unlock", about: "before scripts that must not ask" }],
  run: async (context) => {
    const { ports } = context;
    const { unlock } = await import("../../../app/keychain.ts");
    const { maySystemAsk } = await import("../../system-dialog.ts");
    const opened = await unlock(maySystemAsk(context), ports);
    const { backend } = await ports.keychain();
    return {
      kind: "data",
      data: { status: "ok", backend, was_locked: opened },
      human: opened ? `The keychain is open now (${backend}).` : `The keychain is open already (${backend}).`,
    };
  },
});
