/** A task in the store. */
import type { TaskStatus } from "@/lib/shared/wire.ts";
import type { TagRef } from "./tag_store.ts";

export interface TaskRecord {
  v: 1;
  id: string;
  /** Project it was put into; one that is not there counts as none. */
  projectId: string | null;
  title: string;
  notes: string;
  /** Tags it was given; those that are not there count as none. */
  tags: TagRef[];
  status: TaskStatus;
  dueAt: string | null;
  /** Thread it came from; one that is not there counts as none. */
  threadId: string | null;
  jobId: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
}
