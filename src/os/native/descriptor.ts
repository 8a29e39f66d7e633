/** The one question that the first module has for the C library; all of libc.ts would take its start longer. */
import { C_LIBRARY, openLibrary } from "./ffi.ts";

/** `<fcntl.h>` */
const F_GETFD = 1;
const FD_CLOEXEC = 1;

/** Whether an open descriptor ends where a program is started. Throws where native calls are refused. */
export function isCloseOnExec(fd: number): boolean {
  const { fcntl } = openLibrary(C_LIBRARY, { fcntl: { args: ["i32", "i32"], returns: "i32" } });
  return (fcntl(fd, F_GETFD) & FD_CLOEXEC) !== 0;
}
