import type { VNode } from "preact";
import { Words } from "./Words.tsx";

/** A part of a JSON Schema, as it is shown. */
type Schema = Readonly<Record<string, unknown>>;

export interface Field {
  name: string;
  isRequired: boolean;
  words: string;
}

/** What one operation takes and answers, ready to be shown. */
export interface OperationFacts {
  method: string;
  path: string;
  description: string;
  parameters: (Field & { place: string })[];
  body: { mediaType: string; schema: Schema }[];
  answers: { status: string; description: string; mediaTypes: string[] }[];
}

function Fields(
  { fields, title }: { fields: readonly Field[]; title: string },
): VNode | null {
  if (fields.length === 0) return null;
  return (
    <section class="section">
      <div class="section-head">
        <h2>{title}</h2>
      </div>
      <dl class="docs-fields">
        {fields.map(({ name, isRequired, words }) => (
          <div key={name}>
            <dt>
              <code>{name}</code>
              {isRequired && <span class="soft">needed</span>}
            </dt>
            <dd>
              <Words text={words} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** One operation: what it is for, what it takes, what it answers. */
export function OperationView({ facts }: { facts: OperationFacts }): VNode {
  const { method, path, description, parameters, body, answers } = facts;
  const of = (place: string) =>
    parameters.filter((parameter) => parameter.place === place);
  return (
    <>
      <p class="docs-call">
        <span class="docs-method">{method}</span>
        <code>{path}</code>
      </p>
      {description.split("\n\n").map((text) => (
        <p key={text}>
          <Words text={text} />
        </p>
      ))}
      <Fields title="In the path" fields={of("path")} />
      <Fields title="Query" fields={of("query")} />
      <Fields title="Headers" fields={of("header")} />
      {body.map(({ mediaType, schema }) => (
        <section key={mediaType} class="section">
          <div class="section-head">
            <h2>Body</h2>
            <span class="soft">{mediaType}</span>
          </div>
          <pre class="docs-schema" tabIndex={0}>
            {JSON.stringify(schema, null, 2)}
          </pre>
        </section>
      ))}
      <section class="section">
        <div class="section-head">
          <h2>Answers</h2>
        </div>
        <dl class="docs-fields">
          {answers.map(({ status, description, mediaTypes }) => (
            <div key={status}>
              <dt>
                <code>{status}</code>
                <span class="soft">{mediaTypes.join(", ")}</span>
              </dt>
              <dd>
                <Words text={description} />
              </dd>
            </div>
          ))}
        </dl>
      </section>
    </>
  );
}
