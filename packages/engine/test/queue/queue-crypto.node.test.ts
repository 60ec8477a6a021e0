import { describeQueueCrypto } from "../../../protocol/test/queue/crypto-vectors.ts";
import { nodeQueueCrypto } from "../../src/adapters/node/queue-crypto.ts";

describeQueueCrypto("nodeQueueCrypto", nodeQueueCrypto);
