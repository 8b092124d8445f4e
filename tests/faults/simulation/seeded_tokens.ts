/** Ids and tokens out of a seed while a schedule is played: the order of keys depends on them. */
import { seededRandom } from "@/lib/kv/testing/random.ts";

/**
 * Lets ids and tokens depend on the seed alone until the work is done. `Date.now` stands still: how many
 * random bytes an id takes depends on it.
 */
export async function withSeededTokens<T>(
  seed: number,
  work: () => Promise<T>,
): Promise<T> {
  const random = seededRandom(seed);
  const real = crypto.getRandomValues;
  const { now } = Date;
  Date.now = () => 0;
  // Its type depends on what else is checked with it, so its own is spelled out.
  crypto.getRandomValues = <T extends ArrayBufferView | null>(array: T): T => {
    const { buffer, byteOffset, byteLength } = array!;
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    for (let index = 0; index < bytes.length; index += 1) {
      bytes[index] = Math.floor(random() * 256);
    }
    return array;
  };
  try {
    return await work();
  } finally {
    crypto.getRandomValues = real;
    Date.now = now;
  }
}
