import type { VNode } from "preact";
import { describe, FormField } from "@/components/FormField.tsx";
import {
  isRepeat,
  REPEAT_WORDS,
  type RepeatFields,
  REPEATS,
  WEEKDAYS,
} from "@/lib/shared/schedules/repeat.ts";

export interface RepeatChoiceProps {
  fields: RepeatFields;
  error?: string;
  onChange?: (change: Partial<RepeatFields>) => void;
}

const LAST_DAY_BY_NUMBER = 28;
const CRON_HINT =
  "Minute, hour, day of the month, month, day of the week: 0 7 * * 1-5 is every weekday at 07:00.";

/**
 * How often, and what that needs: which fields show is said by the style sheet, so that it is right without
 * a script.
 */
export function RepeatChoice(props: RepeatChoiceProps): VNode {
  const { fields, onChange } = props;
  return (
    <fieldset class="field schedule-repeat">
      <legend class="field-label">How often</legend>
      <div class="segments">
        {REPEATS.map((repeat) => (
          <label key={repeat}>
            <input
              type="radio"
              name="repeat"
              value={repeat}
              checked={repeat === fields.repeat}
              onChange={({ currentTarget: { value } }) =>
                isRepeat(value) && onChange?.({ repeat: value })}
            />
            {REPEAT_WORDS[repeat]}
          </label>
        ))}
      </div>
      <Needed {...props} />
    </fieldset>
  );
}

function Needed({ fields, error, onChange }: RepeatChoiceProps): VNode {
  const hear = (name: keyof RepeatFields) =>
  (
    { currentTarget: { value } }: {
      currentTarget: HTMLInputElement | HTMLSelectElement;
    },
  ) => onChange?.({ [name]: value });
  const cronError = fields.repeat === "cron" ? error : undefined;
  return (
    <div class="schedule-needs">
      <div data-for="week">
        <FormField id="schedule-weekday" label="Day">
          <select
            class="select"
            id="schedule-weekday"
            name="weekday"
            onChange={hear("weekday")}
          >
            {WEEKDAYS.map(([day, name]) => (
              <option
                key={day}
                value={String(day)}
                selected={String(day) === fields.weekday}
              >
                {name}
              </option>
            ))}
          </select>
        </FormField>
      </div>
      <div data-for="month">
        <FormField id="schedule-day" label="Day of the month">
          <select
            class="select"
            id="schedule-day"
            name="day"
            onChange={hear("day")}
          >
            {Array.from({ length: LAST_DAY_BY_NUMBER }, (_, place) => {
              const day = String(place + 1);
              return (
                <option key={day} value={day} selected={day === fields.day}>
                  {day}
                </option>
              );
            })}
            <option value="L" selected={fields.day === "L"}>Last day</option>
          </select>
        </FormField>
      </div>
      <div data-for="day weekdays week month">
        <FormField id="schedule-time" label="Time">
          <input
            class="input"
            type="time"
            id="schedule-time"
            name="time"
            value={fields.time}
            onInput={hear("time")}
          />
        </FormField>
      </div>
      <div data-for="hour">
        <FormField id="schedule-minute" label="Minutes past the hour">
          <input
            class="input"
            type="number"
            min={0}
            max={59}
            id="schedule-minute"
            name="minute"
            value={fields.minute}
            onInput={hear("minute")}
          />
        </FormField>
      </div>
      <div data-for="cron">
        <FormField
          id="schedule-cron"
          label="Cron text"
          hint={CRON_HINT}
          error={cronError}
        >
          <input
            class="input mono"
            id="schedule-cron"
            name="cron"
            autocomplete="off"
            spellcheck={false}
            value={fields.cron}
            onInput={hear("cron")}
            {...describe("schedule-cron", cronError, CRON_HINT)}
          />
        </FormField>
      </div>
      {fields.repeat !== "cron" && error !== undefined && (
        <p class="field-error">{error}</p>
      )}
    </div>
  );
}
