/** What an agent needs beside variables, so that settings of the project it works in do not redirect it. Types only. */

export interface AgentContext {
  /** What the user gave the agent. */
  readonly args: readonly string[];
  /** The command's variables, as every other program would get them. */
  readonly environment: ReadonlyMap<string, string>;
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly placeholder: string;
  /** Names of the routes there are. */
  readonly routes: ReadonlySet<string>;
  /** The route that serves OpenAI's clients. */
  readonly openai: string;
  /** A folder of this run, mode 0700, that is gone when the command ends. */
  folder(): string;
}

/** Changes to the command. */
export interface Wiring {
  readonly args: readonly string[];
  readonly set: Readonly<Record<string, string>>;
}

export interface Agent {
  /** File names of the program, without folder. */
  readonly names: readonly string[];
  wire(context: AgentContext): Wiring;
}
