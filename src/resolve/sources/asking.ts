/** What every source that asks a server needs from outside. Types only. */
import type { RawEnvironment } from "../../core/environment.ts";
import type { HttpRequest, HttpResponse } from "../../net/http.ts";
import type { Deadline } from "./deadline.ts";

export interface Asking {
  /** Whose key it is, for messages: `the organization key for openai`. */
  readonly whose: string;
  /** The key as commands are told of it (see command.ts): `organization:openai`. */
  readonly mark: string;
  /** The variables as they are: the suppliers' own, and HOME. */
  readonly raw: RawEnvironment;
  readonly deadline: Deadline;
  /** src/net/http.ts, or what stands in for it in a test. */
  readonly send: (request: HttpRequest) => Promise<HttpResponse>;
  /** A warning for people on stderr. */
  readonly warn: (line: string) => void;
}
