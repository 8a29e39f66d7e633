/** The empty program: what a start costs before gum-cred does anything. */
export {};
