/** The name of the file that this page began with. The build makes it of the content of all files. */
export function scriptOfPage(): string {
  const { src = "" } = document.querySelector<HTMLScriptElement>("script[type=module]") ?? {};
  return src.slice(src.lastIndexOf("/") + 1);
}
