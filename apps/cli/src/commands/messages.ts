import type { Command } from "commander";
import type { Contact, Engine, MessageState } from "@photon/engine";
import { err, ok } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "../cli.ts";
import { declare, oneOf, type Run } from "../command.ts";
import { type Attempt, cliError } from "../failure.ts";
import { contactNamed, isChangingHands, successionWords, typedName } from "../contact-view.ts";
import { messageJson, messageText } from "../message-view.ts";
import { named } from "../output/shown.ts";
import { plural } from "../output/time.ts";
import { withProfile } from "../pass.ts";

/** Bytes read from standard input at most: enough for the engine to refuse a message for its length, and no more. */
const maxInput = 64_000;

export function messagesCommands(program: Command, run: Run): void {
  declare(program, {
    name: "send",
    summary: "write to someone",
    description:
      "Sends a text to every device of one person, and to your own. If the relay cannot be reached it is kept here, encrypted, and sent by the next command or `photon sync`. While somebody's side changes hands by a recovery, what you write waits until you confirm it, or say with --to for whom it is. A message holds up to 32,000 bytes.",
    examples: [
      ["photon send Ben 'I will be late'", "say it"],
      ["git log -1 | photon send Ben -", "send what another program prints"],
      ["photon send Ana 'Call me' --to new", "to the device that Ana's trustees vouch for, though nobody has confirmed it"],
      ["photon send Ben -- '--quiet means no talk'", "a text that begins with a dash"],
    ],
  })
    .argument("<contact>", "a name or an id")
    .argument("<text...>", "the text; - reads it from standard input")
    .addOption(
      oneOf(
        "--to <side>",
        "while their side changes hands: new, the device recovered by trustees; old, the devices from before",
        sides,
      ),
    )
    .action(async (contact: string, text: readonly string[], { to }: SendOptions) =>
      run((cli) => send(cli, contact, text.join(" "), to)),
    );
  declare(program, {
    name: "read",
    summary: "show a conversation",
    description:
      "Shows a conversation, oldest first. Text that others chose is shown harmlessly: control characters and direction marks appear as what they are. --json gives it unchanged.",
    examples: [
      ["photon read Ben", "the conversation with Ben"],
      ["photon read Ben --limit 20", "its last twenty messages"],
      ["photon read Ben --after ID --json", "for a script: what is newer than one message"],
    ],
  })
    .argument("<contact>", "a name or an id")
    .option("--limit <count>", "at most so many messages, the newest")
    .option("--after <id>", "only messages after this one")
    .action(async (contact: string, options: ReadOptions) => run((cli) => read(cli, contact, options)));
}

const sides = ["new", "old"] as const;
interface SendOptions {
  readonly to?: (typeof sides)[number];
}

async function send(cli: Cli, who: string, typed: string, to: SendOptions["to"]): Attempt<Answer> {
  const text = typed === "-" ? await fromInput(cli) : ok(typed);
  if (!text.ok) return text;
  return withProfile(cli, async ({ engine, flush }) => {
    if (cli.globals.dryRun) return cli.would(`send ${plural(Buffer.byteLength(text.value), "byte")} to ${named(who)}`);
    const sent = await (to === undefined ? engine.send(who, text.value) : engine.send(who, text.value, { to }));
    if (!sent.ok) return sent;
    const flushed = await flush();
    if (!flushed.ok) return flushed;
    const state = flushed.value === undefined ? sent.value.state : await stateNow(engine, who, sent.value);
    const contacts = await engine.contacts();
    if (!contacts.ok) return contacts;
    const contact = contactNamed(contacts.value, who);
    if (to === undefined && contact !== undefined && isChangingHands(contact) && state === "queued")
      return ok(held(cli, sent.value.id, contact));
    return ok(answer({ json: { id: sent.value.id, state }, ...sentWords(who, state, contact) }));
  });
}

/** It is kept, and goes nowhere before the person has said for whom it is. */
function held(cli: Cli, id: string, contact: Contact): Answer {
  const name = typedName(contact);
  return answer({
    json: { id, state: "queued", held: true },
    words: `Your message waits here. ${successionWords(contact, cli.world.now())}`,
    next: `reach ${named(contact.petname)} in another way, then \`photon contacts confirm ${name}\`; or write with \`--to new\`, or \`--to old\`.`,
    exit: 22,
  });
}

function sentWords(
  who: string,
  state: MessageState,
  contact: Contact | undefined,
): { readonly words: string; readonly next: string } {
  const read = `\`photon read ${contact === undefined ? "NAME" : typedName(contact)}\``;
  if (contact?.state === "waiting") {
    return {
      words: `Your message is kept for ${named(contact.petname)}. They can read it once they have confirmed that it is you.`,
      next: `\`photon contacts\` shows when they have; ${read} shows what you wrote.`,
    };
  }
  switch (state) {
    case "queued":
      return {
        words: `Your message to ${named(who)} is kept here, encrypted, until it can be sent.`,
        next: "`photon sync` tries again.",
      };
    case "deposited":
    case "delivered":
    case "received":
      return {
        words: `Your message is on its way to ${named(who)}.`,
        next: `${read} shows when it was delivered, and the answer.`,
      };
  }
}

async function fromInput(cli: Cli): Attempt<string> {
  if (cli.world.stdin.isTTY) cli.say("Type the message; Ctrl-D on an empty line ends it.");
  const bytes = await cli.world.stdin.read(maxInput);
  if (bytes === undefined)
    return err(
      cliError(
        "usage",
        `what was given on standard input is longer than ${maxInput.toLocaleString("en-GB")} bytes`,
        "A message holds up to 32,000 bytes; send it in parts.",
      ),
    );
  try {
    return ok(new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r?\n$/u, ""));
  } catch {
    return err(cliError("usage", "what was given on standard input is not UTF-8 text", "Photon sends text; convert it first."));
  }
}

/** How far the message came in the exchange after it was sent. */
async function stateNow(
  engine: Engine,
  who: string,
  sent: { readonly id: string; readonly state: MessageState },
): Promise<MessageState> {
  const recent = await engine.read(who, { limit: 50 });
  const found = recent.ok ? recent.value.find(({ id }) => id === sent.id) : undefined;
  return found?.state ?? sent.state;
}

interface ReadOptions {
  readonly limit?: string;
  readonly after?: string;
}

async function read(cli: Cli, who: string, options: ReadOptions): Attempt<Answer> {
  const { after, limit } = options;
  if (limit !== undefined && !/^[1-9][0-9]{0,6}$/u.test(limit)) return err(cliError("usage", "--limit takes a number from 1"));
  return withProfile(cli, async ({ engine }) => {
    const messages = await engine.read(who, {
      ...(after === undefined ? {} : { after }),
      ...(limit === undefined ? {} : { limit: Number(limit) }),
    });
    if (!messages.ok) return messages;
    const contacts = await engine.contacts();
    if (!contacts.ok) return contacts;
    const contact = contactNamed(contacts.value, who);
    const peer = contact === undefined || contact.petname === "" ? who : contact.petname;
    const now = cli.world.now();
    return ok(
      answer({
        json: { messages: messages.value.map(messageJson) },
        data: messages.value.map((message) => messageText(message, peer, now)).join("\n"),
        words:
          messages.value.length === 0
            ? `There is nothing ${after === undefined ? "yet " : "newer "}between you and ${named(who)}.`
            : contact === undefined
              ? ""
              : successionWords(contact, now),
        next:
          contact !== undefined && isChangingHands(contact)
            ? `reach ${named(peer)} in another way, then \`photon contacts confirm ${typedName(contact)}\`, or \`photon contacts refuse ${typedName(contact)}\`.`
            : `\`photon send ${contact === undefined ? "NAME" : typedName(contact)} TEXT\` answers; \`photon watch\` shows new messages as they come.`,
      }),
    );
  });
}
