import { portableCrypto } from "@photon/protocol/session";
import { describeSessionCrypto } from "./crypto-vectors.ts";

describeSessionCrypto("portableCrypto", portableCrypto);
