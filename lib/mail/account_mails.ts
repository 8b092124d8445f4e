/** Mails about someone's account. Moments are milliseconds since 1970 UTC. */
import { renderLetter } from "./letter.ts";
import type { MailContent } from "./mail.ts";
import { mailMoment } from "./mail_moment.ts";

/** Invites someone into a workspace. */
export function invitationMail(
  { workspace, inviter, role, link, expiresAt }: {
    /** Name of the workspace. */
    workspace: string;
    /** Name or address of who invites. */
    inviter: string;
    role: string;
    /** Where the invitation is taken; whoever has it can. */
    link: string;
    expiresAt: number;
  },
): MailContent {
  return {
    kind: "invitation",
    subject: `${inviter} invites you to ${workspace} on Freshet`,
    ...renderLetter({
      title: `You are invited to ${workspace}`,
      paragraphs: [
        `${inviter} invites you to use Freshet in the workspace ${workspace}, with the role ${role}.`,
        `The invitation can be taken once, until ${mailMoment(expiresAt)}.`,
      ],
      action: { label: "Take the invitation", url: link },
      closing:
        "If you do not know what this is about, ignore this mail: no account is made without you.",
    }),
  };
}

/** Gives someone the link by which they choose a new password. */
export function passwordResetMail(
  { link, expiresAt }: { link: string; expiresAt: number },
): MailContent {
  return {
    kind: "password-reset",
    subject: "Choose a new password for Freshet",
    ...renderLetter({
      title: "Choose a new password",
      paragraphs: [
        "Someone asked for a new password for your Freshet account.",
        `The link works once, until ${
          mailMoment(expiresAt)
        }. With the new password you are signed out everywhere else.`,
      ],
      action: { label: "Choose a new password", url: link },
      closing:
        "If it was not you, ignore this mail: your password stays as it is.",
    }),
  };
}

/** Tells someone that their password is another one now. */
export function passwordChangedMail(
  { at, address, signInLink }: {
    at: number;
    /** Address of the client that changed it. */
    address: string;
    /** Where a password can be reset; null: there is no public address. */
    signInLink: string | null;
  },
): MailContent {
  return {
    kind: "password-changed",
    subject: "Your Freshet password was changed",
    ...renderLetter({
      title: "Your password was changed",
      paragraphs: [
        "The password of your Freshet account is another one now, and all other sessions were ended.",
      ],
      facts: [["When", mailMoment(at)], ["From address", address]],
      ...(signInLink === null
        ? {}
        : { action: { label: "Open Freshet", url: signInLink } }),
      closing:
        "If it was not you, reset the password at once and tell an admin of your workspace.",
    }),
  };
}

/** Tells someone of a sign-in from a device that was not seen before. */
export function newSignInMail(
  { at, address, device, sessionsLink }: {
    at: number;
    address: string;
    /** The device in words, such as "Firefox on Linux". */
    device: string;
    /** Where sessions are ended; null: there is no public address. */
    sessionsLink: string | null;
  },
): MailContent {
  return {
    kind: "new-sign-in",
    subject: "New sign-in to Freshet",
    ...renderLetter({
      title: "You signed in on a new device",
      paragraphs: [
        "Your Freshet account was used on a device that was not seen before.",
      ],
      facts: [
        ["When", mailMoment(at)],
        ["Device", device],
        ["From address", address],
      ],
      ...(sessionsLink === null
        ? {}
        : { action: { label: "See your sessions", url: sessionsLink } }),
      closing:
        "If it was not you, end that session and change your password at once.",
    }),
  };
}
