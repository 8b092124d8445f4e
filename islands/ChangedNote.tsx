import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Icon } from "@/components/Icon.tsx";
import type { LoggedEvent, Page } from "@/lib/shared/wire.ts";

/** How long the log of events may take, in milliseconds. */
const LOG_DEADLINE_MS = 10_000;

export interface ChangedNoteProps {
  /** Beginnings of the types of events after which the page shows what is old, such as `budget.`. */
  types: readonly string[];
  /** When the page was made, RFC 3339; what happened before is on it. */
  madeAt: string;
}

/**
 * Says that something on a page of the workspace was changed elsewhere. The page itself stays as it is,
 * since somebody may be filling in a form of it.
 */
export default function ChangedNote(
  { types, madeAt }: ChangedNoteProps,
): VNode {
  const [isOld, setOld] = useState(false);
  useEffect(() => {
    let isGone = false;
    let stop = () => {};
    void import("@/lib/shared/live/live_client.ts").then(({ live }) => {
      if (isGone) return;
      stop = live().on("workspace", ({ type, at }) => {
        // Between the making of the page and now nobody listened.
        if (type === "channel.open") {
          void hasChangedSince(types, madeAt).then((has) =>
            has && setOld(true)
          );
          return;
        }
        const isMeant = types.some((each) => type.startsWith(each));
        if (type === "events.lost" || (isMeant && at > madeAt)) setOld(true);
      });
    });
    return () => {
      isGone = true;
      stop();
    };
  }, []);
  return (
    <div role="status">
      {isOld && (
        <div class="callout" data-kind="info">
          <Icon name="alert" />
          <p>
            This page was changed elsewhere. <a href="">Show it as it is now</a>
          </p>
        </div>
      )}
    </div>
  );
}

/** Whether the log of the workspace has something of these types since then; false where it cannot be read. */
async function hasChangedSince(
  types: readonly string[],
  since: string,
): Promise<boolean> {
  const query = new URLSearchParams({ scope: "workspace", from: since });
  try {
    const answer = await fetch(`/api/events?${query}`, {
      signal: AbortSignal.timeout(LOG_DEADLINE_MS),
    });
    if (!answer.ok) return false;
    const { items }: Page<LoggedEvent> = await answer.json();
    return items.some(({ type }) =>
      types.some((each) => type.startsWith(each))
    );
  } catch {
    return false;
  }
}
