/** How a person came to know that a contact is who they say, with the numbers by which that is stored. */
export const verifiedHow = { "in-person": 0, "words-compared": 1, "known-channel": 2, introduced: 3 } as const;
