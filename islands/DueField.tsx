import type { VNode } from "preact";
import { useClock } from "@/components/chat/use_clock.ts";
import { describe, FormField } from "@/components/FormField.tsx";
import type { Clock } from "@/lib/shared/clock.ts";
import { dayOf } from "@/lib/shared/format.ts";

export interface DueFieldProps {
  dueAt: string | null;
  /** The day as it was typed, when the form was refused. */
  typed?: string;
  error?: string;
  clock: Clock;
}

/** The day a task is due, in the viewer's time zone, which goes with the form. */
export default function DueField(
  { dueAt, typed, error, clock }: DueFieldProps,
): VNode {
  const { timeZone } = useClock(clock);
  const day = dueAt === null ? "" : dayOf(new Date(dueAt), timeZone);
  return (
    <FormField id="task-due" label="Due" error={error}>
      <input
        class="input"
        type="date"
        id="task-due"
        name="due"
        defaultValue={typed ?? day}
        {...describe("task-due", error)}
      />
      <input type="hidden" name="timeZone" value={timeZone} />
    </FormField>
  );
}
