/** Copies of the whole store, for who runs the server. */
import { settingsPatchSchema } from "@/lib/settings/settings_input.ts";
import { allOf, type Chapter, DONE, file, one } from "./operation.ts";

export const BACKUPS: Chapter = {
  tag: "Backups",
  description:
    "Copies of the whole store in one file each. Only where the store is a file of this server.",
  operations: {
    "/api/backups": {
      GET: {
        summary: "Lists the backups, newest first",
        answers: { 200: allOf("Backup") },
      },
      POST: {
        summary: "Makes a backup, as a job",
        answers: {
          202: one("Job"),
          409: { description: "The store is backed up elsewhere." },
        },
      },
    },
    "/api/backups/:backup": {
      GET: {
        summary: "Shows what a backup holds",
        answers: { 200: one("Backup") },
      },
      DELETE: { summary: "Deletes a backup", answers: { 204: DONE } },
    },
    "/api/backups/:backup/check": {
      POST: {
        summary:
          "Reads all of a backup and tells whether it could be restored, as a job",
        answers: { 202: one("Job") },
      },
    },
    "/api/backups/:backup/content": {
      GET: {
        summary: "Downloads a backup",
        headers: { Range: "A range of bytes, to go on where it broke off." },
        answers: {
          200: file("application/vnd.sqlite3", "The file."),
          206: file("application/vnd.sqlite3", "A range of it."),
        },
      },
    },
  },
};

export const SETTINGS: Chapter = {
  tag: "Settings of the server",
  description: "Those that can be set while it runs.",
  operations: {
    "/api/settings": {
      GET: {
        summary: "Shows the settings, and where they are from",
        answers: { 200: one("ServerSettings") },
      },
      PATCH: {
        summary: "Sets some, or leaves them to the config file again",
        isVersioned: true,
        body: settingsPatchSchema,
        answers: { 200: one("ServerSettings") },
      },
    },
  },
};
