/** A person follows every hint to the letter, in the state in which it was given, and is better off. */
import { play } from "../support/hint-play.ts";
import { OTHER_SCENES } from "../support/hint-scenes.ts";

play(OTHER_SCENES);
