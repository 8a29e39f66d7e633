/** What vendors' models answer to coding agents: the smallest complete answer of each API, streamed where asked. */

export const HELLO = "hello from the stand-in";

/** The answer for a path, or null for a path that is no model's. `body` is the request's. */
export function modelAnswer(path: string, body: string): Response | null {
  if (/\/messages(?:\?|$)/.test(path)) return anthropic(body.includes('"stream":true'));
  if (/\/responses(?:\?|$)/.test(path)) return responses();
  if (path.includes(":streamGenerateContent")) return events([[null, gemini(HELLO)]]);
  if (path.includes(":generateContent")) return Response.json(gemini(ROUTING));
  if (/\/models(?:\?|$)/.test(path)) return Response.json({ object: "list", data: [], models: [] });
  return null;
}

type Event = readonly [string | null, unknown];

function events(list: readonly Event[]): Response {
  const text = list
    .map(([name, data]) => `${name === null ? "" : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`)
    .join("");
  return new Response(text, { headers: { "content-type": "text/event-stream" } });
}

function anthropic(stream: boolean): Response {
  const message = {
    ...{ id: "msg_1", type: "message", role: "assistant", model: "claude-stand-in" },
    ...{ content: [], stop_reason: null, stop_sequence: null, usage: { input_tokens: 9, output_tokens: 1 } },
  };
  if (!stream) {
    return Response.json({ ...message, content: [{ type: "text", text: HELLO }], stop_reason: "end_turn" });
  }
  return events([
    ["message_start", { type: "message_start", message }],
    [
      "content_block_start",
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    ],
    [
      "content_block_delta",
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: HELLO } },
    ],
    ["content_block_stop", { type: "content_block_stop", index: 0 }],
    [
      "message_delta",
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 4 } },
    ],
    ["message_stop", { type: "message_stop" }],
  ]);
}

function responses(): Response {
  const content = [{ type: "output_text", text: HELLO, annotations: [] }];
  const item = { type: "message", id: "msg_1", role: "assistant", status: "completed", content };
  const usage = {
    ...{ input_tokens: 5, input_tokens_details: { cached_tokens: 0 }, output_tokens: 3 },
    ...{ output_tokens_details: { reasoning_tokens: 0 }, total_tokens: 8 },
  };
  const response = {
    id: "resp_1",
    object: "response",
    created_at: 1,
    model: "gpt-stand-in",
    status: "completed",
  };
  const at = { item_id: item.id, output_index: 0, content_index: 0 };
  const part = { type: "output_text", text: "", annotations: [] };
  const list: readonly { readonly type: string }[] = [
    { type: "response.created", response: { ...response, status: "in_progress", output: [] } } as never,
    { type: "response.output_item.added", output_index: 0, item: { ...item, content: [] } } as never,
    { type: "response.content_part.added", ...at, part } as never,
    { type: "response.output_text.delta", ...at, delta: HELLO } as never,
    { type: "response.output_text.done", ...at, text: HELLO } as never,
    { type: "response.output_item.done", output_index: 0, item } as never,
    { type: "response.completed", response: { ...response, output: [item], usage } } as never,
  ];
  return events(list.map((event) => [event.type, event]));
}

/** What Gemini CLI asks a small model for before the real question. */
const ROUTING = JSON.stringify({
  reasoning: "simple",
  model_choice: "flash",
  complexity_reasoning: "simple",
  complexity_score: 1,
});

function gemini(text: string): object {
  return {
    candidates: [{ content: { role: "model", parts: [{ text }] }, finishReason: "STOP", index: 0 }],
    usageMetadata: { promptTokenCount: 6, candidatesTokenCount: 2, totalTokenCount: 8 },
    modelVersion: "gemini-stand-in",
  };
}
