import type { Topic } from "../support.ts";
import { archive } from "./archive.ts";
import { deposit } from "./deposit.ts";
import { encoding } from "./encoding.ts";
import { envelope } from "./envelope.ts";
import { lineage } from "./lineage.ts";
import { deviceCode, invitation, safety } from "./meeting.ts";
import { recovery } from "./recovery.ts";
import { relayApi, vaultApi, watchApi } from "./servers.ts";
import { statement } from "./statement.ts";
import { trustees } from "./trustees.ts";

export const topics: readonly Topic[] = [
  encoding,
  statement,
  lineage,
  envelope,
  deposit,
  relayApi,
  vaultApi,
  watchApi,
  invitation,
  deviceCode,
  safety,
  archive,
  trustees,
  recovery,
];
