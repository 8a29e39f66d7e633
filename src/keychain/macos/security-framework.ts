/**
 * The symbols of macOS' Security and CoreFoundation frameworks that the keychain backend needs, with their types
 * and numbers. Declarations only: no logic, no memory management.
 * Reference: <Security/SecItem.h>, <Security/SecKeychain.h>, <Security/SecBase.h>, <CoreFoundation/CFBase.h>;
 * https://developer.apple.com/documentation/security/keychain-items
 */
import { dlopen, type FFIFunction, type Library, type Pointer, read } from "bun:ffi";
import { cString, loaderCalls } from "../../os/native/libc.ts";

/** Where the libraries are, as absolute paths: a name alone would be looked for in the current directory too. */
export interface Libraries {
  readonly security: string;
  readonly coreFoundation: string;
}

/** No files on disk since macOS 11, but names that dyld finds in its shared cache. */
export const MACOS_LIBRARIES: Libraries = {
  security: "/System/Library/Frameworks/Security.framework/Security",
  coreFoundation: "/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation",
};

/** CFTypeRef. Opaque and not always an address: on arm64 short strings are values with the top bit set. */
export type Ref = bigint;

/** CFString.h: kCFStringEncodingUTF8. */
export const UTF8 = 0x0800_0100;

/** SecKeychain.h: kSecUnlockStateStatus, a bit of SecKeychainStatus. */
export const UNLOCKED = 1;

/** SecBase.h: the OSStatus numbers that are told apart. */
export const STATUS = {
  success: 0,
  userCanceled: -128,
  invalidOwnerEdit: -25244,
  authFailed: -25293,
  duplicateItem: -25299,
  itemNotFound: -25300,
  noDefaultKeychain: -25307,
  interactionNotAllowed: -25308,
  interactionRequired: -25315,
  inDarkWake: -25320,
} as const;

// CFTypeRef is "u64", CFIndex "i64", OSStatus "i32", Boolean "u8"; "ptr" is memory of our own, or NULL.
const CORE_FOUNDATION_SYMBOLS = {
  CFRelease: { args: ["u64"], returns: "void" },
  CFGetTypeID: { args: ["u64"], returns: "u64" },
  CFStringGetTypeID: { args: [], returns: "u64" },
  // allocator, bytes, length, encoding, with a byte order mark
  CFStringCreateWithBytes: { args: ["u64", "ptr", "i64", "u32", "u8"], returns: "u64" },
  CFStringGetLength: { args: ["u64"], returns: "i64" },
  CFStringGetMaximumSizeForEncoding: { args: ["i64", "u32"], returns: "i64" },
  // string, buffer, its size, encoding
  CFStringGetCString: { args: ["u64", "ptr", "i64", "u32"], returns: "u8" },
  // allocator, bytes, length, who frees the bytes
  CFDataCreateWithBytesNoCopy: { args: ["u64", "ptr", "i64", "u64"], returns: "u64" },
  CFDataGetLength: { args: ["u64"], returns: "i64" },
  CFDataGetBytePtr: { args: ["u64"], returns: "ptr" },
  // allocator, keys, values, how many, key callbacks, value callbacks
  CFDictionaryCreate: { args: ["u64", "ptr", "ptr", "i64", "ptr", "ptr"], returns: "u64" },
  CFDictionaryGetValue: { args: ["u64", "u64"], returns: "u64" },
  CFArrayGetCount: { args: ["u64"], returns: "i64" },
  CFArrayGetValueAtIndex: { args: ["u64", "i64"], returns: "u64" },
} as const satisfies Record<string, FFIFunction>;

const SECURITY_SYMBOLS = {
  // query, where to put the result
  SecItemCopyMatching: { args: ["u64", "ptr"], returns: "i32" },
  SecItemAdd: { args: ["u64", "ptr"], returns: "i32" },
  // query, what changes
  SecItemUpdate: { args: ["u64", "u64"], returns: "i32" },
  SecItemDelete: { args: ["u64"], returns: "i32" },
  SecKeychainItemDelete: { args: ["u64"], returns: "i32" },
  // keychain (NULL: the default one), where to put the status (UInt32)
  SecKeychainGetStatus: { args: ["u64", "ptr"], returns: "i32" },
  // keychain (NULL: the default one), length of the password, password, whether to use it instead of asking
  SecKeychainUnlock: { args: ["u64", "u32", "ptr", "u8"], returns: "i32" },
  SecKeychainGetUserInteractionAllowed: { args: ["ptr"], returns: "i32" },
  SecKeychainSetUserInteractionAllowed: { args: ["u8"], returns: "i32" },
} as const satisfies Record<string, FFIFunction>;

const RTLD_LAZY = 1; // <dlfcn.h> of macOS and of glibc

/** Variables that hold a CFTypeRef. */
const CORE_FOUNDATION_CONSTANTS = ["kCFAllocatorNull", "kCFBooleanTrue"] as const;
const SECURITY_CONSTANTS = [
  "kSecClass",
  "kSecClassGenericPassword",
  "kSecAttrService",
  "kSecAttrAccount",
  "kSecValueData",
  "kSecReturnData",
  "kSecReturnAttributes",
  "kSecReturnRef",
  "kSecMatchLimit",
  "kSecMatchLimitAll",
  "kSecUseAuthenticationUI",
  "kSecUseAuthenticationUIFail",
] as const;

/** Variables that are structures, of which the address is wanted. */
const CALLBACKS = ["kCFTypeDictionaryKeyCallBacks", "kCFTypeDictionaryValueCallBacks"] as const;

type Constant = (typeof CORE_FOUNDATION_CONSTANTS)[number] | (typeof SECURITY_CONSTANTS)[number];

/** The opened functions and constants. */
export interface SecurityFramework {
  readonly cf: Library<typeof CORE_FOUNDATION_SYMBOLS>["symbols"];
  readonly security: Library<typeof SECURITY_SYMBOLS>["symbols"];
  readonly constants: Readonly<Record<Constant, Ref>>;
  readonly callbacks: Readonly<Record<(typeof CALLBACKS)[number], Pointer>>;
}

/** Opens both frameworks; null when one of them or one of the symbols is missing. */
export function openSecurityFramework(libraries: Libraries): SecurityFramework | null {
  const loader = loaderCalls();
  if (loader === null) return null;
  try {
    const cf = dlopen(libraries.coreFoundation, CORE_FOUNDATION_SYMBOLS).symbols;
    const security = dlopen(libraries.security, SECURITY_SYMBOLS).symbols;
    const addresses = <Name extends string>(library: string, names: readonly Name[]) => {
      const handle = loader.dlopen(cString(library), RTLD_LAZY);
      return names.map((name): [Name, Pointer] => {
        const address = loader.dlsym(handle, cString(name));
        if (address === null) throw new TypeError(`no ${name} in ${library}`);
        return [name, Number(address) as Pointer];
      });
    };
    const variables = [
      ...addresses<Constant>(libraries.coreFoundation, CORE_FOUNDATION_CONSTANTS),
      ...addresses<Constant>(libraries.security, SECURITY_CONSTANTS),
    ].map(([name, address]) => [name, read.u64(address, 0)]);
    return {
      cf,
      security,
      constants: Object.fromEntries(variables) as SecurityFramework["constants"],
      callbacks: Object.fromEntries(
        addresses(libraries.coreFoundation, CALLBACKS),
      ) as SecurityFramework["callbacks"],
    };
  } catch {
    return null;
  }
}
