/**
 * bun:ffi without its JavaScript. The functions that do its work are properties of `Bun.FFI`; the module around them
 * converts arguments by code that it makes at run time, which costs a start a tenth of an empty program (measured).
 * Here the caller's types are the check, and whole numbers are all that needs converting. Bun does not document
 * `Bun.FFI`: a version without it gets the module.
 */
import type { FFIFunction, Library, Pointer } from "bun:ffi";

/**
 * The C library of this process. Absolute on macOS. On Linux the name is safe from a file planted in the current directory,
 * where Bun looks when the system finds nothing: glibc's is loaded already, and musl takes every name that begins with
 * `libc.` for itself.
 */
export const C_LIBRARY = process.platform === "darwin" ? "/usr/lib/libSystem.B.dylib" : "libc.so.6";

type Functions = Readonly<Record<string, FFIFunction>>;
type Native = (...args: readonly unknown[]) => unknown;

interface Ffi {
  dlopen(library: string, functions: Functions): Error | { readonly symbols: Record<string, Native> };
  ptr(view: NodeJS.TypedArray, offset?: number): Pointer;
  readonly read: { i32(place: Pointer, offset: number): number };
}

let isBare = false;
let ffi: Ffi | null = null;

/** At the first use: even to look at `Bun.FFI` takes half a megabyte, and most runs of the first module need none of it. */
function loaded(): Ffi {
  if (ffi === null) {
    const bare = (Bun as unknown as { readonly FFI?: Ffi }).FFI;
    isBare = typeof bare?.dlopen === "function" && typeof bare.ptr === "function" && Boolean(bare.read);
    ffi = bare && isBare ? bare : (process.getBuiltinModule("bun:ffi") as Ffi);
  }
  return ffi;
}

/** The address of a byte of a view, the first one without an offset; the caller keeps the view alive. */
export const ptr = (view: NodeJS.TypedArray, offset = 0): Pointer => loaded().ptr(view, offset);

/** The `int` at an address. */
export const readInt = (place: Pointer): number => loaded().read.i32(place, 0);

/** A library's functions, of at most six arguments. Throws where it or one of them is missing, or code may not be made. */
export function openLibrary<Set extends Functions>(library: string, functions: Set): Library<Set>["symbols"] {
  const opened = loaded().dlopen(library, functions);
  if (opened instanceof Error) throw opened;
  const { symbols } = opened;
  for (const name in isBare ? symbols : {}) {
    const native = symbols[name];
    if (native) symbols[name] = withWholeNumbers(native, functions[name]?.args ?? []);
  }
  return symbols as unknown as Library<Set>["symbols"];
}

/** A small number may be kept as a floating-point one, which the native function would misread. */
function withWholeNumbers(native: Native, args: readonly unknown[]): Native {
  const isWhole: boolean[] = [];
  for (const type of args) isWhole.push(type === "i32" || type === "u32");
  const [a, b, c, d, e, f] = isWhole;
  const whole = (value: unknown, is: boolean | undefined) => (is ? Number(value) | 0 : value);
  if (!(a || b || c || d || e || f)) return native;
  return (...[one, two, three, four, five, six]) =>
    native(whole(one, a), whole(two, b), whole(three, c), whole(four, d), whole(five, e), whole(six, f));
}
