/** Every scene in which a hint is followed, by subject. Pure until a scene is played. */
import type { Scene } from "./hint-follow.ts";
import { DOCTOR_SCENES } from "./hint-scenes-doctor.ts";
import { FILE_SCENES } from "./hint-scenes-files.ts";
import { GUMLOOP_SCENES, SERVER_SCENES } from "./hint-scenes-gumloop.ts";
import { KEYCHAIN_SCENES } from "./hint-scenes-keychain.ts";
import { KEY_SCENES } from "./hint-scenes-keys.ts";
import { PLUGIN_SCENES } from "./hint-scenes-plugins.ts";
import { POLICY_SCENES } from "./hint-scenes-policy.ts";
import { PROGRAM_SCENES } from "./hint-scenes-programs.ts";
import { WORD_SCENES } from "./hint-scenes-words.ts";

export const SCENES: Readonly<Record<string, readonly Scene[]>> = {
  words: WORD_SCENES,
  gumloop: GUMLOOP_SCENES,
  server: SERVER_SCENES,
  keychain: KEYCHAIN_SCENES,
  files: FILE_SCENES,
  keys: KEY_SCENES,
  policy: POLICY_SCENES,
  plugins: PLUGIN_SCENES,
  programs: PROGRAM_SCENES,
  advice: DOCTOR_SCENES,
};
