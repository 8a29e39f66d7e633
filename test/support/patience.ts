/**
 * An upper bound for what happens at once, in milliseconds: where something waits for what it must not wait for, it
 * waits for longer than this; on a busy machine with two cores everything else is done by then. How fast things really
 * are is for the bench to say.
 */
export const SOON_MS = 4_000;
