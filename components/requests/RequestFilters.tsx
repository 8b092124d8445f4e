import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { describe, FormField } from "@/components/FormField.tsx";
import {
  REQUEST_CACHES,
  REQUEST_SOURCES,
  REQUEST_STATUSES,
  type RequestFilter,
  type RequestFilterName,
  requestQuery,
} from "@/lib/shared/requests/request_filter.ts";
import { cacheWords, codeWords } from "@/lib/shared/requests/request_words.ts";

export interface RequestFiltersProps {
  filter: RequestFilter;
  /** What is wrong, by name of the member. */
  errors: Readonly<Record<string, string>>;
  /** What the person and the key are called, by their ids. */
  labels: Readonly<Record<string, string>>;
  /** Requests that failed in the last 24 hours, counted up to 200; null: it is not known. */
  failedToday: number | null;
  onSubmit: (event: SubmitEvent) => void;
}

/** What is counted no further. */
const MOST_COUNTED = 200;

const PATH = "/admin/requests";

/** Members that have a field behind “Filter”. */
const FIELDS: readonly RequestFilterName[] = [
  "user",
  "key",
  "model",
  "provider",
  "status",
  "source",
  "cache",
  "error",
  "seconds",
  "from",
  "to",
];

const CHIPS: Partial<Record<RequestFilterName, string>> = {
  user: "Person",
  key: "Key",
  model: "Model",
  provider: "Provider",
  status: "Ended as",
  source: "Source",
  cache: "Cache",
  error: "Error",
  seconds: "Seconds",
  from: "From",
  to: "Before",
};

/** What the list of requests is narrowed to. It works without a script. */
export function RequestFilters(
  { filter, errors, labels, failedToday, onSubmit }: RequestFiltersProps,
): VNode {
  const chips = (Object.keys(CHIPS) as RequestFilterName[])
    .filter((name) => filter[name] !== "");
  const isOpen = FIELDS.some((name) => errors[name] !== undefined);
  return (
    <form
      class="toolbar bar-pad requests-bar"
      method="get"
      action={PATH}
      role="search"
      aria-label="Requests"
      onSubmit={onSubmit}
    >
      <div class="search">
        <Icon name="search" small />
        <label class="sr" for="q">Find requests</label>
        <input
          class="input"
          id="q"
          name="q"
          type="search"
          autocomplete="off"
          spellcheck={false}
          placeholder="Request id, model, person, key, error"
          value={filter.q}
          {...describe("q", errors.q)}
        />
      </div>
      <div class="segments" role="group" aria-label="Result">
        <Segment filter={filter} result="" title="All" />
        <Segment
          filter={filter}
          result="failed"
          title="Failed"
          count={failedToday}
        />
        <Segment filter={filter} result="slow" title="Slow" />
      </div>
      <details class="requests-more" open={isOpen}>
        <summary class="btn btn-quiet">
          <Icon name="filter" small />Filter
        </summary>
        <div class="requests-fields">
          <TextField
            name="user"
            label="Person: name, email or id"
            filter={filter}
            errors={errors}
          />
          <TextField
            name="key"
            label="Key: name or id"
            filter={filter}
            errors={errors}
          />
          <TextField
            name="model"
            label="Model"
            filter={filter}
            errors={errors}
          />
          <TextField
            name="provider"
            label="Provider"
            filter={filter}
            errors={errors}
          />
          <ChoiceField
            name="status"
            label="Ended as"
            filter={filter}
            options={REQUEST_STATUSES.map((each) => [each, codeWords(each)])}
          />
          <ChoiceField
            name="source"
            label="Source"
            filter={filter}
            options={REQUEST_SOURCES.map((each) => [
              each,
              each === "chat" ? "Pages and /api" : "Programs over /v1",
            ])}
          />
          <ChoiceField
            name="cache"
            label="Cache"
            filter={filter}
            options={REQUEST_CACHES.map((each) => [
              each,
              codeWords(cacheWords(each)),
            ])}
          />
          <TextField
            name="error"
            label="Error code or HTTP status"
            filter={filter}
            errors={errors}
          />
          <TextField
            name="seconds"
            label="Took at least, in seconds"
            filter={filter}
            errors={errors}
            type="number"
          />
          <TextField
            name="from"
            label="From (UTC)"
            filter={filter}
            errors={errors}
            type="datetime-local"
          />
          <TextField
            name="to"
            label="Before (UTC)"
            filter={filter}
            errors={errors}
            type="datetime-local"
          />
          <div class="btn-row">
            <button class="btn" type="submit">Show requests</button>
          </div>
        </div>
      </details>
      {filter.result !== "" && (
        <input type="hidden" name="result" value={filter.result} />
      )}
      {chips.length > 0 && (
        <ul class="requests-chips" aria-label="Narrowed to">
          {chips.map((name) => {
            const text = labels[filter[name]] ?? filter[name];
            return (
              <li key={name} class="chip">
                <span class="soft">{CHIPS[name]}</span>{" "}
                <span class="cut">{text}</span>
                <a
                  href={`${PATH}${requestQuery(filter, { [name]: "" })}`}
                  aria-label={`Remove ${CHIPS[name]} ${text}`}
                >
                  <Icon name="close" small />
                </a>
              </li>
            );
          })}
        </ul>
      )}
    </form>
  );
}

function Segment(
  { filter, result, title, count = null }: {
    filter: RequestFilter;
    result: string;
    title: string;
    count?: number | null;
  },
): VNode {
  return (
    <a
      href={`${PATH}${requestQuery(filter, { result })}`}
      aria-current={filter.result === result ? "true" : undefined}
    >
      {title}
      {count !== null && count > 0 && (
        <>
          {" "}
          <span class="tnum faint" title="In the last 24 hours">
            {count < MOST_COUNTED ? count : `${MOST_COUNTED}+`}
            <span class="sr">in the last 24 hours</span>
          </span>
        </>
      )}
    </a>
  );
}

interface FieldProps {
  name: RequestFilterName;
  label: string;
  filter: RequestFilter;
}

function TextField(
  { name, label, filter, errors, type = "text" }: FieldProps & {
    errors: Readonly<Record<string, string>>;
    type?: string;
  },
): VNode {
  const id = `request-${name}`;
  return (
    <FormField id={id} label={label} error={errors[name]}>
      <input
        class="input"
        id={id}
        name={name}
        type={type}
        min={type === "number" ? 0 : undefined}
        step={type === "number" ? "any" : undefined}
        autocomplete="off"
        spellcheck={false}
        value={filter[name]}
        {...describe(id, errors[name])}
      />
    </FormField>
  );
}

function ChoiceField(
  { name, label, filter, options }: FieldProps & {
    options: readonly (readonly [value: string, text: string])[];
  },
): VNode {
  const id = `request-${name}`;
  return (
    <FormField id={id} label={label}>
      <select class="select" id={id} name={name}>
        <option value="">Any</option>
        {options.map(([value, text]) => (
          <option key={value} value={value} selected={filter[name] === value}>
            {text}
          </option>
        ))}
      </select>
    </FormField>
  );
}
