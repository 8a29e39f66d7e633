/** Documents that are part of the program, imported as text. */
declare module "*.md" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: the text is the module's default export
  export default text;
}
