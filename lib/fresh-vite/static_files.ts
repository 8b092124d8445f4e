import { join } from "node:path";
import { contentTypeOf } from "./content_type.ts";

/** A static file as `lib/fresh/snapshot.ts` describes it. */
export interface StaticFile {
  pathname: string;
  filePath: string;
  contentType: string;
  hash: string;
  immutable: boolean;
}

/** Hex SHA-256 of `content`. */
export async function hashOf(
  content: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", content);
  return new Uint8Array(digest).toHex();
}

/** Path below a static folder, or null when it could lead out of it. */
function safePath(pathname: string): string | null {
  const parts = pathname.split("/").slice(1);
  const unsafe = parts.some((part) =>
    part === "" || part === "." || part === ".." || /[\\\0]/.test(part)
  );
  return unsafe ? null : parts.join("/");
}

/**
 * Looks `pathname`, a decoded URL path, up in `folders` on disk, the first folder that holds it wins. For development:
 * each call reads and hashes the file again.
 */
export async function findStaticFile(
  folders: string[],
  pathname: string,
): Promise<StaticFile | null> {
  const relative = safePath(pathname);
  if (relative === null) return null;
  for (const folder of folders) {
    const filePath = join(folder, relative);
    try {
      const content = await Deno.readFile(filePath);
      return {
        pathname,
        filePath,
        contentType: contentTypeOf(filePath),
        hash: await hashOf(content),
        immutable: false,
      };
    } catch {
      // Not there, or a folder: the next one may hold it.
    }
  }
  return null;
}
