/** What this machine's kernel lets a test do with namespaces: a container, or a chroot, may refuse either. */

/** A mount namespace of its own whose mounts reach nobody else. */
export const CAN_MOUNT = succeeds("unshare", "--mount", "true");

/** Process 1 of a PID namespace, with mounts of its own. */
export const CAN_BE_PROCESS_ONE = succeeds("unshare", "--mount", "--pid", "--fork", "true");

function succeeds(...command: string[]): boolean {
  return (
    Bun.which(command[0] ?? "") !== null &&
    Bun.spawnSync(command, { stdio: ["ignore", "ignore", "ignore"] }).exitCode === 0
  );
}
