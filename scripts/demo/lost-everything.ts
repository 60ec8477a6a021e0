/** The second story: everything is lost, and people who know her bring Ana back, while somebody with her old phone objects. */
import { join } from "node:path";
import { makeTestClock, type Ran, spoilShares } from "@photon/testkit";
import {
  befriend,
  bodies,
  castOf,
  codeOf,
  contactsOf,
  forEach,
  helloFrom,
  helloTo,
  messagesOf,
  pass,
  type Person,
} from "./people.ts";
import { filesUnder, foundIn } from "./server-search.ts";
import type { Machine, Shown, Stage } from "./stage.ts";

const hour = 3_600_000;
const day = 24 * hour;
const trusteeNames = ["Ben", "Chi", "Dee", "Ede", "Fay", "Gil", "Hal"] as const;
const otherNames = "Ida Jon Kim Lea Max Nia Oli Pia Rui Sol Tom Uma Vic Wim Zoe".split(" ");
const hint = "Ben has everybody's number";

const successionOf = (contact: Shown | undefined): unknown => (contact?.["succession"] as Shown | undefined)?.["state"];

export async function lostEverything(stage: Stage): Promise<void> {
  stage.story("Ana loses everything, and remembers nothing");
  const data = join(stage.folder, "server");
  const clock = makeTestClock(join(stage.folder, "clock"));
  const later = (milliseconds: number, words: string): void => {
    clock.advance(milliseconds);
    stage.tell(`    … ${words}`);
  };

  stage.tell("    Days pass in this story: its processes are given a clock that can be put forward. All else is as in the first.");
  const operator = stage.machine("operator", { clock });
  const server = operator.start("serve", "--port", "0", "--data", data, "--log-level", "error");
  const url = String((await server.nextObject())["url"]);
  const phone = stage.machine("ana, old phone", { clock });
  const people = castOf(stage, [...trusteeNames, ...otherNames], { clock });
  const [ben, chi, dee, ede, fay, gil, hal] = people.map(({ machine }) => machine) as [
    Machine, Machine, Machine, Machine, Machine, Machine, Machine,
  ]; // prettier-ignore
  const living = people.filter(({ machine }) => machine !== gil && machine !== hal);

  stage.scene(`Ana knows ${people.length} people, and has written with each`);
  await phone.ask("init", "--relay", url, "--device", "the old phone");
  await befriend(phone, people);
  for (const [machine, who] of [
    [phone, "Ben"],
    [ben, "Ana"],
    [chi, "Ana"],
  ] as const)
    // prettier-ignore
    await machine.ask("contacts", "verify", who, "--how", "in-person");
  const known = await contactsOf(phone);
  stage.check(
    `she has ${people.length} relationships, all active`,
    known.length === people.length && known.every(({ state }) => state === "active"),
  );

  stage.scene("She asks seven of them to be her trustees. It takes three; four, if a device of hers objects");
  await phone.glance(
    /it takes|delay  |were asked|not protected/u,
    "plan",
    "trustees",
    "set",
    ...trusteeNames,
    "--threshold",
    "3",
    "--hint",
    hint,
  );
  await ben.run("trustee", "accept", "Ana");
  await forEach([chi, dee, ede, fay, gil], (machine) => machine.ask("trustee", "accept", "Ana"));
  const early = await phone.glance(/Gil|Hal|accepted: not/u, "plan");
  stage.check(
    "six have accepted, and the plan says that it does not protect her",
    early.stderr.includes("6 of 7 have accepted: not protected"),
  );
  await hal.ask("trustee", "accept", "Ana");
  await phone.ask("sync");
  await pass(people.slice(0, 7));
  const held = await phone.ask("plan");
  stage.check("all have accepted, and each holds a share: now it protects her", held["protected"] === true, held);
  await phone.ask("sync");
  await pass(people);
  later(15 * day, "fifteen days later: a new plan is in force with everybody fourteen days after they heard of it");
  const inForce = await phone.glance(/Gil|Hal|in force|Protected/u, "plan");
  stage.check(
    `it is in force with all ${people.length} of them`,
    inForce.stdout.includes(`in force for  ${people.length} of ${people.length} people`),
  );

  stage.scene("Ana loses her phone, which is all that she had. Gil and Hal have died. Fay means ill");
  stage.tell(
    "    Gil's and Hal's devices never run again. In Fay's profile the shares are written over, with others that fit nothing.",
  );
  stage.check("Fay's shares are not what they were", (await spoilShares(fay.home)) === 1);
  const fresh = stage.machine("ana, new phone", { clock });
  const words = (await ben.run("trustee", "help", "Ana")).stdout.trim();
  const begun = await fresh.run("recover", "trustees", "--from", ...words.split(" "), "--device", "the new phone");
  const code = (begun.stdout.split("\n")[0] ?? "").split(" ");
  const how = ["--recognised", "voice", "--contacted", "i-reached-them"];

  stage.scene("Ben, Chi and Dee reach her and hear her voice. They type what she speaks; she types what they read back");
  const approve = async (trustee: Machine, lines = /^/u): Promise<Ran> =>
    trustee.glance(lines, "trustee", "approve", "Ana", ...how, "--code", ...code);
  const readBack = (approved: Ran): readonly string[] => (/who types them: (.*)/u.exec(approved.stderr)?.[1] ?? "").split(" ");
  await fresh.run("recover", "heard", ...readBack(await approve(ben)));
  for (const trustee of [chi, dee])
    await fresh.ask("recover", "heard", ...readBack(await approve(trustee, /calls itself|words back/u)));
  await pass(people.slice(0, 3));
  await fresh.runTo(20, "sync");
  later(24 * hour, "a day later, in the middle of the delay");
  await pass(people.slice(0, 3));
  const during = (await fresh.askTo(20, "recover", "status"))["recovery"] as Shown;
  stage.check(
    "three have approved, and nothing is given out before the delay is over",
    during["state"] === "waiting" && during["shares"] === 0,
    during,
  );

  stage.scene("A thief has the old phone, unlocked, and objects");
  const thief = stage.machine("a thief, old phone", { clock, home: phone.home });
  const notice = await thief.run("sync");
  stage.check(
    "the old phone says that somebody recovers, and who has approved it",
    /in your name:\n.*“the new phone”.*“Ben”, “Chi”, “Dee”/u.test(notice.stderr),
  );
  await thief.run("contest");
  later(3 * day, "three days later: without the objection the delay would be over");
  await pass(people.slice(0, 3));
  await fresh.runTo(20, "sync");
  const after = (await fresh.askTo(20, "recover", "status"))["recovery"] as Shown;
  stage.check("it is contested: four have to approve now", after["contested"] === true && after["needed"] === 4, after);
  stage.check("nothing was given out on what was approved before", after["shares"] === 0, after);

  stage.scene("The trustees see the objection, call Ana once more, and approve with it on the screen");
  await ben.run("trustee", "status", "Ana");
  const again = await approve(ben);
  stage.check("Ben has the objection before him", again.stdout.includes("A device of theirs objects"));
  for (const trustee of [chi, dee]) await trustee.ask("trustee", "approve", "Ana", ...how, "--code", ...code);
  for (const trustee of [fay, ede])
    await fresh.ask("recover", "heard", ...readBack(await approve(trustee, /calls itself|words back/u)));
  stage.tell(
    "    Four are needed, and five were asked: somebody's part may not fit. Ede's device is then switched off for a week.",
  );
  await pass(people.slice(0, 5));
  const on = people.filter(({ machine }) => [ben, chi, dee, fay].includes(machine));
  later(6 * day, "six days later");
  await pass(on);
  const sixth = (await fresh.askTo(20, "recover", "status"))["recovery"] as Shown;
  stage.check(
    "enough have approved, and nothing is given out before the week is over",
    sixth["state"] === "waiting" && sixth["shares"] === 0,
    sixth,
  );
  later(25 * hour, "the week is over: the trustees' devices give their shares by themselves");
  await pass(on);

  stage.scene("What Fay gives fits nothing: it is left out, and Fay is named. It takes Ede, who comes late");
  const opened = await fresh.runTo(20, "sync");
  stage.check("three good shares open the backup, and Fay is named for a bad one", opened.stderr.includes(named("Fay")));
  const restored = await contactsOf(fresh);
  stage.check(`the new phone has all ${people.length} relationships`, restored.length === people.length);
  await pass(on);
  const short = await fresh.runTo(20, "sync");
  stage.check("three have signed, and Fay does not count as the fourth", short.stderr.includes("3 of 4 have"));
  await ede.ask("sync");
  await fresh.run("sync");
  const progress = (await fresh.ask("recover", "status"))["recovery"] as Shown;
  stage.check(
    "four honest trustees have signed, and Fay alone is to blame",
    progress["phase"] === "done" && JSON.stringify(progress["blamed"]) === '["Fay"]',
    progress,
  );

  stage.scene(`The conversations go on: Ana writes to all ${living.length} who live`);
  for (const { name } of living) await fresh.ask("send", name, isBack(name));
  const heard = await forEach(living, ({ machine }) => messagesOf(machine, "Ana"));
  stage.check(
    `each of the ${living.length} has what she wrote, marked as unconfirmed`,
    living.every(({ name }, index) => heard[index]?.some(({ body, unconfirmed }) => body === isBack(name) && unconfirmed === true)),
  );
  const told = await thief.glance(/name:|told|objected/u, "sync");
  stage.check("the old phone is told by the people Ana knows, too", told.stderr.includes("“Ida”"));
  const seen = await ben.run("contacts");
  stage.check("Ben had verified her; that has fallen back", seen.stdout.includes("not verified"));
  await ben.run("read", "Ana");
  await ben.run("contacts", "confirm", "Ana", "--how", "known-channel");
  later(8 * day, "eight days later: everybody else has counted the days for themselves, and heard no second word");
  await forEach(living, ({ name, machine }) => machine.ask("send", "Ana", welcome(name)));
  const views = await forEach(living, async ({ machine }) => (await contactsOf(machine))[0]);
  stage.check(
    `each of the ${living.length} has taken the new phone, and sees by what it was vouched for: by trustees`,
    views.every((view) => successionOf(view) === "counted" && JSON.stringify(view?.["changes"]).includes("by-trustees")),
    views.filter((view) => successionOf(view) !== "counted"),
  );
  stage.check("Chi had verified her, and has not since: not verified", views[1]?.["verified"] === null, views[1]);
  await fresh.ask("sync");
  const whole = await forEach(living, ({ name }) => bodies(fresh, name));
  stage.check(
    "the new phone has every conversation, from before the loss and after it",
    living.every(({ name }, index) =>
      [helloFrom(name), helloTo(name), isBack(name), welcome(name)].every((body) => whole[index]?.includes(body)),
    ),
    whole,
  );
  await fresh.run("read", "Ida");

  stage.scene("The thief tries to read and to write");
  await thief.runTo(1, "read", "Ben");
  stage.check("the old phone cannot read: it is retired", codeOf(await thief.askTo(1, "read", "Ben")) === "device-retired");
  await thief.runTo(1, "send", "Ben", "Hi Ben, send me money.");
  stage.check("it cannot write", codeOf(await thief.askTo(1, "send", "Ida", "Hi Ida, send me money.")) === "device-retired");
  await pass(living.filter(({ name }) => name === "Ben" || name === "Ida"));
  const got = [...(await bodies(ben, "Ana")), ...(await bodies(machineOf(people, "Ida"), "Ana"))];
  stage.check("nobody got anything of it", !got.some((body) => body.includes("money")));
  const old = await thief.ask("read", "Ida", "--offline");
  stage.check("and nothing that was written since is on it", !JSON.stringify(old).includes(welcome("Ida")));

  stage.scene("What the server stored");
  server.signal("SIGTERM");
  stage.check("the server stopped in order", (await server.ended).code === 0);
  const secrets = [
    "the old phone",
    "the new phone",
    "summer at the lake",
    "forget that summer",
    "another phone",
    "Welcome back",
    hint,
    "send me money",
    "photon/",
  ];
  const found = foundIn(data, secrets);
  stage.tell(`    ${filesUnder(data).length} files searched for device names, the hint and message texts`);
  stage.check("nothing of it is in anything that it stored", found.length === 0, found);
}

const named = (name: string): string => `“${name}” gave something that does not fit; it was left out.`;
const isBack = (name: string): string => `It is me, ${name}, on another phone.`;
const welcome = (name: string): string => `Welcome back, Ana! ${name} is glad.`;

function machineOf(people: readonly Person[], name: string): Machine {
  const found = people.find((person) => person.name === name);
  if (found === undefined) throw new Error(`nobody is called ${name}`);
  return found.machine;
}
