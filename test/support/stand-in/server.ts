/**
 * A Gumloop server to test against: its API's first endpoints and a real OAuth 2.0 authorization server, on
 * loopback, with an open request log and faults on demand. This file wires the areas together and does nothing else;
 * a new area is a new file that returns routes, added to the list in {@link startStandIn}.
 */
import { type ApiKey, createAccounts, type NewApiKey, type Team, USER_ID } from "./accounts.ts";
import { apiRoutes } from "./api.ts";
import { createApprovals } from "./approvals.ts";
import { authorizeRoutes } from "./authorize.ts";
import type { Behaviour, StandInContext } from "./context.ts";
import { controlRoutes } from "./control.ts";
import { createFaults, type Faults } from "./faults.ts";
import { createHandler } from "./handler.ts";
import { createLog, type LogEntry } from "./log.ts";
import { tokenRoutes } from "./token.ts";
import { createTokenStore } from "./tokens.ts";

export interface StandInOptions extends Partial<Behaviour> {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Who exists; one team with one member by default. */
  readonly teams?: readonly Team[];
  /** Milliseconds since the epoch; what tokens and codes expire by. */
  readonly now?: () => number;
  /** Called when a request has been answered or dropped. */
  readonly onRequest?: (entry: LogEntry) => void;
}

export interface StandInState {
  /** Sign-ins alive; each has one refresh token in force. */
  readonly families: number;
  readonly revokedFamilies: number;
  readonly accessTokens: number;
  /** Codes that could still be exchanged. */
  readonly codes: number;
  /** Approval pages without an answer. */
  readonly waiting: number;
  readonly apiKeys: number;
}

export interface StandIn {
  /** Origin: scheme, host and port, no slash. */
  readonly url: string;
  /** What `GUMLOOP_BASE_URL` is set to. */
  readonly baseUrl: string;
  /** The account that OAuth signs in as. */
  readonly userId: string;
  /** May be changed at any time. */
  readonly behaviour: Behaviour;
  readonly faults: Faults;
  /** Every request so far, oldest first. */
  log(): readonly LogEntry[];
  /** Counts of what is alive. */
  state(): StandInState;
  /** Tokens without a sign-in. `expiresIn` in seconds, 0 for an access token already expired; scope space separated. */
  issueTokens(wanted?: { readonly expiresIn?: number; readonly scope?: string }): {
    readonly accessToken: string;
    readonly refreshToken: string;
  };
  addApiKey(wanted?: NewApiKey): ApiKey;
  /** Access tokens end now; refresh tokens go on. */
  expireAccessTokens(): void;
  /** No token, code or API key works any more. */
  revokeEverything(): void;
  /** Forgets requests, faults, tokens and codes. API keys stay. */
  reset(): void;
  /** Ends every connection at once, answered or not. */
  stop(): Promise<void>;
}

const DEFAULTS: Behaviour = {
  consent: "ask",
  expiresIn: 3600,
  refreshTokens: "rotate",
  iss: false,
  oauthErrors: "rfc6749",
};

export function startStandIn(options: StandInOptions = {}): StandIn {
  const { port = 0, teams, now = Date.now, onRequest = () => {}, ...behaves } = options;
  const behaviour: Behaviour = { ...DEFAULTS, ...behaves };
  const accounts = createAccounts(teams);
  const approvals = createApprovals(now);
  const tokens = createTokenStore(behaviour, now);
  const faults = createFaults();
  const log = createLog(now);

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port,
    development: false,
    // `development: false` alone makes Bun set SO_REUSEPORT on Linux, and a second server would share the port unnoticed.
    reusePort: false,
    // A request that hangs on purpose hangs until the client gives up, not until Bun does.
    idleTimeout: 0,
    fetch: (request) => handle(request),
  });
  const origin = server.url.origin;

  const standIn: StandIn = {
    url: origin,
    baseUrl: `${origin}/api/v1`,
    userId: USER_ID,
    behaviour,
    faults,
    log: log.entries,
    state: () => ({ ...tokens.counts(), ...approvals.counts(), apiKeys: accounts.apiKeyCount }),
    issueTokens: ({ expiresIn = 3600, scope = "gumloop_api userinfo" } = {}) =>
      tokens.issue(USER_ID, scope.split(" "), expiresIn),
    addApiKey: accounts.addApiKey,
    expireAccessTokens: tokens.expireAccessTokens,
    revokeEverything() {
      tokens.clear();
      approvals.clear();
      accounts.revokeApiKeys();
    },
    reset() {
      tokens.clear();
      approvals.clear();
      faults.clear();
      log.clear();
    },
    stop: () => server.stop(true),
  };

  const context: StandInContext = { origin, behaviour, accounts, approvals, tokens };
  const routes = [...authorizeRoutes(context), ...tokenRoutes(context), ...apiRoutes(context)];
  const handle = createHandler({ routes, controls: controlRoutes(standIn), faults, log, onRequest });
  return standIn;
}
