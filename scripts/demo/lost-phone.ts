/** The first story: a relationship that outlives a phone. */
import { join } from "node:path";
import { bodies, codeOf, contactsOf } from "./people.ts";
import { filesUnder, foundIn } from "./server-search.ts";
import type { Stage } from "./stage.ts";

export async function lostPhone(stage: Stage): Promise<void> {
  stage.story("Ana loses her phone");
  const data = join(stage.folder, "server");

  stage.scene("A relay and a vault, in one process on this machine");
  const operator = stage.machine("operator");
  const server = operator.start("serve", "--port", "0", "--data", data);
  const url = String((await server.nextObject())["url"]);
  stage.tell(`    listening at ${url}`);

  const phone = stage.machine("ana, phone");
  const laptop = stage.machine("ana, laptop");
  const ben = stage.machine("ben");

  stage.scene("Ana invites Ben; Ben accepts; Ana confirms that it is Ben");
  await phone.run("init", "--relay", url, "--device", "phone");
  const invitation = await phone.ask("meet", "--petname", "Ben");
  stage.tell(`    ana shows Ben this link, or these words: ${String(invitation["words"])}`);
  await ben.run("accept", String(invitation["link"]), "--petname", "Ana");
  stage.check("Ben waits for Ana", (await contactsOf(ben))[0]?.["state"] === "waiting");
  await phone.run("sync");
  const [claim] = await contactsOf(phone);
  stage.check("Ana is asked to confirm", claim?.["state"] === "confirm", claim);
  await phone.run("contacts", "confirm", String(claim?.["id"]), "--petname", "Ben");
  await ben.run("sync");
  stage.check(
    "the relationship is active on both sides",
    (await contactsOf(ben))[0]?.["state"] === "active" && (await contactsOf(phone))[0]?.["state"] === "active",
  );

  stage.scene("They compare the safety words, and talk");
  const [anasWords, bensWords] = [await phone.run("contacts", "verify", "Ben"), await ben.run("contacts", "verify", "Ana")];
  stage.check("both see the same safety words", anasWords.code === 0 && anasWords.stdout === bensWords.stdout);
  await phone.run("contacts", "verify", "Ben", "--how", "words-compared");
  await phone.run("send", "Ben", "Hello Ben, it is Ana.");
  await ben.run("read", "Ana");
  await ben.run("send", "Ana", "Good to hear you. Coffee on Friday?");
  await phone.run("read", "Ben");
  stage.check("Ana has Ben's answer", (await bodies(phone, "Ben")).at(-1) === "Good to hear you. Coffee on Friday?");

  stage.scene("Ana adds her laptop: history and relationships arrive");
  const adding = phone.start("devices", "add");
  const code = String((await adding.nextObject())["code"]);
  stage.tell(`    the phone shows the code: ${code}`);
  await laptop.run("init", "--join", code, "--device", "laptop");
  const joined = await adding.nextObject();
  stage.check("the phone says that the laptop joined", (await adding.ended).code === 0, joined);
  await laptop.run("read", "Ben");
  stage.check("the laptop has the whole history", (await bodies(laptop, "Ben")).length === 2);
  await ben.run("sync");
  await laptop.run("send", "Ben", "Friday is good. Written on the laptop.");
  await ben.run("read", "Ana");
  await phone.run("sync");
  stage.check(
    "the phone has what the laptop wrote",
    (await bodies(phone, "Ben")).includes("Friday is good. Written on the laptop."),
  );

  stage.scene("The phone is lost. From the laptop, Ana retires it");
  await laptop.run("devices", "retire", "phone", "--reason", "lost");
  await ben.run("sync");
  await laptop.run("sync");
  await ben.run("contacts", "history", "Ana");
  const history = await ben.ask("contacts", "history", "Ana");
  stage.check(
    "Ben sees the change, with continuous proof",
    JSON.stringify(history).includes("retired a device (lost)") && JSON.stringify(history).includes("continuous"),
    history,
  );
  const retired = await laptop.ask("devices", "retire", "phone", "--reason", "lost");
  stage.check("Ben has acknowledged it", JSON.stringify(retired["relationships"]).includes("acknowledged"), retired);

  stage.scene("The conversation goes on, with its history");
  await ben.run("send", "Ana", "This is not for whoever has your phone.");
  await laptop.run("read", "Ben");
  await laptop.run("send", "Ben", "Thank you. All is here.");
  await ben.run("read", "Ana");
  stage.check("the laptop has all five messages", (await bodies(laptop, "Ben")).length === 5, await bodies(laptop, "Ben"));
  stage.check("and so has Ben", (await bodies(ben, "Ana")).length === 5, await bodies(ben, "Ana"));

  stage.scene("Whoever has the phone tries to read and to write");
  await phone.runTo(1, "read", "Ben");
  stage.check("the phone cannot read: it is retired", codeOf(await phone.askTo(1, "read", "Ben")) === "device-retired");
  const kept = JSON.stringify(await phone.ask("read", "Ben", "--offline"));
  stage.check(
    "what it had it has, and nothing that came after",
    kept.includes("Coffee on Friday") && !kept.includes("whoever has your phone") && !kept.includes("All is here"),
    kept,
  );
  await phone.runTo(1, "send", "Ben", "Hi Ben, it is Ana. Send me money.");
  const writing = await phone.askTo(1, "send", "Ben", "Ben? Send me money.");
  stage.check("the phone cannot write", codeOf(writing) === "device-retired", writing);
  await ben.run("sync");
  stage.check("Ben got nothing of it", !(await bodies(ben, "Ana")).some((body) => body.includes("money")));
  await laptop.run("sync");
  stage.check("and neither did Ana", !(await bodies(laptop, "Ben")).some((body) => body.includes("money")));
  await laptop.run("devices");

  stage.scene("What the server stored");
  server.signal("SIGTERM");
  stage.check("the server stopped in order", (await server.ended).code === 0);
  // Names of three letters occur in random bytes by chance; they are in these texts as well.
  const secrets = [
    "phone",
    "laptop",
    "Hello Ben, it is Ana",
    "Coffee on Friday",
    "whoever has your phone",
    "All is here",
    "photon/found",
  ];
  const found = foundIn(data, secrets);
  stage.tell(`    ${filesUnder(data).length} files searched for device names and message texts`);
  stage.check("no device name, message or statement is in anything that it stored", found.length === 0, found);
}
