/**
 * Which answers a new device keeps. Whoever has overheard the code can answer too, as trustees whom they made up: so of a voice that
 * nobody has vouched for little is kept, and all of them together within bounds, the oldest giving way. The person vouches for a voice
 * by typing the words that it read back; and from the moment that the archive is open its plan does, and no other voice counts.
 */
import type { Bytes } from "@photon/protocol/codec";
import type { Reply } from "@photon/protocol/recovery";
import { isHeard, voiceOf } from "./collect.ts";

/** Parts of signatures that are kept of one trustee: an honest one's for thirty thousand relationships, more than once. */
export const maxSignatureParts = 256;
/** Answers that are kept of all whom nobody has vouched for. */
export const maxUnheard = 1024;

export interface Vouching {
  readonly request: Bytes;
  /** Answer words that the person has typed. */
  readonly typed: readonly string[];
  /** The voices of the plan's trustees; undefined while nobody knows the plan. */
  readonly members: ReadonlySet<string> | undefined;
}

export class KeptAnswers {
  readonly #vouching: Vouching;
  readonly #heard = new Set<string>();
  /** By voice and kind, the oldest first: of all but signatures the newest says it all. */
  readonly #slots = new Map<string, { readonly voice: string; readonly keys: string[] }>();

  /** @param kept what is kept so far, by key, in the order in which it came. */
  constructor(vouching: Vouching, kept: Iterable<readonly [string, Reply]>) {
    this.#vouching = vouching;
    for (const [key, reply] of kept) this.#note(key, reply);
  }

  /** @returns whether it is kept under this key, and the keys of what gives way to it. */
  take(key: string, reply: Reply): { readonly isKept: boolean; readonly gone: readonly string[] } {
    const { members } = this.#vouching;
    const voice = voiceOf(reply);
    const isSignatures = reply.body.kind === "partials";
    // Signatures are for a batch, and that is made when the archive is open.
    if (members === undefined ? isSignatures : !members.has(voice)) return { isKept: false, gone: [] };
    const before = this.#slots.get(slotOf(reply))?.keys ?? [];
    if (isSignatures && before.length >= maxSignatureParts) return { isKept: false, gone: [] };
    const gone = isSignatures ? [] : this.#forget(slotOf(reply));
    this.#note(key, reply);
    return { isKept: true, gone: members === undefined ? [...gone, ...this.#makeRoom()] : gone };
  }

  #makeRoom(): readonly string[] {
    const unheard = [...this.#slots].filter(([, { voice }]) => !this.#heard.has(voice));
    const tooMany = unheard.slice(0, Math.max(0, unheard.length - maxUnheard));
    return tooMany.flatMap(([slot]) => this.#forget(slot));
  }

  #forget(slot: string): readonly string[] {
    const { keys } = this.#slots.get(slot) ?? { keys: [] };
    this.#slots.delete(slot);
    return keys;
  }

  #note(key: string, reply: Reply): void {
    const voice = voiceOf(reply);
    if (isHeard(reply, this.#vouching.request, this.#vouching.typed)) this.#heard.add(voice);
    const slot = this.#slots.get(slotOf(reply));
    if (slot === undefined) this.#slots.set(slotOf(reply), { voice, keys: [key] });
    else slot.keys.push(key);
  }
}

const slotOf = (reply: Reply): string => `${voiceOf(reply)} ${reply.body.kind}`;
