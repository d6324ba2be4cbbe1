import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate for this machine that nobody else has signed. Only who is given its file trusts it. */
export interface Certificate {
  /** The path of its file. */
  file: string;
  /** Returns the options with which a Redis listens on a port with this certificate, besides its usual port. */
  options(port: number): string[];
  /** Removes its files. */
  remove(): void;
}

/** Makes a certificate that is valid for a day. Throws if there is no `openssl`. */
export function makeCertificate(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), "rosetta-tls-"));
  const [key, file] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  const names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
  const subject = ["-subj", "/CN=localhost", "-addext", names];
  const form = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"];
  execFileSync("openssl", ["req", ...form, ...subject, "-keyout", key, "-out", file], { stdio: "ignore" });
  return {
    file,
    options: (port) => [
      ...["--tls-port", `${port}`, "--tls-auth-clients", "no"],
      ...["--tls-cert-file", file, "--tls-key-file", key, "--tls-ca-cert-file", file],
    ],
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
