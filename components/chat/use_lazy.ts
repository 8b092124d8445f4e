import { useEffect, useState } from "preact/hooks";

const ANNOUNCED_FAILURE = "This part of the page could not be loaded.";

/** What a chunk of its own gives, once it is wanted and there; null before. */
export function useLazy<T>(
  isWanted: boolean,
  load: () => Promise<T>,
): T | null {
  const [loaded, setLoaded] = useState<{ part: T } | null>(null);
  useEffect(() => {
    if (!isWanted || loaded !== null) return;
    load().then(
      (part) => setLoaded({ part }),
      (error) => reportError(new Error(ANNOUNCED_FAILURE, { cause: error })),
    );
  }, [isWanted]);
  return loaded?.part ?? null;
}
