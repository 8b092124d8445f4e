/** The forms of `/admin/prices`, as they come without a script. */
import { priceSchema, type PriceSettings } from "@/lib/config/file.ts";
import { AppError } from "@/lib/errors.ts";
import { acceptVersion, attemptForm, parseForm } from "@/lib/http/task_form.ts";
import type { State } from "@/utils.ts";

/**
 * Does what a form asks for: sets a price, or removes one that was set.
 * @throws {FormRefused} when it cannot be done
 */
export async function changePrices(
  { caller, services: { priceSettings } }: State,
  form: URLSearchParams,
): Promise<void> {
  const accept = acceptVersion(form);
  const isRemoval = form.get("action") === "remove";
  const input = isRemoval ? null : parseForm(priceSchema, inputOf(form), form);
  await attemptForm(form, async () => {
    const { prices, version } = await priceSettings.all();
    accept(version);
    const place = isRemoval
      ? { model: form.get("model"), from: form.get("from") }
      : input!;
    const others: PriceSettings[] = prices
      .filter(({ source, model, from }) =>
        source === "edited" && (model !== place.model || from !== place.from)
      )
      .map(({ source: _, ...price }) => price);
    if (!isRemoval && form.get("action") !== "set") throw unknownForm();
    const next = input === null ? others : [...others, input];
    await priceSettings.set(caller, next, accept);
  });
}

function inputOf(form: URLSearchParams): Record<string, unknown> {
  const text = (name: string) => (form.get(name) ?? "").trim();
  const cached = text("cachedInputPerMillionUsd");
  return {
    model: text("model"),
    from: text("from"),
    inputPerMillionUsd: text("inputPerMillionUsd"),
    ...(cached === "" ? {} : { cachedInputPerMillionUsd: cached }),
    outputPerMillionUsd: text("outputPerMillionUsd"),
  };
}

function unknownForm(): AppError {
  return new AppError({
    status: 400,
    code: "invalid_request",
    message: "The form is not known.",
  });
}
