/**
 * The connection to a message bus: a Unix socket, authenticated as the user we are, over which whole messages
 * come and go. Every wait is a poll of the deadline's length: no thread, no callback, no timer. Knows
 * messages by their length only.
 * Reference: https://dbus.freedesktop.org/doc/dbus-specification.html "Authentication Protocol"
 */
import { fail, type GumCredError } from "../core/errors.ts";
import { utf8 } from "../core/utf8.ts";
import { type Deadline, waits } from "../os/deadline.ts";
import {
  ERRNO,
  errno,
  NATIVE_CALLS_HINT,
  POLLIN,
  POLLOUT,
  type SocketCalls,
  socketCalls,
} from "../os/native/libc.ts";
import { AF_UNIX, type SocketAddress, socketAddresses } from "./address.ts";
import { connectFailure, OWN_BUS } from "./error.ts";
import { FIXED_BYTES, messageLength } from "./frame.ts";
import { othersBus, requireGuid, requireOurs } from "./peer.ts";

export interface BusSocket {
  /**
   * Sends messages and wipes them. Throws E_KEYCHAIN_TIMEOUT, or E_KEYCHAIN_FAILED when the other side is gone;
   * after either the connection is of no more use.
   */
  send(messages: readonly Uint8Array[], deadline: Deadline): void;
  /**
   * The next message; to be wiped by who has read it. Throws what {@link send} does, and before the first
   * message E_KEYCHAIN_DENIED when the bus refuses us.
   */
  receive(deadline: Deadline): Uint8Array;
  /** Safe to call twice. */
  close(): void;
}

/** SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK: no program that we start inherits it, no call waits in it. */
const STREAM = 0x1 | 0x8_0000 | 0x800;
/** No SIGPIPE where the other side is gone. */
const MSG_NOSIGNAL = 0x4000;
const CHUNK_BYTES = 8192;
/** Of what the other side says before its first message. */
const LONGEST_LINE = 1024;
/** Between two attempts to connect to a bus that has too many waiting. */
const RETRY_MS = 10;
const NEW_LINE = 0x0a;

/**
 * Connects to the first of the addresses where a server listens. Throws E_KEYCHAIN_UNAVAILABLE where none
 * does, E_KEYCHAIN_DENIED for a socket that is closed to us, E_KEYCHAIN_TIMEOUT and E_KEYCHAIN_FAILED.
 */
export function connectBus(addresses: string, deadline: Deadline): BusSocket {
  const system = socketCalls();
  if (!system) {
    const message = "cannot connect to the session bus: native calls are refused";
    throw fail("E_KEYCHAIN_FAILED", message, NATIVE_CALLS_HINT);
  }
  let failure: GumCredError | null = null;
  for (const { name, guid } of knownAddresses(addresses)) {
    const fd = system.socket(AF_UNIX, STREAM, 0);
    if (fd < 0) throw fail("E_KEYCHAIN_FAILED", `no socket for the session bus (errno ${errno()})`);
    try {
      const reason = connect(system, fd, name, deadline);
      if (reason === 0) {
        return busSocket(system, fd, guid, requireOurs(system, fd));
      }
      failure = connectFailure(reason);
    } catch (error) {
      system.close(fd);
      throw error;
    }
    system.close(fd);
  }
  const message = "the session bus has no address that can be used";
  throw failure ?? fail("E_KEYCHAIN_FAILED", message, OWN_BUS);
}

function knownAddresses(addresses: string): readonly SocketAddress[] {
  try {
    return socketAddresses(addresses);
  } catch {
    throw fail("E_KEYCHAIN_FAILED", "the session bus's address is not a valid socket name", OWN_BUS);
  }
}

/** Connects, and returns the reason why not, or 0. A Unix socket connects at once or says EAGAIN: its queue is full. */
function connect(system: SocketCalls, fd: number, address: Uint8Array, deadline: Deadline): number {
  for (;;) {
    if (system.connect(fd, address, address.length) === 0) return 0;
    const reason = errno();
    if (!isPassing(reason)) return reason;
    system.poll(new Int32Array(2), 0, Math.min(RETRY_MS, deadline.remaining()));
  }
}

/** "EXTERNAL": the kernel has told the other side who we are. What follows BEGIN need not wait for its consent. */
function greeting(): Uint8Array<ArrayBuffer> {
  const uid = utf8(String(process.geteuid?.() ?? "")).toHex();
  return utf8(`\0AUTH EXTERNAL ${uid}\r\nBEGIN\r\n`);
}

/** `uid` runs the bus; `guid` is what its address says that it is. */
function busSocket(system: SocketCalls, fd: number, guid: string | null, uid: number): BusSocket {
  let open = true;
  let greeted = false;
  let admitted = false;
  /** Whether a message has come. */
  let heard = false;
  /** What has come and is not taken yet: the first `filled` bytes. */
  let buffer = new Uint8Array(CHUNK_BYTES);
  let filled = 0;

  function requireOpen(): void {
    if (!open) throw fail("E_KEYCHAIN_FAILED", "the connection to the session bus is closed");
  }

  function awaitEvent(event: number, deadline: Deadline): void {
    const polled = Int32Array.of(fd, event);
    for (;;) {
      const ready = system.poll(polled, 1, deadline.remaining());
      if (ready > 0) return; // for an error or a hang-up too: the call that comes next says which
      if (ready < 0 && errno() !== ERRNO.EINTR) throw broken();
      if (ready < 0) waits.cutShort?.();
    }
  }

  function write(bytes: Uint8Array, deadline: Deadline): void {
    for (let sent = 0; sent < bytes.length; ) {
      requireOpen();
      const count = Number(system.send(fd, bytes.subarray(sent), bytes.length - sent, MSG_NOSIGNAL));
      if (count >= 0) sent += count;
      else if (!isPassing(errno())) throw heard ? broken() : hungUp(uid);
      else awaitEvent(POLLOUT, deadline);
    }
  }

  /** Adds to the buffer, which has room for `wanted` bytes in all, until it holds as many. */
  function fill(wanted: number, deadline: Deadline): void {
    if (wanted > buffer.length) replaceBuffer(wanted);
    while (filled < wanted) {
      requireOpen();
      const count = Number(system.recv(fd, buffer.subarray(filled), buffer.length - filled, 0));
      if (count > 0) filled += count;
      else if (count === 0 || !isPassing(errno())) throw heard ? broken() : hungUp(uid);
      else awaitEvent(POLLIN, deadline);
    }
  }

  function replaceBuffer(size: number): void {
    const larger = new Uint8Array(size);
    larger.set(buffer.subarray(0, filled));
    buffer.fill(0, 0, filled);
    buffer = larger;
  }

  /** Takes the first `count` bytes out of the buffer. */
  function take(count: number): Uint8Array {
    const taken = buffer.slice(0, count);
    buffer.copyWithin(0, count, filled);
    buffer.fill(0, filled - count, filled);
    filled -= count;
    return taken;
  }

  /** The one line before the first message: OK, or why not. */
  function readConsent(deadline: Deadline): void {
    for (let seen = 0; ; ) {
      fill(seen + 1, deadline);
      const end = buffer.subarray(0, filled).indexOf(NEW_LINE, seen);
      seen = filled;
      if (end < 0 && filled < LONGEST_LINE) continue;
      const line = new TextDecoder().decode(take(end + 1));
      if (line.startsWith("OK ")) {
        requireGuid(line.slice("OK ".length).trim(), guid);
        return;
      }
      if (line.startsWith("REJECTED"))
        throw fail("E_KEYCHAIN_DENIED", "the session bus refused the connection");
      throw fail(
        "E_KEYCHAIN_FAILED",
        "the program at the session bus's address is not a message bus",
        OWN_BUS,
      );
    }
  }

  return {
    send(messages, deadline) {
      const parts = greeted ? messages : [greeting(), ...messages];
      greeted = true;
      const bytes = joined(parts);
      try {
        write(bytes, deadline);
        // Whoever reads it is ready now, and often on this processor: what comes next is waiting for it.
        system.sched_yield();
      } finally {
        for (const part of [bytes, ...messages]) part.fill(0);
      }
    },
    receive(deadline) {
      if (!admitted) readConsent(deadline);
      admitted = true;
      fill(FIXED_BYTES, deadline);
      const length = lengthOf(buffer);
      fill(length, deadline);
      heard = true;
      return take(length);
    },
    close() {
      if (open) system.close(fd);
      open = false;
      buffer.fill(0);
    },
  };
}

function lengthOf(buffer: Uint8Array): number {
  try {
    return messageLength(buffer);
  } catch {
    throw fail("E_KEYCHAIN_FAILED", "the session bus sent a malformed message");
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const isPassing = (reason: number) => reason === ERRNO.EAGAIN || reason === ERRNO.EINTR;

/** Before the first message. A bus does so with a user whom its policy does not name. */
function hungUp(uid: number): GumCredError {
  return uid === process.geteuid?.() ? broken() : othersBus(uid);
}

const broken = () => fail("E_KEYCHAIN_FAILED", "the session bus closed the connection");
