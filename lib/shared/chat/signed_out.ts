import { signal } from "@preact/signals";
import type { VNode } from "preact";

/** What the page shows above the composer once its session has ended; null while it has not. */
export const signedOut = signal<VNode | null>(null);
