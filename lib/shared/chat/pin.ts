/**
 * Whether a growing thread is followed. Someone who moves up, however little, wants to read and is left
 * alone; someone who comes back to the end wants to follow again. Moves are told by positions alone,
 * never by time, so that our own scrolling is never taken for theirs.
 */

/** Upward movement that counts as one, in pixels: below it is rounding. */
const UNPIN_PX = 3;

/** Distance from the end within which a downward move follows again, in pixels. */
const REPIN_PX = 60;

export interface ScrollPosition {
  top: number;
  /** Height of what is visible. */
  clientHeight: number;
  scrollHeight: number;
}

export interface Pin {
  isPinned: boolean;
  /** Lowest place reached since the last decision, from which moves are measured. */
  referenceTop: number;
}

function distanceToEnd(position: ScrollPosition): number {
  return position.scrollHeight - position.clientHeight - position.top;
}

/** The pin after a scroll event. */
export function afterScroll(pin: Pin, position: ScrollPosition): Pin {
  const distance = distanceToEnd(position);
  // At the very end there is nothing above the end to read: content shrank, or they came back.
  if (distance <= 1) return { isPinned: true, referenceTop: position.top };
  const moved = position.top - pin.referenceTop;
  if (moved < -UNPIN_PX) {
    return { isPinned: false, referenceTop: position.top };
  }
  if (moved > 0) {
    return {
      isPinned: pin.isPinned || distance <= REPIN_PX,
      referenceTop: position.top,
    };
  }
  return pin;
}

/** The pin after we have scrolled to the end ourselves. */
export function atEnd(position: ScrollPosition): Pin {
  return { isPinned: true, referenceTop: position.top };
}
