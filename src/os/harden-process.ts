/** placeholder until the hardening lands */
export function hardenProcess(): void {}
