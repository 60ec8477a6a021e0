/** Made by the bundle: the portable test files, each by its path from the root of the checkout. */
declare module "virtual:suites" {
  export const suites: Readonly<Record<string, () => Promise<unknown>>>;
}
