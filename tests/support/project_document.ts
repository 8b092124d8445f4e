/** A project that knows a document, as answers in its threads use it. */
import assert from "node:assert/strict";
import type { Document, Project } from "@/lib/shared/wire.ts";
import type { TestApp } from "./app.ts";
import { waitFor } from "./wait.ts";

/** Makes a project with one document in it, and waits until that has been read. */
export async function projectWithDocument(
  app: TestApp,
  name: string,
  content: string,
): Promise<{ project: Project; document: Document }> {
  const bytes = new TextEncoder().encode(content);
  const made = await app.post("/api/projects", { name: "Saxony" });
  const project: Project = await made.json();
  const begun = await app.post("/api/documents", {
    name,
    size: bytes.length,
    projectId: project.id,
  });
  const document: Document = await begun.json();
  const path = `/api/documents/${document.id}`;
  const sent = await app.fetch(`${path}/upload`, {
    method: "PATCH",
    headers: {
      "content-type": "application/offset+octet-stream",
      "upload-offset": "0",
    },
    body: bytes,
  });
  assert.equal(sent.status, 204);
  await waitFor("the document to be read", async () => {
    const { state }: Document = await (await app.fetch(path)).json();
    return state === "ready";
  });
  return { project, document };
}
