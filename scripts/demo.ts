/**
 * `npm run demo`: Ana meets Ben, talks with him from two devices, loses her phone, and goes on from the laptop with nothing
 * lost and the phone locked out. Real processes of the command against a real server on loopback; every claim is checked.
 */
import { Stage } from "./demo/stage.ts";
import { lostPhone } from "./demo/lost-phone.ts";

const stage = new Stage();
try {
  await lostPhone(stage);
} catch (error) {
  stage.fail(error);
}
process.exitCode = stage.close();
