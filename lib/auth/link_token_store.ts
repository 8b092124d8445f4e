/** Links that work once: only the hash of what is in them is stored. */
import * as keys from "@/lib/kv/keys.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { hashOf, isSecretToken } from "./hashed_token.ts";
import { UnitStore } from "./unit_store.ts";

/** What a link is for, and what it leads to. */
export interface LinkRecords {
  setup: { v: 1; expiresAt: number };
  invite: { v: 1; expiresAt: number; workspace: string; invitation: string };
  reset: {
    v: 1;
    expiresAt: number;
    user: string;
    /** The user's epoch: a change of the password ends all its links. */
    epoch: number;
  };
}

export type LinkPurpose = keyof LinkRecords;

/** A link that was found, and what using it up checks. */
export interface FoundLink<Purpose extends LinkPurpose> {
  record: LinkRecords[Purpose];
  hash: string;
  versionstamp: string;
}

export class LinkTokenStore extends UnitStore {
  /** Keeps a link until it ends. */
  creation<Purpose extends LinkPurpose>(
    purpose: Purpose,
    token: string,
    record: LinkRecords[Purpose],
  ): UnitOfWork {
    const key = keys.linkTokenKey(purpose, hashOf(token));
    return new UnitOfWork().guard(key, null, record, {
      expireInMs: Math.max(record.expiresAt - this.now(), 1),
    });
  }

  /** What a token leads to, or null: unknown, used up or expired. */
  async find<Purpose extends LinkPurpose>(
    purpose: Purpose,
    token: string,
  ): Promise<FoundLink<Purpose> | null> {
    if (!isSecretToken(token)) return null;
    const hash = hashOf(token);
    const found = await this.load<LinkRecords[Purpose]>(
      keys.linkTokenKey(purpose, hash),
    );
    if (found.versionstamp === null) return null;
    const { record, versionstamp } = found;
    return record.expiresAt <= this.now()
      ? null
      : { record, hash, versionstamp };
  }

  /** Uses a link up: of several that do so at once, one does. Has no guard of its own. */
  use<Purpose extends LinkPurpose>(
    purpose: Purpose,
    { hash, versionstamp }: FoundLink<Purpose>,
  ): UnitOfWork {
    const key = keys.linkTokenKey(purpose, hash);
    return new UnitOfWork().check(key, versionstamp).delete(key);
  }

  /** Ends a link that nobody has used; it may be gone already. */
  removal(purpose: LinkPurpose, hash: string): UnitOfWork {
    return new UnitOfWork().delete(keys.linkTokenKey(purpose, hash));
  }
}
