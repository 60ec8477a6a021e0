/**
 * How much of a drawn test is run. In a page it is a fifth: what a browser could do otherwise than Node shows in few draws, and the same
 * code was drawn upon in full beside it.
 */
const isPage = "document" in globalThis;

export const share = (runs: number): number => (isPage ? Math.ceil(runs / 5) : runs);
