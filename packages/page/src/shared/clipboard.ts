/**
 * Copies a text. Resolves with false if that is not allowed: by the visitor, or because the page came without TLS from
 * another machine, where browsers have no `navigator.clipboard` (https://w3c.github.io/clipboard-apis/#clipboard-interface).
 */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
