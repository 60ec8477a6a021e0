import { expectOk, utf8 } from "@photon/protocol/codec";
import { describe, expect, test } from "vitest";
import { makeGroup, portable } from "./people.ts";

describe("a conversation", () => {
  test.each([2, 6, 10, 20])("of %i members: what one seals, all the others open", async (size) => {
    const { members } = await makeGroup(size);
    for (const sender of members.slice(0, 3)) {
      const text = utf8(`hello from ${members.indexOf(sender)}`);
      const sealed = await portable.seal(sender.generation, text);
      sender.generation = sealed.generation;
      for (const receiver of members) {
        if (receiver === sender) continue;
        const opened = expectOk(await portable.open(receiver.generation, sealed.message));
        expect(opened.plaintext).toEqual(text);
        expect(opened.sender).toEqual(sender.leaf.id);
        receiver.generation = opened.generation;
      }
    }
  });
});
