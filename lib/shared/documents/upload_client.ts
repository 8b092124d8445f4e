/**
 * Uploads a file from a page, part by part: a lost network is waited for, and after a reload the same
 * file goes on where it was. What is left to send is asked of the server, in the terms of tus.
 */
import type { Document, Problem } from "@/lib/shared/wire.ts";

export interface UploadOptions {
  projectId: string | null;
  /** Told how many bytes the server has, and of which document. */
  onProgress: (document: string, bytes: number) => void;
  /** Told that the network is waited for, and that it is back. */
  onWaiting: (isWaiting: boolean) => void;
  signal: AbortSignal;
}

/** The server refuses the file; words for a person. */
export class UploadRefused extends Error {
  override readonly name = "UploadRefused";
}

/** A part is small enough to be sent within its deadline over a slow line. */
const PART_BYTES = 2 * 1024 * 1024;
const PART_DEADLINE_MS = 120_000;
const CALL_DEADLINE_MS = 30_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const KEY_PREFIX = "freshet-upload ";

/** @throws {UploadRefused}, or the signal's reason */
export async function uploadFile(
  file: File,
  options: UploadOptions,
): Promise<string> {
  const key = KEY_PREFIX +
    JSON.stringify([file.name, file.size, file.lastModified]);
  let id = remembered(key);
  let offset = id === null ? 0 : await offsetOf(id, file, options);
  if (id === null || offset === null) {
    id = await begin(file, options);
    remember(key, id);
    offset = 0;
  }
  options.onProgress(id, offset);
  while (offset < file.size) {
    const next = await sendPart(file, id, offset, options);
    if (next === null) {
      forget(key);
      throw new UploadRefused("The document was deleted meanwhile.");
    }
    offset = next;
    options.onProgress(id, offset);
  }
  forget(key);
  return id;
}

async function begin(file: File, options: UploadOptions): Promise<string> {
  const response = await again(options, () =>
    fetch("/api/documents", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        name: file.name,
        size: file.size,
        projectId: options.projectId,
      }),
      signal: within(options, CALL_DEADLINE_MS),
    }));
  if (!response.ok) throw await refusal(response);
  const document: Document = await response.json();
  return document.id;
}

/** How much the server has of it; null: it knows of no such upload. */
async function offsetOf(
  id: string,
  file: File,
  options: UploadOptions,
): Promise<number | null> {
  const response = await again(
    options,
    () =>
      fetch(`/api/documents/${id}/upload`, {
        method: "HEAD",
        signal: within(options, CALL_DEADLINE_MS),
      }),
  );
  if (!response.ok) return null;
  const length = Number(response.headers.get("upload-length"));
  const offset = Number(response.headers.get("upload-offset"));
  // One that is whole is another document by now.
  return length === file.size && offset < length ? offset : null;
}

/** @returns how much the server has then; null: it knows of no such upload */
async function sendPart(
  file: File,
  id: string,
  offset: number,
  options: UploadOptions,
): Promise<number | null> {
  let isFirst = true;
  let from = offset;
  const response = await again(options, async () => {
    if (!isFirst) {
      // A part of what was sent may have come through.
      const now = await offsetOf(id, file, options);
      if (now === null) return new Response(null, { status: 404 });
      from = now;
    }
    isFirst = false;
    return await fetch(`/api/documents/${id}/upload`, {
      method: "PATCH",
      headers: {
        "content-type": "application/offset+octet-stream",
        "upload-offset": String(from),
      },
      body: file.slice(from, from + PART_BYTES),
      signal: within(options, PART_DEADLINE_MS),
    });
  });
  const there = response.headers.get("upload-offset");
  if ((response.ok || response.status === 409) && there !== null) {
    return Number(there);
  }
  if (response.status === 404) return null;
  throw await refusal(response);
}

/** Calls until there is an answer that is one: not while the network or the server is away. */
async function again(
  { signal, onWaiting }: UploadOptions,
  call: () => Promise<Response>,
): Promise<Response> {
  let isWaiting = false;
  for (let pauseMs = FIRST_PAUSE_MS;; pauseMs *= 2) {
    signal.throwIfAborted();
    try {
      const response = await call();
      if (response.status < 500 && response.status !== 408) {
        if (isWaiting) onWaiting(false);
        return response;
      }
    } catch (error) {
      if (signal.aborted) throw error;
    }
    isWaiting = true;
    onWaiting(true);
    await pause(Math.min(pauseMs, LONGEST_PAUSE_MS), signal);
  }
}

/** Ends early when the network is back. */
function pause(afterMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", end);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, afterMs);
    addEventListener("online", end);
    signal.addEventListener("abort", end);
  });
}

function within({ signal }: UploadOptions, afterMs: number): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(afterMs)]);
}

async function refusal(response: Response): Promise<UploadRefused> {
  const problem: Partial<Problem> = await response.json().catch(() => ({}));
  return new UploadRefused(
    response.status === 401
      ? "You are signed out. Load the page again to sign in."
      : problem.detail ?? "The server refuses the file.",
  );
}

/** A browser may keep nothing for the page. */
function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function remember(key: string, id: string): void {
  try {
    localStorage.setItem(key, id);
  } catch {
    // Then a reload begins anew.
  }
}

function forget(key: string): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // There was nothing.
  }
}
