/** What peers and servers feed to the parser of statements. */
import { decode, encode, equalBytes } from "@photon/protocol/codec";
import { bodySchemaOf, bodySchemas, isStatementType, maxStatement, parseStatement } from "@photon/protocol/statement";
import { expectOutcome, type FuzzTarget } from "../queue/fuzz.ts";
import { vectorBytes } from "../vectors/read.ts";
import { drafts } from "./samples.ts";

const statements = vectorBytes("statement", "statement");
const types = Object.keys(bodySchemas).filter(isStatementType);

export const fuzzTargets: readonly FuzzTarget[] = [
  { name: "parseStatement", valid: statements, run: (input) => expectOutcome(parseStatement(input)) },
  {
    name: "parseStatement: as its own signer would make it",
    valid: statements,
    run: (input) => expectOutcome(parseStatement(input, "verified-before")),
  },
  ...types.map((type): FuzzTarget => ({
    name: `body of ${type}`,
    valid: [encode(bodySchemaOf(type), drafts[type].body)],
    run: (input) => {
      const body = decode(bodySchemaOf(type), input, maxStatement);
      expectOutcome(body);
      if (body.ok && !equalBytes(encode(bodySchemaOf(type), body.value), input))
        throw new Error("accepted, but encodes differently");
    },
  })),
];
