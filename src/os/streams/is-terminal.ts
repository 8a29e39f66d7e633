/** Whether a standard stream is a terminal. Cheap: uses neither process.stdin nor process.stdout. */

interface TtyBinding {
  isTTY(fd: number): boolean;
}

/** Whether a file descriptor is a terminal: what node:tty asks, without loading it. */
export function isTerminal(fd: number): boolean {
  return (process.binding("tty_wrap") as TtyBinding).isTTY(fd);
}
