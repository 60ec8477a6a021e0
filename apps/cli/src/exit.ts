/** Exit codes, each once. Scripts rely on them: a number is never given a second meaning. See docs/guide/exit-codes.md. */
export const exits = {
  ok: { code: 0, words: "Done." },
  failed: { code: 1, words: "It failed; the message says why and what to do." },
  usage: { code: 2, words: "The command was not understood, or was given something that it cannot use." },
  partial: { code: 3, words: "Done here, but something could not be sent or fetched yet. `photon sync` goes on with it." },
  noProfile: { code: 10, words: "There is no Photon profile in this folder." },
  locked: { code: 11, words: "Another Photon process is using the profile." },
  wrongSecret: { code: 12, words: "The passphrase does not open it." },
  waiting: { code: 20, words: "It waits for people." },
  contested: { code: 21, words: "It is contested: devices dispute each other." },
  verify: { code: 22, words: "Someone must be verified first." },
  interrupted: { code: 130, words: "It was interrupted." },
} as const;

export type Exit = (typeof exits)[keyof typeof exits]["code"];
