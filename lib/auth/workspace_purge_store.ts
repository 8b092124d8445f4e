/** Removes what is left of workspaces that were deleted. */
import * as keys from "@/lib/kv/keys.ts";
import { list } from "@/lib/kv/reads.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { blobsIn } from "@/lib/personal_data/erasure_scope.ts";
import type { WorkspaceRecord } from "./records.ts";
import { UnitStore } from "./unit_store.ts";

/** A deleted workspace, with what each step of its removal checks. */
export interface DeletedWorkspace {
  record: WorkspaceRecord & { deletedAt: number };
  versionstamp: string;
}

/** Rows that one atomic removes, at most: it must hold up nobody. */
const ROWS_PER_UNIT = 100;

/** Mutations that one atomic has, at most; a row may have many parts of a text. */
const MUTATIONS_PER_UNIT = 400;

export class WorkspacePurgeStore extends UnitStore {
  /** Those that were deleted before a time and of which something may be left. */
  async *due(
    beforeMs: number,
    signal: AbortSignal,
  ): AsyncGenerator<DeletedWorkspace, void, void> {
    const rows = list<WorkspaceRecord>(this.store, keys.workspaces(), {
      signal,
    });
    for await (const { value, versionstamp } of rows) {
      const { deletedAt, isPurged } = value;
      if (deletedAt === undefined || isPurged || deletedAt > beforeMs) continue;
      yield { record: { ...value, deletedAt }, versionstamp };
    }
  }

  /**
   * Removes rows until none is left. Each atomic checks and rewrites the workspace's record, so another
   * process at the same work ends this one's.
   * @returns whether this process came to the end
   */
  async purge(
    workspace: DeletedWorkspace,
    signal: AbortSignal,
  ): Promise<boolean> {
    let { versionstamp } = workspace;
    const { record } = workspace;
    const key = keys.workspaceKey(record.id);
    const selector = keys.rowsOfWorkspace(record.id);
    while (true) {
      const rows = await Array.fromAsync(
        list(this.store, selector, { limit: ROWS_PER_UNIT, signal }),
      );
      if (rows.length === 0) return true;
      let unit = new UnitOfWork();
      const flush = async () => {
        unit.guard(key, versionstamp, record);
        if (!await this.commit(unit)) return false;
        const after = await this.load<WorkspaceRecord>(key);
        if (after.versionstamp === null) return false;
        versionstamp = after.versionstamp;
        unit = new UnitOfWork();
        return true;
      };
      for (const row of rows) {
        for (const gone of deletesOf(record.id, row)) {
          unit.delete(gone);
          if (unit.mutations.length < MUTATIONS_PER_UNIT) continue;
          if (!await flush()) return false;
        }
      }
      if (!await flush()) return false;
    }
  }

  /** Notes that nothing is left; whoever was faster has noted it too. */
  async finish({ record: { id } }: DeletedWorkspace): Promise<void> {
    const key = keys.workspaceKey(id);
    const before = await this.load<WorkspaceRecord>(key);
    if (before.record === null) return;
    await this.commit(
      new UnitOfWork().guard(key, before.versionstamp, {
        ...before.record,
        name: "",
        isPurged: true,
      }),
    );
  }
}

/** The row, and before it what only it leads to: parts of texts, the way from a key or a user to it. */
function deletesOf(
  workspace: string,
  { key, value }: Deno.KvEntry<unknown>,
): Deno.KvKey[] {
  const gone: Deno.KvKey[] = [];
  for (const { blob, parts } of blobsIn(value)) {
    for (let part = 0; part < parts; part += 1) {
      gone.push(keys.blobPartKey(blob, part));
    }
  }
  const { user, hash } = value as { user?: unknown; hash?: unknown };
  if (key[0] === workspace && key[1] === "mb" && typeof user === "string") {
    gone.push(keys.userWorkspaceKey(user, workspace));
  }
  if (key[0] === workspace && key[1] === "ak" && typeof hash === "string") {
    gone.push(keys.apiKeyHashKey(hash));
  }
  gone.push(key);
  return gone;
}
