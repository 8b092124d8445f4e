/** What the page of backups shows. */
import type { Backup } from "./wire.ts";

/** The schedule that makes backups. */
export interface BackupPlan {
  id: string;
  /** When, in words: "every day at 02:47". */
  words: string;
  timeZone: string;
  nextAt: string | null;
  isPaused: boolean;
  /** How many it keeps. */
  keep: number;
  version: number;
}

/** The newest job that makes a backup. */
export interface BackupJob {
  id: string;
  state: "under way" | "failed" | "over";
  /** How far it is, or why it failed. */
  message: string;
}

export interface BackupsView {
  /** Why this server makes none; null: it does. */
  refusal: string | null;
  backups: Backup[];
  /** Null: there is none here. */
  plan: BackupPlan | null;
  /** Null: none in the last 30 days. */
  job: BackupJob | null;
  /** Folder of the backups, as DATA_DIR names it. */
  folder: string;
}

const ORIGINS = {
  schedule: "by the schedule",
  person: "by hand",
  command: "by command",
} as const;

export function originWords({ origin }: Pick<Backup, "origin">): string {
  return origin === null ? "unknown" : ORIGINS[origin];
}
