/** The secret of a server that is given none: random, kept in the data folder, readable by its user alone. */

const SECRET_BYTES = 32;
/** Base64 without padding. */
const SECRET_CHARACTERS = 43;
const OWNER_ONLY = 0o600;

/** How long another process may take to write it. */
const WRITE_DEADLINE_MS = 5_000;
const PAUSE_MS = 20;

/**
 * Reads the secret, or makes it when there is none. Of several processes that make one at the same time
 * one does, and the others read that.
 * @throws {Error} when the file cannot be used
 */
export async function loadSecret(path: string): Promise<string> {
  const made = await make(path);
  if (made !== null) return made;
  const giveUpAt = performance.now() + WRITE_DEADLINE_MS;
  while (true) {
    const secret = (await Deno.readTextFile(path)).trim();
    if (secret.length >= SECRET_CHARACTERS) return secret;
    if (performance.now() > giveUpAt) {
      throw new Error(`File "${path}" holds no secret; want 43 characters`);
    }
    // The process that makes it has not written it yet.
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** A new secret in a new file, or null: the file is there. */
async function make(path: string): Promise<string | null> {
  let file: Deno.FsFile;
  try {
    await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
    file = await Deno.open(path, {
      write: true,
      createNew: true,
      mode: OWNER_ONLY,
    });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return null;
    throw error;
  }
  const secret = crypto.getRandomValues(new Uint8Array(SECRET_BYTES))
    .toBase64({ omitPadding: true });
  try {
    const writer = file.writable.getWriter();
    await writer.write(new TextEncoder().encode(`${secret}\n`));
    await writer.close();
  } catch (error) {
    await Deno.remove(path).catch(() => {});
    throw error;
  }
  return secret;
}
