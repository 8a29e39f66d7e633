/**
 * Manifests of more vendors, shipped as data and installed by name: `gum-cred plugins add deepgram`. Each is one file
 * beside this one and a row of catalogue.test.ts. Nothing here is used until it is installed, which pins it like any
 * other manifest. Loaded by `plugins add` and `plugins list --catalogue` alone.
 */
import assemblyai from "./assemblyai.json";
import baseten from "./baseten.json";
import cartesia from "./cartesia.json";
import cerebras from "./cerebras.json";
import deepgram from "./deepgram.json";
import deepinfra from "./deepinfra.json";
import elevenlabs from "./elevenlabs.json";
import firecrawl from "./firecrawl.json";
import huggingface from "./huggingface.json";
import hyperbolic from "./hyperbolic.json";
import langsmith from "./langsmith.json";
import luma from "./luma.json";
import moonshot from "./moonshot.json";
import nebius from "./nebius.json";
import pinecone from "./pinecone.json";
import replicate from "./replicate.json";
import runway from "./runway.json";
import siliconflow from "./siliconflow.json";
import speechmatics from "./speechmatics.json";
import stability from "./stability.json";
import tavily from "./tavily.json";
import venice from "./venice.json";
import vercelAiGateway from "./vercel-ai-gateway.json";
import writer from "./writer.json";

/** What a manifest of the catalogue is called, without a check of the rest: `plugins add` checks it as any other. */
export interface CatalogueEntry {
  readonly id: string;
  readonly title: string;
  readonly env: readonly string[];
}

/** By id, in alphabetical order. */
export const CATALOGUE: readonly CatalogueEntry[] = [
  assemblyai,
  baseten,
  cartesia,
  cerebras,
  deepgram,
  deepinfra,
  elevenlabs,
  firecrawl,
  huggingface,
  hyperbolic,
  langsmith,
  luma,
  moonshot,
  nebius,
  pinecone,
  replicate,
  runway,
  siliconflow,
  speechmatics,
  stability,
  tavily,
  venice,
  vercelAiGateway,
  writer,
];

/** The bytes of the manifest of that name; null when the catalogue has none. The same bytes in every run. */
export function catalogueManifest(name: string): Uint8Array | null {
  const id = name.toLowerCase();
  const entry = CATALOGUE.find((one) => one.id === id);
  return entry ? new TextEncoder().encode(`${JSON.stringify(entry, null, 2)}\n`) : null;
}
