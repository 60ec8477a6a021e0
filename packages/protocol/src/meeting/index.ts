export * from "./code.ts";
export * from "./error.ts";
export * from "./invitation.ts";
export * from "./offer.ts";
export * from "./origin.ts";
export * from "./pictures.ts";
export * from "./rendezvous.ts";
export * from "./safety.ts";
export { nearestWords } from "./words.ts";
