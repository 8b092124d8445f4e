import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { formatWait } from "@/lib/shared/sign_in_words.ts";

const SECOND_MS = 1_000;

/** How long to wait before the next try; it counts down where a script runs. */
export default function WaitClock({ seconds }: { seconds: number }): VNode {
  const [left, setLeft] = useState(seconds);
  useEffect(() => {
    const endMs = performance.now() + seconds * SECOND_MS;
    const timer = setInterval(() => {
      const leftMs = endMs - performance.now();
      setLeft(Math.max(0, Math.ceil(leftMs / SECOND_MS)));
      if (leftMs <= 0) clearInterval(timer);
    }, SECOND_MS / 4);
    return () => clearInterval(timer);
  }, [seconds]);
  return (
    <>
      <span role="timer">
        {left > 0 ? `Try again in ${formatWait(left)}.` : ""}
      </span>
      <span role="status">{left > 0 ? "" : "You can try again now."}</span>
    </>
  );
}
