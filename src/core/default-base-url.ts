/** Where Gumloop's API is. A file of its own, because the start of every shell reads it and no URL. */
export const DEFAULT_ORIGIN = "https://api.gumloop.com";
export const DEFAULT_HREF = `${DEFAULT_ORIGIN}/api/v1`;
