/**
 * An operating-system lock on a small file beside the store shows the other processes of this machine
 * that an incarnation is alive: the system lets go of it in the instant the process ends, however it
 * ends. A holder that is alive but frozen keeps its lock.
 */
export interface IncarnationLock {
  /** Lets go and removes the file. */
  release(): Promise<void>;
}

/** Takes the lock of a new incarnation; before it is born, so that nobody sees it without. */
export async function holdLock(
  storePath: string,
  incarnation: string,
): Promise<IncarnationLock> {
  const lock = await takeLock(storePath, incarnation, { createNew: true });
  if (lock === null) {
    throw new Error(`Lock of incarnation "${incarnation}" is already held`);
  }
  return lock;
}

/**
 * Takes the lock of another incarnation, which proves that its process has ended; null while that
 * process lives. A lock file that is gone was released by its holder.
 */
export function seizeLock(
  storePath: string,
  incarnation: string,
): Promise<IncarnationLock | null> {
  return takeLock(storePath, incarnation, { create: true });
}

async function takeLock(
  storePath: string,
  incarnation: string,
  how: { create: true } | { createNew: true },
): Promise<IncarnationLock | null> {
  const folder = `${storePath.replace(/[^/\\]*$/, "")}inc`;
  const path = `${folder}/${incarnation}`;
  await Deno.mkdir(folder, { recursive: true });
  const file = await Deno.open(path, { read: true, write: true, ...how });
  let held = false;
  try {
    held = await file.tryLock(true);
  } finally {
    if (!held) file.close();
  }
  if (!held) return null;
  return {
    async release() {
      try {
        await Deno.remove(path);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      } finally {
        file.close();
      }
    },
  };
}
