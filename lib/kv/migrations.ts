import type { Store } from "./store.ts";
export interface Migration {
  to: number;
}
export const MIGRATIONS: readonly Migration[] = [];
export async function migrate(
  _store: Store,
  _schema: { version: number; migrations: readonly Migration[] },
  _options: { signal?: AbortSignal } = {},
): Promise<void> {}
