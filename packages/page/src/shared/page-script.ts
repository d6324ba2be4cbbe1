/** Returns the name of the page's first script. The build puts a hash of all files into it. */
export function scriptOfPage(): string {
  const { src = "" } = document.querySelector<HTMLScriptElement>("script[type=module]") ?? {};
  return src.slice(src.lastIndexOf("/") + 1);
}
