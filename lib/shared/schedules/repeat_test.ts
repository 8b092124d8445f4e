import assert from "node:assert/strict";
import { cronOf, FIRST_REPEAT, repeatOf, REPEATS } from "./repeat.ts";

Deno.test("repeatOf: gives back what was chosen, whatever it was", () => {
  for (const repeat of REPEATS) {
    const cron = cronOf({
      repeat,
      time: "06:05",
      minute: "30",
      weekday: "0",
      day: "L",
      cron: "*/5 9-17 * * 1,3",
    });
    const fields = repeatOf(cron);
    assert.equal(fields.repeat, repeat, cron);
    assert.equal(cronOf(fields), cron);
  }
});

Deno.test("cronOf: what is no time becomes a text that is none either", () => {
  for (const time of ["", ":", "7", "seven"]) {
    const cron = cronOf({ ...FIRST_REPEAT, time });
    assert.equal(repeatOf(cron).repeat, "cron", `“${time}” gave “${cron}”`);
  }
});
