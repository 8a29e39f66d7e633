/** `gum-cred keychain unlock`: lets the system ask for the keychain's password. */
import { defineCommand } from "../../command.ts";

export const keychainUnlock = defineCommand({
  args: [],
  flags: [],
  details:
    "With a display the operating system shows its own dialog and gets 60 seconds. On a terminal without one the password is asked for here, hidden, and given to GNOME Keyring or KWallet over the session bus. Does nothing when the keychain is open already.",
  examples: [{ line: "gum-cred keychain unlock", about: "before scripts that must not ask" }],
  run: async (context) => {
    const { ports } = context;
    const { unlock } = await import("../../../app/keychain.ts");
    const { askersOf } = await import("../../system-dialog.ts");
    const opened = await unlock(askersOf(context), ports);
    const { backend } = await ports.keychain();
    return {
      kind: "data",
      data: { status: "ok", backend, was_locked: opened },
      human: opened ? `The keychain is open now (${backend}).` : `The keychain is open already (${backend}).`,
    };
  },
});
