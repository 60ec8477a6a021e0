import { portableQueueCrypto } from "@photon/protocol/queue";
import { describeQueueCrypto } from "./crypto-vectors.ts";

describeQueueCrypto("portableQueueCrypto", portableQueueCrypto);
