/**
 * `npm run demo`: two stories, by real processes of the command against a real server on loopback; every claim is checked.
 * First Ana loses her phone and goes on from the laptop, with nothing lost and the phone locked out. Then she loses everything,
 * and people who know her bring her back, although a thief with her old phone objects. `npm run demo 2` plays the second alone.
 */
import { lostEverything } from "./demo/lost-everything.ts";
import { lostPhone } from "./demo/lost-phone.ts";
import { Stage } from "./demo/stage.ts";

const stories = [lostPhone, lostEverything] as const;
const [only] = process.argv.slice(2);
const stage = new Stage();
for (const [index, story] of stories.entries()) {
  if (only !== undefined && Number(only) !== index + 1) continue;
  try {
    await story(stage);
  } catch (error) {
    stage.fail(error);
  }
}
process.exitCode = stage.close();
