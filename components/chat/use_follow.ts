import { type Signal, signal, useSignalEffect } from "@preact/signals";
import type { RefObject } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { afterScroll, atEnd, type Pin } from "@/lib/shared/chat/pin.ts";

/** Space above a question that was brought to the top, in pixels. */
const TOP_GAP_PX = 16;

/** Keeps the end of a thread in sight while its reader is there. */
export interface Follow {
  log: RefObject<HTMLDivElement>;
  turns: RefObject<HTMLDivElement>;
  /** Room below the last turn, so that a new question can stand at the top. */
  rest: RefObject<HTMLDivElement>;
  /** Whether there is something new below what is in sight. */
  hasUnseen: Signal<boolean>;
  toEnd: () => void;
  /** Begins to follow once the elements are there; returns how to stop. */
  watch: () => () => void;
}

/**
 * Follows a thread; each change of `asked` brings its last question near the top. Only what grows while
 * an answer is written counts as unseen, not an image or code that takes its size late.
 */
export function useFollow(
  asked: Signal<number>,
  isGrowing: () => boolean,
): Follow {
  const log = useRef<HTMLDivElement>(null);
  const turns = useRef<HTMLDivElement>(null);
  const rest = useRef<HTMLDivElement>(null);
  const hasUnseen = useMemo(() => signal(false), []);
  const pin = useRef<Pin>({ isPinned: false, referenceTop: 0 });

  const position = () => ({
    top: log.current!.scrollTop,
    clientHeight: log.current!.clientHeight,
    scrollHeight: log.current!.scrollHeight,
  });

  const toEnd = () => {
    const pane = log.current;
    if (pane === null) return;
    pane.scrollTop = pane.scrollHeight;
    pin.current = atEnd(position());
    hasUnseen.value = false;
  };

  /** Gives the last turn as much room below as it lacks to fill the pane. */
  const fitRest = () => {
    const last = turns.current?.lastElementChild;
    if (!log.current || !rest.current || !last || asked.peek() === 0) return;
    const paddingBottom = parseFloat(
      getComputedStyle(log.current).paddingBottom,
    );
    const room = log.current.clientHeight - TOP_GAP_PX - paddingBottom -
      last.getBoundingClientRect().height;
    rest.current.style.height = `${Math.max(0, Math.floor(room))}px`;
  };

  const watch = () => {
    const pane = log.current!;
    const content = turns.current!;
    // A link to a turn says where to begin; else a thread begins at its end.
    if (location.hash === "") toEnd();
    let heightPx = content.offsetHeight;
    const observer = new ResizeObserver(() => {
      fitRest();
      const grew = content.offsetHeight > heightPx;
      heightPx = content.offsetHeight;
      if (pin.current.isPinned) toEnd();
      else if (grew && isGrowing()) hasUnseen.value = true;
    });
    observer.observe(content);
    observer.observe(pane);
    const onScroll = () => {
      pin.current = afterScroll(pin.current, position());
      if (pin.current.isPinned) hasUnseen.value = false;
    };
    pane.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      observer.disconnect();
      pane.removeEventListener("scroll", onScroll);
    };
  };

  useSignalEffect(() => {
    if (asked.value === 0) return;
    // After the new turn is drawn, and before it is painted.
    queueMicrotask(() =>
      requestAnimationFrame(() => {
        fitRest();
        toEnd();
      })
    );
  });

  return { log, turns, rest, hasUnseen, toEnd, watch };
}
