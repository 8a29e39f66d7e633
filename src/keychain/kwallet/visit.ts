/**
 * The talk with KWallet that every operation consists of: find the daemon, make sure that opening the wallet asks
 * nobody, open it, work, close it again. Reads and writes no entry.
 *
 * The wallet is opened anew each time: locking it invalidates all handles, and an invalid handle is answered like an
 * empty wallet.
 */

import type { RawEnvironment } from "../../core/environment.ts";
import { fail, type GumCredError } from "../../core/errors.ts";
import { type Bus, type Call, openSessionBus, type Reply } from "../../dbus/client.ts";
import { refusal } from "../../dbus/error.ts";
import type { Value } from "../../dbus/types.ts";
import type { Deadline } from "../../os/deadline.ts";
import { NOTHING } from "../secret-service/calls.ts";
import {
  APPLICATION,
  type Daemon,
  daemonCalls,
  KWALLETD_5,
  KWALLETD_6,
  nameOwner,
  storeCalls,
  walletCalls,
} from "./calls.ts";
import { asksBeforeAccess, isSwitchedOff } from "./settings.ts";

/** The Secret Service's bus name, and how kwalletd calls itself when it opens a wallet to serve as one. */
const SECRETS = "org.freedesktop.secrets";
const KWALLETD_ITSELF = "KDE System";

/** A wallet while it is open. */
export interface OpenWallet {
  readonly calls: ReturnType<typeof walletCalls>;
  /** The one value of each reply. Throws E_KEYCHAIN_LOCKED when the wallet was closed before the last of them. */
  ask(...calls: readonly Call[]): readonly Value[];
}

export interface Visits {
  /** Whether {@link Visits.inside} would find the wallet open. Throws like it otherwise. */
  isOpen(deadline: Deadline): boolean;
  /**
   * Opens the wallet without a dialog, works in it and closes it. Throws E_KEYCHAIN_UNAVAILABLE, E_KEYCHAIN_LOCKED,
   * and E_KEYCHAIN_DENIED where KWallet refuses gum-cred or would have to ask the user.
   */
  inside<T>(work: (wallet: OpenWallet) => T, deadline: Deadline): T;
  /** Opens the wallet, with a dialog where KWallet wants one. Throws E_KEYCHAIN_DENIED when the user declines. */
  openWithDialog(deadline: Deadline): void;
  /**
   * Whether the Secret Service of this bus is kwalletd's own and would unlock without a dialog: its wallet is open,
   * and only the service has not been told so yet. Frameworks 5.97 and later are such services.
   */
  servesOpenSecrets(deadline: Deadline): boolean;
  /** Frees the connection; the next use makes a new one. */
  disconnect(): void;
}

/** Where the wallet is. */
interface Place {
  readonly daemon: Daemon;
  readonly wallet: string;
  /**
   * The Secret Service behind a daemon that keeps nothing itself, as KDE Frameworks 6.14 and later have it: whether
   * opening asks the user depends on the lock over there. Null for a daemon with wallets of its own.
   */
  readonly store: string | null;
}

/** Visits to the wallet on the session bus of `env`, which is first looked for when something is asked. */
export function newVisits(env: RawEnvironment): Visits {
  let bus: Bus | null = null;

  const ask = (calls: readonly Call[], deadline: Deadline): readonly Reply[] => {
    bus ??= openSessionBus(env);
    return bus.send(calls, deadline).replies();
  };
  const askOne = (call: Call, deadline: Deadline): Value => only(ask([call], deadline));

  function located(deadline: Deadline): Place {
    // First of all: a daemon that is switched off would be started, and end without an answer.
    if (isSwitchedOff(env)) throw switchedOff();
    const place = locate(KWALLETD_6, deadline) ?? locate(KWALLETD_5, deadline);
    if (place === null) throw fail("E_KEYCHAIN_UNAVAILABLE", "no KWallet runs on the session bus");
    return place;
  }

  function locate(daemon: Daemon, deadline: Deadline): Place | null {
    const { isEnabled, networkWallet } = daemonCalls(daemon);
    const enabled = ask([isEnabled], deadline);
    if (isAbsent(enabled[0])) return null;
    if (only(enabled) !== true) throw switchedOff();
    const store = daemon === KWALLETD_6 ? storeBehind(daemon, deadline) : null;
    return { daemon, store, wallet: String(askOne(networkWallet, deadline)) };
  }

  function storeBehind(daemon: Daemon, deadline: Deadline): string | null {
    // Only a daemon that opens wallets itself lets PAM do it.
    const description = String(askOne(daemonCalls(daemon).introspect, deadline));
    if (description.includes('"pamOpen"')) return null;
    const own = "org.kde.secretservicecompat"; // KDE's; another one serves where the user said so
    return ask([nameOwner(own)], deadline)[0]?.ok ? own : SECRETS;
  }

  function isOpen({ daemon, wallet, store }: Place, deadline: Deadline): boolean {
    if (store === null) return askOne(daemonCalls(daemon).isOpen(wallet), deadline) === true;
    const { defaultAlias, isLocked } = storeCalls(store);
    const collection = String(askOne(defaultAlias, deadline));
    return collection !== NOTHING && askOne(isLocked(collection), deadline) === false;
  }

  function opensQuietly(place: Place, deadline: Deadline): boolean {
    if (!isOpen(place, deadline)) return false;
    if (asksBeforeAccess(place.wallet, APPLICATION, env)) throw wouldAsk();
    return true;
  }

  function use<T>(place: Place, work: (wallet: OpenWallet) => T, deadline: Deadline): T {
    const { daemon, wallet, store } = place;
    const handle = Number(askOne(daemonCalls(daemon).open(wallet), deadline));
    if (handle < 0) throw fail("E_KEYCHAIN_DENIED", "KWallet denied gum-cred access to the wallet");
    const calls = walletCalls(daemon, handle);
    const asked = (...more: readonly Call[]) => {
      const values = ask([...more, calls.isOpen], deadline).map((reply) => only([reply]));
      if (values.pop() !== true) throw lockedError();
      return values;
    };
    try {
      return work({ calls, ask: asked });
    } finally {
      // A proxy forgets a handle only by force; a daemon with wallets of its own would close them for everybody.
      closeQuietly(() => ask([calls.close(store !== null)], deadline));
    }
  }

  return {
    isOpen: (deadline) => opensQuietly(located(deadline), deadline),
    inside(work, deadline) {
      const place = located(deadline);
      if (!opensQuietly(place, deadline)) throw lockedError();
      return use(place, work, deadline);
    },
    servesOpenSecrets(deadline) {
      const [ours, theirs] = ask([nameOwner(KWALLETD_5.destination), nameOwner(SECRETS)], deadline);
      if (!ours?.ok || !theirs?.ok || ours.values[0] !== theirs.values[0]) return false;
      const found = located(deadline);
      return (
        found.store === null &&
        isOpen(found, deadline) &&
        !asksBeforeAccess(found.wallet, KWALLETD_ITSELF, env)
      );
    },
    openWithDialog: (deadline) => use(located(deadline), () => {}, deadline),
    disconnect() {
      bus?.close();
      bus = null;
    },
  };
}

/** What was done counts, even if the handle then stays. */
function closeQuietly(close: () => void): void {
  try {
    close();
  } catch {
    // The connection is gone or out of time, and with it whoever would have heard of this.
  }
}

/** The one value of the one reply, from a daemon that has been there. */
function only([reply]: readonly Reply[]): Value {
  if (reply === undefined) throw fail("E_INTERNAL", "a call without a reply");
  if (isAbsent(reply)) throw fail("E_KEYCHAIN_FAILED", "KWallet exited before it answered", "try again");
  if (!reply.ok) throw refusal(reply);
  return reply.values[0] as Value;
}

/** Whether the name has no owner, and no service that could be started owns it. */
function isAbsent(reply: Reply | undefined): boolean {
  return reply?.ok === false && refusal(reply).code === "E_KEYCHAIN_UNAVAILABLE";
}

const switchedOff = () => fail("E_KEYCHAIN_UNAVAILABLE", "KWallet is disabled in its settings");

function lockedError(): GumCredError {
  return fail(
    "E_KEYCHAIN_LOCKED",
    "the wallet is closed",
    "run 'gum-cred keychain unlock' on a terminal; without a keychain set GUMLOOP_ACCESS_TOKEN, or " +
      "GUMLOOP_API_KEY and GUMLOOP_USER_ID",
  );
}

function wouldAsk(): GumCredError {
  return fail(
    "E_KEYCHAIN_DENIED",
    "KWallet asks before it gives an application access, and has no permission for gum-cred yet",
    "run 'gum-cred keychain unlock' on the desktop and choose 'Allow Always'",
  );
}
