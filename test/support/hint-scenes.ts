/** Every scene in which a hint is followed, by subject. Pure until a scene is played. */
import type { Scene } from "./hint-follow.ts";
import { ASKED_SCENES } from "./hint-scenes-asked.ts";
import { DOCTOR_SCENES } from "./hint-scenes-doctor.ts";
import { FILE_SCENES } from "./hint-scenes-files.ts";
import { GUMLOOP_SCENES } from "./hint-scenes-gumloop.ts";
import { KEYCHAIN_SCENES } from "./hint-scenes-keychain.ts";
import { KEY_SCENES } from "./hint-scenes-keys.ts";
import { PLUGIN_SCENES } from "./hint-scenes-plugins.ts";
import { POLICY_SCENES } from "./hint-scenes-policy.ts";
import { PROGRAM_SCENES } from "./hint-scenes-programs.ts";
import { SAID_SCENES } from "./hint-scenes-said.ts";
import { SERVER_SCENES } from "./hint-scenes-server.ts";
import { SIGN_IN_SCENES } from "./hint-scenes-sign-in.ts";
import { VALUE_SCENES } from "./hint-scenes-values.ts";
import { WORD_SCENES } from "./hint-scenes-words.ts";

/** About Gumloop's own credential and the keychain that it is in. */
export const SESSION_SCENES: Readonly<Record<string, readonly Scene[]>> = {
  gumloop: GUMLOOP_SCENES,
  "sign-in": SIGN_IN_SCENES,
  server: SERVER_SCENES,
  keychain: KEYCHAIN_SCENES,
};

/** About everything else. */
export const OTHER_SCENES: Readonly<Record<string, readonly Scene[]>> = {
  words: WORD_SCENES,
  asked: ASKED_SCENES,
  values: VALUE_SCENES,
  keys: KEY_SCENES,
  files: FILE_SCENES,
  policy: POLICY_SCENES,
  plugins: PLUGIN_SCENES,
  programs: PROGRAM_SCENES,
  doctor: DOCTOR_SCENES,
  said: SAID_SCENES,
};
