/** Why a name leads to no model, in words for who asks. */
import { AppError } from "@/lib/errors.ts";

/** 404 `model_not_found`. */
export function modelNotFound(name: string): AppError {
  return new AppError({
    status: 404,
    code: "model_not_found",
    message: `There is no model "${name}". Choose one from the list of models.`,
  });
}

/** A model that is there, and that nobody is asked for now. */
export function switchedOff(name: string, what: string): AppError {
  return new AppError({
    status: 404,
    code: "model_not_found",
    message:
      `The model "${name}" takes no new questions: ${what} is switched off. Choose another model, or ask an admin of the server.`,
  });
}
