import { createHighlighter } from "shiki";

/** A piece of a line: what it is, in a letter, and its text. */
export type Token = [kind: TokenKind | "", text: string];

/** Keyword, string, comment, function, number or constant, type. */
export type TokenKind = "k" | "s" | "c" | "f" | "n" | "t";

// A theme that names instead of colouring: the page's policy allows no style attributes, so classes do.
const kinds: Record<string, TokenKind> = {
  "#000001": "k",
  "#000002": "s",
  "#000003": "c",
  "#000004": "f",
  "#000005": "n",
  "#000006": "t",
};

const settings = [
  { scope: ["keyword", "storage"], settings: { foreground: "#000001" } },
  { scope: ["keyword.operator", "storage.type.function.arrow"], settings: { foreground: "#000000" } },
  { scope: ["keyword.operator.new", "keyword.operator.expression"], settings: { foreground: "#000001" } },
  { scope: ["string", "punctuation.definition.string"], settings: { foreground: "#000002" } },
  { scope: ["comment", "punctuation.definition.comment"], settings: { foreground: "#000003" } },
  { scope: ["entity.name.tag"], settings: { foreground: "#000001" } },
  { scope: ["entity.name.function", "support.function"], settings: { foreground: "#000004" } },
  { scope: ["constant.numeric", "constant.language"], settings: { foreground: "#000005" } },
  { scope: ["entity.name.type", "support.type", "support.class"], settings: { foreground: "#000006" } },
];

const theme = { name: "kinds", type: "light" as const, fg: "#000000", bg: "#ffffff", settings };

const highlighter = await createHighlighter({ langs: ["typescript", "html"], themes: [theme] });

/** Returns the tokens of each line of some code. Neighbours of one kind are joined. */
export function highlight(code: string, lang: "typescript" | "html"): Token[][] {
  const lines = highlighter.codeToTokensBase(code, { lang, theme });
  return lines.map((line) => join(line.map(({ content, color = "" }) => [kinds[color] ?? "", content])));
}

function join(tokens: Token[]): Token[] {
  const joined: Token[] = [];
  for (const [kind, text] of tokens) {
    const last = joined.at(-1);
    // Blanks have no colour, so they never begin another piece.
    if (last && (last[0] === kind || text.trim() === "")) last[1] += text;
    else joined.push([kind, text]);
  }
  return joined;
}
