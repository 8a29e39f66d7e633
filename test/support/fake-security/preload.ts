/** `bun --preload` for a program that opens the macOS keychain: FAKE_SECURITY names the fake frameworks. */
import { plugin } from "bun";
import { replacedLibraries } from "./replaced-libraries.ts";

plugin(replacedLibraries(process.env["FAKE_SECURITY"] ?? ""));
