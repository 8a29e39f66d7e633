/**
 * Names that a person takes for one another. Pure. A small part of the idea of Unicode's confusable
 * skeletons (UTS #39 §4): names here are ASCII already, so only ASCII look-alikes are folded.
 */

/** Two names with the same skeleton look alike: case, '-', '_', '.', spaces, 0/o, 1/i/l, 5/s, rn/m, vv/w. */
export function skeleton(name: string): string {
  return name
    .toLowerCase()
    .replace(/[-_. ]/g, "")
    .replace(/0/g, "o")
    .replace(/[1i]/g, "l")
    .replace(/5/g, "s")
    .replace(/rn/g, "m")
    .replace(/vv/g, "w");
}
