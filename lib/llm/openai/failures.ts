/**
 * What can go wrong with a provider, as one `ProviderError` each, in words for a person. Codes and
 * statuses are those of Freshet's own API; OpenAI's are described at
 * https://platform.openai.com/docs/guides/error-codes.
 */
import { ProviderError } from "@/lib/errors.ts";
import type { DeadlineName } from "@/lib/llm/openai/deadlines.ts";
import {
  type ErrorMembers,
  parseErrorBody,
  retryAfterMs,
} from "@/lib/llm/openai/error_body.ts";
import { scrub } from "@/lib/llm/openai/scrub.ts";

/** A refusal before it is judged. */
export interface Refusal {
  status: number;
  /** The body as it came; JSON, HTML or nothing. */
  body: string;
  header: (name: string) => string | null;
  model: string | null;
  cause?: unknown;
}

const CONTEXT_LENGTH =
  /context.{0,10}(length|window|size)|maximum context|prompt is too long|too many (input )?tokens|input is too long/i;
const ADDRESS_HINT = "Check its base URL, which usually ends in /v1";

function seconds(ms: number): string {
  // What is left of a deadline has fractions of a millisecond.
  const whole = Math.round(ms);
  const value = whole >= 1000 ? Math.round(whole / 1000) : whole / 1000;
  return `${value} ${value === 1 ? "second" : "seconds"}`;
}

/** Makes the errors of one provider; knows its name and the key that must never show. */
export class ProviderFailures {
  constructor(
    private readonly id: string,
    private readonly apiKey: string | null,
  ) {}

  private make(
    status: number,
    code: string,
    message: string,
    retryable: boolean,
    more: {
      cause?: unknown;
      providerStatus?: number;
      retryAfterMs?: number | null;
      extra?: Record<string, unknown>;
    } = {},
  ): ProviderError {
    const waitMs = more.retryAfterMs ?? null;
    const headers: Record<string, string> = waitMs === null
      ? {}
      : { "Retry-After": String(Math.ceil(waitMs / 1000)) };
    return new ProviderError({
      status,
      code,
      message,
      retryable,
      headers,
      ...more,
    });
  }

  /** A deadline passed; `extra.deadline` of the error names it. */
  timeout(deadline: DeadlineName, limitMs: number): ProviderError {
    const limit = seconds(limitMs);
    const happened: Record<DeadlineName, string> = {
      connect: `could not be reached within ${limit}`,
      firstToken: `did not begin to answer within ${limit}`,
      tokenGap:
        `stopped in the middle of the answer and sent nothing for ${limit}`,
      tail: `did not end its answer within ${limit}`,
      total: `did not finish its answer within ${limit}`,
    };
    return this.make(
      504,
      "provider_timeout",
      `The provider "${this.id}" ${
        happened[deadline]
      }. Try again, or choose another model.`,
      true,
      { extra: { deadline } },
    );
  }

  /** All sockets that the provider may use stayed in use. */
  busy(maxConnections: number, limitMs: number): ProviderError {
    return this.make(
      504,
      "provider_timeout",
      `All ${maxConnections} connections to the provider "${this.id}" stayed in use for ${
        seconds(limitMs)
      }. Try again in a moment.`,
      true,
      { extra: { deadline: "firstToken" } },
    );
  }

  /** No connection, or it was lost before the provider answered. */
  unreachable(cause: unknown): ProviderError {
    const code = String((cause as { code?: unknown } | null)?.code);
    if (/CERT|SSL|TLS/.test(code)) {
      return this.make(
        502,
        "provider_unavailable",
        `The provider "${this.id}" has a certificate that is not trusted. If it is signed by an authority of your own, name that authority's file in NODE_EXTRA_CA_CERTS and start again.`,
        false,
        { cause },
      );
    }
    const reason = code === "ECONNREFUSED"
      ? "refused the connection"
      : code === "ENOTFOUND" || code === "EAI_AGAIN"
      ? "has an address that cannot be found"
      : "could not be reached";
    return this.make(
      502,
      "provider_unavailable",
      `The provider "${this.id}" ${reason}. Check that it is running and that its base URL is right, then try again.`,
      true,
      { cause },
    );
  }

  /** The answer broke off. */
  broken(cause?: unknown): ProviderError {
    return this.make(
      502,
      "provider_stream_broken",
      `The answer of the provider "${this.id}" broke off before its end. Try again.`,
      true,
      { cause },
    );
  }

  /** What came is no answer. `what` ends the sentence "The provider sent …". */
  malformed(what: string, cause?: unknown): ProviderError {
    return this.make(
      502,
      "provider_malformed",
      `The provider "${this.id}" sent ${what}. ${ADDRESS_HINT}, then try again.`,
      true,
      { cause },
    );
  }

  /** An answer that had begun goes on with what is none. `what` as for `malformed`. */
  garbled(what: string, cause?: unknown): ProviderError {
    return this.make(
      502,
      "provider_malformed",
      `The provider "${this.id}" sent ${what} in the middle of its answer. Try again, or choose another model.`,
      true,
      { cause },
    );
  }

  /** An error event inside a stream that had begun well. */
  inStream(members: ErrorMembers, model: string | null): ProviderError {
    const status = Number(members.code);
    if (status >= 400 && status < 600) {
      return this.refusal({
        status,
        body: JSON.stringify({ error: members }),
        header: () => null,
        model,
      });
    }
    if (
      members.code === "rate_limit_exceeded" || CONTEXT_LENGTH.test(
        `${members.code} ${members.message}`,
      )
    ) {
      return this.refusal({
        status: members.code === "rate_limit_exceeded" ? 429 : 400,
        body: JSON.stringify({ error: members }),
        header: () => null,
        model,
      });
    }
    return this.make(
      502,
      "provider_stream_broken",
      `The provider "${this.id}" broke off its answer with an error: ${
        this.quote(members)
      }`,
      true,
    );
  }

  private quote(members: ErrorMembers | null): string {
    return scrub(members?.message ?? "", this.apiKey) || "It gave no reason.";
  }

  /** An HTTP status of 300 or more. */
  refusal(refusal: Refusal): ProviderError {
    const { status, model } = refusal;
    const members = parseErrorBody(refusal.body);
    const said = this.quote(members);
    const more = {
      cause: refusal.cause,
      providerStatus: status,
      retryAfterMs: retryAfterMs(refusal.header),
    };
    const name = `The provider "${this.id}"`;
    if (status < 400) {
      return this.make(
        502,
        "provider_malformed",
        `${name} answered with a redirect, which is not followed. ${ADDRESS_HINT}.`,
        false,
        more,
      );
    }
    if (status === 401 || status === 403) {
      return this.make(
        502,
        "provider_auth_failed",
        status === 401
          ? `${name} did not accept its API key. Check the key in the settings.`
          : `${name} does not allow this with its API key. Check what the key may do, or choose another model.`,
        false,
        more,
      );
    }
    if (status === 404 && this.isUnknownModel(members)) {
      return this.make(
        404,
        "model_not_found",
        `${name} has no model "${
          scrub(model ?? "", this.apiKey)
        }". Choose another model.`,
        false,
        more,
      );
    }
    if (status === 404) {
      return this.make(
        400,
        "provider_refused",
        `${name} does not know the address it was asked at. ${ADDRESS_HINT}.`,
        false,
        more,
      );
    }
    if (status === 429) {
      const spent = members?.code === "insufficient_quota";
      return this.make(
        429,
        "provider_rate_limited",
        spent
          ? `${name} says that its quota is spent: ${said}`
          : `${name} is rate limiting: ${said} Wait a moment, then try again.`,
        !spent,
        more,
      );
    }
    if (status === 408 || status === 504) {
      return this.make(
        504,
        "provider_timeout",
        `${name} says that it took too long. Try again, or choose another model.`,
        true,
        more,
      );
    }
    if (status === 409 || status >= 500) {
      return this.make(
        502,
        "provider_unavailable",
        `${name} has trouble of its own (status ${status}). Try again in a moment, or choose another model.`,
        true,
        more,
      );
    }
    if (CONTEXT_LENGTH.test(`${members?.code} ${members?.message}`)) {
      return this.make(
        400,
        "context_length_exceeded",
        `The conversation is too long for the model "${
          scrub(model ?? "", this.apiKey)
        }". Shorten it, start a new thread or choose a model that takes more.`,
        false,
        more,
      );
    }
    return this.make(
      400,
      "provider_refused",
      `${name} refused the request: ${said}`,
      false,
      more,
    );
  }

  private isUnknownModel(members: ErrorMembers | null): boolean {
    return members !== null &&
      /model/i.test(`${members.code} ${members.param} ${members.message}`);
  }
}
