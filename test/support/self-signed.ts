/** A certificate, of 127.0.0.1 or other names, that no authority vouches for, made by openssl(1). */
import { readFileSync } from "node:fs";

export interface SelfSigned {
  /** Path of the certificate, PEM. */
  readonly file: string;
  readonly certificate: string;
  readonly key: string;
}

export function selfSigned(folder: string, names = "IP:127.0.0.1"): SelfSigned {
  const [file, keyFile] = [`${folder}/certificate.pem`, `${folder}/key.pem`];
  const { exitCode, stderr } = Bun.spawnSync([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-keyout", keyFile, "-out", file, "-days", "2", "-subj", "/CN=127.0.0.1"],
    ...["-addext", `subjectAltName=${names}`],
  ]);
  if (exitCode !== 0) throw new Error(`openssl: ${stderr}`);
  return { file, certificate: readFileSync(file, "utf8"), key: readFileSync(keyFile, "utf8") };
}
