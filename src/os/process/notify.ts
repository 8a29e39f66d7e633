/** Tells systemd how a service is doing: one datagram to the socket that it names (sd_notify(3)). Linux only. */
import { socketCalls } from "../native/libc.ts";

const AF_UNIX = 1;
/** SOCK_DGRAM | SOCK_CLOEXEC of Linux. */
const DATAGRAM = 0x2 | 0x8_0000;
/** `char sun_path[108]` */
const LONGEST_PATH = 107;

/** Does nothing where nobody asked, or nobody listens. `place` is a path, or `@name` for an abstract socket. */
export function notifySystemd(place: string | undefined, state: string): void {
  if (process.platform !== "linux" || !place || !/^[/@]/.test(place)) return;
  const path = Buffer.from(place);
  if (path.length > LONGEST_PATH) return;
  if (place.startsWith("@")) path[0] = 0;
  const c = socketCalls();
  const fd = c?.socket(AF_UNIX, DATAGRAM, 0) ?? -1;
  if (!c || fd < 0) return;
  const address = Buffer.concat([Buffer.from(Uint16Array.of(AF_UNIX).buffer), path, Buffer.alloc(1)]);
  const message = Buffer.from(state);
  const length = 2 + path.length + (place.startsWith("@") ? 0 : 1);
  if (c.connect(fd, address, length) === 0) c.send(fd, message, message.length, 0);
  c.close(fd);
}
