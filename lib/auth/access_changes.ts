/** News inside this process: somebody's access has changed. Other processes find out from the store. */

/** Whose access has changed. What is null is not meant in particular: all of the user's. */
export interface AccessChange {
  user: string;
  workspace: string | null;
  session: string | null;
  key: string | null;
}

/** Told after the change has been stored; whoever has looked access up before looks again. */
export class AccessChanges {
  readonly #listeners = new Set<(change: AccessChange) => void>();

  /** Is called with each change until the returned function is. */
  subscribe(listener: (change: AccessChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(change: Partial<AccessChange> & { user: string }): void {
    const whole = { workspace: null, session: null, key: null, ...change };
    for (const listener of this.#listeners) listener(whole);
  }
}
