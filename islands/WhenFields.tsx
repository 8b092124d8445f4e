import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { describe, FormField } from "@/components/FormField.tsx";
import { NextTimes } from "@/components/schedules/NextTimes.tsx";
import { RepeatChoice } from "@/components/schedules/RepeatChoice.tsx";
import { sentence } from "@/components/schedules/ScheduleRow.tsx";
import { type Clock, readClock } from "@/lib/shared/clock.ts";
import { cronOf, type RepeatFields } from "@/lib/shared/schedules/repeat.ts";
import { previewSchedule } from "@/lib/shared/schedules/schedule_requests.ts";
import type { SchedulePreview } from "@/lib/shared/wire.ts";

export interface WhenFieldsProps {
  fields: RepeatFields;
  timeZone: string;
  /** Whether the time zone was chosen, or is only where the server stands. */
  hasZone: boolean;
  zones: string[];
  /** What the page was made with; null: it cannot be read. */
  preview: SchedulePreview | null;
  errors: { cron?: string; timeZone?: string };
  clock: Clock;
}

/** How long typing rests before the times are asked for, in milliseconds. */
const REST_MS = 250;

/** When a schedule is due: choices, and while they are made the next five times. */
export default function WhenFields(props: WhenFieldsProps): VNode {
  const { zones, errors, clock } = props;
  const [fields, setFields] = useState(props.fields);
  const [timeZone, setTimeZone] = useState(props.timeZone);
  const [preview, setPreview] = useState(props.preview);
  const [error, setError] = useState(errors.cron);
  const [viewer, setViewer] = useState(clock);
  const isFirst = useRef(true);
  useEffect(() => {
    const own = readClock();
    setViewer(own);
    if (!props.hasZone && own.timeZone !== timeZone) setTimeZone(own.timeZone);
  }, []);
  const cron = cronOf(fields);
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    const over = new AbortController();
    const timer = setTimeout(async () => {
      const answer = await previewSchedule(cron, timeZone, over.signal);
      if (over.signal.aborted || answer === null) return;
      if ("error" in answer) {
        setError(answer.error);
        setPreview(null);
      } else {
        setError(undefined);
        setPreview(answer);
      }
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      over.abort();
    };
  }, [cron, timeZone]);
  return (
    <>
      <RepeatChoice
        fields={fields}
        error={error}
        onChange={(change) => setFields((before) => ({ ...before, ...change }))}
      />
      <FormField
        id="schedule-zone"
        label="Time zone"
        error={errors.timeZone}
      >
        <input
          class="input"
          id="schedule-zone"
          name="timeZone"
          list="zones"
          autocomplete="off"
          required
          value={timeZone}
          onInput={(event) => setTimeZone(event.currentTarget.value)}
          {...describe("schedule-zone", errors.timeZone)}
        />
        <datalist id="zones">
          {zones.map((zone) => <option key={zone} value={zone} />)}
        </datalist>
      </FormField>
      <div class="schedule-preview" role="status" aria-label="Next times">
        {preview === null
          ? <p class="hint">The next five times show here.</p>
          : (
            <>
              <p>
                <strong>{sentence(preview.words)}</strong>
              </p>
              <NextTimes
                times={preview.nextTimes}
                timeZone={preview.timeZone}
                viewerZone={viewer.timeZone}
                nowMs={viewer.nowMs}
              />
            </>
          )}
      </div>
    </>
  );
}
