/**
 * Development, in the browser: lets signals made by `useSignal()` survive an edit, as the state of
 * `useState()` does. Prefresh makes memos run again after an edit, and `useSignal()` is a memo.
 */
import { Signal } from "@preact/signals";
import { options, type VNode } from "preact";

/** A hook's record within Preact 10: value and arguments, by the names of its release builds. */
interface HookRecord {
  __?: unknown;
  __H?: unknown;
}

interface RenderedNode extends VNode {
  __c?: { __H?: { __?: HookRecord[] } };
}

/** Neither computed signals, whose function an edit may change, nor other values. */
function isPlainSignal(value: unknown): boolean {
  return value instanceof Signal &&
    Object.getPrototypeOf(value) === Signal.prototype;
}

const previous = options.diffed;
options.diffed = (node) => {
  previous?.(node);
  for (const hook of (node as RenderedNode).__c?.__H?.__ ?? []) {
    if (
      isPlainSignal(hook.__) && Array.isArray(hook.__H) && hook.__H.length === 0
    ) {
      // Equal to no arguments when Preact compares, and no array when Prefresh looks for one.
      hook.__H = { length: 0 };
    }
  }
};
