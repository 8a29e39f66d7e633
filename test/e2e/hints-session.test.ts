/** As hints.test.ts: hints about Gumloop's own credential and the keychain that it is in. */
import { play } from "../support/hint-play.ts";
import { SESSION_SCENES } from "../support/hint-scenes.ts";

play(SESSION_SCENES);
