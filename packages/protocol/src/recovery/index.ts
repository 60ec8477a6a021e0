export * from "./answer.ts";
export * from "./board.ts";
export * from "./case.ts";
export * from "./plan.ts";
export * from "./reply.ts";
export * from "./request.ts";
export * from "./rules.ts";
export * from "./talk.ts";
