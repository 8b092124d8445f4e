import type { FreshInvitation } from "@/lib/auth/invitations.ts";

/** 201 with an invitation and the link of it, which is told this once. */
export function invitationResponse(
  { invitation, url, isSent }: FreshInvitation,
): Response {
  return Response.json({ ...invitation, inviteUrl: url, sent: isSent }, {
    status: 201,
    headers: {
      location: `/api/invitations/${invitation.id}`,
      "cache-control": "no-store",
    },
  });
}
