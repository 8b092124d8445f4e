/** A project in the store, and how it becomes what the browser sees. */
import type { Project } from "@/lib/shared/wire.ts";

export interface ProjectRecord {
  v: 1;
  id: string;
  name: string;
  color: string;
  systemPrompt: string;
  defaultModel: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export function toProject(record: ProjectRecord): Project {
  return {
    id: record.id,
    name: record.name,
    color: record.color,
    systemPrompt: record.systemPrompt,
    defaultModel: record.defaultModel,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    version: record.version,
  };
}
