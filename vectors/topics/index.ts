import type { Topic } from "../support.ts";
import { encoding } from "./encoding.ts";
import { statement } from "./statement.ts";

export const topics: readonly Topic[] = [encoding, statement];
