import { parseSync } from "vite";

/** A text that a reader may see, and where it stands. */
export interface Words {
  line: number;
  text: string;
}

/** The attributes of an element that are read out or shown. */
const spoken = /\b(?:aria-label|aria-description|title|placeholder|label|alt)$/;

/** Elements within a sentence. At the edges of all others a text ends. */
const inline = /<\/?(?:a|abbr|b|code|em|i|kbd|mark|small|span|strong|time)\b[^>]*>/g;

/** What stands in a text for a value that is not known before the page runs. */
const hole = "…";

/** What matters here of a syntax tree. */
interface SyntaxNode {
  type: string;
  start: number;
  /** Of a literal. */
  value?: unknown;
  /** Of a template with a tag. */
  tag?: { name?: string };
  quasi?: Template;
  /** Of a template without one. */
  quasis?: Template["quasis"];
}

interface Template {
  start: number;
  quasis: { value: { cooked: string } }[];
  expressions: SyntaxNode[];
}

/** Takes a text, and the offset in the file at which it begins. */
type Take = (start: number, text: string) => void;

/**
 * Returns the texts in a TypeScript file of the page, in order: the content of its templates, the attributes there that
 * are read out, and all other strings that look like words. A single word in small letters outside of a template is left
 * out, because it may as well be a name.
 */
export function wordsOf(file: string, source: string): Words[] {
  const found: Words[] = [];
  const take: Take = (start, text) => {
    if (hasWord(text)) found.push({ line: source.slice(0, start).split("\n").length, text: tidy(text) });
  };
  visit(parseSync(file, source).program as unknown as SyntaxNode, false, take);
  return found.sort((one, other) => one.line - other.line);
}

/** Returns the texts in HTML: the attributes that are read out, then what stands between the tags. */
export function textsIn(markup: string): string[] {
  const attributes = [...markup.matchAll(/([\w-]+)="([^"]*)"/g)]
    .filter(([, name = ""]) => spoken.test(name))
    .map(([, , value = ""]) => value);
  const between = markup
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(inline, "")
    .split(/<[^>]*>/);
  return [...attributes, ...between].map(tidy).filter(hasWord);
}

// `isShown`: a string that stands here is a part of the page.
function visit(node: SyntaxNode, isShown: boolean, take: Take): void {
  if (/^(?:Import|Export.*From|TS)/.test(node.type)) return;
  if (node.quasi) return node.tag?.name === "css" ? undefined : visitTemplate(node.quasi, take);
  const text = textOf(node);
  if (text !== undefined && (isShown || areWords(text))) take(node.start, text);
  // A comparison or an argument within a template is no text of the page.
  const isChoice = /^(?:Conditional|Logical|Array)Expression$/.test(node.type);
  for (const [key, value] of Object.entries(node)) {
    for (const child of [value].flat().filter(isNode))
      visit(child, isShown && isChoice && key !== "test", take);
  }
}

function visitTemplate({ start, quasis, expressions }: Template, take: Take): void {
  for (const text of textsIn(joined(quasis))) take(start, text);
  for (const [index, expression] of expressions.entries()) {
    const before = quasis[index]?.value.cooked ?? "";
    const tag = before.slice(before.lastIndexOf("<"));
    const [, attribute = ""] = /([\w.@?-]+)="?[^"]*$/.exec(tag) ?? [];
    visit(expression, tag.includes(">") || !before.includes("<") || spoken.test(attribute), take);
  }
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

function textOf({ type, value, quasis }: SyntaxNode): string | undefined {
  if (type === "Literal" && typeof value === "string") return value;
  return quasis && joined(quasis);
}

function joined(quasis: Template["quasis"]): string {
  return quasis.map(({ value }) => value.cooked).join(hole);
}

// Whether a string of the code is likely to be shown: a word with a capital, or several words.
function areWords(text: string): boolean {
  const isPath = /^[./#@]|[\w-]+\.(?:ts|js|json)$|^[\w-]+\/[\w/-]+$/.test(text);
  const isStyle = /[{};]|^\w+-\w+ |^\([\w-]+: [\w-]+\)$|\bvar\(/.test(text) && !/ \p{L}+ \p{L}+ /u.test(text);
  return !isPath && !isStyle && (/\p{L}[,:]? \(?\p{L}/u.test(text) || /^\p{Lu}\p{Ll}+[.!?…]?$/u.test(text));
}

function hasWord(text: string): boolean {
  return /\p{L}{2}/u.test(text);
}

function tidy(text: string): string {
  return text.replaceAll("&nbsp;", " ").replace(/\s+/g, " ").trim();
}
