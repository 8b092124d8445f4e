/** Which secret encrypts what is secret in a store: a backup says so, since it does not hold the secret itself. */
import { Secrets } from "@/lib/secrets/secrets.ts";

/** Names the server's secret; null: none was ever needed, so none was made. */
export async function findSecretId(
  config: { secret: string | null; dataDir: string },
): Promise<string | null> {
  const secret = config.secret ?? await readSecret(`${config.dataDir}/secret`);
  return secret === null
    ? null
    : await new Secrets(() => Promise.resolve(secret)).keyId();
}

async function readSecret(path: string): Promise<string | null> {
  try {
    return (await Deno.readTextFile(path)).trim() || null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
