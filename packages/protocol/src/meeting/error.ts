/** How an invitation or a device code can be wrong. `detail` says what exactly, and never repeats a secret in full. */
export type InvitationErrorCode = "bad-invitation" | "invitation-truncated" | "invitation-mistyped";

export interface InvitationError {
  readonly code: InvitationErrorCode;
  readonly detail: string;
}

export const invitationError = (code: InvitationErrorCode, detail: string): InvitationError => ({ code, detail });
