/** What creating a queue costs, when the operator asks for it: a token given out by the operator, or a proof of work. */
import { createHash, timingSafeEqual } from "node:crypto";
import { hashcashDetail, hashcashNonceLength, paymentInput, type RelayRequestOf, zeroBits } from "@photon/protocol/queue";

/** Undefined when the payment is right, else what is asked for. */
export type Payment = (request: RelayRequestOf<"create">) => string | undefined;

export const noCharge: Payment = () => undefined;

const digest = (data: Uint8Array | string): Buffer => createHash("sha256").update(data).digest();

/** Any of the operator's tokens. */
export function tokenPayment(tokens: readonly string[]): Payment {
  const accepted = tokens.map((token) => digest(token));
  return ({ payment }) => {
    const given = digest(payment ?? new Uint8Array(0));
    let fits = false;
    for (const token of accepted) if (timingSafeEqual(token, given)) fits = true;
    return fits ? undefined : "token";
  };
}

/** A proof of work bound to the queue. */
export function hashcashPayment(bits: number): Payment {
  return ({ receiveId, sendId, payment }) => {
    const paid = payment?.length === hashcashNonceLength && zeroBits(digest(paymentInput(receiveId, sendId, payment))) >= bits;
    return paid ? undefined : hashcashDetail(bits);
  };
}
