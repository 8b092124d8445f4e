/** The one form that all mails have: a plain part, and an HTML part that loads nothing from anywhere. */

/** Figures by name: the first column is words, the others are numbers. */
export interface LetterTable {
  title: string;
  /** Names of the columns, as many as each row has cells. */
  head: readonly string[];
  rows: readonly (readonly string[])[];
}

/** A mail before it has a form. Everything is plain text. */
export interface Letter {
  /** First line of the letter. */
  title: string;
  paragraphs: readonly string[];
  /** Names and values, one below the other. */
  facts?: readonly (readonly [name: string, value: string])[];
  tables?: readonly LetterTable[];
  /** The one thing to do. `url` is `http:` or `https:`. */
  action?: { label: string; url: string };
  /** Smaller, at the end: why the mail came, what to do if it should not have. */
  closing: string;
}

/** Both parts of a letter. */
export interface LetterParts {
  text: string;
  html: string;
}

const FONT =
  "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const INK = "#1c2a30";
const QUIET = "#5b6b72";
const ACCENT = "#0b6b6b";

/** @throws {TypeError} when the address of the action is none of the web */
export function renderLetter(letter: Letter): LetterParts {
  const { action } = letter;
  if (action !== undefined && !/^https?:\/\/\S+$/.test(action.url)) {
    throw new TypeError(`"${action.url}" is not an address of the web`);
  }
  return { text: plainPart(letter), html: htmlPart(letter) };
}

function plainPart(
  { title, paragraphs, facts = [], tables = [], action, closing }: Letter,
): string {
  const blocks = [
    title,
    ...paragraphs,
    facts.map(([name, value]) => `${name}: ${value}`).join("\n"),
    ...tables.map(plainTable),
    action === undefined ? "" : `${action.label}:\n${action.url}`,
    // What follows it is the signature (RFC 3676, 4.3); programs show it apart.
    `-- \n${closing}`,
  ];
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

function htmlPart(
  { title, paragraphs, facts = [], tables = [], action, closing }: Letter,
): string {
  const body = [
    `<h1 style="margin:0 0 16px;font-size:20px;line-height:1.3">${
      escapeHtml(title)
    }</h1>`,
    ...paragraphs.map((paragraph) =>
      `<p style="margin:0 0 16px">${escapeHtml(paragraph)}</p>`
    ),
    factTable(facts),
    ...tables.map(htmlTable),
    action === undefined
      ? ""
      : `<p style="margin:24px 0"><a href="${
        escapeHtml(action.url)
      }" style="display:inline-block;padding:10px 18px;border-radius:6px;background:${ACCENT};color:#ffffff;text-decoration:none;font-weight:600">${
        escapeHtml(action.label)
      }</a></p><p style="margin:0 0 16px;color:${QUIET};font-size:13px">Or open this address:<br><span style="word-break:break-all">${
        escapeHtml(action.url)
      }</span></p>`,
    `<p style="margin:24px 0 0;padding-top:16px;border-top:1px solid #d5dde0;color:${QUIET};font-size:13px">${
      escapeHtml(closing)
    }</p>`,
  ].filter((block) => block !== "").join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
</head>
<body style="margin:0;padding:24px 16px;background:#f3f6f7">
<div style="max-width:560px;margin:0 auto;padding:28px;border-radius:8px;background:#ffffff;color:${INK};${FONT};font-size:15px;line-height:1.5">
${body}
</div>
</body>
</html>
`;
}

function factTable(facts: readonly (readonly [string, string])[]): string {
  if (facts.length === 0) return "";
  const rows = facts.map(([name, value]) =>
    `<tr><th scope="row" style="padding:2px 16px 2px 0;text-align:left;vertical-align:top;font-weight:400;color:${QUIET}">${
      escapeHtml(name)
    }</th><td style="padding:2px 0">${escapeHtml(value)}</td></tr>`
  );
  return `<table style="margin:0 0 16px;border-collapse:collapse">${
    rows.join("")
  }</table>`;
}

/** Columns of even width, numbers at the right. */
function plainTable({ title, head, rows }: LetterTable): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) =>
    Math.max(...lines.map((cells) => cells[column].length))
  );
  const text = lines.map((cells) =>
    cells.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])
    ).join("  ").trimEnd()
  );
  return [title, ...text].join("\n");
}

function htmlTable({ title, head, rows }: LetterTable): string {
  const cell = (tag: string, text: string, column: number) =>
    `<${tag}${tag === "th" ? ' scope="col"' : ""} style="padding:4px ${
      column === 0 ? "12px 4px 0" : "0 4px 12px"
    };text-align:${
      column === 0 ? "left" : "right"
    };vertical-align:top;border-bottom:1px solid #d5dde0${
      tag === "th" ? `;font-weight:400;color:${QUIET}` : ""
    }">${escapeHtml(text)}</${tag}>`;
  const row = (tag: string, cells: readonly string[]) =>
    `<tr>${cells.map((text, column) => cell(tag, text, column)).join("")}</tr>`;
  return `<h2 style="margin:24px 0 8px;font-size:15px">${
    escapeHtml(title)
  }</h2><table style="width:100%;margin:0 0 16px;border-collapse:collapse;font-variant-numeric:tabular-nums">${
    row("th", head)
  }${rows.map((cells) => row("td", cells)).join("")}</table>`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A text as it stands in HTML, in an element or an attribute. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]);
}
