/** Puts words into a template: `{{name}}` is the name of the project. Throws if there is none for a place. */
export function fill(text: string, words: Record<string, string>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (_, key: string) => {
    const word = words[key];
    if (word === undefined) throw new Error(`a template asks for {{${key}}}`);
    return word;
  });
}

/** Returns a name for npm that is like this one: lower-case letters, digits and dashes. */
export function projectName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return name || "server";
}

/** Replaces parts of a file's text, each of which must be in it exactly once. Throws otherwise, and names the file. */
export function edited(file: string, text: string, edits: [search: string, replace: string][]): string {
  return edits.reduce((changed, [search, replace]) => {
    if (search === "" || changed.split(search).length !== 2) {
      throw new Error(`${file} has not ${JSON.stringify(search)} exactly once`);
    }
    return changed.replace(search, () => replace);
  }, text);
}
